/* outcome - what came of a request: jobs are moved, the destination is learned about, the worker is told. */
#include "common/base/cleanup.h"
#include "common/base/crash.h"
#include "common/base/err.h"
#include "common/base/random.h"
#include "common/jobs/dispatch.h"
#include "common/jobs/history.h"
#include "common/jobs/outcome.h"
#include "common/jobs/target.h"
#include "router/parts.h"

#include <string.h>
#include <sys/stat.h>

/* ---- saying what happened ---- */

static void add_event(struct router *router, const struct jobdb_batch *batch, const struct jobdb_item *item,
                      const char *kind, const struct work_answer *answer)
{
    struct jobdb_event event = {.at = router->now,
                                .kind = kind,
                                .instance_id = batch->stage == WORK_SEND ? item->instance_id : 0,
                                .delivery_id = batch->stage == WORK_SEND ? item->id : 0,
                                .share_id = batch->stage == WORK_SHARE ? item->id : 0,
                                .destination_id = batch->destination_id,
                                .album_id = batch->album_id,
                                .http_status = answer->http_status,
                                .detail = answer->reason};
    jobdb_add_event(router->db, &event);
}

static void target_event(struct router *router, const struct target *target, const char *reason)
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

/* ---- one job ---- */

static struct target_retry retry_of(const struct router *router)
{
    return (struct target_retry){router->config->retry.first_ms, router->config->retry.ceiling_ms};
}

static uint64_t jitter(void)
{
    return random_below(UINT64_MAX);
}

static void wake_album(void *context, int64_t album_id)
{
    struct router *router = context;
    for (size_t i = 0; i < targets_count(router->targets); i++) {
        if (targets_at(router->targets, i)->row.album_id == album_id)
            targets_at(router->targets, i)->look_at = 0;
    }
}

static bool move(struct router *router, const struct jobdb_batch *batch, const struct jobdb_item *item,
                 const struct jobdb_outcome *outcome)
{
    if (batch->stage == WORK_SHARE)
        return jobdb_move_share(router->db, batch, item, outcome);
    if (batch->stage == WORK_FETCH)
        return visibility_move(router, batch, item, outcome);
    return jobdb_move_delivery(router->db, batch, item, outcome, wake_album, router);
}

static struct jobdb_outcome start_outcome(const struct router *router, const struct jobdb_item *item,
                                          const struct work_answer *answer)
{
    return (struct jobdb_outcome){.now = router->now,
                                  .due_at = router->now,
                                  .attempts = item->attempts,
                                  .attempt_mark = item->attempt_mark,
                                  .batch_limit = item->batch_limit,
                                  .http_status = answer->http_status,
                                  .reason = answer->reason,
                                  .keep_until = router->now + router->config->retention_ms};
}

static bool is_done(const struct work_answer *answer)
{
    return answer->outcome == WORK_DONE_OUTCOME || answer->outcome == WORK_DUPLICATE_OUTCOME;
}

static void fail(struct router *router, const struct jobdb_batch *batch, const struct jobdb_item *item,
                 const struct work_answer *answer, struct jobdb_outcome *outcome, enum cause cause)
{
    outcome->cause = cause;
    if (!move(router, batch, item, outcome))
        return;
    add_event(router, batch, item, "failed", answer);
    if (batch->stage != WORK_FETCH)
        jobdb_tally(router->db, batch->destination_id, batch->album_id, router->now, 0, 0, 1);
    log_debug("job failed", LOG_I("id", item->id), LOG_S("receipt", item->receipt),
              LOG_S("study", batch->study), LOG_S("reason", answer->reason));
    if (router->failing.jobs++ > 0)
        return;
    router->failing.first_id = item->id;
    router->failing.status = answer->http_status;
    (void)snprintf(router->failing.reason, sizeof router->failing.reason, "%s",
                   answer->reason ? answer->reason : "");
}

static void tell_failures(struct router *router, const struct target *target, const struct jobdb_batch *batch)
{
    if (router->failing.jobs > 0)
        log_warning("jobs failed", LOG_S("stage", work_stage_name(batch->stage)),
                    LOG_S("destination", target->row.destination),
                    LOG_S("album", target->row.album ? target->row.album : "-"), LOG_S("study", batch->study),
                    LOG_I("jobs", router->failing.jobs), LOG_I("first_id", router->failing.first_id),
                    LOG_I("status", router->failing.status), LOG_S("reason", router->failing.reason));
    router->failing.jobs = 0;
}

