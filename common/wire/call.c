#include "common/wire/call.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/wire/bus.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum {
    CONNECT_MS = 3000, /* until there must be somebody to talk to */
    ANSWER_MS = 20000, /* between two words of the router */
    AGAIN_MS = 2000,   /* the router may have been started again meanwhile */
    LOOK_MS = 20
};

struct call {
    struct bus *bus;
    const struct control_request *request;
    struct text json;
    int64_t began, heard, said; /* monotonic; said 0: not yet */
};

/* ---- nobody answers ---- */

static int call_is_unreachable(const struct config *config, const char *why, struct text *ret_reason)
{
    text_format(ret_reason, "router not reachable: %s\nlooked at %s, as %s says\n", why,
                config->endpoints.control, config->path);
    return ERR_NETWORK;
}

/* The path of an ipc:// endpoint, or NULL. */
static const char *socket_path(const struct config *config)
{
    static const char ipc[] = "ipc://";
    const char *endpoint = config->endpoints.control;
    return string_starts_with(endpoint, ipc) ? endpoint + strlen(ipc) : NULL;
}

static const char *why_nobody(const struct config *config)
{
    const char *path = socket_path(config);
    if (path && access(path, F_OK) != 0 && errno == ENOENT)
        return "there is no socket; is felucca-router running?";
    if (!path)
        return "nobody lets us in; is felucca-router running, is curve.server_key its key, and does its "
               "curve.allowed_keys list ours?";
    return "nobody listens there; is felucca-router running?";
}

/* What waiting would not change. */
static bool may_open_socket(const struct config *config)
{
    const char *path = socket_path(config);
    return !path || access(path, W_OK) == 0 || errno != EACCES;
}

/* ---- the conversation ---- */

static void call_end(struct call *call)
{
    bus_destroy(&call->bus);
    if (call->json.bytes)
        explicit_bzero(call->json.bytes, call->json.capacity); /* it may name a patient */
    text_release(&call->json);
}

/* Not said: nobody is connected yet. */
static void call_speak(struct call *call, int64_t now)
{
    if (call->said && now - call->said < AGAIN_MS)
        return;
    if (bus_send(call->bus, NULL, text_string(&call->json), call->json.length, NULL, 0) == 0)
        call->said = now;
}

static void call_listen(const struct call *call)
{
    struct pollfd fd = {.fd = bus_fd(call->bus), .events = POLLIN};
    if (!bus_has_input(call->bus))
        (void)poll(&fd, 1, LOOK_MS);
}

/* Whether an answer to this request came. */
static bool call_hear(struct call *call, struct control_answer *ret_answer)
{
    struct bus_message message;
    while (bus_receive(call->bus, &message) == 0) {
        bool ours = control_answer_decode(message.frames[0], message.lengths[0], ret_answer) == 0 &&
                    strcmp(ret_answer->id, call->request->id) == 0;
        bus_message_release(&message);
        if (ours)
            return true;
        control_answer_release(ret_answer);
    }
    return false;
}

static int call_converse(struct call *call, const struct config *config, call_progress *progress,
                         void *context, struct control_answer *ret_answer, struct text *ret_reason)
{
    for (;;) {
        int64_t now = clock_monotonic_ms();
        call_speak(call, now);
        if (!call->said && now - call->began > CONNECT_MS)
            return call_is_unreachable(config, why_nobody(config), ret_reason);
        if (call->said && now - call->heard > ANSWER_MS)
            return call_is_unreachable(
                config, "it does not answer; what was asked for may still be done: see felucca status",
                ret_reason);
        call_listen(call);
        if (!call_hear(call, ret_answer))
            continue;
        call->heard = clock_monotonic_ms();
        call->said = call->heard;
        if (ret_answer->stage != CONTROL_PROGRESS)
            return 0;
        if (progress)
            progress(context, ret_answer);
        control_answer_release(ret_answer);
    }
}

int call_router(const struct config *config, const struct control_request *request, call_progress *progress,
                void *context, struct control_answer *ret_answer, struct text *ret_reason)
{
    AUTO(call_end) struct call call = {.request = request, .json = TEXT_EMPTY};
    AUTO(text_release) struct text why = TEXT_EMPTY;
    if (!may_open_socket(config))
        return call_is_unreachable(
            config, "you may not open its socket: run this as the user that it runs as", ret_reason);
    int code = bus_create(config, BUS_DEALER, config->endpoints.control, &call.bus, &why);
    if (code != 0) {
        int unreachable = call_is_unreachable(config, text_string(&why), ret_reason);
        return code == ERR_CONFIG ? ERR_CONFIG : unreachable;
    }
    control_request_encode(request, &call.json);
    call.began = call.heard = clock_monotonic_ms();
    return call_converse(&call, config, progress, context, ret_answer, ret_reason);
}
