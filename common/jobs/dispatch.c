#include "common/jobs/dispatch.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/jobs/sql.h"

#include <stdlib.h>
#include <string.h>

enum { SERIES_A_BATCH = 100 };

/* ---- lanes ---- */

int64_t jobdb_first_or_never(struct jobdb *db, sqlite3_stmt *row)
{
    if (!jobdb_row(db, row))
        return INT64_MAX;
    int64_t first = sqlite3_column_int64(row, 0);
    jobdb_end(row);
    return first;
}

int64_t jobdb_next_lane(struct jobdb *db)
{
    return jobdb_first_or_never(db, jobdb_query(db, SQL_NEXT_WAKE, ""));
}

bool jobdb_wake_lanes(struct jobdb *db, int64_t now)
{
    return jobdb_next_lane(db) <= now && jobdb_change(db, SQL_WAKE_LANES, "i", now) > 0;
}

void jobdb_hurry(struct jobdb *db, int64_t now, int64_t latest)
{
    static const enum jobdb_statement all[] = {SQL_HURRY_DELIVERIES, SQL_HURRY_SERIES, SQL_HURRY_LANES,
                                               SQL_HURRY_SHARES, SQL_HURRY_FETCHES};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        (void)jobdb_change(db, all[i], "ii", now, latest);
}

bool jobdb_pick_lane(struct jobdb *db, int64_t destination_id, int64_t now, struct jobdb_lane *ret_lane)
{
    sqlite3_stmt *row = jobdb_query(db, SQL_PICK_LANE, "i", destination_id);
    if (!jobdb_row(db, row))
        return false;
    ret_lane->id = sqlite3_column_int64(row, 0);
    jobdb_copy_text(ret_lane->study, sizeof ret_lane->study, jobdb_text(row, 1));
    jobdb_end(row);
    sqlite3_stmt *unknown = jobdb_query(db, SQL_UNKNOWN_SERIES_DUE, "ii", ret_lane->id, now);
    ret_lane->unknown = jobdb_row(db, unknown);
    if (ret_lane->unknown)
        jobdb_end(unknown);
    return true;
}

void jobdb_close_lane(struct jobdb *db, int64_t lane_id)
{
    (void)jobdb_change(db, SQL_CLOSE_LANE, "i", lane_id);
}

void jobdb_open_lanes(struct jobdb *db, const char *study, int64_t now)
{
    (void)jobdb_change(db, SQL_OPEN_LANES, "si", study, now);
}

void jobdb_refresh_lane(struct jobdb *db, int64_t lane_id, int64_t now)
{
    (void)jobdb_change(db, SQL_REFRESH_LANE, "ii", lane_id, now);
}

/* ---- taking deliveries from a lane ---- */

struct pick {
    struct jobdb *db;
    struct jobdb_batch *batch;
    int64_t destination_id, now;
    size_t most_instances; /* shrinks to the batch limit of what is taken */
    int64_t most_bytes;
    bool wary;
    int64_t urgent;
    bool full;
};

/* The smallest batch limit counts: whoever failed in a large request goes in a small one. */
static bool fits(const struct pick *pick, const struct jobdb_item *item, size_t *ret_most)
{
    size_t most = pick->most_instances;
    int limit = item->batch_limit < 0 && pick->wary ? -item->batch_limit : item->batch_limit;
    if (limit > 0 && (size_t)limit < most)
        most = (size_t)limit;
    if (pick->batch->item_count + 1 > most)
        return false;
    if (pick->batch->item_count > 0 && pick->batch->bytes + item->size > pick->most_bytes)
        return false;
    *ret_most = most;
    return true;
}

/* Another receipt of the same SOP Instance UID that is on its way or was here first; when it is due. */
static bool find_twin(struct pick *pick, const struct jobdb_item *item, const char *sop_instance,
                      int64_t *ret_due)
{
    sqlite3_stmt *row =
        jobdb_query(pick->db, SQL_FIND_TWIN, "sii", sop_instance, pick->destination_id, item->id);
    if (!jobdb_row(pick->db, row))
        return false;
    *ret_due = sqlite3_column_int64(row, 0);
    jobdb_end(row);
    return true;
}

