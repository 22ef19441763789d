#include "common/jobs/conditions.h"

#include "common/base/cleanup.h"
#include "common/jobs/counts.h"
#include "common/jobs/row.h"

enum { HOUR_MS = 3600 * 1000, DAY_MS = 24 * HOUR_MS };

/* clang-format off */
#define STATEMENTS(X) \
    X(NO_CONDITION, "", "DELETE FROM matching WHERE destination_id = ?1 AND album_id = ?2") \
    X(CONDITION_IN_FORCE, "", \
      "INSERT INTO matching (destination_id, album_id, condition, since) VALUES (?1, ?2, ?3, ?4)" \
      " ON CONFLICT (destination_id, album_id) DO UPDATE SET condition = excluded.condition, since = excluded.since," \
      " yes = 0, no = 0, undecided = 0, series = 0, matched_at = NULL, unmatched_since = NULL, unmatched_series = 0" \
      " WHERE condition <> excluded.condition") \
    X(FIND_CONDITION, "", \
      "SELECT since, yes, no, undecided, series, matched_at, unmatched_since, unmatched_series FROM matching" \
      " WHERE destination_id = ?1 AND album_id = ?2") \
    X(CONDITION_TALLY, "", \
      "SELECT coalesce(sum(CASE WHEN started_at > ?3 THEN yes ELSE 0 END), 0)," \
      " coalesce(sum(CASE WHEN started_at > ?3 THEN no ELSE 0 END), 0), coalesce(sum(yes), 0), coalesce(sum(no), 0)" \
      " FROM tally WHERE destination_id = ?1 AND album_id = ?2 AND started_at > ?4")
/* clang-format on */
JOBDB_STATEMENTS(conditions)

void jobdb_condition_in_force(struct jobdb *db, int64_t destination_id, int64_t album_id, const char *digest,
                              int64_t now)
{
    if (digest)
        (void)jobdb_change(db, SQL_CONDITION_IN_FORCE, "iisi", destination_id, album_id, digest, now);
    else
        (void)jobdb_change(db, SQL_NO_CONDITION, "ii", destination_id, album_id);
}

void jobdb_count_condition(struct jobdb *db, int64_t destination_id, int64_t album_id, enum jobdb_said said,
                           bool first_of_series, int64_t now)
{
    struct counts_asked *asked = &counts_of(db, destination_id, album_id)->asked;
    asked->at = now;
    asked->yes += said == JOBDB_SAID_YES;
    asked->no += said == JOBDB_SAID_NO;
    asked->undecided += said == JOBDB_SAID_UNDECIDED;
    asked->series += first_of_series;
    asked->unmatched_series = said == JOBDB_SAID_YES ? 0 : asked->unmatched_series + first_of_series;
}

bool jobdb_find_condition(struct jobdb *db, int64_t destination_id, int64_t album_id, int64_t now,
                          struct jobdb_condition *ret_condition)
{
    AUTO(row_end) struct row row = jobdb_query(db, SQL_FIND_CONDITION, "ii", destination_id, album_id);
    if (!row_next(&row))
        return false;
    int64_t *const fields[] = {&ret_condition->since,
                               &ret_condition->yes,
                               &ret_condition->no,
                               &ret_condition->undecided,
                               &ret_condition->series,
                               &ret_condition->matched_at,
                               &ret_condition->unmatched_since,
                               &ret_condition->unmatched_series};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        *fields[i] = row_number(&row);
    AUTO(row_end)
    struct row tally =
        jobdb_query(db, SQL_CONDITION_TALLY, "iiii", destination_id, album_id, now - HOUR_MS, now - DAY_MS);
    if (!row_next(&tally))
        return false;
    ret_condition->yes_hour = row_number(&tally);
    ret_condition->no_hour = row_number(&tally);
    ret_condition->yes_day = row_number(&tally);
    ret_condition->no_day = row_number(&tally);
    return true;
}

bool jobdb_matches_nothing(const struct jobdb_condition *condition, int64_t now)
{
    enum { NOTED_SERIES = 10 };
    return condition->unmatched_series >= NOTED_SERIES &&
           (condition->matched_at == 0 || now - condition->unmatched_since > DAY_MS);
}
