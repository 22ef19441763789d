#include "common/jobs/intake.h"

#include "common/base/memory.h"
#include "common/jobs/sql.h"

#include <string.h>

bool jobdb_knows(struct jobdb *db, const char *receipt, enum instance_state *ret_state,
                 enum spool_place *ret_place, bool *ret_gone)
{
    sqlite3_stmt *row = jobdb_query(db, SQL_FIND_RECEIPT, "s", receipt);
    if (!jobdb_row(db, row))
        return false;
    const char *state = jobdb_text(row, 0);
    *ret_state = strcmp(state, "active") == 0 ? INSTANCE_ACTIVE
                 : strcmp(state, "done") == 0 ? INSTANCE_DONE
                                              : INSTANCE_QUARANTINED;
    *ret_place = SPOOL_QUEUE;
    *ret_gone = !spool_place_parse(jobdb_text(row, 1), ret_place);
    jobdb_end(row);
    return true;
}

int64_t jobdb_find_instance(struct jobdb *db, const char *receipt)
{
    int64_t id = 0;
    sqlite3_stmt *row = jobdb_query(db, SQL_FIND_INSTANCE, "s", receipt);
    if (jobdb_row(db, row)) {
        id = sqlite3_column_int64(row, 0);
        jobdb_end(row);
    }
    return id;
}

/* The new row's id, or 0 when the receipt was known. */
static int64_t add_instance(struct jobdb *db, const struct jobdb_instance *instance,
                            enum instance_state state, int64_t open_jobs, int64_t now, int64_t keep_until,
                            const char *reason)
{
    const char *place = state == INSTANCE_QUARANTINED ? "quarantine" : "queue";
    int64_t done_at = state == INSTANCE_DONE ? now : 0;
    int added = jobdb_change(db, SQL_ADD_INSTANCE, "sssssssssssiiiiiiis", instance->receipt,
                             instance_state_name(state), place, instance->study, instance->series,
                             instance->sop_instance, instance->sop_class, instance->transfer_syntax,
                             instance->calling_aet, instance->called_aet, instance->source_address,
                             (int64_t)instance->urgent, instance->size, instance->received_at, now, done_at,
                             keep_until, open_jobs, reason);
    return added > 0 ? (int64_t)sqlite3_last_insert_rowid(db->sql) : 0;
}

/* The series' row in the destination's lane for the study, counted up by one queued delivery. */
static int64_t add_to_series(struct jobdb *db, const struct jobdb_instance *instance, int64_t destination_id,
                             int64_t now, bool *ret_stored)
{
    sqlite3_stmt *lane = jobdb_change_returning(db, SQL_ADD_TO_LANE, "isii", destination_id, instance->study,
                                                (int64_t)instance->urgent, now);
    if (!lane)
        return 0;
    int64_t lane_id = sqlite3_column_int64(lane, 0);
    jobdb_end(lane);
    sqlite3_stmt *series =
        jobdb_change_returning(db, SQL_ADD_TO_SERIES, "isi", lane_id, instance->series, now);
    if (!series)
        return 0;
    int64_t series_id = sqlite3_column_int64(series, 0);
    *ret_stored = sqlite3_column_int(series, 1) != 0;
    jobdb_end(series);
    return series_id;
}

/* One share for each album that asks for the series and has none yet. Returns how many are new. */
static int64_t add_shares(struct jobdb *db, const struct jobdb_instance *instance,
                          const struct jobdb_decision *decision, int64_t instance_id, int64_t series_id,
                          bool stored, int64_t now)
{
    enum share_state state = stored ? SHARE_QUEUED : SHARE_WAITING;
    int64_t added = 0;
    for (size_t i = 0; i < decision->album_count; i++) {
        int64_t album_id = decision->albums[i];
        if (jobdb_change(db, SQL_ADD_SHARE, "iiissisi", decision->destination_id, album_id, series_id,
                         instance->study, instance->series, instance_id, share_state_name(state), now) == 0)
            continue;
        struct jobdb_counts *counts = jobdb_counts_of(db, decision->destination_id, album_id);
        *(stored ? &counts->queued : &counts->waiting) += 1;
        added++;
    }
    return added;
}

static int64_t add_delivery(struct jobdb *db, const struct jobdb_instance *instance,
                            const struct jobdb_decision *decision, int64_t instance_id, int64_t now)
{
    bool stored = false;
    if (!decision->takes) {
        (void)jobdb_change(db, SQL_ADD_EXCLUDED, "iiis", instance_id, decision->destination_id, now,
                           decision->why);
        return 0;
    }
    int64_t series_id = add_to_series(db, instance, decision->destination_id, now, &stored);
    (void)jobdb_change(db, SQL_ADD_DELIVERY, "iiii", instance_id, decision->destination_id, series_id, now);
    jobdb_counts_of(db, decision->destination_id, 0)->queued += 1;
    return add_shares(db, instance, decision, instance_id, series_id, stored, now);
}

void jobdb_take_in(struct jobdb *db, const struct jobdb_instance *instance,
                   const struct jobdb_decision *decisions, size_t decision_count, int64_t now,
                   int64_t keep_excluded_until)
{
    int64_t deliveries = 0, shares = 0;
    for (size_t i = 0; i < decision_count; i++)
        deliveries += decisions[i].takes;
    enum instance_state state = deliveries > 0 ? INSTANCE_ACTIVE : INSTANCE_DONE;
    int64_t instance_id = add_instance(db, instance, state, deliveries, now,
                                       state == INSTANCE_DONE ? keep_excluded_until : 0, NULL);
    if (instance_id == 0)
        return;
    for (size_t i = 0; i < decision_count; i++)
        shares += add_delivery(db, instance, &decisions[i], instance_id, now);
    if (shares > 0)
        (void)jobdb_change(db, SQL_MORE_OPEN_JOBS, "ii", instance_id, shares);
}

void jobdb_quarantine(struct jobdb *db, const struct jobdb_instance *instance, const char *reason,
                      int64_t now)
{
    (void)add_instance(db, instance, INSTANCE_QUARANTINED, 0, now, 0, reason);
}

void jobdb_poison(struct jobdb *db, const char *receipt)
{
    (void)jobdb_change(db, SQL_POISON, "s", receipt);
}
