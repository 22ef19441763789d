#include "common/wire/bus.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/wire/bus_gate.h"
#include "common/config/secret.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <zmq.h>

enum {
    LINGER_MS = 1000,
    QUEUE_MESSAGES = 10000,
    CURVE_KEY_LENGTH = BUS_KEY_SIZE - 1,
    HEARTBEAT_MS = BUS_SILENCE_MS / 3,
    CONNECT_MS = 5000,
    HANDSHAKE_MS = 5000,   /* also how soon a client tries again whose key was refused */
    DROPPED_AT_ONCE = 1000 /* what is no message of ours must not keep its reader for ever */
};

struct bus {
    void *context;
    void *socket;
    enum bus_kind kind;
    struct gate *gate; /* NULL: ipc://, or a client */
    int poll_fd;       /* socket and gate as one; -1 without a gate */
};

static const int socket_types[] = {
    [BUS_PUSH] = ZMQ_PUSH, [BUS_PULL] = ZMQ_PULL, [BUS_ROUTER] = ZMQ_ROUTER, [BUS_DEALER] = ZMQ_DEALER};

static bool is_server(enum bus_kind kind)
{
    return kind == BUS_PULL || kind == BUS_ROUTER;
}

static int bus_set_int(struct bus *bus, int option, int value)
{
    return zmq_setsockopt(bus->socket, option, &value, sizeof value);
}

static int set_key(struct bus *bus, int option, const char *key)
{
    return zmq_setsockopt(bus->socket, option, key, strlen(key));
}

static int bus_say(struct text *reason, int code, const char *sentence, const char *endpoint)
{
    text_format(reason, "%s: %s", endpoint, sentence);
    return code;
}

/* ---- keys ---- */

static int set_server_keys(struct bus *bus, const struct config *config, const char *endpoint,
                           const char *secret, struct text *reason)
{
    AUTO(text_release) struct text why = TEXT_EMPTY;
    if (!config->curve.allowed_keys)
        return bus_say(reason, ERR_CONFIG, "tcp:// needs curve.allowed_keys, the keys that may connect",
                       endpoint);
    if (bus_set_int(bus, ZMQ_CURVE_SERVER, 1) != 0 || set_key(bus, ZMQ_CURVE_SECRETKEY, secret) != 0)
        return bus_say(reason, ERR_CONFIG, "this ZeroMQ library was built without CURVE", endpoint);
    int code = gate_open(bus->context, bus->socket, config->curve.allowed_keys, &bus->gate, &why);
    return code == 0 ? 0 : bus_say(reason, code, text_string(&why), endpoint);
}

static int set_client_keys(struct bus *bus, const struct config *config, const char *endpoint,
                           const char *public_key, const char *secret, struct text *reason)
{
    if (!config->curve.server_key)
        return bus_say(reason, ERR_CONFIG, "tcp:// needs curve.server_key, the router's public key",
                       endpoint);
    if (set_key(bus, ZMQ_CURVE_SERVERKEY, config->curve.server_key) != 0 ||
        set_key(bus, ZMQ_CURVE_PUBLICKEY, public_key) != 0 || set_key(bus, ZMQ_CURVE_SECRETKEY, secret) != 0)
        return bus_say(reason, ERR_CONFIG, "curve.server_key is not a key of 40 characters", endpoint);
    return 0;
}

/* Both sides show a key; a forged RESULT would delete data. */
static int set_curve(struct bus *bus, const struct config *config, const char *endpoint, struct text *reason)
{
    AUTO(secret_wipe) struct text secret = TEXT_EMPTY;
    AUTO(text_release) struct text why = TEXT_EMPTY;
    char public_key[BUS_KEY_SIZE];
    if (!config->curve.secret_key)
        return bus_say(reason, ERR_CONFIG, "tcp:// needs curve.secret_key (felucca keys makes a pair)",
                       endpoint);
    int code = secret_resolve(config->curve.secret_key, &secret, &why);
    if (code != 0)
        return bus_say(reason, ERR_CONFIG, text_string(&why), endpoint);
    if (secret.length != CURVE_KEY_LENGTH || zmq_curve_public(public_key, text_string(&secret)) != 0)
        return bus_say(reason, ERR_CONFIG, "curve.secret_key is not a key of 40 characters", endpoint);
    return is_server(bus->kind)
               ? set_server_keys(bus, config, endpoint, text_string(&secret), reason)
               : set_client_keys(bus, config, endpoint, public_key, text_string(&secret), reason);
}

/* ---- creation ---- */

/* A machine that is switched off, or cut off, ends no connection: both sides ask each other all the time. */
static int set_tcp_options(struct bus *bus, const char *endpoint)
{
    return bus_set_int(bus, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS) |
           bus_set_int(bus, ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_MS * 2) |
           bus_set_int(bus, ZMQ_HEARTBEAT_TTL, BUS_SILENCE_MS) |
           bus_set_int(bus, ZMQ_CONNECT_TIMEOUT, CONNECT_MS) |
           bus_set_int(bus, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS) |
           bus_set_int(bus, ZMQ_IPV6, strchr(endpoint, '[') != NULL);
}

