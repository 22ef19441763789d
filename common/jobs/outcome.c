#include "common/jobs/outcome.h"

#include "common/base/memory.h"
#include "common/jobs/dispatch.h"
#include "common/jobs/sql.h"

#include <string.h>

/* ---- the counters follow the states ---- */

static void leave_delivery_state(struct jobdb *db, const struct jobdb_batch *batch,
                                 const struct jobdb_item *item, enum delivery_state from, int tries)
{
    struct jobdb_counts *counts = jobdb_counts_of(db, batch->destination_id, 0);
    if (from == DELIVERY_SENDING)
        counts->in_flight -= 1;
    if (from == DELIVERY_FAILED)
        counts->failed -= 1;
    if (from != DELIVERY_QUEUED)
        return;
    counts->queued -= 1;
    counts->deferred -= tries > 0;
    (void)jobdb_change(db, SQL_TAKEN_FROM_SERIES, "ii", item->series_id, (int64_t)1);
    (void)jobdb_change(db, SQL_TAKEN_FROM_LANE, "iiii", batch->lane_id, (int64_t)1, (int64_t)item->urgent,
                       (int64_t)0);
}

static void enter_delivery_state(struct jobdb *db, const struct jobdb_batch *batch,
                                 const struct jobdb_item *item, enum delivery_state to, int tries,
                                 int64_t due_at)
{
    struct jobdb_counts *counts = jobdb_counts_of(db, batch->destination_id, 0);
    if (to == DELIVERY_FAILED)
        counts->failed += 1;
    if (to != DELIVERY_QUEUED)
        return;
    counts->queued += 1;
    counts->deferred += tries > 0;
    (void)jobdb_change(db, SQL_PUT_TO_SERIES, "ii", item->series_id, due_at);
    (void)jobdb_change(db, SQL_TAKEN_FROM_LANE, "iiii", batch->lane_id, (int64_t)-1, -(int64_t)item->urgent,
                       (int64_t)0);
}

/* Counters of an album by state; waiting and queued are apart. */
static void count_share(struct jobdb *db, const struct jobdb_batch *batch, enum share_state state, int tries,
                        int by)
{
    struct jobdb_counts *counts = jobdb_counts_of(db, batch->destination_id, batch->album_id);
    counts->waiting += state == SHARE_WAITING ? by : 0;
    counts->queued += state == SHARE_QUEUED ? by : 0;
    counts->deferred += state == SHARE_QUEUED && tries > 0 ? by : 0;
    counts->in_flight += state == SHARE_SHARING ? by : 0;
    counts->failed += state == SHARE_FAILED ? by : 0;
}

/* ---- a stored instance wakes the shares of its series ---- */

struct woken {
    int64_t share_id, album_id;
};

static void wake_shares(struct jobdb *db, const struct jobdb_batch *batch, int64_t series_id, int64_t now,
                        void (*each_album)(void *context, int64_t album_id), void *context)
{
    struct woken *woken = NULL;
    size_t count = 0, capacity = 0;
    enum share_state to;
    if (!share_move(SHARE_WAITING, CAUSE_SERIES_STORED, &to))
        return;
    sqlite3_stmt *row = jobdb_query(db, SQL_WAITING_SHARES, "i", series_id);
    while (jobdb_row(db, row)) {
        woken = memory_grow(woken, &capacity, count + 1, sizeof *woken);
        woken[count++] = (struct woken){sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1)};
    }
    for (size_t i = 0; i < count; i++) {
        (void)jobdb_change(db, SQL_SHARE_IS_DUE, "isi", woken[i].share_id, share_state_name(to), now);
        struct jobdb_counts *counts = jobdb_counts_of(db, batch->destination_id, woken[i].album_id);
        counts->waiting -= 1;
        counts->queued += 1;
        if (each_album)
            each_album(context, woken[i].album_id);
    }
    memory_free(&woken);
}

static void series_is_stored(struct jobdb *db, const struct jobdb_batch *batch, int64_t series_id,
                             int64_t now, void (*each_album)(void *context, int64_t album_id), void *context)
{
    if (jobdb_change(db, SQL_SERIES_IS_STORED, "i", series_id) > 0)
        wake_shares(db, batch, series_id, now, each_album, context);
}

void jobdb_series_unknown(struct jobdb *db, int64_t series_id)
{
    (void)jobdb_change(db, SQL_SERIES_IS_UNKNOWN, "i", series_id);
}

/* ---- moves ---- */

bool jobdb_concerns(const struct jobdb_batch *batch, const char *work, bool in_flight, enum cause cause)
{
    if (cause == CAUSE_STORED || !in_flight)
        return true;
    return strcmp(work, batch->work) == 0;
}

