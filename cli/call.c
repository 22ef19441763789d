#include "cli/call.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/json.h"
#include "common/wire/bus.h"
#include "common/service/service.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
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

static int say_unreachable(const struct config *config, const char *why)
{
    (void)fprintf(stderr, "felucca: router not reachable: %s\n", why);
    (void)fprintf(stderr, "felucca: looked at %s, as %s says\n", config->endpoints.control, config->path);
    return EXIT_UNREACHABLE;
}

/* The path of an ipc:// endpoint, or NULL. */
static const char *socket_path(const struct config *config)
{
    static const char ipc[] = "ipc://";
    const char *endpoint = config->endpoints.control;
    return string_starts_with(endpoint, ipc) ? endpoint + strlen(ipc) : NULL;
}

static int say_nobody(const struct config *config)
{
    const char *path = socket_path(config);
    if (path && access(path, F_OK) != 0 && errno == ENOENT)
        return say_unreachable(config, "there is no socket; is felucca-router running?");
    if (!path)
        return say_unreachable(config,
                               "nobody lets us in; is felucca-router running, is curve.server_key its key, "
                               "and does its curve.allowed_keys list ours?");
    return say_unreachable(config, "nobody listens there; is felucca-router running?");
}

/* What waiting would not change. */
static bool may_open(const struct config *config)
{
    const char *path = socket_path(config);
    return !path || access(path, W_OK) == 0 || errno != EACCES;
}

/* ---- the conversation ---- */

static void call_end(struct call *call)
{
    bus_destroy(&call->bus);
    text_release(&call->json);
}

/* Not said: nobody is connected yet. */
static void speak(struct call *call, int64_t now)
{
    if (call->said && now - call->said < AGAIN_MS)
        return;
    if (bus_send(call->bus, NULL, text_string(&call->json), call->json.length, NULL, 0) == 0)
        call->said = now;
}

static void listen_a_while(const struct call *call)
{
    struct pollfd fd = {.fd = bus_fd(call->bus), .events = POLLIN};
    if (!bus_has_input(call->bus))
        (void)poll(&fd, 1, LOOK_MS);
}

/* Whether an answer to this request came. */
static bool hear(struct call *call, struct control_answer *ret_answer)
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

static int converse(struct call *call, const struct config *config, call_progress *progress, void *context,
                    struct control_answer *ret_answer)
{
    for (;;) {
        int64_t now = clock_monotonic_ms();
        speak(call, now);
        if (!call->said && now - call->began > CONNECT_MS)
            return say_nobody(config);
        if (call->said && now - call->heard > ANSWER_MS)
            return say_unreachable(config, "it does not answer; what was asked for may still be done: "
                                           "see felucca status");
        listen_a_while(call);
        if (!hear(call, ret_answer))
            continue;
        call->heard = clock_monotonic_ms();
        call->said = call->heard;
        if (ret_answer->stage != CONTROL_PROGRESS)
            return EXIT_OK;
        if (progress)
            progress(context, ret_answer);
        control_answer_release(ret_answer);
    }
}

int call_router(const struct config *config, const struct control_request *request, call_progress *progress,
                void *context, struct control_answer *ret_answer)
{
    AUTO(call_end) struct call call = {.request = request, .json = TEXT_EMPTY};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (!may_open(config))
        return say_unreachable(config, "you may not open its socket: run this as the user that it runs as");
    int code = bus_create(config, BUS_DEALER, config->endpoints.control, &call.bus, &reason);
    if (code != 0) {
        int status = say_unreachable(config, text_string(&reason));
        return code == ERR_CONFIG ? EXIT_CONFIG : status;
    }
    control_request_encode(request, &call.json);
    call.began = call.heard = clock_monotonic_ms();
    return converse(&call, config, progress, context, ret_answer);
}

/* ---- what people see ---- */

static void print_json(const struct control_request *request, const struct control_answer *answer)
{
    json_t *notes = json_array();
    for (size_t i = 0; i < answer->note_count; i++)
        (void)json_array_append_new(notes, json_from_text(answer->notes[i]));
    json_print_line(json_pack("{s:s, s:b, s:I, s:I, s:o, s:o}", "command", control_verb_name(request->verb),
                              "done", answer->stage == CONTROL_DONE, "changed", (json_int_t)answer->changed,
                              "skipped", (json_int_t)answer->skipped, "sentence",
                              json_from_text(text_string(&answer->sentence)), "notes", notes));
}

static void print_text(const struct control_answer *answer)
{
    bool refused = answer->stage == CONTROL_REFUSED;
    (void)fprintf(refused ? stderr : stdout, "%s%s\n", refused ? "felucca: " : "",
                  text_string(&answer->sentence));
    for (size_t i = 0; i < answer->note_count; i++)
        (void)fprintf(stderr, "  %s\n", answer->notes[i]);
}

static void show_progress(void *context, const struct control_answer *answer)
{
    bool *shown = context;
    *shown = true;
    (void)fprintf(stderr, "\r%s\033[K", text_string(&answer->sentence));
}

int call_and_print(const struct config *config, const struct control_request *request, bool json)
{
    AUTO(control_answer_release) struct control_answer answer = {0};
    bool shown = false, watched = !json && isatty(STDERR_FILENO);
    int status = call_router(config, request, watched ? show_progress : NULL, &shown, &answer);
    if (shown)
        (void)fputs("\n", stderr);
    if (status != EXIT_OK)
        return status;
    if (json)
        print_json(request, &answer);
    else
        print_text(&answer);
    bool idle = request->verb == CONTROL_HOLD || request->verb == CONTROL_RELEASE;
    bool nothing = answer.changed == 0 && !idle; /* what is held already is held */
    return answer.stage == CONTROL_REFUSED || nothing || fflush(stdout) != 0 ? EXIT_NO : EXIT_OK;
}
