#include "common/jobs/dispatch.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/jobs/commitment.h"
#include "common/jobs/connection.h"
#include "common/jobs/counts.h"
#include "common/jobs/item.h"
#include "common/jobs/lane.h"
#include "common/jobs/move.h"
#include "common/jobs/row.h"

#include <stdlib.h>
#include <string.h>

enum {
    SERIES_A_BATCH = 100,
    PART_LEFT = 4 /* of a request, that may stay free so that a new series is whole */
};

/* clang-format off */
#define STATEMENTS(X) \
    X(WAKE_LANES, "", \
      "UPDATE lane SET ready = 1 WHERE ready = 0 AND closed = 0 AND queued > 0 AND next_due <= ?1") \
    X(NEXT_WAKE, "", \
      "SELECT next_due FROM lane WHERE ready = 0 AND closed = 0 AND queued > 0 ORDER BY next_due LIMIT 1") \
    X(PICK_LANE, "", \
      "SELECT id, study, queued, urgent, next_due, vacant FROM lane WHERE destination_id = ?1 AND ready = 1" \
      " ORDER BY (urgent > 0) DESC, last_served LIMIT 1") \
    X(HAS_URGENT, "", "SELECT 1 FROM lane WHERE destination_id = ?1 AND urgent > 0 LIMIT 1") \
    X(STUDY_IS_KNOWN, "", \
      "SELECT 1 FROM lane l CROSS JOIN destination d ON d.id = l.destination_id" \
      " CROSS JOIN series e ON e.lane_id = l.id AND e.known = 1" \
      " WHERE l.study = ?1 AND d.origin = (SELECT origin FROM destination WHERE id = ?2) LIMIT 1") \
    X(SIBLING_IN_FLIGHT, "", \
      "SELECT 1 FROM series s CROSS JOIN lane o ON o.id = s.lane_id CROSS JOIN series e ON e.series = s.series" \
      " CROSS JOIN lane l ON l.id = e.lane_id CROSS JOIN destination d ON d.id = l.destination_id" \
      " WHERE s.id = ?1 AND e.flights > 0 AND l.study = o.study" \
      " AND d.origin = (SELECT origin FROM destination WHERE id = ?2) LIMIT 1") \
    X(CLOSE_LANE, "", "UPDATE lane SET closed = 1, ready = 0 WHERE id = ?1") \
    X(OPEN_LANES, "", \
      "UPDATE lane SET closed = 0, ready = (queued > 0 AND next_due <= ?2) WHERE study = ?1") \
    X(DUE_UNKNOWN_SERIES, "", \
      "SELECT id, queued FROM series WHERE lane_id = ?1 AND known = 0 AND queued > 0 AND flights = 0" \
      " AND next_due <= ?2 ORDER BY next_due LIMIT ?3") \
    X(DUE_KNOWN_SERIES, "", \
      "SELECT id, queued FROM series WHERE lane_id = ?1 AND known = 1 AND queued > 0 AND next_due <= ?2" \
      " ORDER BY next_due LIMIT ?3") \
    X(DUE_DELIVERIES, "", \
      "SELECT " DELIVERY_ITEM ", i.sop_instance, i.series, w.absent" \
      " FROM delivery w JOIN instance i ON i.id = w.instance_id" \
      " WHERE w.series_id = ?1 AND w.state = 'queued' AND w.due_at <= ?2 ORDER BY w.due_at, w.id LIMIT ?3") \
    X(HAS_OTHERS, "", "SELECT 1 FROM instance WHERE sop_instance = ?1 AND id <> ?2 LIMIT 1") \
    X(FIND_TWIN, "", \
      "SELECT w.due_at FROM instance i JOIN delivery w ON w.instance_id = i.id AND w.destination_id = ?2" \
      " WHERE i.sop_instance = ?1 AND i.state = 'active' AND w.id <> ?3" \
      " AND (w.state = 'sending' OR (w.state = 'queued'" \
      " AND CASE WHEN " RECEIPT_ORDER("i.receipt", "i.id") " < " RECEIPT_ORDER("?5", "?6") \
      " THEN w.tries = 0 ELSE ?4 > 0 END)) LIMIT 1") \
    X(HAS_TWIN, "", \
      "SELECT 1 FROM instance i JOIN delivery w ON w.instance_id = i.id AND w.destination_id = ?2" \
      " WHERE i.sop_instance = ?1 AND w.id <> ?3 AND (w.tries > 0 OR w.absent <> 0) LIMIT 1") \
    X(LANE_IS_VACANT, "", "UPDATE lane SET vacant = 2 WHERE id = ?1 AND vacant = 1") \
    X(DELIVERY_IS_ABSENT, "", "UPDATE delivery SET absent = 1 WHERE id = ?1") \
    X(POSTPONE, "", "UPDATE delivery SET due_at = ?2 WHERE id = ?1") \
    X(PICK_SHARE, "", \
      "SELECT " SHARE_ITEM ", s.study, s.series, s.destination_id FROM share s" \
      " WHERE s.album_id = ?1 AND s.state = 'queued' AND s.due_at <= ?2 ORDER BY s.due_at, s.id LIMIT 1") \
    X(PICK_PROBE, "", \
      "SELECT " SHARE_ITEM ", s.study, s.series, s.destination_id FROM share s INDEXED BY share_probe" \
      " WHERE s.album_id = ?1 AND s.state = 'queued' AND s.due_at <= ?2 ORDER BY s.tries, s.id DESC LIMIT 1") \
    X(NEXT_SHARE, "", \
      "SELECT due_at FROM share WHERE album_id = ?1 AND state = 'queued' ORDER BY due_at LIMIT 1") \
    X(EACH_SENDING, "", \
      "SELECT w.work, w.destination_id, 0, e.lane_id, i.study, NULL, " DELIVERY_ITEM \
      " FROM delivery w JOIN instance i ON i.id = w.instance_id JOIN series e ON e.id = w.series_id" \
      " WHERE w.state = 'sending' ORDER BY w.work") \
    X(EACH_SHARING, "", \
      "SELECT s.work, s.destination_id, s.album_id, 0, s.study, s.series, " SHARE_ITEM \
      " FROM share s WHERE s.state = 'sharing' ORDER BY s.work") \
    X(EACH_FETCHING, "", \
      "SELECT f.work, f.destination_id, 0, 0, f.study, NULL, " FETCH_ITEM \
      " FROM fetch f WHERE f.state = 'fetching' ORDER BY f.work") \
    X(EACH_ASKING, "", \
      "SELECT q.work, q.destination_id, q.album_id, 0, q.study, q.series, " INQUIRY_ITEM \
      " FROM inquiry q WHERE q.state = 'asking' ORDER BY q.work") \
    X(EACH_NOTIFYING, "", \
      "SELECT m.work, 0, 0, 0, '', NULL, " MESSAGE_ITEM \
      " FROM message m WHERE m.state = 'sending' ORDER BY m.work") \
    X(EACH_REPORTING, "", \
      "SELECT c.work, 0, 0, 0, '', NULL, " COMMITMENT_ITEM \
      " FROM commitment c WHERE c.state = 'reporting' AND c.work <> '" JOBDB_BY_ASSOCIATION "' ORDER BY c.work")
