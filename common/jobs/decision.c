#include "common/jobs/decision.h"

#include "common/jobs/counts.h"
#include "common/jobs/lane.h"
#include "common/jobs/move.h"
#include "common/jobs/outcome.h"
#include "common/jobs/row.h"
#include "common/jobs/share.h"
#include "common/jobs/states.h"

#include <string.h>

/* clang-format off */
#define STATEMENTS(X) \
    X(DOUBT_DELIVERY, "", "UPDATE delivery SET reason = ?2 WHERE id = ?1 AND state = 'undecided'") \
    X(DOUBT_SHARE, "", "UPDATE share SET reason = ?2 WHERE id = ?1 AND state = 'undecided'")
/* clang-format on */
JOBDB_STATEMENTS(decision)

static bool is_in(const struct jobdb_candidate *job, enum delivery_state state)
{
    return strcmp(job->state, delivery_state_name(state)) == 0;
}

bool jobdb_bring_back(struct jobdb *db, const struct jobdb_candidate *job, const char *reason,
                      int64_t request_id)
{
    bool share = job->stage == WORK_SHARE;
    if (is_in(job, DELIVERY_UNDECIDED))
        return jobdb_change(db, share ? SQL_DOUBT_SHARE : SQL_DOUBT_DELIVERY, "is", job->item.id, reason) > 0;
    if (share) {
        if (!move_bring_share_back(db, job->item.id, reason, request_id))
            return false;
        counts_share(db, job->destination_id, job->album_id, SHARE_UNDECIDED, job->item.tries, 1);
        return true;
    }
    struct lane_series series = lane_know(db, job->destination_id, job->study, job->series);
    if (!move_bring_delivery_back(db, job->item.id, reason, series.id))
        return false;
    move_reopen_instance(db, job->item.instance_id);
    counts_delivery(db, job->destination_id, DELIVERY_UNDECIDED, job->item.tries, 1);
    return true;
}

bool jobdb_admit_delivery(struct jobdb *db, const struct jobdb_candidate *job,
                          const struct jobdb_instance *instance, const struct jobdb_decision *decision,
                          int64_t now)
{
    struct move move;
    if (!move_find(db, MACHINE_DELIVERY, job->item.id, NULL, CAUSE_ADMITTED, &move))
        return false;
    struct lane_series series = lane_add(db, job->destination_id, instance, now);
    (void)move_admit_delivery(db, job->item.id, now);
    counts_delivery(db, job->destination_id, DELIVERY_UNDECIDED, move.tries, -1);
    counts_delivery(db, job->destination_id, DELIVERY_QUEUED, 0, 1);
    share_add_decided(db, instance, decision, job->item.instance_id, &series, now);
    return true;
}

static bool leave_share_out(struct jobdb *db, const struct jobdb_candidate *job, int64_t now,
                            int64_t keep_until)
{
    if (!move_out(db, MACHINE_SHARE, job->item.id, CAUSE_LEFT_OUT))
        return false;
    counts_share(db, job->destination_id, job->album_id, SHARE_UNDECIDED, job->item.tries, -1);
    if (job->item.instance_id)
        move_job_is_final(db, job->item.instance_id, now, keep_until);
    return true;
}

bool jobdb_leave_out(struct jobdb *db, const struct jobdb_candidate *job, const char *why, int64_t now,
                     int64_t keep_until)
{
    if (job->stage == WORK_SHARE)
        return leave_share_out(db, job, now, keep_until);
    const struct jobdb_batch batch = {.stage = WORK_SEND, .destination_id = job->destination_id};
    const struct jobdb_outcome outcome = {.cause = CAUSE_LEFT_OUT,
                                          .now = now,
                                          .due_at = now,
                                          .attempt_mark = -1,
                                          .reason = why,
                                          .keep_until = keep_until};
    return jobdb_move_delivery(db, &batch, &job->item, &outcome, NULL, NULL);
}
