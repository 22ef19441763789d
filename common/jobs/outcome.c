#include "common/jobs/outcome.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/jobs/counts.h"
#include "common/jobs/dispatch.h"
#include "common/jobs/item.h"
#include "common/jobs/lane.h"
#include "common/jobs/move.h"
#include "common/jobs/row.h"

/* clang-format off */
#define STATEMENTS(X) \
    X(WAITING_SHARES, "", "SELECT id, album_id FROM share WHERE series_id = ?1 AND state = 'waiting'") \
    X(FIND_DELIVERY, "", \
      "SELECT " DELIVERY_ITEM ", w.destination_id, e.lane_id, i.study, w.work" \
      " FROM instance i JOIN destination d ON d.name = ?2" \
      " JOIN delivery w ON w.instance_id = i.id AND w.destination_id = d.id" \
      " JOIN series e ON e.id = w.series_id WHERE i.receipt = ?1") \
    X(OPEN_DELIVERIES, "", \
      "SELECT " DELIVERY_ITEM ", w.destination_id, e.lane_id, i.study, w.work" \
      " FROM delivery w JOIN instance i ON i.id = w.instance_id JOIN series e ON e.id = w.series_id" \
      " WHERE w.instance_id = ?1 AND w.state IN ('queued', 'sending')")
/* clang-format on */
JOBDB_STATEMENTS(outcome)

/* ---- a stored instance wakes the shares of its series ---- */

struct waiting {
    int64_t share_id, album_id;
};

static struct waiting *waiting_shares(struct jobdb *db, int64_t series_id, size_t *ret_count)
{
    struct waiting *shares = NULL;
    size_t count = 0, capacity = 0;
    AUTO(row_end) struct row row = jobdb_query(db, SQL_WAITING_SHARES, "i", series_id);
    while (row_next(&row)) {
        shares = memory_grow(shares, &capacity, count + 1, sizeof *shares);
        shares[count].share_id = row_number(&row);
        shares[count++].album_id = row_number(&row);
    }
    *ret_count = count;
    return shares;
}

static void series_is_stored(struct jobdb *db, const struct jobdb_batch *batch, int64_t series_id,
                             int64_t now, void (*each_album)(void *context, int64_t album_id), void *context)
{
    if (!lane_series_is_stored(db, series_id))
        return;
    size_t count;
    struct waiting *shares = waiting_shares(db, series_id, &count);
    for (size_t i = 0; i < count; i++) {
        move_wake_share(db, shares[i].share_id, now);
        counts_share(db, batch->destination_id, shares[i].album_id, SHARE_WAITING, 0, -1);
        counts_share(db, batch->destination_id, shares[i].album_id, SHARE_QUEUED, 0, 1);
        if (each_album)
            each_album(context, shares[i].album_id);
    }
    memory_free(&shares);
}

/* ---- moves ---- */

/* Counters, lane and series follow the state. */
static void follow_delivery(struct jobdb *db, const struct jobdb_batch *batch, const struct jobdb_item *item,
                            const struct move *move, int64_t due_at)
{
    counts_delivery(db, batch->destination_id, (enum delivery_state)move->from, move->tries, -1);
    counts_delivery(db, batch->destination_id, (enum delivery_state)move->to, move->tries, 1);
    if (move->from == DELIVERY_QUEUED) {
        lane_take_from_series(db, item->series_id, 1);
        lane_take(db, batch->lane_id, 1, item->urgent, 0);
    }
    if (move->to == DELIVERY_QUEUED)
        lane_put(db, batch->lane_id, item->series_id, item->urgent, due_at);
}

bool jobdb_move_delivery(struct jobdb *db, const struct jobdb_batch *batch, const struct jobdb_item *item,
                         const struct jobdb_outcome *outcome,
                         void (*each_album)(void *context, int64_t album_id), void *context)
{
    struct move move;
    if (!move_find(db, MACHINE_DELIVERY, item->id, batch->work, outcome->cause, &move))
        return false;
    move_job(db, &move, outcome);
    follow_delivery(db, batch, item, &move, outcome->due_at);
    if (move.to == DELIVERY_SENT)
        series_is_stored(db, batch, item->series_id, outcome->now, each_album, context);
    if (state_is_final(MACHINE_DELIVERY, move.to))
        move_job_is_final(db, item->instance_id, outcome->now, outcome->keep_until);
    return true;
}

bool jobdb_move_share(struct jobdb *db, const struct jobdb_batch *batch, const struct jobdb_item *item,
                      const struct jobdb_outcome *outcome)
{
    struct move move;
    if (!move_find(db, MACHINE_SHARE, item->id, batch->work, outcome->cause, &move))
        return false;
    move_job(db, &move, outcome);
    counts_share(db, batch->destination_id, batch->album_id, (enum share_state)move.from, move.tries, -1);
    counts_share(db, batch->destination_id, batch->album_id, (enum share_state)move.to, move.tries, 1);
    if (state_is_final(MACHINE_SHARE, move.to) && item->instance_id)
        move_job_is_final(db, item->instance_id, outcome->now, outcome->keep_until);
    return true;
}

void jobdb_end_batch(struct jobdb *db, const struct jobdb_batch *batch, int64_t now)
{
    if (batch->stage == WORK_SEND)
        jobdb_refresh_lane(db, batch->lane_id, now);
}

/* ---- late results and lost files ---- */

static void read_lone_delivery(struct row *row, struct jobdb_batch *ret_batch)
{
    *ret_batch = (struct jobdb_batch){.stage = WORK_SEND};
    item_read(row, jobdb_batch_add(ret_batch));
    ret_batch->destination_id = row_number(row);
    ret_batch->lane_id = row_number(row);
    row_copy(row, ret_batch->study, sizeof ret_batch->study);
    row_copy(row, ret_batch->work, sizeof ret_batch->work);
}

bool jobdb_find_delivery(struct jobdb *db, const char *receipt, const char *destination,
                         struct jobdb_batch *ret_batch)
{
    AUTO(row_end) struct row row = jobdb_query(db, SQL_FIND_DELIVERY, "ss", receipt, destination);
    if (!row_next(&row))
        return false;
    read_lone_delivery(&row, ret_batch);
    return true;
}

/* Rows must not change under their own query: they are read first. */
static struct jobdb_batch *open_deliveries(struct jobdb *db, int64_t instance_id, size_t *ret_count)
{
    struct jobdb_batch *batches = NULL;
    size_t count = 0, capacity = 0;
    AUTO(row_end) struct row row = jobdb_query(db, SQL_OPEN_DELIVERIES, "i", instance_id);
    while (row_next(&row)) {
        batches = memory_grow(batches, &capacity, count + 1, sizeof *batches);
        read_lone_delivery(&row, &batches[count++]);
    }
    *ret_count = count;
    return batches;
}

size_t jobdb_fail_instance(struct jobdb *db, int64_t instance_id, const char *reason, int64_t now)
{
    size_t count, failed = 0;
    struct jobdb_batch *batches = open_deliveries(db, instance_id, &count);
    for (size_t i = 0; i < count; i++) {
        struct jobdb_outcome outcome = {.cause = CAUSE_FILE_MISSING, .now = now, .reason = reason};
        failed += jobdb_move_delivery(db, &batches[i], batches[i].items, &outcome, NULL, NULL);
        jobdb_refresh_lane(db, batches[i].lane_id, now);
        jobdb_batch_release(&batches[i]);
    }
    memory_free(&batches);
    return failed;
}
