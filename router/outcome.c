#include "router/outcome.h"

#include "common/base/cleanup.h"
#include "common/base/crash.h"
#include "common/base/log.h"
#include "common/base/random.h"
#include "common/config/config.h"
#include "common/jobs/batch.h"
#include "common/jobs/dispatch.h"
#include "common/jobs/history.h"
#include "common/jobs/outcome.h"
#include "common/jobs/target.h"
#include "router/counters.h"
#include "router/inquiries.h"
#include "router/lesson.h"
#include "router/outbox.h"
#include "router/own_trouble.h"
#include "router/shared.h"
#include "router/posting.h"
#include "router/reporting.h"
#include "router/targets.h"
#include "router/verdict.h"
#include "router/visibility.h"
#include "router/width.h"

#include <string.h>

/* ---- what a request says of its target ---- */

static void add_target_event(struct router *router, const struct target *target, const char *reason)
{
    const char *state = jobdb_target_state_name(target->row.state);
    struct jobdb_event event = {.at = router->now,
                                .kind = state,
                                .destination_id = target->row.destination_id,
                                .album_id = target->row.album_id,
                                .detail = reason};
    jobdb_add_event(router->db, &event);
    LOG_AT(target->row.state == TARGET_UP ? LOG_INFO : LOG_WARNING,
           target->row.album ? "album changed" : "destination changed",
           LOG_S("destination", target->row.destination),
           LOG_S("album", target->row.album ? target->row.album : "-"), LOG_S("state", state),
           LOG_S("reason", reason));
}

/* What the request says about its target. Returns whether the target waits now. */
static bool learn_of_target(struct router *router, struct target *target, const struct lease *lease,
                            const struct work_result *result, int64_t stored)
{
    struct target_retry retry = target_retry_of(router->config);
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (lease->batch.stage == WORK_FETCH) {
        visibility_learn(router, target, &lease->batch, result);
        return false;
    }
    if (stored > 0 && lease->batch.stage == WORK_SEND)
        visibility_wanted(router, target, lease->batch.study);
    bool changed = stored > 0 && target_succeeded(target, stored, router->now);
    struct target_lesson lesson = lesson_of(target, &retry, lease, result, stored, &reason);
    lesson.jitter = random_below(UINT64_MAX);
    if (lesson.says != BLAME_NOTHING)
        changed = target_learn(target, &retry, &lesson, router->now) || changed;
    if (changed)
        add_target_event(router, target, target->row.state == TARGET_UP ? NULL : text_string(&reason));
    jobdb_save_target(router->db, &target->row, reason.length > 0 ? reason.bytes : NULL, router->now);
    return target->row.state != TARGET_UP && target->row.until > router->now;
}

/* ---- what it says of its jobs ---- */

static const struct work_answer *answer_for(const struct work_result *result, const struct jobdb_item *item)
{
    for (size_t i = 0; i < result->answer_count; i++) {
        if (result->answers[i].id == item->id && strcmp(result->answers[i].receipt, item->receipt) == 0)
            return &result->answers[i];
    }
    return NULL;
}

/* What is stored counts first: it decides whether the others' failures count. Returns how many. */
static int64_t store_listed(struct router *router, const struct target *target,
                            const struct jobdb_batch *batch, const struct work_result *result)
{
    int64_t stored = 0;
    for (size_t i = 0; i < batch->item_count; i++) {
        const struct work_answer *answer = answer_for(result, &batch->items[i]);
        if (!answer || !work_answer_is_done(answer))
            continue;
        struct jobdb_outcome outcome = verdict_outcome(router, &batch->items[i], answer);
        outcome.cause = CAUSE_STORED;
        stored += verdict_move(router, batch, &batch->items[i], &outcome);
        if (batch->stage != WORK_FETCH)
            count_done(router->counters, target->row.destination, target->row.album,
                       router->now - batch->items[i].received_at);
    }
    return stored;
}

/* What the worker found out before it sent. */
static void note_absence(struct router *router, const struct jobdb_batch *batch,
                         const struct work_result *result)
{
    if (result->vacant && batch->stage == WORK_SEND)
        jobdb_lane_is_vacant(router->db, batch->lane_id);
    for (size_t i = 0; i < batch->item_count && batch->stage == WORK_SEND && !result->vacant; i++) {
        const struct work_answer *answer = answer_for(result, &batch->items[i]);
        if (answer && answer->absent && !work_answer_is_done(answer))
            jobdb_delivery_is_absent(router->db, batch->items[i].id);
    }
}

