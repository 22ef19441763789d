#include "router/janitor.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/crash.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/config/config.h"
#include "common/jobs/clean.h"
#include "common/jobs/history.h"
#include "common/jobs/operator.h"
#include "router/crew.h"
#include "router/event.h"
#include "router/outbox.h"
#include "router/room.h"
#include "router/shared.h"
#include "router/targets.h"
#include "router/windows.h"

#include <stdlib.h>

enum {
    FORGET_A_TURN = 200,
    FAILED_PAUSE_MS = 10 * 1000, /* after a file could not be moved or removed */
    CLEANING_MS = 2 * 1000,
    AGING_PORTIONS = 20, /* of jobs that wait, in one cleaning */
    AGING_A_PORTION = 200
};

struct janitor {
    int64_t next_finishing, next_cleaning; /* monotonic */
    bool more_to_finish, making_room;
    struct jobdb_walk aging; /* the search for jobs that have waited too long */
    int64_t *gone;           /* instances whose file was removed: the database is told in the next turn */
    size_t gone_count, gone_capacity;
};

struct janitor *janitor_create(void)
{
    return memory_new(1, sizeof(struct janitor));
}

void janitor_destroy(struct janitor **janitor)
{
    if (!*janitor)
        return;
    free((*janitor)->gone);
    memory_free(janitor);
}

/* ---- files ---- */

static void finish_file(void *context, const struct jobdb_file *file, enum jobdb_fate fate)
{
    struct router *router = context;
    if (fate == JOBDB_REMOVE)
        outbox_remove(router->outbox, file->receipt, file->place, file->instance_id);
    else
        outbox_move(router->outbox, file->receipt, SPOOL_QUEUE,
                    fate == JOBDB_KEEP ? SPOOL_KEPT : SPOOL_DROPPED);
}

/* Where a move failed it is not where its row says. */
static void expire_file(void *context, const struct jobdb_file *file)
{
    struct router *router = context;
    enum spool_place place = file->place;
    (void)spool_find(router->spool, file->receipt, &place);
    outbox_remove(router->outbox, file->receipt, place, file->instance_id);
}

/* ---- jobs that have waited too long (retry.give_up) ---- */

static void add_give_up_event(struct router *router, const struct jobdb_candidate *job, const char *reason)
{
    struct jobdb_event event = event_of_job(job->stage, &job->item, job->destination_id, job->album_id);
    event.at = router->now;
    event.kind = "failed";
    event.detail = reason;
    jobdb_add_event(router->db, &event);
    jobdb_tally(router->db, job->destination_id, job->album_id, router->now, 0, 0, 1);
    log_warning("job failed", LOG_S("stage", work_stage_name(job->stage)), LOG_I("id", job->item.id),
                LOG_S("study", job->study), LOG_S("reason", reason));
}

/* What an operator holds, or took out of the configuration, waits for that person. */
static void give_up_job_if_old(void *context, struct jobdb_candidate *job)
{
    struct router *router = context;
    int64_t limit = router->config->retry.give_up_ms;
    const struct target *target = targets_find(router->targets, job->destination_id, job->album_id);
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (job->stage == WORK_FETCH)
        return; /* it fails by its attempts alone */
    if (!target || !target->destination || target_is_kept(target) ||
        router->expires_by - windows_waiting_since(target, job->waiting_since, router->now) <= limit)
        return;
    text_append(&reason, "given up, since it has waited for more than ");
    text_append_duration(&reason, limit);
    text_format(&reason, "%s%s", job->reason ? ": " : "", job->reason ? job->reason : "");
    if (jobdb_give_up_job(router->db, job, text_string(&reason), router->now))
        add_give_up_event(router, job, text_string(&reason));
}

/* A portion of all that waits; after the last portion it begins again with the first. */
static void give_up_old_jobs(struct router *router)
{
    const struct jobdb_selection waiting = {.meant = JOBDB_DEFERRED | JOBDB_FRESH};
    if (router->config->retry.give_up_ms == 0)
        return;
    for (int i = 0; i < AGING_PORTIONS && !router->janitor->aging.over; i++)
        (void)jobdb_walk_on(router->db, &waiting, &router->janitor->aging, AGING_A_PORTION,
                            give_up_job_if_old, router);
    if (router->janitor->aging.over)
        router->janitor->aging = (struct jobdb_walk){0};
}

/* ---- the turn ---- */

static void write_down_gone(struct router *router)
{
    struct janitor *janitor = router->janitor;
    for (size_t i = 0; i < janitor->gone_count; i++)
        jobdb_file_gone(router->db, janitor->gone[i]);
    CRASH_POINT_IF(janitor->gone_count > 0, ROUTER_GONE_MARKED);
    janitor->gone_count = 0;
}

void janitor_turn(struct router *router)
{
    struct janitor *janitor = router->janitor;
    size_t portion = outbox_portion(router->outbox);
    write_down_gone(router);
    janitor->more_to_finish = router->monotonic >= janitor->next_finishing &&
                              jobdb_each_finished(router->db, router->expires_by,
                                                  router->now + router->config->retention_excluded_ms,
                                                  portion, finish_file, router) == portion;
    if (router->monotonic < janitor->next_cleaning)
        return;
    janitor->next_cleaning = router->monotonic + CLEANING_MS;
    give_up_old_jobs(router);
    size_t expired = jobdb_each_expired(router->db, router->expires_by, portion, expire_file, router);
    size_t forgotten =
        jobdb_forget(router->db, router->expires_by - router->config->history_ms, FORGET_A_TURN);
    bool more = room_make(router, portion, &janitor->making_room);
    if (expired == portion || forgotten == FORGET_A_TURN || more)
        janitor->next_cleaning = router->monotonic;
}

int64_t janitor_wakes_at(struct router *router)
{
    const struct janitor *janitor = router->janitor;
    if (janitor->gone_count > 0 || janitor->more_to_finish)
        return 0;
    return janitor->next_finishing > router->monotonic ? janitor->next_finishing : INT64_MAX;
}

/* ---- after the commit ---- */

void janitor_file_gone(void *context, int64_t instance_id)
{
    struct router *router = context;
    struct janitor *janitor = router->janitor;
    if (instance_id == 0)
        return;
    janitor->gone =
        memory_grow(janitor->gone, &janitor->gone_capacity, janitor->gone_count + 1, sizeof *janitor->gone);
    janitor->gone[janitor->gone_count++] = instance_id;
}

void janitor_file_failed(void *context, const char *receipt, enum spool_place place, int code)
{
    struct router *router = context;
    router->janitor->next_finishing = router->monotonic + FAILED_PAUSE_MS;
    log_error("cannot move or remove a spool file, trying it again later", LOG_S("receipt", receipt),
              LOG_S("place", spool_place_name(place)), LOG_S("error", err_text(code)));
}

void janitor_give_way(struct router *router)
{
    struct janitor *janitor = router->janitor;
    int64_t rested = clock_monotonic_ms() + 4 * outbox_removing_ms(router->outbox);
    if (crew_leases(router->crew) && rested > janitor->next_finishing)
        janitor->next_finishing = rested;
}
