#include "common/jobs/times.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/jobs/connection.h"
#include "common/jobs/row.h"

/* clang-format off */
#define STATEMENTS(X) \
    X(READ_TIMES, "", "SELECT wall_at, trusted_at, doubt_ms FROM clock WHERE id = 1") \
    X(WRITE_TIMES, "", \
      "INSERT INTO clock (id, wall_at, trusted_at, doubt_ms) VALUES (1, ?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET" \
      " wall_at = excluded.wall_at, trusted_at = excluded.trusted_at, doubt_ms = excluded.doubt_ms") \
    X(HURRY_DELIVERIES, CLOCK_ONLY, \
      "UPDATE delivery SET due_at = ?1 WHERE state = 'queued' AND due_at > ?2") \
    X(HURRY_SERIES, CLOCK_ONLY, "UPDATE series SET next_due = ?1 WHERE queued > 0 AND next_due > ?2") \
    X(HURRY_LANES, CLOCK_ONLY, "UPDATE lane SET next_due = ?1 WHERE queued > 0 AND next_due > ?2") \
    X(HURRY_SHARES, CLOCK_ONLY, "UPDATE share SET due_at = ?1 WHERE state = 'queued' AND due_at > ?2") \
    X(HURRY_FETCHES, CLOCK_ONLY, "UPDATE fetch SET due_at = ?1 WHERE state = 'queued' AND due_at > ?2") \
    X(HURRY_INQUIRIES, CLOCK_ONLY, "UPDATE inquiry SET due_at = ?1 WHERE state = 'queued' AND due_at > ?2") \
    X(BACK_LANES, CLOCK_ONLY, "UPDATE lane SET last_served = 0 WHERE last_served > ?1 * 1000") \
    X(BACK_KEPT, "", \
      "UPDATE instance SET keep_until = ?1 WHERE state = 'done' AND place IN ('kept', 'dropped') AND keep_until > ?1") \
    X(BACK_HISTORY, "", \
      "UPDATE instance SET done_at = ?1, decided_at = CASE WHEN decided_at = done_at THEN ?1" \
      " ELSE min(decided_at, ?1 - 1) END WHERE state = 'done' AND place = 'gone' AND done_at > ?1") \
    X(BACK_QUARANTINE, "", "UPDATE instance SET decided_at = ?1 WHERE state = 'quarantined' AND decided_at > ?1") \
    X(BACK_TALLIES, "", "DELETE FROM tally WHERE started_at > ?1") \
    X(BACK_DAYS, CONFIG_ONLY, "DELETE FROM matching_day WHERE day > ?1") \
    X(BACK_MATCHING, CONFIG_ONLY, \
      "UPDATE matching SET since = min(since, ?1), matched_at = min(matched_at, ?1)," \
      " unmatched_since = min(unmatched_since, ?1)")
/* clang-format on */
JOBDB_STATEMENTS(times)

void jobdb_read_times(struct jobdb *db, struct jobdb_times *ret_times)
{
    AUTO(row_end) struct row row = jobdb_query(db, SQL_READ_TIMES, "");
    if (!row_next(&row))
        return;
    ret_times->wall_at = row_number(&row);
    ret_times->trusted_at = row_number(&row);
    ret_times->doubt_ms = row_number(&row);
}

void jobdb_write_times(struct jobdb *db, const struct jobdb_times *times)
{
    (void)jobdb_change(db, SQL_WRITE_TIMES, "iii", times->wall_at, times->trusted_at, times->doubt_ms);
}

void jobdb_hurry(struct jobdb *db, int64_t now, int64_t latest)
{
    static const int all[] = {SQL_HURRY_DELIVERIES, SQL_HURRY_SERIES,  SQL_HURRY_LANES,
                              SQL_HURRY_SHARES,     SQL_HURRY_FETCHES, SQL_HURRY_INQUIRIES};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        (void)jobdb_change(db, all[i], "ii", now, latest);
}

void jobdb_clock_is_back(struct jobdb *db, int64_t now, int64_t keep_until)
{
    char day[CLOCK_DAY_SIZE];
    db->served = db->served < now * 1000 ? db->served : now * 1000;
    (void)jobdb_change(db, SQL_BACK_LANES, "i", now);
    (void)jobdb_change(db, SQL_BACK_KEPT, "i", keep_until);
    (void)jobdb_change(db, SQL_BACK_HISTORY, "i", now);
    (void)jobdb_change(db, SQL_BACK_QUARANTINE, "i", now);
    (void)jobdb_change(db, SQL_BACK_TALLIES, "i", now);
    (void)jobdb_change(db, SQL_BACK_DAYS, "s", clock_local_day(now, day));
    (void)jobdb_change(db, SQL_BACK_MATCHING, "i", now);
}
