#include "common/jobs/fetch.h"

#include "common/base/cleanup.h"
#include "common/jobs/item.h"
#include "common/jobs/move.h"
#include "common/jobs/row.h"
#include "common/jobs/states.h"

/* clang-format off */
#define STATEMENTS(X) \
    X(FIND_FETCH, "", "SELECT id FROM fetch WHERE destination_id = ?1 AND study = ?2") \
    X(ADD_FETCH, "", \
      "INSERT INTO fetch (destination_id, study, state, due_at, created_at) VALUES (?1, ?2, ?3, ?5, ?4)") \
    X(FETCH_AGAIN, "", \
      "UPDATE fetch SET again = 1, due_at = ?3, created_at = ?2, tries = 0, attempts = 0, attempt_mark = -1," \
      " http_status = NULL, reason = NULL WHERE id = ?1") \
    X(NEEDED_AGAIN, "", "SELECT due_at FROM fetch WHERE id = ?1 AND again = 1") \
    X(PICK_FETCH, "", \
      "SELECT " FETCH_ITEM ", f.study FROM fetch f" \
      " WHERE f.destination_id = ?1 AND f.state = 'queued' AND f.due_at <= ?2 ORDER BY f.due_at, f.id LIMIT 1") \
    X(NEXT_FETCH, "", \
      "SELECT due_at FROM fetch WHERE destination_id = ?1 AND state = 'queued' ORDER BY due_at LIMIT 1")
/* clang-format on */
JOBDB_STATEMENTS(fetch)

void jobdb_want_fetch(struct jobdb *db, int64_t destination_id, const char *study, int64_t now,
                      int64_t due_at)
{
    struct move move;
    int64_t id = row_first(jobdb_query(db, SQL_FIND_FETCH, "is", destination_id, study), 0);
    if (id == 0)
        (void)jobdb_change(db, SQL_ADD_FETCH, "issii", destination_id, study, fetch_state_name(FETCH_QUEUED),
                           now, due_at);
    else if (move_find(db, MACHINE_FETCH, id, NULL, CAUSE_MORE_STORED, &move))
        move_want_fetch(db, &move, now, due_at);
    else
        (void)jobdb_change(db, SQL_FETCH_AGAIN, "iii", id, now, due_at); /* as soon as its result is there */
}

bool jobdb_pick_fetch(struct jobdb *db, int64_t destination_id, int64_t now, struct jobdb_batch *batch,
                      int64_t *ret_next_due)
{
    AUTO(row_end) struct row row = jobdb_query(db, SQL_PICK_FETCH, "ii", destination_id, now);
    if (!row_next(&row)) {
        *ret_next_due = row_first(jobdb_query(db, SQL_NEXT_FETCH, "i", destination_id), INT64_MAX);
        return false;
    }
    struct jobdb_item *item = jobdb_batch_add(batch);
    item_read(&row, item);
    row_copy(&row, batch->study, sizeof batch->study);
    row_end(&row); /* a row must not change under its own query */
    item->tries += 1;
    batch->destination_id = destination_id;
    batch->stage = WORK_FETCH;
    move_lease(db, MACHINE_FETCH, item->id, batch->work);
    return true;
}

bool jobdb_move_fetch(struct jobdb *db, const struct jobdb_batch *batch, const struct jobdb_item *item,
                      const struct jobdb_outcome *outcome, int64_t *ret_due_at)
{
    struct move move;
    if (!move_find(db, MACHINE_FETCH, item->id, batch->work, outcome->cause, &move))
        return false;
    int64_t again_at = row_first(jobdb_query(db, SQL_NEEDED_AGAIN, "i", item->id), INT64_MAX);
    bool again = again_at != INT64_MAX && state_move(MACHINE_FETCH, move.to, CAUSE_MORE_STORED, &move.to);
    if (again)
        move_repeat_fetch(db, &move);
    else
        move_job(db, &move, outcome);
    *ret_due_at = again ? again_at : move.to == FETCH_QUEUED ? outcome->due_at : INT64_MAX;
    return true;
}
