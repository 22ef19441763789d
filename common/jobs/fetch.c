#include "common/jobs/fetch.h"

#include "common/jobs/sql.h"
#include "common/jobs/states.h"

void jobdb_want_fetch(struct jobdb *db, int64_t destination_id, const char *study, int64_t now,
                      int64_t due_at)
{
    (void)jobdb_change(db, SQL_WANT_FETCH, "issii", destination_id, study, fetch_state_name(FETCH_QUEUED),
                       now, due_at);
}

bool jobdb_pick_fetch(struct jobdb *db, int64_t destination_id, int64_t now, struct jobdb_batch *batch,
                      int64_t *ret_next_due)
{
    sqlite3_stmt *row = jobdb_query(db, SQL_PICK_FETCH, "ii", destination_id, now);
    if (!jobdb_row(db, row)) {
        *ret_next_due = jobdb_first_or_never(db, jobdb_query(db, SQL_NEXT_FETCH, "i", destination_id));
        return false;
    }
    struct jobdb_item *item = jobdb_batch_add(batch);
    item->id = sqlite3_column_int64(row, 0);
    jobdb_copy_text(batch->study, sizeof batch->study, jobdb_text(row, 1));
    item->received_at = sqlite3_column_int64(row, 2);
    item->tries = sqlite3_column_int(row, 3) + 1;
    item->attempts = sqlite3_column_int(row, 4);
    item->attempt_mark = sqlite3_column_int64(row, 5);
    batch->destination_id = destination_id;
    batch->stage = WORK_FETCH;
    jobdb_end(row);
    (void)jobdb_change(db, SQL_LEASE_FETCH, "is", item->id, batch->work);
    return true;
}

bool jobdb_move_fetch(struct jobdb *db, const struct jobdb_batch *batch, const struct jobdb_item *item,
                      const struct jobdb_outcome *outcome, int64_t *ret_due_at)
{
    enum fetch_state from, to;
    sqlite3_stmt *row = jobdb_query(db, SQL_FETCH_STATE, "i", item->id);
    if (!jobdb_row(db, row))
        return false;
    bool known = fetch_state_parse(jobdb_text(row, 0), &from) && fetch_move(from, outcome->cause, &to) &&
                 jobdb_concerns(batch, jobdb_text(row, 1), from == FETCH_FETCHING, outcome->cause);
    bool again = known && sqlite3_column_int(row, 2) != 0 && fetch_move(to, CAUSE_MORE_STORED, &to);
    int64_t due_at = sqlite3_column_int64(row, 3);
    jobdb_end(row);
    if (!known)
        return false;
    *ret_due_at = again ? due_at : to == FETCH_QUEUED ? outcome->due_at : INT64_MAX;
    if (again)
        (void)jobdb_change(db, SQL_REPEAT_FETCH, "is", item->id, fetch_state_name(to));
    else
        (void)jobdb_change(db, SQL_MOVE_FETCH, "isiiiisi", item->id, fetch_state_name(to), outcome->due_at,
                           (int64_t)outcome->attempts, outcome->attempt_mark, (int64_t)outcome->http_status,
                           outcome->reason, to == FETCH_QUEUED ? (int64_t)0 : outcome->now);
    return true;
}
