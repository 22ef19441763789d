#include "router/control.h"

#include "common/base/cleanup.h"
#include "common/base/log.h"
#include "common/jobs/history.h"
#include "common/jobs/requester.h"
#include "common/jobs/standing.h"
#include "common/jobs/target.h"
#include "common/config/config.h"
#include "common/wire/bus.h"
#include "common/wire/control.h"
#include "router/changes.h"
#include "router/explain.h"
#include "router/outbox.h"
#include "router/refusal.h"
#include "router/outcome.h"
#include "router/search.h"
#include "router/shared.h"
#include "router/targets.h"
#include "router/tokens.h"
#include "router/trials.h"

#include <string.h>

enum { REQUESTS_A_TURN = 16 };

/* ---- hold and release ---- */

static void add_hold_event(struct router *router, const struct control_request *request,
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

static void hold_target(struct router *router, const struct control_request *request,
                        struct control_answer *answer)
{
    struct target *target = refusal_or_target(router->targets, request, answer);
    bool held = request->verb == CONTROL_HOLD;
    if (!target)
        return;
    target_append_name(target, &answer->sentence);
    if (target->row.held == held) {
        text_append(&answer->sentence, held ? " is held already" : " is not held");
        return;
    }
    targets_hold(router->targets, target, held);
    jobdb_save_target(router->db, &target->row, NULL, router->now);
    jobdb_save_hold(router->db, target->row.destination_id, target->row.album_id, held ? request->user : NULL,
                    router->now);
    add_hold_event(router, request, target);
    if (held)
        outcome_take_back_held(router);
    answer->changed = 1;
    text_append(&answer->sentence,
                held ? " is held: nothing more goes there until it is released" : " is released");
}

/* ---- of reports on storage commitment ---- */

static bool may_ask(const struct config *config, const char *calling)
{
    for (size_t n = 0; n < config->node_count; n++)
        if (config_find_requester(&config->nodes[n], calling))
            return true;
    return false;
}

static void add_source_event(struct router *router, const struct control_request *request)
{
    AUTO(text_release) struct text detail = TEXT_EMPTY;
    text_format(&detail, "by %s: source:%s", request->user, request->source);
    struct jobdb_event event = {
        .at = router->now, .kind = control_verb_done(request->verb), .detail = text_string(&detail)};
    jobdb_add_event(router->db, &event);
    log_info("reports on storage commitment changed", LOG_S("calling", request->source),
             LOG_S("state", event.kind), LOG_S("user", request->user));
}

static void hold_source(struct router *router, const struct control_request *request,
                        struct control_answer *answer)
{
    bool held = request->verb == CONTROL_HOLD, known = jobdb_source_is_held(router->db, request->source);
    if (request->destination || request->album) {
        refuse(answer, "a source, or a destination and its album: one of them");
        return;
    }
    if (!known && !may_ask(router->config, request->source) &&
        !jobdb_has_asked(router->db, request->source)) {
        refuse(answer, "no source of that title has a port, and none has asked for storage commitment");
        return;
    }
    text_format(&answer->sentence, "source:%s", request->source);
    if (!jobdb_hold_source(router->db, request->source, held ? request->user : NULL, router->now)) {
        text_append(&answer->sentence, held ? " is held already" : " is not held");
        return;
    }
    add_source_event(router, request);
    answer->changed = 1;
    text_append(&answer->sentence,
                held ? " is held: no report on storage commitment goes there until it is released"
                     : " is released");
}

static void hold(struct router *router, const struct control_request *request, struct control_answer *answer)
{
    if (request->source)
        hold_source(router, request, answer);
    else
        hold_target(router, request, answer);
}

/* ---- the table of verbs ---- */

/* These are carried out at once and say in the answer what came of it. All others are changes. */
static void (*const quick_verbs[CONTROL_VERBS])(struct router *router, const struct control_request *request,
                                                struct control_answer *answer) = {
    [CONTROL_HOLD] = hold,
    [CONTROL_RELEASE] = hold,
    [CONTROL_DESTINATION_MOVE] = tokens_move,
    [CONTROL_FIND] = search_find,
};

static void refuse_surplus(const struct control_request *request, const char *member,
                           struct control_answer *answer)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    text_format(&sentence, "\"%s\" means nothing with %s: leave it out", member,
                control_verb_name(request->verb));
    refuse(answer, text_string(&sentence));
}

static void take_request(struct router *router, const struct bus_message *message)
{
    AUTO(control_request_release) struct control_request request = {0};
    AUTO(control_answer_release) struct control_answer answer = {.stage = CONTROL_DONE};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    bool answered = true;
    int code = control_request_decode(message->frames[0], message->lengths[0], &request, &reason);
    const char *surplus = code == 0 ? control_request_surplus(&request) : NULL;
    memcpy(answer.id, request.id, sizeof answer.id);
    if (code != 0)
        refuse(&answer, text_string(&reason));
    else if (surplus)
        refuse_surplus(&request, surplus, &answer);
    else if (message->frames[1])
        refuse(&answer, "a request is one frame, and this has two");
    else if (quick_verbs[request.verb])
        quick_verbs[request.verb](router, &request, &answer);
    else if (request.verb == CONTROL_EXPLAIN)
        explains_take(router, &message->peer, &request, &answer, &answered);
    else if (request.verb == CONTROL_TRY || request.verb == CONTROL_TRY_FILE)
        trials_take(router, &message->peer, &request, &answer, &answered);
    else
        changes_take(router, &message->peer, &request, &answer, &answered);
    if (answered)
        outbox_answer(router->outbox, &message->peer, &answer);
}

void control_turn(struct router *router)
{
    struct bus_message message;
    for (int i = 0; i < REQUESTS_A_TURN && bus_receive(router->control, &message) == 0; i++) {
        take_request(router, &message);
        bus_message_release(&message);
    }
}

int64_t control_wakes_at(struct router *router)
{
    return bus_has_input(router->control) ? 0 : INT64_MAX;
}