/* spent_ms: how long that of the request which went out takes at the destination's rate. */
static void end_lease(struct router *router, struct lease *lease, struct target *target, int64_t spent_ms)
{
    if (target)
        width_give_back(target, &lease->paid, spent_ms, router->monotonic);
    jobdb_end_batch(router->db, &lease->batch, router->now);
    if (lease->batch.stage == WORK_SEND)
        jobdb_open_lanes(router->db, lease->batch.study, router->now);
    struct lease *follower = crew_follower(router->crew, lease);
    if (target && follower)
        follower->stored_mark = target->row.stored; /* it begins now, in the place of this one */
    else if (target && !lease->ahead)
        *target_counter(target, lease->batch.stage) -= 1;
    targets_wake(router->targets);
    crew_end_lease(router->crew, lease);
}

static void apply_result(struct router *router, struct lease *lease, struct target *target,
                         const struct work_result *result)
{
    const struct jobdb_batch *batch = &lease->batch;
    int64_t stored = store_listed(router, target, batch, result);
    note_absence(router, batch, result);
    if (lease->seat)
        target->tried_by = seat_number(lease->seat);
    struct verdict verdict = {.router = router, .lease = lease, .result = result, .target = target};
    /* Where another worker may serve the target its jobs are due at once. */
    verdict.backs_off = own_trouble_take(router, lease, target, result, stored) ||
                        learn_of_target(router, target, lease, result, stored);
    verdict.proven = target_is_proven(target);
    verdict.jitter = random_below(UINT64_MAX);
    for (size_t i = 0; i < batch->item_count; i++) {
        const struct work_answer *answer = answer_for(result, &batch->items[i]);
        static const struct work_answer silent = {.outcome = WORK_RETRY_OUTCOME,
                                                  .reason = (char *)"the worker did not say what came of it"};
        verdict_apply(&verdict, &batch->items[i], answer ? answer : &silent);
        if (batch->stage != WORK_FETCH)
            count_outcome(router->counters, target->row.destination, target->row.album,
                          work_outcome_name((answer ? answer : &silent)->outcome));
    }
    verdict_tell_failures(&verdict);
    /* No worker sends more than what it was given and what is around it. */
    int64_t bytes = result->bytes < 2 * batch->bytes ? result->bytes : 2 * batch->bytes;
    if (batch->stage != WORK_FETCH)
        jobdb_tally(router->db, batch->destination_id, batch->album_id, router->now, stored, bytes, 0);
    log_debug("result", LOG_S("work", batch->work), LOG_S("destination", target->row.destination),
              LOG_S("study", batch->study), LOG_I("items", batch->item_count), LOG_I("stored", stored));
    end_lease(router, lease, target, width_time(target, bytes));
}

/* It waited behind a request that did not go well, or its worker was stopped: nothing was tried. */
static void apply_unbegun(struct router *router, struct lease *lease, struct target *target)
{
    struct jobdb_batch *batch = &lease->batch;
    jobdb_unlease(router->db, batch);
    for (size_t i = 0; i < batch->item_count; i++) {
        AUTO(text_release) struct text reason = TEXT_EMPTY;
        struct work_answer last = {.outcome = WORK_RETRY_OUTCOME};
        jobdb_last_answer(router->db, &batch->items[i], &reason, &last.http_status);
        last.reason = reason.length > 0 ? reason.bytes : NULL;
        struct jobdb_outcome outcome = verdict_outcome(router, &batch->items[i], &last);
        outcome.cause = CAUSE_LEASE_LOST;
        (void)verdict_move(router, batch, &batch->items[i], &outcome);
    }
    end_lease(router, lease, target, 0);
}

/* The lease is lost. What is stored is stored all the same; anything else was given to others. */
static void apply_late_result(struct router *router, const struct work_result *result)
{
    for (size_t i = 0; i < result->answer_count && result->stage == WORK_SEND; i++) {
        const struct work_answer *answer = &result->answers[i];
        struct jobdb_batch batch;
        if (!work_answer_is_done(answer) ||
            !jobdb_find_delivery(router->db, answer->receipt, result->destination, &batch))
            continue;
        struct jobdb_outcome outcome = verdict_outcome(router, batch.items, answer);
        outcome.cause = CAUSE_STORED;
        if (verdict_move(router, &batch, batch.items, &outcome)) {
            struct target *target = targets_find(router->targets, batch.destination_id, 0);
            jobdb_refresh_lane(router->db, batch.lane_id, router->now);
            jobdb_tally(router->db, batch.destination_id, 0, router->now, 1, 0, 0);
            if (target) {
                target->row.stored++;
                visibility_wanted(router, target, batch.study);
                jobdb_save_target(router->db, &target->row, NULL, router->now);
            }
        }
        jobdb_batch_release(&batch);
    }
}

