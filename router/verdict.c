#include "router/verdict.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/random.h"
#include "common/config/cell.h"
#include "common/config/config.h"
#include "common/jobs/batch.h"
#include "common/jobs/history.h"
#include "common/jobs/intake.h"
#include "common/jobs/operator.h"
#include "common/jobs/target.h"
#include "common/spool/spool.h"
#include "router/collision.h"
#include "router/crew.h"
#include "router/event.h"
#include "router/lesson.h"
#include "router/outbox.h"
#include "router/shared.h"
#include "router/suspicion.h"
#include "router/targets.h"
#include "router/visibility.h"

#include <stdio.h>
#include <sys/stat.h>

/* ---- moving a job ---- */

static void wake_album(void *context, int64_t album_id)
{
    struct router *router = context;
    for (size_t i = 0; i < targets_count(router->targets); i++) {
        if (targets_at(router->targets, i)->row.album_id == album_id)
            targets_at(router->targets, i)->look_at = 0;
    }
}

bool verdict_move(struct router *router, const struct jobdb_batch *batch, const struct jobdb_item *item,
                  const struct jobdb_outcome *outcome)
{
    if (batch->stage == WORK_SHARE)
        return jobdb_move_share(router->db, batch, item, outcome);
    if (batch->stage == WORK_FETCH)
        return visibility_move(router, batch, item, outcome);
    return jobdb_move_delivery(router->db, batch, item, outcome, wake_album, router);
}

struct jobdb_outcome verdict_outcome(const struct router *router, const struct jobdb_item *item,
                                     const struct work_answer *answer)
{
    return (struct jobdb_outcome){.now = router->now,
                                  .due_at = router->now,
                                  .attempts = item->attempts,
                                  .attempt_mark = item->attempt_mark,
                                  .batch_limit = item->batch_limit,
                                  .ends = item->ends,
                                  .collided_at = item->collided_at,
                                  .http_status = answer->http_status,
                                  .reason = answer->reason,
                                  .keep_until = router->now + router->config->retention_ms,
                                  .keep_excluded_until = router->now + router->config->retention_excluded_ms};
}

/* ---- failed ---- */

static void add_job_event(struct router *router, const struct jobdb_batch *batch,
                          const struct jobdb_item *item, const char *kind, const struct work_answer *answer)
{
    struct jobdb_event event = event_of_job(batch->stage, item, batch->destination_id, batch->album_id);
    event.at = router->now;
    event.kind = kind;
    event.http_status = answer->http_status;
    event.detail = answer->reason;
    jobdb_add_event(router->db, &event);
}

static void fail_job(struct verdict *verdict, const struct jobdb_item *item, const struct work_answer *answer,
                     struct jobdb_outcome *outcome, enum cause cause)
{
    struct router *router = verdict->router;
    const struct jobdb_batch *batch = &verdict->lease->batch;
    outcome->cause = cause;
    if (!verdict_move(router, batch, item, outcome))
        return;
    add_job_event(router, batch, item, "failed", answer);
    if (batch->stage != WORK_FETCH)
        jobdb_tally(router->db, batch->destination_id, batch->album_id, router->now, 0, 0, 1);
    log_debug("job failed", LOG_I("id", item->id), LOG_S("receipt", item->receipt),
              LOG_S("study", batch->study), LOG_S("reason", answer->reason));
    if (verdict->failed++ > 0)
        return;
    verdict->first_id = item->id;
    verdict->first_status = answer->http_status;
    (void)snprintf(verdict->first_reason, sizeof verdict->first_reason, "%s",
                   answer->reason ? answer->reason : "");
}

void verdict_tell_failures(const struct verdict *verdict)
{
    const struct jobdb_target *target = &verdict->target->row;
    const struct jobdb_batch *batch = &verdict->lease->batch;
    if (verdict->failed == 0)
        return;
    log_warning("jobs failed", LOG_S("stage", work_stage_name(batch->stage)),
                LOG_S("destination", target->destination),
                LOG_S("album", target->album ? target->album : "-"), LOG_S("study", batch->study),
                LOG_I("jobs", verdict->failed), LOG_I("first_id", verdict->first_id),
                LOG_I("status", verdict->first_status), LOG_S("reason", verdict->first_reason));
}