/* clang-format on */
JOBDB_STATEMENTS(dispatch)

/* ---- lanes ---- */

int64_t jobdb_next_lane(struct jobdb *db)
{
    return row_first(jobdb_query(db, SQL_NEXT_WAKE, ""), INT64_MAX);
}

bool jobdb_wake_lanes(struct jobdb *db, int64_t now)
{
    return jobdb_next_lane(db) <= now && jobdb_change(db, SQL_WAKE_LANES, "i", now) > 0;
}

bool jobdb_pick_lane(struct jobdb *db, int64_t destination_id, struct jobdb_lane *ret_lane)
{
    AUTO(row_end) struct row row = jobdb_query(db, SQL_PICK_LANE, "i", destination_id);
    if (!row_next(&row))
        return false;
    ret_lane->id = row_number(&row);
    row_copy(&row, ret_lane->study, sizeof ret_lane->study);
    ret_lane->queued = row_number(&row);
    ret_lane->urgent = row_number(&row) > 0;
    ret_lane->since = row_number(&row);
    ret_lane->vacant = row_int(&row);
    ret_lane->known = row_exists(jobdb_query(db, SQL_STUDY_IS_KNOWN, "si", ret_lane->study, destination_id));
    return true;
}

bool jobdb_has_urgent(struct jobdb *db, int64_t destination_id)
{
    return row_exists(jobdb_query(db, SQL_HAS_URGENT, "i", destination_id));
}