void outcome_take(struct router *router, const struct bus_peer *peer, const struct work_message *message)
{
    struct work_result *result = message->result;
    struct lease *lease = crew_find_lease(router->crew, result->id);
    struct target *target =
        lease ? targets_find(router->targets, lease->batch.destination_id, lease->batch.album_id) : NULL;
    if (result->stage == WORK_NOTIFY)
        posting_take(router, lease, result);
    else if (result->stage == WORK_INQUIRE)
        inquiries_take(router, lease, result);
    else if (result->stage == WORK_COMMIT)
        reporting_take(router, lease, result);
    else if (target && lease->batch.stage == result->stage && result->unbegun)
        apply_unbegun(router, lease, target);
    else if (target && lease->batch.stage == result->stage)
        apply_result(router, lease, target, result);
    else
        apply_late_result(router, result);
    CRASH_POINT_IF(result->stage == WORK_SEND, ROUTER_RESULT_APPLIED);
    CRASH_POINT_IF(result->stage == WORK_SHARE, ROUTER_SHARE_APPLIED);
    CRASH_POINT_IF(result->stage == WORK_NOTIFY, ROUTER_NOTICE_APPLIED);
    CRASH_POINT_IF(result->stage == WORK_COMMIT, ROUTER_REPORT_APPLIED);
    struct work_message ack = {.verb = WORK_ACK};
    memcpy(ack.acknowledged, result->id, sizeof ack.acknowledged);
    outbox_say(router->outbox, peer, &ack);
}

/* What a worker had in hand when it died may be why: the second time its request goes again in halves, and each time
 * later, so that one file that kills every worker does not take all other work with it again and again. */
static void blame_death(struct router *router, const struct jobdb_batch *batch, const struct jobdb_item *item,
                        uint64_t jitter, struct jobdb_outcome *outcome)
{
    const struct target_retry retry = target_retry_of(router->config);
    bool again = batch->stage == WORK_SEND ? item->ends > 0 : item->tries > 1;
    outcome->ends = item->ends + 1;
    if (!again)
        return;
    if (batch->item_count > 1)
        outcome->batch_limit = (int)((batch->item_count + 1) / 2);
    outcome->due_at += target_delay(&retry, batch->stage == WORK_SEND ? item->ends : item->tries - 1, jitter);
}

static void say_gone(struct router *router, const struct lease *lease)
{
    char gone[1][WORK_ID_SIZE];
    memcpy(gone[0], lease->batch.work, WORK_ID_SIZE);
    struct work_message pong = {.verb = WORK_PONG, .gone = gone, .gone_count = 1};
    outbox_say(router->outbox, seat_peer(lease->seat), &pong);
}

void outcome_take_back_held(struct router *router)
{
    static const struct work_answer held = {.reason = (char *)"it is held"};
    struct lease *next;
    for (struct lease *lease = crew_leases(router->crew); lease; lease = next) {
        const struct jobdb_batch *batch = &lease->batch;
        struct target *target = targets_find(router->targets, batch->destination_id, batch->album_id);
        next = lease->next;
        if (!lease->ahead || !target || !target_is_kept(target))
            continue;
        for (size_t i = 0; i < batch->item_count; i++) {
            struct jobdb_outcome outcome = verdict_outcome(router, &batch->items[i], &held);
            outcome.cause = CAUSE_LEASE_LOST;
            (void)verdict_move(router, batch, &batch->items[i], &outcome);
        }
        say_gone(router, lease);
        end_lease(router, lease, target, 0);
    }
}

void outcome_lease_lost(void *context, struct lease *lease)
{
    struct router *router = context;
    const struct jobdb_batch *batch = &lease->batch;
    struct target *target = targets_find(router->targets, batch->destination_id, batch->album_id);
    static const struct work_answer lost = {.reason = (char *)"its worker went away"};
    bool died = crew_died_with(lease, router->awake);
    uint64_t jitter = random_below(UINT64_MAX); /* one for all: the request falls apart in halves only */
    if (batch->stage == WORK_NOTIFY) {
        posting_lost(router, lease);
        return;
    }
    if (batch->stage == WORK_INQUIRE) {
        inquiries_lost(router, lease);
        return;
    }
    if (batch->stage == WORK_COMMIT) {
        reporting_lost(router, lease);
        return;
    }
    for (size_t i = 0; i < batch->item_count; i++) {
        struct jobdb_outcome outcome = verdict_outcome(router, &batch->items[i], &lost);
        outcome.cause = CAUSE_LEASE_LOST;
        if (died && !lease->ahead) /* what it had not begun did not kill it */
            blame_death(router, batch, &batch->items[i], jitter, &outcome);
        (void)verdict_move(router, batch, &batch->items[i], &outcome);
    }
    CRASH_POINT(ROUTER_LEASE_LOST);
    log_warning("lease lost, giving its work to others", LOG_S("work", batch->work),
                LOG_S("study", batch->study),
                LOG_S("worker", lease->seat ? seat_name(lease->seat) : "before the restart"),
                LOG_I("items", batch->item_count));
    count_lease_lost(router->counters);
    end_lease(router, lease, target, lease->ahead ? 0 : router->awake - lease->started);
}
