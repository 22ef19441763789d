#include "common/jobs/outcome.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/jobs/counts.h"
#include "common/jobs/dispatch.h"
#include "common/jobs/item.h"
#include "common/jobs/lane.h"
#include "common/jobs/move.h"
#include "common/jobs/row.h"
#include "common/jobs/share.h"

/* clang-format off */
#define STATEMENTS(X) \
    X(WAITING_SHARES, "", "SELECT id, album_id FROM share WHERE series_id = ?1 AND state = 'waiting'") \
    X(UNLEASE_DELIVERY, "", "UPDATE delivery SET tries = tries - 1 WHERE id = ?1 AND work = ?2 AND tries > 0") \
    X(UNTOUCHED, "", "UPDATE lane SET vacant = 0 WHERE id = ?1 AND vacant = 1") \
    X(LAST_OF_DELIVERY, "", "SELECT reason, http_status FROM delivery WHERE id = ?1") \
    X(FIND_DELIVERY, "", \
      "SELECT " DELIVERY_ITEM ", w.destination_id, e.lane_id, i.study, w.work" \
      " FROM instance i JOIN destination d ON d.name = ?2" \
      " JOIN delivery w ON w.instance_id = i.id AND w.destination_id = d.id" \
      " JOIN series e ON e.id = w.series_id WHERE i.receipt = ?1") \
    X(SERIES_ELSEWHERE, "", \
      "SELECT 1 FROM series e JOIN series o ON o.series = e.series AND o.id <> e.id" \
      " JOIN lane l ON l.id = o.lane_id WHERE e.id = ?1 AND l.destination_id = ?2 LIMIT 1") \
    X(OPEN_DELIVERIES, "", \
      "SELECT " DELIVERY_ITEM ", w.destination_id, e.lane_id, i.study, w.work" \
      " FROM delivery w JOIN instance i ON i.id = w.instance_id JOIN series e ON e.id = w.series_id" \
      " WHERE w.instance_id = ?1 AND w.state IN ('queued', 'sending')") \
    X(HAS_OTHERS, "", \
      "SELECT 1 FROM instance n CROSS JOIN instance i ON i.sop_instance = n.sop_instance AND i.state = 'active'" \
      " AND i.id <> n.id WHERE n.id = ?1 LIMIT 1") \
    X(OLDER_VERSIONS, "", \
      "SELECT " DELIVERY_ITEM ", w.destination_id, e.lane_id, i.study, w.work" \
      " FROM instance n CROSS JOIN instance i ON i.sop_instance = n.sop_instance AND i.state = 'active'" \
      " CROSS JOIN delivery w ON w.instance_id = i.id AND w.destination_id = ?2" \
      " JOIN series e ON e.id = w.series_id" \
      " WHERE n.id = ?1 AND w.state IN ('queued', 'failed', 'undecided')" \
      " AND " RECEIPT_ORDER("i.receipt", "i.id") " < " RECEIPT_ORDER("n.receipt", "n.id")) \
    X(NEWER_VERSION, "", \
      "SELECT max(i.receipt) FROM delivery o CROSS JOIN instance n ON n.id = o.instance_id" \
      " CROSS JOIN instance i ON i.sop_instance = n.sop_instance" \
      " CROSS JOIN delivery w ON w.instance_id = i.id AND w.destination_id = o.destination_id" \
      " WHERE o.id = ?1 AND w.state = 'sent' AND w.finished_at >= n.decided_at AND w.finished_at > coalesce(o.retried_at, 0)" \
      " AND " RECEIPT_ORDER("i.receipt", "i.id") " > " RECEIPT_ORDER("n.receipt", "n.id"))
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
    if (!lane_series_is_stored(db, series_id, now))
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

/* ---- versions of one instance ---- */

static void read_lone_delivery(struct row *row, struct jobdb_batch *ret_batch)
{
    *ret_batch = (struct jobdb_batch){.stage = WORK_SEND};
    item_read(row, jobdb_batch_add(ret_batch));
    ret_batch->destination_id = row_number(row);
    ret_batch->lane_id = row_number(row);
    row_copy(row, ret_batch->study, sizeof ret_batch->study);
    row_copy(row, ret_batch->work, sizeof ret_batch->work);
}

/* Rows must not change under their own query: they are read first. */
static struct jobdb_batch *read_lone_deliveries(struct row row, size_t *ret_count)
{
    struct jobdb_batch *batches = NULL;
    size_t count = 0, capacity = 0;
    while (row_next(&row)) {
        batches = memory_grow(batches, &capacity, count + 1, sizeof *batches);
        read_lone_delivery(&row, &batches[count++]);
    }
    *ret_count = count;
    return batches;
}

static void replace(struct jobdb *db, const struct jobdb_batch *batch, const struct jobdb_item *item,
                    const char *receipt, const struct jobdb_outcome *stored)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct move move;
    text_format(&reason, "replaced by receipt %s", receipt);
    const struct jobdb_outcome outcome = {.cause = CAUSE_REPLACED,
                                          .now = stored->now,
                                          .due_at = stored->now,
                                          .attempts = item->attempts,
                                          .attempt_mark = item->attempt_mark,
                                          .reason = text_string(&reason),
                                          .keep_until = stored->keep_excluded_until};
    if (!move_find(db, MACHINE_DELIVERY, item->id, NULL, outcome.cause, &move))
        return;
    move_job(db, &move, &outcome);
    follow_delivery(db, batch, item, &move, outcome.due_at);
    move_job_is_final(db, item->instance_id, outcome.now, outcome.keep_until);
    share_follow(db, batch->destination_id, item->instance_id, receipt, outcome.now, outcome.keep_until);
}