void jobdb_close_lane(struct jobdb *db, int64_t lane_id)
{
    (void)jobdb_change(db, SQL_CLOSE_LANE, "i", lane_id);
}

void jobdb_open_lanes(struct jobdb *db, const char *study, int64_t now)
{
    (void)jobdb_change(db, SQL_OPEN_LANES, "si", study, now);
}

/* ---- taking deliveries from a lane ---- */

struct pick {
    struct jobdb *db;
    struct jobdb_batch *batch;
    int64_t destination_id, now;
    size_t most_instances; /* shrinks to the batch limit of what is taken */
    int64_t most_bytes;
    bool wary;
    bool vacant; /* its study was not there before anything of it went there */
    int64_t urgent;
    bool full;
};

/* The smallest batch limit counts: whoever failed in a large request goes in a small one. */
static bool pick_fits(const struct pick *pick, const struct jobdb_item *item, size_t *ret_most)
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

/* When another receipt of the same SOP Instance UID is due, for which this one waits: it is on its way, or was here
 * first and has not been tried; one that was tried waits for the newer ones. INT64_MAX: there is none. */
static int64_t twin_due_at(struct pick *pick, const struct jobdb_item *item, const char *sop_instance)
{
    return row_first(jobdb_query(pick->db, SQL_FIND_TWIN, "siiisi", sop_instance, pick->destination_id,
                                 item->id, (int64_t)item->tries, item->receipt, item->instance_id),
                     INT64_MAX);
}

static void pick_lease(struct pick *pick, const struct jobdb_item *item)
{
    move_lease(pick->db, MACHINE_DELIVERY, item->id, pick->batch->work);
    counts_delivery(pick->db, pick->destination_id, DELIVERY_QUEUED, item->tries, -1);
    counts_delivery(pick->db, pick->destination_id, DELIVERY_SENDING, item->tries, 1);
    *jobdb_batch_add(pick->batch) = *item;
    pick->batch->bytes += item->size;
    pick->urgent += item->urgent;
    pick->batch->items[pick->batch->item_count - 1].tries += 1;
}

/* Nearly every instance came once: one look is enough for it. */
static bool has_others(struct pick *pick, const struct jobdb_item *item, const char *sop_instance)
{
    return row_exists(jobdb_query(pick->db, SQL_HAS_OTHERS, "si", sop_instance, item->instance_id));
}

struct due {
    struct jobdb_item item;
    char sop_instance[JOBDB_UID_SIZE];
};

/* Reads the due deliveries of a series first, since rows must not change under their own query. */
static size_t pick_read(struct pick *pick, int64_t series_id, struct due *due, size_t most)
{
    size_t count = 0;
    AUTO(row_end)
    struct row row = jobdb_query(pick->db, SQL_DUE_DELIVERIES, "iii", series_id, pick->now, (int64_t)most);
    while (count < most && row_next(&row)) {
        item_read(&row, &due[count].item);
        row_copy(&row, due[count].sop_instance, JOBDB_UID_SIZE);
        row_copy(&row, due[count].item.series, JOBDB_UID_SIZE);
        int64_t absent = row_number(&row);
        due[count].item.fresh = due[count].item.tries == 0 && absent == 0;
        due[count++].item.absent = absent == 1 || pick->vacant;
    }
    return count;
}