static void lease(struct pick *pick, const struct jobdb_item *item)
{
    struct jobdb_counts *counts = jobdb_counts_of(pick->db, pick->destination_id, 0);
    (void)jobdb_change(pick->db, SQL_LEASE_DELIVERY, "is", item->id, pick->batch->work);
    counts->queued -= 1;
    counts->deferred -= item->tries > 0;
    counts->in_flight += 1;
    *jobdb_batch_add(pick->batch) = *item;
    pick->batch->bytes += item->size;
    pick->urgent += item->urgent;
    pick->batch->items[pick->batch->item_count - 1].tries += 1;
}

struct candidate {
    struct jobdb_item item;
    char sop_instance[JOBDB_UID_SIZE];
};

/* Reads the due deliveries of a series first, since rows must not change under their own query. */
static size_t read_candidates(struct pick *pick, int64_t series_id, struct candidate *candidates, size_t most)
{
    size_t count = 0;
    sqlite3_stmt *row = jobdb_query(pick->db, SQL_DUE_DELIVERIES, "iii", series_id, pick->now, (int64_t)most);
    while (jobdb_row(pick->db, row)) {
        jobdb_read_item(row, 0, &candidates[count].item);
        jobdb_copy_text(candidates[count].sop_instance, JOBDB_UID_SIZE, jobdb_text(row, 11));
        jobdb_copy_text(candidates[count].item.series, JOBDB_UID_SIZE, jobdb_text(row, 12));
        if (++count == most) {
            jobdb_end(row);
            break;
        }
    }
    return count;
}

static void take_from_series(struct pick *pick, int64_t series_id)
{
    size_t most = pick->most_instances - pick->batch->item_count, taken = 0;
    struct candidate *candidates = memory_new(most, sizeof *candidates);
    size_t count = read_candidates(pick, series_id, candidates, most);
    for (size_t i = 0; i < count && !pick->full; i++) {
        const struct jobdb_item *item = &candidates[i].item;
        int64_t twin_due;
        if (find_twin(pick, item, candidates[i].sop_instance, &twin_due)) {
            int64_t due = twin_due > pick->now ? twin_due + 1 : pick->now + 1000;
            (void)jobdb_change(pick->db, SQL_POSTPONE, "ii", item->id, due);
            continue;
        }
        pick->full = !fits(pick, item, &pick->most_instances);
        if (!pick->full) {
            lease(pick, item);
            taken++;
        }
    }
    (void)jobdb_change(pick->db, SQL_TAKEN_FROM_SERIES, "ii", series_id, (int64_t)taken);
    free(candidates);
}

bool jobdb_pick_batch(struct jobdb *db, const struct jobdb_lane *lane, int64_t destination_id,
                      const struct jobdb_appetite *appetite, int64_t now, struct jobdb_batch *batch)
{
    struct pick pick = {.db = db,
                        .batch = batch,
                        .destination_id = destination_id,
                        .now = now,
                        .most_instances = appetite->most_instances,
                        .most_bytes = appetite->most_bytes,
                        .wary = appetite->wary};
    int64_t series[SERIES_A_BATCH];
    size_t series_count = 0;
    sqlite3_stmt *row = jobdb_query(db, SQL_DUE_SERIES, "ii", lane->id, now);
    while (jobdb_row(db, row))
        series[series_count++] = sqlite3_column_int64(row, 0);
    for (size_t i = 0; i < series_count && !pick.full && batch->item_count < pick.most_instances; i++)
        take_from_series(&pick, series[i]);
    batch->stage = WORK_SEND;
    batch->destination_id = destination_id;
    batch->lane_id = lane->id;
    memcpy(batch->study, lane->study, sizeof batch->study);
    int64_t served = clock_wall_ms() * 1000;
    db->served = served > db->served ? served : db->served + 1;
    (void)jobdb_change(db, SQL_TAKEN_FROM_LANE, "iiii", lane->id, (int64_t)batch->item_count, pick.urgent,
                       db->served);
    (void)jobdb_change(db, SQL_REFRESH_LANE, "ii", lane->id, now);
    return batch->item_count > 0;
}