/* ---- again later ---- */

/* What a failure comes to for one job. An attempt counts only when it is the job's own fault: others pass. */
struct failure {
    const struct blame_rule *blame;
    bool halve;  /* the request goes again in halves: nothing is known of the job itself */
    bool own;    /* the job's own failure, for all that the answer tells */
    bool counts; /* ... and others pass */
    bool lone;   /* alone in its request, and maybe its own fault, whoever passes */
};

static struct failure failure_of(const struct verdict *verdict, const struct jobdb_item *item,
                                 const struct work_answer *answer)
{
    struct failure failure = {.blame = blame_rule(answer->blame)};
    enum blame_together together = failure.blame->together;
    bool ends_again = together == BLAME_HALVES_LATER && item->ends > 0;
    failure.halve = verdict->lease->batch.item_count > 1 && (together == BLAME_HALVES || ends_again);
    failure.own = failure.blame->attempt != BLAME_FREE && !failure.halve;
    failure.lone = verdict->lease->batch.item_count == 1 && lesson_may_be_jobs(answer->blame);
    failure.counts = failure.own && lesson_others_pass(verdict->target, verdict->lease, item);
    return failure;
}

/* The next limit of a batch that failed as a whole. Where nothing else was stored meanwhile the destination
 * may be at fault and not the batch: that limit only holds until it stores something. */
static int half_of(const struct verdict *verdict, enum blame blame)
{
    int half = (int)((verdict->lease->batch.item_count + 1) / 2);
    bool others_pass = verdict->target->row.stored > verdict->lease->stored_mark;
    return others_pass || blame == BLAME_SIZE ? half : -half;
}

static int limit_of(const struct verdict *verdict, const struct jobdb_item *item,
                    const struct work_answer *answer, const struct failure *failure)
{
    const struct jobdb_batch *batch = &verdict->lease->batch;
    if (answer->outcome == WORK_MISSING_OUTCOME && failure->own)
        return 1; /* it ends whatever request it is in */
    if (failure->halve)
        return half_of(verdict, answer->blame);
    if (failure->counts && batch->item_count == 1 && batch->stage == WORK_SEND)
        return 1; /* others pass: it is the culprit, and takes nobody with it again */
    return item->batch_limit;
}

/* The most tries of the request's jobs: those that failed together go again together. */
static int tries_of(const struct verdict *verdict)
{
    int most = 0;
    for (size_t i = 0; i < verdict->lease->batch.item_count; i++) {
        if (verdict->lease->batch.items[i].tries > most)
            most = verdict->lease->batch.items[i].tries;
    }
    return most;
}

/* The server may be at work on it still: it rests as long as that request took, and twice as long
 * each time, up to an hour: an outage that shows itself so must not cost a day. */
static int64_t rest_of(const struct verdict *verdict, const struct jobdb_outcome *outcome)
{
    int64_t rest = verdict->result->milliseconds;
    int64_t longest = target_longest(verdict->router->config->retry.ceiling_ms);
    for (int i = 1; i < outcome->ends && rest < longest; i++)
        rest *= 2;
    return rest < longest ? rest : longest;
}

/* When it goes again. What fails by itself where nothing passes goes ever more rarely, whatever its target does, and so
 * does what failed alone before: its target waits no longer because of it. */
static int64_t due_at(const struct verdict *verdict, const struct jobdb_item *item,
                      const struct work_answer *answer, const struct failure *failure,
                      const struct jobdb_outcome *outcome)
{
    struct router *router = verdict->router;
    struct target_retry retry = target_retry_of(router->config);
    bool lone = failure->own && failure->blame->target == BLAME_RESTS;
    bool old = failure->lone && lesson_is_old(verdict->target, item);
    bool excused = failure->own && failure->blame->excuse == BLAME_OF_OLD && verdict->proven;
    int64_t at = router->now;
    if (lone && !failure->counts)
        retry.ceiling_ms *= TARGET_RARE;
    if (!failure->halve && (!verdict->backs_off || lone || excused || old))
        at += target_delay(&retry, tries_of(verdict), verdict->jitter);
    if (answer->blame == BLAME_SLOW && at < router->now + rest_of(verdict, outcome))
        at = router->now + rest_of(verdict, outcome);
    return at;
}

