/* control - what operators want: each request is checked, carried out in the turn's transaction, and answered
 * after the commit. Nothing that comes from this socket can stop the router. */
#include "common/base/cleanup.h"
#include "common/jobs/history.h"
#include "common/jobs/target.h"
#include "router/parts.h"

#include <string.h>

enum { REQUESTS_A_TURN = 16, NAMES_SHOWN = 20 };

/* ---- saying what happened ---- */

void control_refuse(struct control_answer *answer, const char *sentence)
{
    answer->stage = CONTROL_REFUSED;
    text_clear(&answer->sentence);
    text_append(&answer->sentence, sentence);
}

static void append_name(const struct target *target, struct text *out)
{
    text_format(out, "%s%s%s", target->row.destination, target->row.album ? "/" : "",
                target->row.album ? target->row.album : "");
}

/* ---- hold and release ---- */

struct target *control_find_target(struct router *router, const struct control_request *request,
                                   struct control_answer *answer)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    struct target *target =
        request->destination ? targets_named(router->targets, request->destination, request->album) : NULL;
    if (target)
        return target;
    text_format(&sentence, "there is no destination or album \"%s%s%s\"; there are: ",
                request->destination ? request->destination : "", request->album ? "/" : "",
                request->album ? request->album : "");
    for (size_t i = 0; i < targets_count(router->targets) && i < NAMES_SHOWN; i++) {
        text_append(&sentence, i > 0 ? ", " : "");
        append_name(targets_at(router->targets, i), &sentence);
    }
    control_refuse(answer, text_string(&sentence));
    return NULL;
}

static void hold_event(struct router *router, const struct control_request *request,
                       const struct target *target)
{
    AUTO(text_release) struct text detail = TEXT_EMPTY;
    text_format(&detail, "by %s", request->user);
    struct jobdb_event event = {.at = router->now,
                                .kind = control_verb_done(request->verb),
                                .destination_id = target->row.destination_id,
                                .album_id = target->row.album_id,
                                .detail = text_string(&detail)};
    jobdb_add_event(router->db, &event);
    log_info(target->row.album ? "album changed" : "destination changed",
             LOG_S("destination", target->row.destination),
             LOG_S("album", target->row.album ? target->row.album : "-"), LOG_S("state", event.kind),
             LOG_S("user", request->user));
}

static void hold(struct router *router, const struct control_request *request, struct control_answer *answer)
{
    struct target *target = control_find_target(router, request, answer);
    bool held = request->verb == CONTROL_HOLD;
    if (!target)
        return;
    append_name(target, &answer->sentence);
    if (target->row.held == held) {
        text_append(&answer->sentence, held ? " is held already" : " is not held");
        return;
    }
    targets_hold(router->targets, target, held);
    jobdb_save_target(router->db, &target->row, NULL, router->now);
    hold_event(router, request, target);
    answer->changed = 1;
    text_append(&answer->sentence,
                held ? " is held: nothing more goes there until it is released" : " is released");
}

/* ---- the table of verbs ---- */

/* Those that are carried out at once, and say in the answer what came of it; all others are changes. */
static void (*const verbs[CONTROL_VERBS])(struct router *router, const struct control_request *request,
                                          struct control_answer *answer) = {
    [CONTROL_HOLD] = hold,
    [CONTROL_RELEASE] = hold,
};

static void refuse_surplus(const struct control_request *request, const char *member,
                           struct control_answer *answer)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    text_format(&sentence, "\"%s\" means nothing with %s: leave it out", member,
                control_verb_name(request->verb));
    control_refuse(answer, text_string(&sentence));
}

static void take(struct router *router, const struct bus_message *message)
{
    AUTO(control_request_release) struct control_request request = {0};
    AUTO(control_answer_release) struct control_answer answer = {.stage = CONTROL_DONE};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    bool answered = true;
    int code = control_request_decode(message->frames[0], message->lengths[0], &request, &reason);
    const char *surplus = code == 0 ? control_request_surplus(&request) : NULL;
    memcpy(answer.id, request.id, sizeof answer.id);
    if (code != 0)
        control_refuse(&answer, text_string(&reason));
    else if (surplus)
        refuse_surplus(&request, surplus, &answer);
    else if (message->frames[1])
        control_refuse(&answer, "a request is one frame, and this has two");
    else if (verbs[request.verb])
        verbs[request.verb](router, &request, &answer);
    else
        changes_take(router, &message->peer, &request, &answer, &answered);
    if (answered)
        outbox_answer(router->outbox, &message->peer, &answer);
}

void control_take(struct router *router)
{
    struct bus_message message;
    for (int i = 0; i < REQUESTS_A_TURN && bus_receive(router->control, &message) == 0; i++) {
        take(router, &message);
        bus_message_release(&message);
    }
}