/* ---- shares ---- */

bool jobdb_pick_share(struct jobdb *db, int64_t album_id, int64_t now, struct jobdb_batch *batch,
                      int64_t *ret_next_due)
{
    sqlite3_stmt *row = jobdb_query(db, SQL_PICK_SHARE, "ii", album_id, now);
    if (!jobdb_row(db, row)) {
        *ret_next_due = jobdb_first_or_never(db, jobdb_query(db, SQL_NEXT_SHARE, "i", album_id));
        return false;
    }
    struct jobdb_item *item = jobdb_batch_add(batch);
    item->id = sqlite3_column_int64(row, 0);
    item->instance_id = sqlite3_column_int64(row, 1);
    item->series_id = sqlite3_column_int64(row, 2);
    jobdb_copy_text(batch->study, sizeof batch->study, jobdb_text(row, 3));
    jobdb_copy_text(batch->series, sizeof batch->series, jobdb_text(row, 4));
    item->received_at = sqlite3_column_int64(row, 5);
    item->tries = sqlite3_column_int(row, 6);
    item->attempts = sqlite3_column_int(row, 7);
    item->attempt_mark = sqlite3_column_int64(row, 8);
    batch->destination_id = sqlite3_column_int64(row, 9);
    batch->album_id = album_id;
    batch->stage = WORK_SHARE;
    jobdb_end(row);
    (void)jobdb_change(db, SQL_LEASE_SHARE, "is", item->id, batch->work);
    struct jobdb_counts *counts = jobdb_counts_of(db, batch->destination_id, album_id);
    counts->queued -= 1;
    counts->deferred -= item->tries > 0;
    counts->in_flight += 1;
    item->tries += 1;
    return true;
}

/* ---- what was handed out before a restart ---- */

static void start_batch(sqlite3_stmt *row, enum work_stage stage, struct jobdb_batch *batch)
{
    jobdb_copy_text(batch->work, sizeof batch->work, jobdb_text(row, 0));
    batch->stage = stage;
    batch->destination_id = sqlite3_column_int64(row, 1);
    batch->album_id = sqlite3_column_int64(row, 2);
    batch->lane_id = sqlite3_column_int64(row, 3);
    jobdb_copy_text(batch->study, sizeof batch->study, jobdb_text(row, 4));
    jobdb_copy_text(batch->series, sizeof batch->series, jobdb_text(row, 5));
}

static void each_work_of(struct jobdb *db, enum work_stage stage,
                         void (*each)(void *context, struct jobdb_batch *batch), void *context)
{
    struct jobdb_batch batch = {0};
    static const enum jobdb_statement each_of[] = {
        [WORK_SEND] = SQL_EACH_SENDING, [WORK_SHARE] = SQL_EACH_SHARING, [WORK_FETCH] = SQL_EACH_FETCHING};
    sqlite3_stmt *row = jobdb_query(db, each_of[stage], "");
    while (jobdb_row(db, row)) {
        if (batch.item_count > 0 && strcmp(batch.work, jobdb_text(row, 0)) != 0) {
            each(context, &batch);
            batch = (struct jobdb_batch){0};
        }
        if (batch.item_count == 0)
            start_batch(row, stage, &batch);
        struct jobdb_item *item = jobdb_batch_add(&batch);
        jobdb_read_item(row, 6, item);
        batch.bytes += item->size;
    }
    if (batch.item_count > 0)
        each(context, &batch);
}

void jobdb_each_work(struct jobdb *db, void (*each)(void *context, struct jobdb_batch *batch), void *context)
{
    for (int stage = 0; stage < WORK_STAGES; stage++)
        each_work_of(db, (enum work_stage)stage, each, context);
}