static void pick_from_series(struct pick *pick, int64_t series_id)
{
    size_t most = pick->most_instances - pick->batch->item_count, taken = 0;
    struct due *due = memory_new(most, sizeof *due);
    size_t count = pick_read(pick, series_id, due, most);
    for (size_t i = 0; i < count && !pick->full; i++) {
        struct jobdb_item *item = &due[i].item;
        bool others = has_others(pick, item, due[i].sop_instance);
        int64_t twin_due = others ? twin_due_at(pick, item, due[i].sop_instance) : INT64_MAX;
        if (twin_due != INT64_MAX) {
            int64_t later = twin_due > pick->now ? twin_due + 1 : pick->now + 1000;
            (void)jobdb_change(pick->db, SQL_POSTPONE, "ii", item->id, later);
            continue;
        }
        item->twin = others && row_exists(jobdb_query(pick->db, SQL_HAS_TWIN, "sii", due[i].sop_instance,
                                                      pick->destination_id, item->id));
        pick->full = !pick_fits(pick, item, &pick->most_instances);
        if (!pick->full) {
            pick_lease(pick, item);
            taken++;
        }
    }
    if (taken > 0)
        lane_lease_from_series(pick->db, series_id, (int64_t)taken);
    else
        lane_take_from_series(pick->db, series_id, 0); /* it may be due later now */
    free(due);
}

static bool batch_has_room(const struct pick *pick)
{
    return !pick->full && pick->batch->item_count < pick->most_instances;
}

struct due_series {
    int64_t id, queued;
};

/* What is left of a new series, where a request takes a part of it, goes nowhere before that one has ended; and KHEOPS
 * compares and shares once for each series of a request. So a small one begins no request that it does not end in. */
static bool is_better_whole(const struct pick *pick, const struct due_series *series)
{
    size_t room = pick->most_instances - pick->batch->item_count;
    return pick->batch->item_count > 0 && room <= pick->most_instances / PART_LEFT &&
           series->queued > (int64_t)room && series->queued <= (int64_t)pick->most_instances;
}

/* From the lane's series, known ones or the others. Returns whether one was left for a request of another destination
 * of the same origin, which brings it there just now. */
static bool pick_from_lane(struct pick *pick, int64_t lane_id, bool known)
{
    struct due_series series[SERIES_A_BATCH];
    size_t count = 0;
    bool left = false;
    struct row row = jobdb_query(pick->db, known ? SQL_DUE_KNOWN_SERIES : SQL_DUE_UNKNOWN_SERIES, "iii",
                                 lane_id, pick->now, (int64_t)SERIES_A_BATCH);
    while (count < SERIES_A_BATCH && row_next(&row)) {
        series[count].id = row_number(&row);
        series[count++].queued = row_number(&row);
    }
    row_end(&row); /* rows must not change under their own query */
    for (size_t i = 0; i < count && batch_has_room(pick); i++) {
        if (!known && is_better_whole(pick, &series[i]))
            continue;
        bool held = !known && row_exists(jobdb_query(pick->db, SQL_SIBLING_IN_FLIGHT, "ii", series[i].id,
                                                     pick->destination_id));
        if (!held)
            pick_from_series(pick, series[i].id);
        left = left || held;
    }
    return left;
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
                        .wary = appetite->wary,
                        .vacant = lane->vacant == LANE_VACANT};
    bool left = pick_from_lane(&pick, lane->id, false);
    if (batch_has_room(&pick))
        (void)pick_from_lane(&pick, lane->id, true);
    batch->stage = WORK_SEND;
    batch->destination_id = destination_id;
    batch->lane_id = lane->id;
    batch->unasked = lane->vacant == LANE_UNTOUCHED;
    memcpy(batch->study, lane->study, sizeof batch->study);
    int64_t served = clock_wall_ms() * 1000;
    db->served = served > db->served ? served : db->served + 1;
    lane_take(db, lane->id, (int64_t)batch->item_count, pick.urgent, db->served);
    jobdb_refresh_lane(db, lane->id, now);
    if (batch->item_count == 0 && left)
        jobdb_close_lane(db, lane->id);
    return batch->item_count > 0;
}

