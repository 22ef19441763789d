#include "router/recover.h"

#include "common/base/clock.h"
#include "common/base/crash.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/jobs/batch.h"
#include "common/jobs/clean.h"
#include "common/jobs/dispatch.h"
#include "common/jobs/intake.h"
#include "common/jobs/outcome.h"
#include "common/service/service.h"
#include "common/spool/spool.h"
#include "router/commit.h"
#include "router/conversation.h"
#include "router/crew.h"
#include "router/intake.h"
#include "router/outbox.h"
#include "router/posting.h"
#include "router/reporting.h"
#include "router/shared.h"
#include "router/targets.h"

enum { ROWS_A_STEP = 5, STEP_MS = 500 };

static const char spool_file_is_gone[] =
    "its spool file is gone: ask the sender of the study to send it again";

/* What one recovery has seen. */
struct recovery {
    struct router *router;
    size_t adopted;  /* files that it looked at in queue/ */
    size_t missing;  /* files that it did not find */
    int64_t kept_at; /* monotonic */
};

/* ---- workers wait, and ask ---- */

/* Now and then: keeps what was done so far, so that a crash does not begin from nothing, and answers whoever
 * asked meanwhile. */
static void end_step(struct recovery *recovery)
{
    int64_t now = clock_monotonic_ms();
    if (now - recovery->kept_at < STEP_MS)
        return;
    recovery->kept_at = now;
    conversation_listen(recovery->router);
    commit(recovery->router);
}

/* ---- files ---- */

/* After a lost database these are all files. */
static int adopt_queued(void *context, const char *receipt)
{
    struct recovery *recovery = context;
    struct router *router = recovery->router;
    router->now = clock_wall_ms();
    intake_from_queue(router, receipt);
    recovery->adopted++;
    end_step(recovery);
    return 0;
}

static int adopt_quarantined(void *context, const char *receipt)
{
    struct router *router = context;
    enum instance_state state;
    enum spool_place place;
    bool gone;
    if (jobdb_knows(router->db, receipt, &state, &place, &gone)) {
        /* An operator dropped it; what one wanted taken in again is found by its row. */
        if (state == INSTANCE_DONE && !gone)
            outbox_move(router->outbox, receipt, SPOOL_QUARANTINE, place);
        else if (gone)
            outbox_remove(router->outbox, receipt, SPOOL_QUARANTINE, 0);
        return 0;
    }
    intake_from_quarantine(router, receipt);
    return 0;
}

/* ---- rows ---- */

static void check_active(void *context, const struct jobdb_file *file)
{
    struct recovery *recovery = context;
    struct router *router = recovery->router;
    enum spool_place place;
    int code = spool_find(router->spool, file->receipt, &place);
    if (code == 0) {
        if (place != SPOOL_QUEUE)
            outbox_move(router->outbox, file->receipt, place, SPOOL_QUEUE);
        CRASH_POINT_IF(place == SPOOL_INCOMING, ROUTER_ADOPTED);
        return;
    }
    if (code != ERR_ABSENT)
        log_error("cannot look for a spool file, leaving its jobs as they are",
                  LOG_S("receipt", file->receipt), LOG_S("error", err_text(code)));
    else if (jobdb_fail_instance(router->db, file->instance_id, spool_file_is_gone, router->now) > 0) {
        recovery->missing++;
        log_debug("spool file is missing", LOG_S("receipt", file->receipt));
    }
}

static void check_quarantined(void *context, const struct jobdb_file *file)
{
    struct router *router = context;
    enum spool_place place;
    if (spool_find(router->spool, file->receipt, &place) == 0 && place != SPOOL_QUARANTINE)
        outbox_move(router->outbox, file->receipt, place, SPOOL_QUARANTINE);
}

static void hold_work(void *context, struct jobdb_batch *batch)
{
    struct router *router = context;
    struct target *target = targets_find(router->targets, batch->destination_id, batch->album_id);
    if (batch->stage == WORK_NOTIFY)
        posting_hold(router, batch);
    if (batch->stage == WORK_COMMIT)
        reporting_hold(router, batch);
    struct lease *lease = crew_lease(router->crew, NULL, batch, router->awake, router->awake + WORK_LEASE_MS);
    if (target) {
        *target_counter(target, lease->batch.stage) += 1;
        lease->stored_mark = target->row.stored;
    }
}

static void check_rows(struct recovery *recovery)
{
    struct router *router = recovery->router;
    int64_t cursor = 0;
    while (jobdb_each_active(router->db, &cursor, ROWS_A_STEP, check_active, recovery) > 0)
        end_step(recovery);
    cursor = 0;
    while (jobdb_each_quarantined(router->db, &cursor, ROWS_A_STEP, check_quarantined, router) > 0)
        end_step(recovery);
}

int recover(struct router *router, size_t *ret_files)
{
    struct recovery recovery = {.router = router};
    /* First, so that a worker that asks meanwhile is told what is still its own. The loop's clock stands still, so
     * all have the whole lease time from the end of the recovery on. */
    jobdb_each_work(router->db, hold_work, router);
    service_serve_metrics(router->service); /* what follows may take long */
    commit(router);
    int code = spool_scan(router->spool, SPOOL_QUEUE, adopt_queued, &recovery);
    intake_settle(router);
    if (code == 0)
        code = spool_scan(router->spool, SPOOL_QUARANTINE, adopt_quarantined, router);
    if (code != 0) {
        log_error("cannot reconcile the spool with the job database", LOG_S("error", err_text(code)));
        return code;
    }
    check_rows(&recovery);
    if (recovery.missing > 0)
        log_error("spool files are missing, their jobs failed", LOG_I("files", recovery.missing));
    *ret_files = recovery.adopted;
    return 0;
}