/* It failed alone at KHEOPS, which does not say why. */
static bool is_riddle(const struct verdict *verdict, const struct work_answer *answer,
                      const struct failure *failure)
{
    const struct jobdb_batch *batch = &verdict->lease->batch;
    const struct config_destination *destination = verdict->target->destination;
    bool unexplained =
        answer->blame == BLAME_SUSPECT || answer->blame == BLAME_GROUP || answer->blame == BLAME_COLLISION;
    return failure->own && unexplained && answer->outcome == WORK_RETRY_OUTCOME &&
           batch->stage == WORK_SEND && batch->item_count == 1 && destination && destination->kheops;
}

/* It may have met another request: nothing that is known of the job itself explains it. */
static void spare_collision(const struct verdict *verdict, const struct jobdb_item *item,
                            struct failure *failure, struct jobdb_outcome *outcome, struct text *reason)
{
    struct router *router = verdict->router;
    const struct collision collision = {router->expires_by, item->collided_at,
                                        jobdb_series_stored_at(router->db, item->series_id),
                                        config_has_other_cells(router->config)};
    if (!failure->counts || !collision_is_spared(&collision))
        return;
    if (outcome->collided_at == 0)
        outcome->collided_at = router->now;
    failure->counts = false;
    text_append(reason,
                "; no attempt counts yet, since another request may have brought the same at the same time");
}

static bool is_too_old(const struct verdict *verdict, const struct jobdb_item *item)
{
    struct router *router = verdict->router;
    int64_t give_up = router->config->retry.give_up_ms;
    return give_up > 0 &&
           router->expires_by - jobdb_waiting_since(router->db, verdict->lease->batch.stage, item) > give_up;
}

/* Only a new answer is an event: the others are in the job's row. */
static void move_again(struct verdict *verdict, const struct jobdb_item *item,
                       const struct work_answer *answer, const struct failure *failure,
                       struct jobdb_outcome *outcome)
{
    struct router *router = verdict->router;
    const struct jobdb_batch *batch = &verdict->lease->batch;
    bool new = failure->own && batch->stage != WORK_FETCH &&
               !jobdb_job_said(router->db, batch->stage, item->id, answer->http_status, answer->reason);
    outcome->cause = CAUSE_TROUBLE;
    if (!verdict_move(router, batch, item, outcome) || !failure->own)
        return;
    if (batch->stage == WORK_SEND && failure->blame->together == BLAME_KEEPS &&
        answer->outcome == WORK_RETRY_OUTCOME)
        jobdb_series_unknown(router->db, item->series_id);
    if (new)
        add_job_event(router, batch, item, "trouble", answer);
}

/* What was stored by then: what is stored later passes where this job did not. A request that is too large says so of
 * each of its jobs, alone or not: smaller ones that pass afterwards prove it. */
static int64_t mark_of(const struct verdict *verdict, const struct jobdb_item *item,
                       const struct work_answer *answer, const struct failure *failure)
{
    bool first_of_size = failure->halve && answer->blame == BLAME_SIZE && item->attempt_mark < 0;
    return failure->own || failure->lone || first_of_size ? verdict->target->row.stored : item->attempt_mark;
}