bool jobdb_move_delivery(struct jobdb *db, const struct jobdb_batch *batch, const struct jobdb_item *item,
                         const struct jobdb_outcome *outcome,
                         void (*each_album)(void *context, int64_t album_id), void *context)
{
    enum delivery_state from, to;
    sqlite3_stmt *row = jobdb_query(db, SQL_DELIVERY_STATE, "i", item->id);
    if (!jobdb_row(db, row))
        return false;
    bool known = delivery_state_parse(jobdb_text(row, 0), &from) &&
                 delivery_move(from, outcome->cause, &to) &&
                 jobdb_concerns(batch, jobdb_text(row, 1), from == DELIVERY_SENDING, outcome->cause);
    int tries = sqlite3_column_int(row, 2);
    jobdb_end(row);
    if (!known)
        return false;
    int64_t finished_at = to == DELIVERY_QUEUED ? 0 : outcome->now;
    (void)jobdb_change(db, SQL_MOVE_DELIVERY, "isiiiiisi", item->id, delivery_state_name(to), outcome->due_at,
                       (int64_t)outcome->attempts, outcome->attempt_mark, (int64_t)outcome->batch_limit,
                       (int64_t)outcome->http_status, outcome->reason, finished_at);
    leave_delivery_state(db, batch, item, from, tries);
    enter_delivery_state(db, batch, item, to, tries, outcome->due_at);
    if (to == DELIVERY_SENT)
        series_is_stored(db, batch, item->series_id, outcome->now, each_album, context);
    if (delivery_is_final(to))
        (void)jobdb_change(db, SQL_JOB_IS_FINAL, "iii", item->instance_id, outcome->now, outcome->keep_until);
    return true;
}

bool jobdb_move_share(struct jobdb *db, const struct jobdb_batch *batch, const struct jobdb_item *item,
                      const struct jobdb_outcome *outcome)
{
    enum share_state from, to;
    sqlite3_stmt *row = jobdb_query(db, SQL_SHARE_STATE, "i", item->id);
    if (!jobdb_row(db, row))
        return false;
    bool known = share_state_parse(jobdb_text(row, 0), &from) && share_move(from, outcome->cause, &to) &&
                 jobdb_concerns(batch, jobdb_text(row, 1), from == SHARE_SHARING, outcome->cause);
    int tries = sqlite3_column_int(row, 2);
    jobdb_end(row);
    if (!known)
        return false;
    int64_t finished_at = to == SHARE_QUEUED ? 0 : outcome->now;
    (void)jobdb_change(db, SQL_MOVE_SHARE, "isiiiisi", item->id, share_state_name(to), outcome->due_at,
                       (int64_t)outcome->attempts, outcome->attempt_mark, (int64_t)outcome->http_status,
                       outcome->reason, finished_at);
    count_share(db, batch, from, tries, -1);
    count_share(db, batch, to, tries, 1);
    if (share_is_final(to) && item->instance_id)
        (void)jobdb_change(db, SQL_JOB_IS_FINAL, "iii", item->instance_id, outcome->now, outcome->keep_until);
    return true;
}

void jobdb_end_batch(struct jobdb *db, const struct jobdb_batch *batch, int64_t now)
{
    if (batch->stage == WORK_SEND)
        jobdb_refresh_lane(db, batch->lane_id, now);
}

/* ---- late results and lost files ---- */

static void read_lone_delivery(sqlite3_stmt *row, struct jobdb_batch *batch)
{
    jobdb_read_item(row, 0, jobdb_batch_add(batch));
    batch->stage = WORK_SEND;
    batch->destination_id = sqlite3_column_int64(row, 12);
    batch->lane_id = sqlite3_column_int64(row, 13);
    (void)snprintf(batch->study, sizeof batch->study, "%s", jobdb_text(row, 14));
    (void)snprintf(batch->work, sizeof batch->work, "%s", jobdb_text(row, 15));
}

bool jobdb_find_delivery(struct jobdb *db, const char *receipt, const char *destination,
                         struct jobdb_batch *ret_batch)
{
    sqlite3_stmt *row = jobdb_query(db, SQL_FIND_DELIVERY, "ss", receipt, destination);
    if (!jobdb_row(db, row))
        return false;
    *ret_batch = (struct jobdb_batch){0};
    read_lone_delivery(row, ret_batch);
    jobdb_end(row);
    return true;
}

size_t jobdb_fail_instance(struct jobdb *db, int64_t instance_id, const char *reason, int64_t now)
{
    struct jobdb_batch *batches = NULL;
    size_t count = 0, capacity = 0, failed = 0;
    sqlite3_stmt *row = jobdb_query(db, SQL_OPEN_DELIVERIES, "i", instance_id);
    while (jobdb_row(db, row)) {
        batches = memory_grow(batches, &capacity, count + 1, sizeof *batches);
        read_lone_delivery(row, &batches[count++]);
    }
    for (size_t i = 0; i < count; i++) {
        struct jobdb_outcome outcome = {.cause = CAUSE_FILE_MISSING, .now = now, .reason = reason};
        failed += jobdb_move_delivery(db, &batches[i], batches[i].items, &outcome, NULL, NULL);
        (void)jobdb_change(db, SQL_REFRESH_LANE, "ii", batches[i].lane_id, now);
        jobdb_batch_release(&batches[i]);
    }
    memory_free(&batches);
    return failed;
}