static int set_options(struct bus *bus)
{
    int failed = bus_set_int(bus, ZMQ_LINGER, LINGER_MS) | bus_set_int(bus, ZMQ_SNDHWM, QUEUE_MESSAGES) |
                 bus_set_int(bus, ZMQ_RCVHWM, QUEUE_MESSAGES) | bus_set_int(bus, ZMQ_RECONNECT_IVL, 50) |
                 bus_set_int(bus, ZMQ_RECONNECT_IVL_MAX, 1000);
    int64_t largest = BUS_FRAME_MAX;
    failed |= zmq_setsockopt(bus->socket, ZMQ_MAXMSGSIZE, &largest, sizeof largest);
    if (bus->kind == BUS_ROUTER)
        failed |= bus_set_int(bus, ZMQ_ROUTER_MANDATORY, 1);
    /* What nobody takes is dropped at once instead of piling up for a router that is away: hints only save
     * time, and workers repeat themselves. */
    if (!is_server(bus->kind))
        failed |= bus_set_int(bus, ZMQ_IMMEDIATE, 1);
    return failed ? ERR_NETWORK : 0;
}

/* Where a server listens. */
static void append_address(struct text *out, const char *endpoint)
{
    const char *host = endpoint + strlen("tcp://"), *colon = strrchr(endpoint, ':');
    AUTO(memory_free) char *name = NULL;
    struct in_addr ignored;
    if (string_starts_with(endpoint, "tcp://"))
        name = memory_string_n(host, (size_t)(colon - host));
    if (!name || name[0] == '[' || inet_pton(AF_INET, name, &ignored) == 1)
        text_append(out, endpoint);
    else
        text_format(out, "tcp://*%s", colon);
}

static int attach(struct bus *bus, const char *endpoint)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    if (!is_server(bus->kind))
        return zmq_connect(bus->socket, endpoint);
    append_address(&address, endpoint);
    return zmq_bind(bus->socket, text_string(&address));
}

static int open_socket(struct bus *bus, const struct config *config, const char *endpoint,
                       struct text *reason)
{
    bool is_tcp = string_starts_with(endpoint, "tcp://");
    bus->context = zmq_ctx_new();
    if (!bus->context)
        return bus_say(reason, ERR_NOMEM, "no ZeroMQ context", endpoint);
    bus->socket = zmq_socket(bus->context, socket_types[bus->kind]);
    if (!bus->socket || set_options(bus) != 0 || (is_tcp && set_tcp_options(bus, endpoint) != 0))
        return bus_say(reason, ERR_NETWORK, zmq_strerror(errno), endpoint);
    int code = is_tcp ? set_curve(bus, config, endpoint, reason) : 0;
    if (code != 0)
        return code;
    return attach(bus, endpoint) == 0 ? 0 : bus_say(reason, ERR_NETWORK, zmq_strerror(errno), endpoint);
}

static int socket_fd(const struct bus *bus)
{
    int fd = -1;
    size_t size = sizeof fd;
    (void)zmq_getsockopt(bus->socket, ZMQ_FD, &fd, &size);
    return fd;
}

/* One descriptor that is readable whenever socket or gate have something. */
static int open_poll(struct bus *bus)
{
    int fds[GATE_FDS + 1] = {socket_fd(bus)};
    gate_fds(bus->gate, &fds[1]);
    bus->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; bus->poll_fd >= 0 && i <= GATE_FDS; i++) {
        struct epoll_event event = {.events = EPOLLIN};
        if (epoll_ctl(bus->poll_fd, EPOLL_CTL_ADD, fds[i], &event) != 0)
            fd_close(&bus->poll_fd);
    }
    return bus->poll_fd >= 0 ? 0 : ERR_NETWORK;
}

int bus_create(const struct config *config, enum bus_kind kind, const char *endpoint, struct bus **ret_bus,
               struct text *ret_reason)
{
    AUTO(bus_destroy) struct bus *bus = memory_new(1, sizeof *bus);
    bus->kind = kind;
    bus->poll_fd = -1;
    int code = open_socket(bus, config, endpoint, ret_reason);
    if (code == 0 && bus->gate && open_poll(bus) != 0)
        code = bus_say(ret_reason, ERR_NETWORK, strerror(errno), endpoint);
    if (code != 0)
        return code;
    *ret_bus = bus;
    bus = NULL;
    return 0;
}

void bus_destroy(struct bus **bus)
{
    if (!*bus)
        return;
    fd_close(&(*bus)->poll_fd);
    gate_close(&(*bus)->gate);
    if ((*bus)->socket)
        (void)zmq_close((*bus)->socket);
    if ((*bus)->context)
        (void)zmq_ctx_term((*bus)->context);
    free(*bus);
    *bus = NULL;
}