/* What a request as a whole means for each of its items. */
struct verdict {
    struct router *router;
    const struct lease *lease;
    const struct work_result *result;
    const struct target *target;
    bool backs_off; /* the target waits, so its items need not */
};

/* An attempt counts only when it is the job's own fault: another job was stored at the same target since this
 * job's previous attempt, or, at its first, since it went out. */
static bool attempt_counts(const struct verdict *verdict, const struct jobdb_item *item)
{
    int64_t mark = item->attempt_mark >= 0 ? item->attempt_mark : verdict->lease->stored_mark;
    return verdict->target->row.stored > mark;
}

/* The next limit of a batch that failed as a whole. Where nothing else was stored meanwhile the destination
 * may be at fault and not the batch: that limit only holds until it stores something. */
static int half_of(const struct verdict *verdict)
{
    int half = (int)((verdict->lease->batch.item_count + 1) / 2);
    bool others_pass = verdict->target->row.stored > verdict->lease->stored_mark;
    return verdict->result->trouble && !others_pass ? -half : half;
}

/* Back to the queue. What counts is an attempt of an instance that the answer names, or that was alone. */
static void try_again(const struct verdict *verdict, const struct jobdb_item *item,
                      const struct work_answer *answer)
{
    struct router *router = verdict->router;
    const struct jobdb_batch *batch = &verdict->lease->batch;
    struct jobdb_outcome outcome = start_outcome(router, item, answer);
    struct target_retry retry = retry_of(router);
    bool halve = verdict->result->split && batch->item_count > 1;
    bool own = answer->bounded && !halve, counts = own && attempt_counts(verdict, item);
    int64_t give_up = router->config->retry.give_up_ms;
    outcome.attempts += counts;
    if (own)
        outcome.attempt_mark = verdict->target->row.stored;
    if (answer->outcome == WORK_MISSING_OUTCOME && answer->bounded)
        outcome.batch_limit = 1; /* it ends whatever request it is in */
    else if (halve)
        outcome.batch_limit = half_of(verdict);
    else if (counts && batch->item_count == 1 && batch->stage == WORK_SEND)
        outcome.batch_limit = 1; /* others pass: it is the culprit, and takes nobody with it again */
    if (!halve && !verdict->backs_off)
        outcome.due_at = router->now + target_delay(&retry, item->tries, jitter());
    if ((counts && outcome.attempts >= router->config->retry.attempts) ||
        (give_up > 0 && router->now - jobdb_waiting_since(router->db, batch->stage, item) > give_up)) {
        fail(router, batch, item, answer, &outcome, CAUSE_GIVEN_UP);
        return;
    }
    outcome.cause = CAUSE_TROUBLE;
    if (!move(router, batch, item, &outcome) || !own || batch->stage == WORK_FETCH)
        return;
    if (batch->stage == WORK_SEND && !verdict->result->split && answer->outcome == WORK_RETRY_OUTCOME)
        jobdb_series_unknown(router->db, item->series_id);
    add_event(router, batch, item, "trouble", answer);
}

static bool has_its_size(struct router *router, const struct jobdb_item *item, enum spool_place place)
{
    AUTO(fd_close) int fd = -1;
    struct stat status;
    return spool_open_file(router->spool, place, item->receipt, &fd) != 0 || fstat(fd, &status) != 0 ||
           status.st_size == item->size;
}

static void fail_file(const struct verdict *verdict, const struct jobdb_item *item,
                      const struct work_answer *answer, const char *reason)
{
    struct work_answer lost = *answer;
    lost.reason = (char *)reason;
    struct jobdb_outcome outcome = start_outcome(verdict->router, item, &lost);
    fail(verdict->router, &verdict->lease->batch, item, &lost, &outcome, CAUSE_FILE_MISSING);
}

/* Not where somebody else delivered it meanwhile, and it is kept. */
static bool belongs_in_queue(struct router *router, const struct jobdb_item *item)
{
    enum instance_state state;
    enum spool_place place;
    bool gone;
    return jobdb_knows(router->db, item->receipt, &state, &place, &gone) && place == SPOOL_QUEUE && !gone;
}

/* The sender did not find the file as recorded: where is it? What is whole and in its place is tried
 * again: for ever when the sender cannot even see it, bounded when it cannot read it. */