static void replace_older(struct jobdb *db, const struct jobdb_batch *batch, const struct jobdb_item *item,
                          const struct jobdb_outcome *stored)
{
    size_t count;
    if (!row_exists(jobdb_query(db, SQL_HAS_OTHERS, "i", item->instance_id)))
        return; /* nearly every instance came once */
    struct jobdb_batch *older = read_lone_deliveries(
        jobdb_query(db, SQL_OLDER_VERSIONS, "ii", item->instance_id, batch->destination_id), &count);
    for (size_t i = 0; i < count; i++) {
        replace(db, &older[i], older[i].items, item->receipt, stored);
        jobdb_refresh_lane(db, older[i].lane_id, stored->now);
        jobdb_batch_release(&older[i]);
    }
    memory_free(&older);
    share_follow_older(db, batch->destination_id, item->instance_id, item->receipt, stored->now,
                       stored->keep_excluded_until);
}

/* It comes back from a request, and a newer one was stored meanwhile: since this one was taken in, and since an operator
 * wanted it, if one did. */
static void yield_to_newer(struct jobdb *db, const struct jobdb_batch *batch, const struct jobdb_item *item,
                           const struct jobdb_outcome *outcome)
{
    char receipt[RECEIPT_SIZE];
    AUTO(row_end)
    struct row row = jobdb_query(db, SQL_NEWER_VERSION, "i", item->id);
    if (!row_next(&row) || row_is_null(&row))
        return;
    row_copy(&row, receipt, sizeof receipt);
    row_end(&row);
    replace(db, batch, item, receipt, outcome);
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
    if (move.to == DELIVERY_SENT)
        replace_older(db, batch, item, outcome);
    if (move.from == DELIVERY_SENDING && (move.to == DELIVERY_QUEUED || move.to == DELIVERY_FAILED))
        yield_to_newer(db, batch, item, outcome);
    return true;
}

bool jobdb_move_share(struct jobdb *db, const struct jobdb_batch *batch, const struct jobdb_item *item,
                      const struct jobdb_outcome *outcome)
{
    struct move move;
    if (!move_find(db, MACHINE_SHARE, item->id, batch->work, outcome->cause, &move))
        return false;
    int64_t witness_id = share_witness(db, item->id);
    move_job(db, &move, outcome);
    counts_share(db, batch->destination_id, batch->album_id, (enum share_state)move.from, move.tries, -1);
    counts_share(db, batch->destination_id, batch->album_id, (enum share_state)move.to, move.tries, 1);
    if (state_is_final(MACHINE_SHARE, move.to) && witness_id)
        move_job_is_final(db, witness_id, outcome->now, outcome->keep_until);
    if (move.from == SHARE_SHARING && (move.to == SHARE_QUEUED || move.to == SHARE_FAILED))
        share_yield(db, batch->destination_id, item->id, outcome->now, outcome->keep_excluded_until);
    return true;
}

static bool is_first_of_series(const struct jobdb_batch *batch, size_t item)
{
    for (size_t i = 0; i < item; i++) {
        if (batch->items[i].series_id == batch->items[item].series_id)
            return false;
    }
    return true;
}

void jobdb_unlease(struct jobdb *db, struct jobdb_batch *batch)
{
    for (size_t i = 0; i < batch->item_count; i++)
        batch->items[i].tries -=
            (int)jobdb_change(db, SQL_UNLEASE_DELIVERY, "is", batch->items[i].id, batch->work);
    if (batch->unasked)
        (void)jobdb_change(db, SQL_UNTOUCHED, "i", batch->lane_id);
}

void jobdb_last_answer(struct jobdb *db, const struct jobdb_item *item, struct text *ret_reason,
                       int *ret_status)
{
    AUTO(row_end)
    struct row row = jobdb_query(db, SQL_LAST_OF_DELIVERY, "i", item->id);
    *ret_status = 0;
    if (!row_next(&row))
        return;
    const char *reason = row_text(&row);
    text_append(ret_reason, reason ? reason : "");
    *ret_status = row_int(&row);
}

void jobdb_end_batch(struct jobdb *db, const struct jobdb_batch *batch, int64_t now)
{
    if (batch->stage != WORK_SEND)
        return;
    for (size_t i = 0; i < batch->item_count; i++) {
        if (is_first_of_series(batch, i))
            lane_land_series(db, batch->items[i].series_id);
    }
    jobdb_refresh_lane(db, batch->lane_id, now);
}

bool jobdb_series_is_elsewhere(struct jobdb *db, int64_t series_id, int64_t destination_id)
{
    return row_exists(jobdb_query(db, SQL_SERIES_ELSEWHERE, "ii", series_id, destination_id));
}

/* ---- late results and lost files ---- */

bool jobdb_find_delivery(struct jobdb *db, const char *receipt, const char *destination,
                         struct jobdb_batch *ret_batch)
{
    AUTO(row_end) struct row row = jobdb_query(db, SQL_FIND_DELIVERY, "ss", receipt, destination);
    if (!row_next(&row))
        return false;
    read_lone_delivery(&row, ret_batch);
    return true;
}

size_t jobdb_fail_instance(struct jobdb *db, int64_t instance_id, const char *reason, int64_t now)
{
    size_t count, failed = 0;
    struct jobdb_batch *batches =
        read_lone_deliveries(jobdb_query(db, SQL_OPEN_DELIVERIES, "i", instance_id), &count);
    for (size_t i = 0; i < count; i++) {
        struct jobdb_outcome outcome = {.cause = CAUSE_FILE_MISSING, .now = now, .reason = reason};
        failed += jobdb_move_delivery(db, &batches[i], batches[i].items, &outcome, NULL, NULL);
        jobdb_refresh_lane(db, batches[i].lane_id, now);
        jobdb_batch_release(&batches[i]);
    }
    memory_free(&batches);
    return failed;
}