int bus_fd(const struct bus *bus)
{
    return bus->gate ? bus->poll_fd : socket_fd(bus);
}

bool bus_has_input(const struct bus *bus)
{
    int events = 0;
    size_t size = sizeof events;
    if (bus->gate)
        gate_turn(bus->gate);
    return zmq_getsockopt(bus->socket, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN) != 0;
}

static int send_frame(struct bus *bus, const void *bytes, size_t length, bool more)
{
    int flags = ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0);
    if (zmq_send(bus->socket, bytes, length, flags) >= 0)
        return 0;
    return errno == EHOSTUNREACH ? ERR_ABSENT : ERR_AGAIN;
}

int bus_send(struct bus *bus, const struct bus_peer *peer, const char *a, size_t a_length, const char *b,
             size_t b_length)
{
    /* Only the first frame can fail for want of room or peer: ZeroMQ sends messages whole. */
    if (peer && bus->gate && !gate_admits(bus->gate, peer->key))
        return ERR_ABSENT;
    if (peer) {
        int code = send_frame(bus, peer->bytes, peer->length, true);
        if (code != 0)
            return code;
    }
    int code = send_frame(bus, a, a_length, b != NULL);
    if (code == 0 && b)
        code = send_frame(bus, b, b_length, false);
    return code;
}

/* Takes one frame into message; part counts them. False: the message is not one of ours, drop it. */
static bool take_frame(struct bus *bus, struct bus_message *message, unsigned part, zmq_msg_t *frame)
{
    const char *bytes = zmq_msg_data(frame);
    size_t length = zmq_msg_size(frame);
    if (bus->kind == BUS_ROUTER && part == 0) {
        if (length > BUS_PEER_MAX)
            return false;
        memcpy(message->peer.bytes, bytes, length);
        message->peer.length = length;
        return true;
    }
    unsigned index = bus->kind == BUS_ROUTER ? part - 1 : part;
    if (index >= 2 || length > BUS_FRAME_MAX)
        return false;
    message->frames[index] = memory_string_n(length ? bytes : "", length);
    message->lengths[index] = length;
    return true;
}

static void take_key(zmq_msg_t *frame, struct bus_peer *peer)
{
    const char *key = zmq_msg_gets(frame, "User-Id");
    (void)snprintf(peer->key, sizeof peer->key, "%s", key ? key : "");
}

/* One whole message; ERR_SYNTAX when it was not one of ours. */
static int receive_one(struct bus *bus, struct bus_message *message)
{
    bool good = true, more = true;
    for (unsigned part = 0; more; part++) {
        zmq_msg_t frame;
        (void)zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, bus->socket, ZMQ_DONTWAIT) < 0) {
            (void)zmq_msg_close(&frame);
            return ERR_AGAIN;
        }
        good = good && take_frame(bus, message, part, &frame);
        if (bus->gate)
            take_key(&frame, &message->peer);
        more = zmq_msg_more(&frame) != 0;
        (void)zmq_msg_close(&frame);
    }
    return good && message->frames[0] ? 0 : ERR_SYNTAX;
}

int bus_receive(struct bus *bus, struct bus_message *ret_message)
{
    if (bus->gate)
        gate_turn(bus->gate);
    for (int dropped = 0; dropped < DROPPED_AT_ONCE; dropped++) {
        *ret_message = (struct bus_message){0};
        int code = receive_one(bus, ret_message);
        if (code == 0 && (!bus->gate || gate_admits(bus->gate, ret_message->peer.key)))
            return 0;
        bus_message_release(ret_message);
        if (code == ERR_AGAIN)
            return ERR_AGAIN;
    }
    return ERR_AGAIN;
}

void bus_message_release(struct bus_message *message)
{
    free(message->frames[0]);
    free(message->frames[1]);
    *message = (struct bus_message){0};
}

/* ---- keys of others ---- */

int bus_read_keys(struct bus *bus, const struct config *config, struct text *ret_reason)
{
    if (!bus->gate || !config->curve.allowed_keys)
        return 0;
    return gate_read(bus->gate, config->curve.allowed_keys, ret_reason);
}

const char *bus_key_name(const struct bus *bus, const char *key)
{
    return bus->gate ? gate_key_name(bus->gate, key) : "";
}

bool bus_take_refusals(struct bus *bus, struct bus_refusals *ret_refusals)
{
    return bus->gate && gate_take_refusals(bus->gate, ret_refusals);
}

int bus_make_keys(char ret_public[BUS_KEY_SIZE], char ret_secret[BUS_KEY_SIZE])
{
    do {
        if (zmq_curve_keypair(ret_public, ret_secret) != 0)
            return ERR_NETWORK;
    } while (!isalnum((unsigned char)ret_public[0]) || ret_public[CURVE_KEY_LENGTH - 1] == ':' ||
             strstr(ret_public, "${") || strstr(ret_secret, "${"));
    return 0;
}
