#include "common/wire/bus_gate.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/config/allowed_keys.h"

#include <errno.h>
#include <string.h>
#include <zmq.h>

enum {
    QUESTION_FRAMES = 7,
    FRAME_MOST = 255,
    KEY_BYTES = 32,
    VERSION_FRAME = 0,
    ID_FRAME = 1,
    ADDRESS_FRAME = 3,
    MECHANISM_FRAME = 5,
    KEY_FRAME = 6
};

/* Frames of one ZAP message, each followed by a NUL. */
struct question {
    char frames[QUESTION_FRAMES][FRAME_MOST + 1];
    size_t lengths[QUESTION_FRAMES];
};

struct gate {
    void *door;    /* REP: who may pass */
    void *monitor; /* PAIR: who did not come so far */
    struct allowed_keys *keys;
    struct bus_refusals refusals;
};

static int gate_say(struct text *reason, const char *doing)
{
    text_format(reason, "%s: %s", doing, zmq_strerror(errno));
    return ERR_NETWORK;
}

int gate_read(struct gate *gate, const char *path, struct text *ret_reason)
{
    struct allowed_keys *keys = NULL;
    int code = allowed_keys_load(path, &keys, ret_reason);
    if (code != 0)
        return code;
    allowed_keys_destroy(&gate->keys);
    gate->keys = keys;
    return 0;
}

static int gate_set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value);
}

/* ZeroMQ would admit everybody if nobody answered its questions. Even then nobody would be heard: the key of
 * a message is what our answer called its connection, and no list has a key without letters. */
static int open_door(struct gate *gate, void *context, void *socket)
{
    static const char domain[] = "felucca";
    gate->door = zmq_socket(context, ZMQ_REP);
    return gate->door && gate_set_int(gate->door, ZMQ_LINGER, 0) == 0 &&
                   zmq_bind(gate->door, "inproc://zeromq.zap.01") == 0 &&
                   zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, domain, strlen(domain)) == 0
               ? 0
               : ERR_NETWORK;
}

/* ZeroMQ's own thread waits where the monitor's queue is full: it has no limit. */
static int open_monitor(struct gate *gate, void *context, void *socket)
{
    static const char address[] = "inproc://monitor";
    gate->monitor = zmq_socket(context, ZMQ_PAIR);
    return gate->monitor && gate_set_int(gate->monitor, ZMQ_LINGER, 0) == 0 &&
                   gate_set_int(gate->monitor, ZMQ_RCVHWM, 0) == 0 &&
                   zmq_socket_monitor(socket, address,
                                      ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                                          ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL) == 0 &&
                   zmq_connect(gate->monitor, address) == 0
               ? 0
               : ERR_NETWORK;
}

int gate_open(void *context, void *socket, const char *path, struct gate **ret_gate, struct text *ret_reason)
{
    AUTO(gate_close) struct gate *gate = memory_new(1, sizeof *gate);
    int code = gate_read(gate, path, ret_reason);
    if (code != 0)
        return code;
    if (open_door(gate, context, socket) != 0 || open_monitor(gate, context, socket) != 0)
        return gate_say(ret_reason, "no door for keys");
    *ret_gate = gate;
    gate = NULL;
    return 0;
}

void gate_close(struct gate **gate)
{
    if (!*gate)
        return;
    if ((*gate)->door)
        (void)zmq_close((*gate)->door);
    if ((*gate)->monitor)
        (void)zmq_close((*gate)->monitor);
    allowed_keys_destroy(&(*gate)->keys);
    memory_free(gate);
}

void gate_fds(const struct gate *gate, int ret_fds[GATE_FDS])
{
    size_t size = sizeof *ret_fds;
    (void)zmq_getsockopt(gate->door, ZMQ_FD, &ret_fds[0], &size);
    (void)zmq_getsockopt(gate->monitor, ZMQ_FD, &ret_fds[1], &size);
}

/* ---- one message ---- */

/* Takes a whole message; what is more or longer than expected is cut. False: none waits. */
static bool gate_take(void *socket, struct question *ret_question)
{
    *ret_question = (struct question){0};
    int more = 1;
    for (size_t part = 0; more; part++) {
        char frame[FRAME_MOST];
        size_t size = sizeof more;
        int length = zmq_recv(socket, frame, sizeof frame, ZMQ_DONTWAIT);
        if (length < 0)
            return false;
        if (part < QUESTION_FRAMES) {
            size_t kept = (size_t)length < sizeof frame ? (size_t)length : sizeof frame;
            memcpy(ret_question->frames[part], frame, kept);
            ret_question->lengths[part] = kept;
        }
        (void)zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size);
    }
    return true;
}

static void remember(struct gate *gate, const char *key, const char *address)
{
    (void)snprintf(gate->refusals.key, sizeof gate->refusals.key, "%s", key);
    (void)snprintf(gate->refusals.address, sizeof gate->refusals.address, "%.63s", address);
}

static bool gate_decide(struct gate *gate, const struct question *question, char ret_key[BUS_KEY_SIZE])
{
    ret_key[0] = '\0';
    if (strcmp(question->frames[MECHANISM_FRAME], "CURVE") != 0 || question->lengths[KEY_FRAME] != KEY_BYTES)
        return false;
    (void)zmq_z85_encode(ret_key, (const uint8_t *)question->frames[KEY_FRAME], KEY_BYTES);
    return allowed_keys_name(gate->keys, ret_key) != NULL;
}

/* Status 300 says "not now": the client goes on trying, so that a key that is allowed later needs no restart
 * of its owner. After 400 ZeroMQ would never try again. */
static void gate_answer(struct gate *gate, const struct question *question)
{
    char key[BUS_KEY_SIZE];
    bool admitted = gate_decide(gate, question, key);
    if (!admitted) {
        gate->refusals.unknown++;
        remember(gate, key, question->frames[ADDRESS_FRAME]);
    }
    const char *const frames[] = {"1.0",
                                  question->frames[ID_FRAME],
                                  admitted ? "200" : "300",
                                  admitted ? "OK" : "key not allowed",
                                  admitted ? key : "",
                                  ""};
    const size_t count = sizeof frames / sizeof *frames;
    for (size_t i = 0; i < count; i++) {
        size_t length = i == 1 ? question->lengths[ID_FRAME] : strlen(frames[i]);
        (void)zmq_send(gate->door, frames[i], length, ZMQ_DONTWAIT | (i + 1 < count ? ZMQ_SNDMORE : 0));
    }
}

void gate_turn(struct gate *gate)
{
    struct question message;
    while (gate_take(gate->door, &message))
        gate_answer(gate, &message);
    while (gate_take(gate->monitor, &message))
        gate->refusals.handshakes++;
}

/* ---- whose key ---- */

bool gate_admits(struct gate *gate, const char *key)
{
    if (allowed_keys_name(gate->keys, key))
        return true;
    gate->refusals.removed++;
    remember(gate, key, "");
    return false;
}

const char *gate_key_name(const struct gate *gate, const char *key)
{
    const char *name = allowed_keys_name(gate->keys, key);
    return name ? name : "";
}

bool gate_take_refusals(struct gate *gate, struct bus_refusals *ret_refusals)
{
    const struct bus_refusals *now = &gate->refusals;
    if (now->unknown + now->handshakes + now->removed == 0)
        return false;
    *ret_refusals = *now;
    gate->refusals = (struct bus_refusals){0};
    return true;
}
