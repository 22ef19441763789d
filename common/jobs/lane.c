#include "common/jobs/lane.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/jobs/dispatch.h"
#include "common/jobs/outcome.h"
#include "common/jobs/row.h"

/* clang-format off */
#define STATEMENTS(X) \
    X(ADD_TO_LANE, "", \
      "INSERT INTO lane (destination_id, study, queued, urgent, next_due, ready) VALUES (?1, ?2, 1, ?3, ?4, 1)" \
      " ON CONFLICT (destination_id, study) DO UPDATE SET" \
      " next_due = CASE WHEN queued = 0 THEN excluded.next_due ELSE min(next_due, excluded.next_due) END," \
      " queued = queued + 1, urgent = urgent + excluded.urgent, ready = NOT closed RETURNING id") \
    X(ADD_TO_SERIES, "", \
      "INSERT INTO series (lane_id, series, queued, next_due) VALUES (?1, ?2, 1, ?3)" \
      " ON CONFLICT (lane_id, series) DO UPDATE SET" \
      " next_due = CASE WHEN queued = 0 THEN excluded.next_due ELSE min(next_due, excluded.next_due) END," \
      " queued = queued + 1 RETURNING id, stored, known = 0 AND flights > 0") \
    X(KNOW_LANE, "", \
      "INSERT INTO lane (destination_id, study) VALUES (?1, ?2)" \
      " ON CONFLICT (destination_id, study) DO UPDATE SET study = excluded.study RETURNING id") \
    X(KNOW_SERIES, "", \
      "INSERT INTO series (lane_id, series) VALUES (?1, ?2)" \
      " ON CONFLICT (lane_id, series) DO UPDATE SET series = excluded.series RETURNING id, stored, 0") \
    X(TAKE_FROM_SERIES, "", \
      "UPDATE series SET queued = queued - ?2, next_due = coalesce((SELECT due_at FROM delivery" \
      " WHERE series_id = ?1 AND state = 'queued' ORDER BY due_at LIMIT 1), 0) WHERE id = ?1") \
    X(TAKE_FROM_LANE, "", \
      "UPDATE lane SET queued = queued - ?2, urgent = urgent - ?3, last_served = max(last_served, ?4)," \
      " vacant = CASE WHEN ?4 > 0 AND ?2 > 0 THEN max(vacant, 1) ELSE vacant END WHERE id = ?1") \
    X(LEASE_FROM_SERIES, "", \
      "UPDATE series SET queued = queued - ?2, flights = flights + 1, next_due = coalesce((SELECT due_at" \
      " FROM delivery WHERE series_id = ?1 AND state = 'queued' ORDER BY due_at LIMIT 1), 0) WHERE id = ?1") \
    X(LAND_SERIES, "", "UPDATE series SET flights = max(flights - 1, 0) WHERE id = ?1") \
    X(HELD_SERIES, START_ONLY, \
      "SELECT id, lane_id FROM series WHERE flights > 0" \
      " UNION SELECT e.id, e.lane_id FROM delivery w JOIN series e ON e.id = w.series_id" \
      " WHERE w.state = 'sending'") \
    X(COUNT_FLIGHTS, START_ONLY, \
      "UPDATE series SET flights = (SELECT count(DISTINCT w.work) FROM delivery w WHERE w.state = 'sending'" \
      " AND w.series_id = ?1) WHERE id = ?1") \
    X(PUT_TO_SERIES, "", \
      "UPDATE series SET next_due = CASE WHEN queued = 0 THEN ?2 ELSE min(next_due, ?2) END," \
      " queued = queued + 1 WHERE id = ?1") \
    X(PUT_TO_LANE, "", "UPDATE lane SET queued = queued + 1, urgent = urgent + ?2 WHERE id = ?1") \
    X(REFRESH_LANE, "", \
      "UPDATE lane SET next_due = n.due, ready = (closed = 0 AND queued > 0 AND n.due <= ?2)" \
      " FROM (SELECT min(coalesce((SELECT next_due FROM series WHERE lane_id = ?1 AND known = 0" \
      " AND queued > 0 AND flights = 0 ORDER BY next_due LIMIT 1), 9223372036854775807)," \
      " coalesce((SELECT next_due FROM series WHERE lane_id = ?1 AND known = 1" \
      " AND queued > 0 ORDER BY next_due LIMIT 1), 9223372036854775807)) AS due) AS n WHERE lane.id = ?1") \
    X(SERIES_IS_STORED, "", "UPDATE series SET stored = 1, known = 1," \
      " stored_at = CASE WHEN stored_at = 0 THEN ?2 ELSE stored_at END WHERE id = ?1 AND known = 0") \
    X(SERIES_STORED_AT, "", "SELECT stored_at FROM series WHERE id = ?1") \
    X(SERIES_IS_UNKNOWN, "", "UPDATE series SET known = 0 WHERE id = ?1") \
    X(OPEN_ALL_LANES, START_ONLY, "UPDATE lane SET closed = 0, ready = 0 WHERE closed = 1 OR ready = 1")