void jobdb_lane_is_vacant(struct jobdb *db, int64_t lane_id)
{
    (void)jobdb_change(db, SQL_LANE_IS_VACANT, "i", lane_id);
}

void jobdb_delivery_is_absent(struct jobdb *db, int64_t delivery_id)
{
    (void)jobdb_change(db, SQL_DELIVERY_IS_ABSENT, "i", delivery_id);
}

/* ---- shares ---- */

bool jobdb_pick_share(struct jobdb *db, int64_t album_id, bool probe, int64_t now, struct jobdb_batch *batch,
                      int64_t *ret_next_due)
{
    AUTO(row_end)
    struct row row = jobdb_query(db, probe ? SQL_PICK_PROBE : SQL_PICK_SHARE, "ii", album_id, now);
    if (!row_next(&row)) {
        *ret_next_due = row_first(jobdb_query(db, SQL_NEXT_SHARE, "i", album_id), INT64_MAX);
        return false;
    }
    struct jobdb_item *item = jobdb_batch_add(batch);
    item_read(&row, item);
    row_copy(&row, batch->study, sizeof batch->study);
    row_copy(&row, batch->series, sizeof batch->series);
    batch->destination_id = row_number(&row);
    batch->album_id = album_id;
    batch->stage = WORK_SHARE;
    row_end(&row); /* a row must not change under its own query */
    move_lease(db, MACHINE_SHARE, item->id, batch->work);
    counts_share(db, batch->destination_id, album_id, SHARE_QUEUED, item->tries, -1);
    counts_share(db, batch->destination_id, album_id, SHARE_SHARING, item->tries, 1);
    item->tries += 1;
    return true;
}

/* ---- what was handed out before a restart ---- */

/* Calls each for the batch, unless it is of this work or empty; it is empty then. */
static void end_other_work(struct jobdb_batch *batch, const char *work,
                           void (*each)(void *context, struct jobdb_batch *batch), void *context)
{
    if (batch->item_count == 0 || strcmp(batch->work, work) == 0)
        return;
    each(context, batch);
    *batch = (struct jobdb_batch){0};
}

static void each_work_of(struct jobdb *db, enum work_stage stage,
                         void (*each)(void *context, struct jobdb_batch *batch), void *context)
{
    static const int each_of[] = {[WORK_SEND] = SQL_EACH_SENDING,     [WORK_SHARE] = SQL_EACH_SHARING,
                                  [WORK_FETCH] = SQL_EACH_FETCHING,   [WORK_INQUIRE] = SQL_EACH_ASKING,
                                  [WORK_NOTIFY] = SQL_EACH_NOTIFYING, [WORK_COMMIT] = SQL_EACH_REPORTING};
    struct jobdb_batch batch = {0};
    char work[WORK_ID_SIZE];
    AUTO(row_end) struct row row = jobdb_query(db, each_of[stage], "");
    while (row_next(&row)) {
        row_copy(&row, work, sizeof work);
        end_other_work(&batch, work, each, context);
        memcpy(batch.work, work, sizeof work);
        batch.stage = stage;
        batch.destination_id = row_number(&row);
        batch.album_id = row_number(&row);
        batch.lane_id = row_number(&row);
        row_copy(&row, batch.study, sizeof batch.study);
        row_copy(&row, batch.series, sizeof batch.series);
        struct jobdb_item *item = jobdb_batch_add(&batch);
        item_read(&row, item);
        batch.bytes += item->size;
    }
    end_other_work(&batch, "", each, context);
}

void jobdb_each_work(struct jobdb *db, void (*each)(void *context, struct jobdb_batch *batch), void *context)
{
    lane_count_flights(db);
    for (int stage = 0; stage < WORK_STAGES; stage++)
        each_work_of(db, (enum work_stage)stage, each, context);
}
