#include "common/pipeline/bus.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/pipeline/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum { LINGER_MS = 1000, QUEUE_MESSAGES = 10000, CURVE_KEY_LENGTH = 40 };

struct bus {
    void *context;
    void *socket;
    enum bus_kind kind;
};

static const int socket_types[] = {
    [BUS_PUSH] = ZMQ_PUSH, [BUS_PULL] = ZMQ_PULL, [BUS_ROUTER] = ZMQ_ROUTER, [BUS_DEALER] = ZMQ_DEALER};

static bool is_server(enum bus_kind kind)
{
    return kind == BUS_PULL || kind == BUS_ROUTER;
}

static int set_int(struct bus *bus, int option, int value)
{
    return zmq_setsockopt(bus->socket, option, &value, sizeof value);
}

static int set_key(struct bus *bus, int option, const char *key)
{
    return zmq_setsockopt(bus->socket, option, key, strlen(key));
}

static int say(struct text *reason, int code, const char *sentence, const char *endpoint)
{
    text_format(reason, "%s: %s", endpoint, sentence);
    return code;
}

/* The keys of one end: a server shows its own secret; a client also names the server that it trusts. */
static int set_curve(struct bus *bus, const struct config *config, const char *endpoint, struct text *reason)
{
    AUTO(secret_wipe) struct text secret = TEXT_EMPTY;
    char public_key[CURVE_KEY_LENGTH + 1];
    if (!config->curve.secret_key)
        return say(reason, ERR_CONFIG, "tcp:// needs curve.secret_key (felucca keys makes a pair)", endpoint);
    int code = secret_resolve(config->curve.secret_key, &secret, reason);
    if (code != 0)
        return code;
    if (secret.length != CURVE_KEY_LENGTH || zmq_curve_public(public_key, text_string(&secret)) != 0)
        return say(reason, ERR_CONFIG, "curve.secret_key is not a key of 40 characters", endpoint);
    /* A forged RESULT would delete data: a router that cannot tell whose key it sees must not listen at all.
     */
    if (is_server(bus->kind))
        return say(reason, ERR_CONFIG,
                   "this version does not check curve.allowed_keys, so the router listens on ipc:// only; "
                   "leave endpoints out",
                   endpoint);
    if (!config->curve.server_key)
        return say(reason, ERR_CONFIG, "tcp:// needs curve.server_key, the router's public key", endpoint);
    if (set_key(bus, ZMQ_CURVE_SERVERKEY, config->curve.server_key) != 0 ||
        set_key(bus, ZMQ_CURVE_PUBLICKEY, public_key) != 0 ||
        set_key(bus, ZMQ_CURVE_SECRETKEY, text_string(&secret)) != 0)
        return say(reason, ERR_CONFIG, "curve.server_key is not a key of 40 characters", endpoint);
    return 0;
}

static int set_options(struct bus *bus)
{
    int failed = set_int(bus, ZMQ_LINGER, LINGER_MS) | set_int(bus, ZMQ_SNDHWM, QUEUE_MESSAGES) |
                 set_int(bus, ZMQ_RCVHWM, QUEUE_MESSAGES) | set_int(bus, ZMQ_RECONNECT_IVL, 50) |
                 set_int(bus, ZMQ_RECONNECT_IVL_MAX, 1000);
    int64_t largest = BUS_FRAME_MAX;
    failed |= zmq_setsockopt(bus->socket, ZMQ_MAXMSGSIZE, &largest, sizeof largest);
    if (bus->kind == BUS_ROUTER)
        failed |= set_int(bus, ZMQ_ROUTER_MANDATORY, 1);
    /* What nobody takes is dropped at once instead of piling up for a router that is away: hints only save
     * time, and workers repeat themselves. */
    if (!is_server(bus->kind))
        failed |= set_int(bus, ZMQ_IMMEDIATE, 1);
    return failed ? ERR_NETWORK : 0;
}

static int open_socket(struct bus *bus, const struct config *config, const char *endpoint,
                       struct text *reason)
{
    bus->context = zmq_ctx_new();
    if (!bus->context)
        return say(reason, ERR_NOMEM, "no ZeroMQ context", endpoint);
    bus->socket = zmq_socket(bus->context, socket_types[bus->kind]);
    if (!bus->socket || set_options(bus) != 0)
        return say(reason, ERR_NETWORK, zmq_strerror(errno), endpoint);
    if (string_starts_with(endpoint, "tcp://")) {
        int code = set_curve(bus, config, endpoint, reason);
        if (code != 0)
            return code;
    }
    int failed = is_server(bus->kind) ? zmq_bind(bus->socket, endpoint) : zmq_connect(bus->socket, endpoint);
    return failed ? say(reason, ERR_NETWORK, zmq_strerror(errno), endpoint) : 0;
}

int bus_create(const struct config *config, enum bus_kind kind, const char *endpoint, struct bus **ret_bus,
               struct text *ret_reason)
{
    AUTO(bus_destroy) struct bus *bus = memory_new(1, sizeof *bus);
    bus->kind = kind;
    int code = open_socket(bus, config, endpoint, ret_reason);
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
    if ((*bus)->socket)
        (void)zmq_close((*bus)->socket);
    if ((*bus)->context)
        (void)zmq_ctx_term((*bus)->context);
    free(*bus);
    *bus = NULL;
}

int bus_fd(const struct bus *bus)
{
    int fd = -1;
    size_t size = sizeof fd;
    (void)zmq_getsockopt(bus->socket, ZMQ_FD, &fd, &size);
    return fd;
}

bool bus_has_input(const struct bus *bus)
{
    int events = 0;
    size_t size = sizeof events;
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
        more = zmq_msg_more(&frame) != 0;
        (void)zmq_msg_close(&frame);
    }
    return good && message->frames[0] ? 0 : ERR_SYNTAX;
}

int bus_receive(struct bus *bus, struct bus_message *ret_message)
{
    for (;;) {
        *ret_message = (struct bus_message){0};
        int code = receive_one(bus, ret_message);
        if (code == 0)
            return 0;
        bus_message_release(ret_message);
        if (code == ERR_AGAIN)
            return ERR_AGAIN;
    }
}

void bus_message_release(struct bus_message *message)
{
    free(message->frames[0]);
    free(message->frames[1]);
    *message = (struct bus_message){0};
}

int bus_make_keys(char ret_public[41], char ret_secret[41])
{
    return zmq_curve_keypair(ret_public, ret_secret) == 0 ? 0 : ERR_NETWORK;
}
