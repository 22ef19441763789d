#include "common/jobs/inquiry.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/jobs/connection.h"
#include "common/jobs/item.h"
#include "common/jobs/move.h"
#include "common/jobs/row.h"
#include "common/jobs/states.h"

/* clang-format off */
#define STATEMENTS(X) \
    X(FIND_INQUIRY_OF, "", "SELECT id FROM inquiry WHERE album_id = ?1 AND series_id = ?2") \
    X(ADD_INQUIRY, "", \
      "INSERT INTO inquiry (destination_id, album_id, series_id, study, series, request_id, since, until, state," \
      " due_at, created_at, anew) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?11)") \
    X(INQUIRY_OF_REQUEST, "", "UPDATE inquiry SET request_id = ?2 WHERE id = ?1") \
    X(INQUIRY_ANEW, "", \
      "UPDATE inquiry SET request_id = ?2, since = ?3, until = ?4, created_at = ?5, heard = 0, doubt = NULL," \
      " tries = 0, anew = ?6 WHERE id = ?1") \
    X(INQUIRY_FROM_START, "", \
      "UPDATE inquiry SET heard = 0, doubt = NULL, tries = 0 WHERE id = ?1 AND finished_at IS NOT NULL") \
    X(FIND_INQUIRY, "", \
      "SELECT id, destination_id, album_id, series_id, request_id, since, until, heard, anew, doubt FROM inquiry" \
      " WHERE id = ?1") \
    X(PICK_INQUIRY, "", \
      "SELECT " INQUIRY_ITEM ", q.study, q.series, q.destination_id FROM inquiry q" \
      " WHERE q.album_id = ?1 AND q.state = 'queued' AND q.due_at <= ?2 ORDER BY q.due_at, q.id LIMIT 1") \
    X(NEXT_INQUIRY, "", \
      "SELECT due_at FROM inquiry WHERE album_id = ?1 AND state = 'queued' ORDER BY due_at LIMIT 1") \
    X(INQUIRY_HEARD, "", "UPDATE inquiry SET heard = ?2, doubt = ?3 WHERE id = ?1") \
    X(ANSWERED_SINCE, "", \
      "SELECT 1 FROM inquiry WHERE album_id = ?1 AND state = 'answered' AND finished_at > ?2 LIMIT 1") \
    X(UNDECIDED_OF, "", \
      "SELECT id FROM share WHERE album_id = ?1 AND series_id = ?2 AND state = 'undecided'") \
    X(SUM_INQUIRIES, "groups what one request has asked for", \
      "SELECT state, reason, max(study), max(series), count(*) FROM inquiry" \
      " WHERE request_id = (SELECT id FROM request WHERE name = ?1) GROUP BY state, reason ORDER BY 5 DESC")
/* clang-format on */
JOBDB_STATEMENTS(inquiry)

void jobdb_inquiry_release(struct jobdb_inquiry *inquiry)
{
    memory_free(&inquiry->anew);
    text_release(&inquiry->doubt);
}

void jobdb_want_inquiry(struct jobdb *db, const struct jobdb_series *series,
                        const struct jobdb_inquiry *wanted, int64_t now)
{
    struct move move;
    int64_t id = row_first(jobdb_query(db, SQL_FIND_INQUIRY_OF, "ii", wanted->album_id, series->id), 0);
    if (id == 0) {
        (void)jobdb_change(db, SQL_ADD_INQUIRY, "iiissiiisis", series->destination_id, wanted->album_id,
                           series->id, series->study, series->series, wanted->request_id, wanted->since,
                           wanted->until, inquiry_state_name(INQUIRY_QUEUED), now, wanted->anew);
    } else if (move_find(db, MACHINE_INQUIRY, id, NULL, CAUSE_RETRIED, &move)) {
        const struct jobdb_outcome anew = {.now = now, .due_at = now, .attempt_mark = -1};
        (void)jobdb_change(db, SQL_INQUIRY_ANEW, "iiiiis", id, wanted->request_id, wanted->since,
                           wanted->until, now, wanted->anew);
        move_job(db, &move, &anew);
    } else {
        (void)jobdb_change(db, SQL_INQUIRY_OF_REQUEST, "ii", id, wanted->request_id);
    }
}