/* clang-format on */
JOBDB_STATEMENTS(lane)

/* The row of the destination's lane for the study. */
static int64_t add_to_lane(struct jobdb *db, int64_t destination_id, const struct jobdb_instance *instance,
                           int64_t now)
{
    return row_first(jobdb_change_returning(db, SQL_ADD_TO_LANE, "isii", destination_id, instance->study,
                                            (int64_t)instance->urgent, now),
                     0);
}

static struct lane_series read_series(struct row row, bool *ret_waits)
{
    struct lane_series series = {0};
    *ret_waits = false;
    if (row_next(&row)) {
        series.id = row_number(&row);
        series.stored = row_flag(&row);
        *ret_waits = row_flag(&row);
    }
    row_end(&row);
    return series;
}

struct lane_series lane_add(struct jobdb *db, int64_t destination_id, const struct jobdb_instance *instance,
                            int64_t now)
{
    int64_t lane_id = add_to_lane(db, destination_id, instance, now);
    bool waits;
    struct lane_series series = read_series(
        jobdb_change_returning(db, SQL_ADD_TO_SERIES, "isi", lane_id, instance->series, now), &waits);
    if (waits) /* for the request that has it */
        jobdb_refresh_lane(db, lane_id, now);
    return series;
}

struct lane_series lane_know(struct jobdb *db, int64_t destination_id, const char *study, const char *series)
{
    int64_t lane_id = row_first(jobdb_change_returning(db, SQL_KNOW_LANE, "is", destination_id, study), 0);
    bool waits;
    return read_series(jobdb_change_returning(db, SQL_KNOW_SERIES, "is", lane_id, series), &waits);
}

void lane_take_from_series(struct jobdb *db, int64_t series_id, int64_t deliveries)
{
    (void)jobdb_change(db, SQL_TAKE_FROM_SERIES, "ii", series_id, deliveries);
}

void lane_lease_from_series(struct jobdb *db, int64_t series_id, int64_t deliveries)
{
    (void)jobdb_change(db, SQL_LEASE_FROM_SERIES, "ii", series_id, deliveries);
}

void lane_land_series(struct jobdb *db, int64_t series_id)
{
    (void)jobdb_change(db, SQL_LAND_SERIES, "i", series_id);
}

void lane_take(struct jobdb *db, int64_t lane_id, int64_t deliveries, int64_t urgent, int64_t served)
{
    (void)jobdb_change(db, SQL_TAKE_FROM_LANE, "iiii", lane_id, deliveries, urgent, served);
}

void lane_put(struct jobdb *db, int64_t lane_id, int64_t series_id, bool urgent, int64_t due_at)
{
    (void)jobdb_change(db, SQL_PUT_TO_SERIES, "ii", series_id, due_at);
    (void)jobdb_change(db, SQL_PUT_TO_LANE, "ii", lane_id, (int64_t)urgent);
}

bool lane_series_is_stored(struct jobdb *db, int64_t series_id, int64_t now)
{
    return jobdb_change(db, SQL_SERIES_IS_STORED, "ii", series_id, now) > 0;
}

int64_t jobdb_series_stored_at(struct jobdb *db, int64_t series_id)
{
    return row_first(jobdb_query(db, SQL_SERIES_STORED_AT, "i", series_id), 0);
}

void jobdb_series_unknown(struct jobdb *db, int64_t series_id)
{
    (void)jobdb_change(db, SQL_SERIES_IS_UNKNOWN, "i", series_id);
}

void jobdb_refresh_lane(struct jobdb *db, int64_t lane_id, int64_t now)
{
    (void)jobdb_change(db, SQL_REFRESH_LANE, "ii", lane_id, now);
}

struct held {
    int64_t series_id, lane_id;
};

/* Rows must not change under their own query: they are read first. */
static struct held *held_series(struct jobdb *db, size_t *ret_count)
{
    struct held *held = NULL;
    size_t count = 0, capacity = 0;
    AUTO(row_end) struct row row = jobdb_query(db, SQL_HELD_SERIES, "");
    while (row_next(&row)) {
        held = memory_grow(held, &capacity, count + 1, sizeof *held);
        held[count].series_id = row_number(&row);
        held[count++].lane_id = row_number(&row);
    }
    *ret_count = count;
    return held;
}

void lane_count_flights(struct jobdb *db)
{
    size_t count;
    AUTO(memory_free) struct held *held = held_series(db, &count);
    for (size_t i = 0; i < count; i++) {
        (void)jobdb_change(db, SQL_COUNT_FLIGHTS, "i", held[i].series_id);
        jobdb_refresh_lane(db, held[i].lane_id, 0); /* asleep: it is woken when it is due */
    }
}

void lane_open_all(struct jobdb *db)
{
    (void)jobdb_change(db, SQL_OPEN_ALL_LANES, "");
}