static void find_file(const struct verdict *verdict, const struct jobdb_item *item,
                      const struct work_answer *answer)
{
    struct router *router = verdict->router;
    enum spool_place place;
    int code = spool_find(router->spool, item->receipt, &place);
    if (code == ERR_ABSENT)
        fail_file(verdict, item, answer,
                  "its spool file is gone: ask the sender of the study to send it again");
    else if (code == 0 && !has_its_size(router, item, place))
        fail_file(verdict, item, answer,
                  "its spool file is not as long as it was: ask the sender of the study to send it again");
    else
        try_again(verdict, item, answer);
    if (code == 0 && place != SPOOL_QUEUE && belongs_in_queue(router, item))
        outbox_move(router->outbox, item->receipt, place, SPOOL_QUEUE);
}

static void apply_answer(const struct verdict *verdict, const struct jobdb_item *item,
                         const struct work_answer *answer)
{
    struct router *router = verdict->router;
    const struct jobdb_batch *batch = &verdict->lease->batch;
    struct jobdb_outcome outcome = start_outcome(router, item, answer);
    switch (answer->outcome) {
    case WORK_DONE_OUTCOME:
    case WORK_DUPLICATE_OUTCOME:
        break; /* done before, see store_listed() */
    case WORK_REJECT_OUTCOME:
        fail(router, batch, item, answer, &outcome, CAUSE_REFUSED);
        break;
    case WORK_MISSING_OUTCOME:
        find_file(verdict, item, answer);
        break;
    case WORK_BLOCKED_OUTCOME:
        outcome.cause = CAUSE_TROUBLE;
        (void)move(router, batch, item, &outcome);
        break;
    default:
        try_again(verdict, item, answer);
        break;
    }
}

/* ---- one request ---- */

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
        if (!answer || !is_done(answer))
            continue;
        struct jobdb_outcome outcome = start_outcome(router, &batch->items[i], answer);
        outcome.cause = CAUSE_STORED;
        stored += move(router, batch, &batch->items[i], &outcome);
        if (batch->stage != WORK_FETCH)
            gauge_done(router->gauges, target->row.destination, target->row.album,
                       router->now - batch->items[i].received_at);
    }
    return stored;
}

static const char *first_reason(const struct work_result *result, enum work_outcome outcome)
{
    for (size_t i = 0; i < result->answer_count; i++) {
        if (result->answers[i].outcome == outcome && result->answers[i].reason)
            return result->answers[i].reason;
    }
    return NULL;
}

static bool any(const struct work_result *result, enum work_outcome outcome)
{
    for (size_t i = 0; i < result->answer_count; i++) {
        if (result->answers[i].outcome == outcome)
            return true;
    }
    return false;
}

/* What the request says about its target. Returns whether the target waits now. */
static bool learn(struct router *router, struct target *target, const struct lease *lease,
                  const struct work_result *result, int64_t stored)
{
    struct target_retry retry = retry_of(router);
    const char *reason = NULL;
    if (lease->batch.stage == WORK_FETCH) {
        visibility_learn(router, target, &lease->batch, result);
        return false;
    }
    if (stored > 0 && lease->batch.stage == WORK_SEND)
        visibility_wanted(router, target, lease->batch.study);
    bool changed = stored > 0 && target_succeeded(target, stored, router->now);
    if (any(result, WORK_BLOCKED_OUTCOME)) {
        reason = first_reason(result, WORK_BLOCKED_OUTCOME);
        changed = target_refused(target, &retry, router->now);
    } else if (result->trouble) {
        reason = first_reason(result, WORK_RETRY_OUTCOME);
        changed =
            target_troubled(target, &retry, lease->stored_mark, result->not_before_ms, jitter(), router->now);
    }
    if (changed)
        target_event(router, target, reason);
    jobdb_save_target(router->db, &target->row, reason, router->now);
    return target->row.state != TARGET_UP && target->row.until > router->now;
}

static void end_lease(struct router *router, struct lease *lease, struct target *target)
{
    jobdb_end_batch(router->db, &lease->batch, router->now);
    if (lease->batch.stage == WORK_SEND)
        jobdb_open_lanes(router->db, lease->batch.study, router->now);
    if (target)
        *dispatch_counter(target, lease->batch.stage) -= 1;
    targets_wake(router->targets);
    crew_end_lease(router->crew, lease);
}