bool jobdb_find_inquiry(struct jobdb *db, int64_t id, struct jobdb_inquiry *ret_inquiry)
{
    AUTO(row_end) struct row row = jobdb_query(db, SQL_FIND_INQUIRY, "i", id);
    *ret_inquiry = (struct jobdb_inquiry){0};
    if (!row_next(&row))
        return false;
    ret_inquiry->id = row_number(&row);
    ret_inquiry->destination_id = row_number(&row);
    ret_inquiry->album_id = row_number(&row);
    ret_inquiry->series_id = row_number(&row);
    ret_inquiry->request_id = row_number(&row);
    ret_inquiry->since = row_number(&row);
    ret_inquiry->until = row_number(&row);
    ret_inquiry->heard = row_number(&row);
    ret_inquiry->anew = memory_string(row_text_or_null(&row));
    text_append(&ret_inquiry->doubt, row_text(&row));
    return true;
}

bool jobdb_pick_inquiry(struct jobdb *db, int64_t album_id, int64_t now, struct jobdb_batch *batch,
                        int64_t *ret_next_due)
{
    AUTO(row_end) struct row row = jobdb_query(db, SQL_PICK_INQUIRY, "ii", album_id, now);
    if (!row_next(&row)) {
        *ret_next_due = row_first(jobdb_query(db, SQL_NEXT_INQUIRY, "i", album_id), INT64_MAX);
        return false;
    }
    struct jobdb_item *item = jobdb_batch_add(batch);
    item_read(&row, item);
    row_copy(&row, batch->study, sizeof batch->study);
    row_copy(&row, batch->series, sizeof batch->series);
    batch->destination_id = row_number(&row);
    batch->album_id = album_id;
    batch->stage = WORK_INQUIRE;
    row_end(&row); /* a row must not change under its own query */
    item->tries += 1;
    move_lease(db, MACHINE_INQUIRY, item->id, batch->work);
    return true;
}

bool jobdb_move_inquiry(struct jobdb *db, const struct jobdb_batch *batch, const struct jobdb_item *item,
                        const struct jobdb_outcome *outcome)
{
    struct move move;
    const char *work = *batch->work ? batch->work : NULL;
    if (!move_find(db, MACHINE_INQUIRY, item->id, work, outcome->cause, &move))
        return false;
    if (outcome->cause == CAUSE_RETRIED)
        (void)jobdb_change(db, SQL_INQUIRY_FROM_START, "i", item->id);
    move_job(db, &move, outcome);
    return true;
}

void jobdb_inquiry_heard(struct jobdb *db, int64_t id, int64_t heard, const char *doubt)
{
    (void)jobdb_change(db, SQL_INQUIRY_HEARD, "iis", id, heard, doubt);
}

bool jobdb_inquiry_answered_since(struct jobdb *db, int64_t album_id, int64_t since)
{
    return row_exists(jobdb_query(db, SQL_ANSWERED_SINCE, "ii", album_id, since));
}

int64_t jobdb_undecided_share(struct jobdb *db, int64_t album_id, int64_t series_id)
{
    return row_first(jobdb_query(db, SQL_UNDECIDED_OF, "ii", album_id, series_id), 0);
}

int jobdb_sum_inquiries(struct jobdb *db, const char *request,
                        void (*each)(void *context, const struct jobdb_inquiry_sum *sum), void *context)
{
    AUTO(row_end) struct row row = jobdb_query(db, SQL_SUM_INQUIRIES, "s", request);
    while (row_next(&row)) {
        struct jobdb_inquiry_sum sum;
        sum.state = row_text(&row);
        sum.reason = row_text_or_null(&row);
        sum.study = row_text(&row);
        sum.series = row_text(&row);
        sum.count = row_number(&row);
        each(context, &sum);
    }
    return db->error;
}
