/* janitor - what may go: files of finished instances after the commit that finished them, and old history. */
#include "common/base/cleanup.h"
#include "common/base/crash.h"
#include "common/jobs/clean.h"
#include "common/jobs/history.h"
#include "router/parts.h"

enum {
    FORGET_A_TURN = 200,
    CLEANING_MS = 2 * 1000,
    AGING_PORTIONS = 20, /* of jobs that wait, in one cleaning */
    AGING_A_PORTION = 200
};

static void finish_file(void *context, const struct jobdb_file *file, enum jobdb_fate fate)
{
    struct router *router = context;
    if (fate == JOBDB_REMOVE)
        outbox_remove(router->outbox, file->receipt, file->place, file->instance_id);
    else
        outbox_move(router->outbox, file->receipt, SPOOL_QUEUE,
                    fate == JOBDB_KEEP ? SPOOL_KEPT : SPOOL_DROPPED);
}

/* A move that failed left it where it was, whatever its row says. */
static void expire_file(void *context, const struct jobdb_file *file)
{
    struct router *router = context;
    enum spool_place place = file->place;
    (void)spool_find(router->spool, file->receipt, &place);
    outbox_remove(router->outbox, file->receipt, place, file->instance_id);
}

/* ---- jobs that have waited too long (retry.give_up) ---- */

static void give_up_event(struct router *router, const struct jobdb_candidate *job, const char *reason)
{
    struct jobdb_event event = {.at = router->now,
                                .kind = "failed",
                                .instance_id = job->stage == WORK_SEND ? job->item.instance_id : 0,
                                .delivery_id = job->stage == WORK_SEND ? job->item.id : 0,
                                .share_id = job->stage == WORK_SHARE ? job->item.id : 0,
                                .destination_id = job->destination_id,
                                .album_id = job->album_id,
                                .detail = reason};
    jobdb_add_event(router->db, &event);
    jobdb_tally(router->db, job->destination_id, job->album_id, router->now, 0, 0, 1);
    log_warning("job failed", LOG_S("stage", work_stage_name(job->stage)), LOG_I("id", job->item.id),
                LOG_S("study", job->study), LOG_S("reason", reason));
}

/* What an operator holds, or took out of the configuration, waits for that person. */
static void give_up_if_old(void *context, struct jobdb_candidate *job)
{
    struct router *router = context;
    int64_t limit = router->config->retry.give_up_ms;
    const struct target *target = targets_find(router->targets, job->destination_id, job->album_id);
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (job->stage == WORK_FETCH)
        return; /* it fails by its attempts alone */
    if (router->now - job->waiting_since <= limit || !target || !target->destination ||
        target_is_held(target))
        return;
    text_append(&reason, "given up, since it has waited for more than ");
    text_append_duration(&reason, limit);
    text_format(&reason, "%s%s", job->reason ? ": " : "", job->reason ? job->reason : "");
    if (jobdb_give_up_job(router->db, job, text_string(&reason), router->now))
        give_up_event(router, job, text_string(&reason));
}

/* A portion of all that waits, again and again from the start. */
static void give_up_old(struct router *router)
{
    const struct jobdb_selection waiting = {.meant = JOBDB_DEFERRED | JOBDB_FRESH};
    if (router->config->retry.give_up_ms == 0)
        return;
    for (int i = 0; i < AGING_PORTIONS && !router->aging.over; i++)
        (void)jobdb_walk_on(router->db, &waiting, &router->aging, AGING_A_PORTION, give_up_if_old, router);
    if (router->aging.over)
        router->aging = (struct jobdb_walk){0};
}

void janitor_turn(struct router *router)
{
    for (size_t i = 0; i < router->gone_count; i++)
        jobdb_file_gone(router->db, router->gone[i]);
    CRASH_POINT_IF(router->gone_count > 0, ROUTER_GONE_MARKED);
    router->gone_count = 0;
    size_t portion = outbox_portion(router->outbox);
    router->more_to_clean =
        router->monotonic >= router->next_finishing &&
        jobdb_each_finished(router->db, router->now, router->now + router->config->retention_excluded_ms,
                            portion, finish_file, router) == portion;
    if (router->monotonic < router->next_cleaning)
        return;
    router->next_cleaning = router->monotonic + CLEANING_MS;
    give_up_old(router);
    size_t expired = jobdb_each_expired(router->db, router->now, portion, expire_file, router);
    size_t forgotten = jobdb_forget(router->db, router->now - router->config->history_ms, FORGET_A_TURN);
    if (expired == portion || forgotten == FORGET_A_TURN)
        router->next_cleaning = router->monotonic;
}