/* It goes back to the queue, or fails: its attempts are used up, or one is enough. */
static void try_job_again(struct verdict *verdict, const struct jobdb_item *item,
                          const struct work_answer *answer)
{
    struct router *router = verdict->router;
    struct failure failure = failure_of(verdict, item, answer);
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct target_retry retry = target_retry_of(router->config);
    lesson_explain(verdict->target, &retry, verdict->lease, verdict->result, answer, &reason);
    struct jobdb_outcome outcome = verdict_outcome(router, item, answer);
    size_t said = reason.length;
    if (is_riddle(verdict, answer, &failure))
        suspicion_append(router, &verdict->lease->batch, item, &reason);
    if (answer->blame == BLAME_COLLISION && reason.length == said)
        spare_collision(verdict, item, &failure, &outcome, &reason);
    struct work_answer told = *answer;
    told.reason = reason.length > 0 ? reason.bytes : NULL;
    outcome.reason = told.reason;
    outcome.attempts += failure.counts;
    outcome.attempt_mark = mark_of(verdict, item, answer, &failure);
    outcome.ends = failure.blame->together == BLAME_HALVES_LATER ? item->ends + 1 : 0;
    outcome.batch_limit = limit_of(verdict, item, answer, &failure);
    outcome.due_at = due_at(verdict, item, answer, &failure, &outcome);
    if (failure.counts && failure.blame->attempt == BLAME_FINAL)
        fail_job(verdict, item, &told, &outcome, CAUSE_REFUSED);
    else if ((failure.counts && outcome.attempts >= router->config->retry.attempts) ||
             is_too_old(verdict, item))
        fail_job(verdict, item, &told, &outcome, CAUSE_GIVEN_UP);
    else
        move_again(verdict, item, &told, &failure, &outcome);
}

/* ---- its file is missing ---- */

static bool has_its_size(struct router *router, const struct jobdb_item *item, enum spool_place place)
{
    AUTO(fd_close) int fd = -1;
    struct stat status;
    return spool_open_file(router->spool, place, item->receipt, &fd) != 0 || fstat(fd, &status) != 0 ||
           status.st_size == item->size;
}

static void fail_file(struct verdict *verdict, const struct jobdb_item *item,
                      const struct work_answer *answer, const char *reason)
{
    struct work_answer lost = *answer;
    lost.reason = (char *)reason;
    struct jobdb_outcome outcome = verdict_outcome(verdict->router, item, &lost);
    fail_job(verdict, item, &lost, &outcome, CAUSE_FILE_MISSING);
}

/* False where somebody else has delivered it meanwhile, and it is kept. */
static bool belongs_in_queue(struct router *router, const struct jobdb_item *item)
{
    enum instance_state state;
    enum spool_place place;
    bool gone;
    return jobdb_knows(router->db, item->receipt, &state, &place, &gone) && place == SPOOL_QUEUE && !gone;
}

/* The sender did not find the file as recorded. A file that is whole and in its place is tried again: for
 * ever when the sender cannot even see it, a bounded number of times when it cannot read it. */
static void find_spool_file(struct verdict *verdict, const struct jobdb_item *item,
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
        try_job_again(verdict, item, answer);
    if (code == 0 && place != SPOOL_QUEUE && belongs_in_queue(router, item))
        outbox_move(router->outbox, item->receipt, place, SPOOL_QUEUE);
}

void verdict_apply(struct verdict *verdict, const struct jobdb_item *item, const struct work_answer *answer)
{
    struct router *router = verdict->router;
    const struct jobdb_batch *batch = &verdict->lease->batch;
    struct jobdb_outcome outcome = verdict_outcome(router, item, answer);
    switch (answer->outcome) {
    case WORK_DONE_OUTCOME:
    case WORK_DUPLICATE_OUTCOME:
        break; /* outcome.c has moved it */
    case WORK_REJECT_OUTCOME:
        fail_job(verdict, item, answer, &outcome, CAUSE_REFUSED);
        break;
    case WORK_MISSING_OUTCOME:
        find_spool_file(verdict, item, answer);
        break;
    case WORK_BLOCKED_OUTCOME:
        if (answer->blame == BLAME_FRONT) {
            try_job_again(verdict, item, answer);
            break;
        }
        outcome.cause = CAUSE_TROUBLE;
        (void)verdict_move(router, batch, item, &outcome);
        break;
    default:
        try_job_again(verdict, item, answer);
        break;
    }
}