static void apply_result(struct router *router, struct lease *lease, struct target *target,
                         const struct work_result *result)
{
    const struct jobdb_batch *batch = &lease->batch;
    int64_t stored = store_listed(router, target, batch, result);
    struct verdict verdict = {router, lease, result, target, false};
    verdict.backs_off = learn(router, target, lease, result, stored);
    for (size_t i = 0; i < batch->item_count; i++) {
        const struct work_answer *answer = answer_for(result, &batch->items[i]);
        static const struct work_answer silent = {.outcome = WORK_RETRY_OUTCOME,
                                                  .reason = (char *)"the worker did not say what came of it"};
        apply_answer(&verdict, &batch->items[i], answer ? answer : &silent);
        if (batch->stage != WORK_FETCH)
            gauge_outcome(router->gauges, target->row.destination, target->row.album,
                          work_outcome_name((answer ? answer : &silent)->outcome));
    }
    tell_failures(router, target, batch);
    /* No worker sends more than what it was given and what stands around it. */
    int64_t bytes = result->bytes < 2 * batch->bytes ? result->bytes : 2 * batch->bytes;
    if (batch->stage != WORK_FETCH)
        jobdb_tally(router->db, batch->destination_id, batch->album_id, router->now, stored, bytes, 0);
    log_debug("result", LOG_S("work", batch->work), LOG_S("destination", target->row.destination),
              LOG_S("study", batch->study), LOG_I("items", batch->item_count), LOG_I("stored", stored));
    end_lease(router, lease, target);
}

/* Nobody's lease any more: what is stored is stored all the same, anything else was given to others. */
static void apply_late_result(struct router *router, const struct work_result *result)
{
    for (size_t i = 0; i < result->answer_count && result->stage == WORK_SEND; i++) {
        const struct work_answer *answer = &result->answers[i];
        struct jobdb_batch batch;
        if (!is_done(answer) ||
            !jobdb_find_delivery(router->db, answer->receipt, result->destination, &batch))
            continue;
        struct jobdb_outcome outcome = start_outcome(router, batch.items, answer);
        outcome.cause = CAUSE_STORED;
        if (move(router, &batch, batch.items, &outcome)) {
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
    const struct work_result *result = message->result;
    struct lease *lease = crew_find_lease(router->crew, result->id);
    struct target *target =
        lease ? targets_find(router->targets, lease->batch.destination_id, lease->batch.album_id) : NULL;
    if (target && lease->batch.stage == result->stage)
        apply_result(router, lease, target, result);
    else
        apply_late_result(router, result);
    CRASH_POINT_IF(result->stage == WORK_SEND, ROUTER_RESULT_APPLIED);
    CRASH_POINT_IF(result->stage == WORK_SHARE, ROUTER_SHARE_APPLIED);
    struct work_message ack = {.verb = WORK_ACK};
    memcpy(ack.acknowledged, result->id, sizeof ack.acknowledged);
    outbox_say(router->outbox, peer, &ack);
}

void outcome_undelivered(struct router *router)
{
    for (size_t i = 0; i < router->undelivered_count; i++) {
        struct lease *lease = crew_find_lease(router->crew, router->undelivered[i]);
        if (lease)
            outcome_lease_lost(router, lease);
    }
    router->undelivered_count = 0;
}

void outcome_lease_lost(void *context, struct lease *lease)
{
    struct router *router = context;
    const struct jobdb_batch *batch = &lease->batch;
    struct target *target = targets_find(router->targets, batch->destination_id, batch->album_id);
    static const struct work_answer lost = {.reason = (char *)"its worker went away"};
    for (size_t i = 0; i < batch->item_count; i++) {
        struct jobdb_outcome outcome = start_outcome(router, &batch->items[i], &lost);
        outcome.cause = CAUSE_LEASE_LOST;
        (void)move(router, batch, &batch->items[i], &outcome);
    }
    CRASH_POINT(ROUTER_LEASE_LOST);
    log_warning("lease lost, giving its work to others", LOG_S("work", batch->work),
                LOG_S("study", batch->study),
                LOG_S("worker", lease->seat ? seat_name(lease->seat) : "before the restart"),
                LOG_I("items", batch->item_count));
    gauge_lease_lost(router->gauges);
    end_lease(router, lease, target);
}
