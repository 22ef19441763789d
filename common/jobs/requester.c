#include "common/jobs/requester.h"

#include "common/base/cleanup.h"
#include "common/jobs/connection.h"
#include "common/jobs/row.h"

#define FEW_ROWS "a handful of rows: one for each source that asks for commitment"

/* clang-format off */
#define STATEMENTS(X) \
    X(EACH_REQUESTER, FEW_ROWS, "SELECT calling_aet, called_aet, failures, until FROM requester") \
    X(EACH_AWAITING, "read at start alone, by its index", \
      "SELECT DISTINCT calling_aet, called_aet, 0, 0 FROM commitment WHERE state = 'queued'") \
    X(REQUESTER_FAILED, "", \
      "INSERT INTO requester (calling_aet, called_aet, failures, until, last_error, last_error_at)" \
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (calling_aet, called_aet) DO UPDATE" \
      " SET failures = ?3, until = ?4, last_error = ?5, last_error_at = ?6") \
    X(REQUESTER_TOOK, "", \
      "INSERT INTO requester (calling_aet, called_aet, reported_at) VALUES (?1, ?2, ?3)" \
      " ON CONFLICT (calling_aet, called_aet) DO UPDATE SET failures = 0, until = 0, reported_at = ?3") \
    X(HAS_ASKED, "", \
      "SELECT EXISTS (SELECT 1 FROM requester WHERE calling_aet = ?1)" \
      " OR EXISTS (SELECT 1 FROM commitment WHERE calling_aet = ?1 AND state = 'queued')") \
    X(IS_HELD, "", "SELECT 1 FROM held_source WHERE calling_aet = ?1") \
    X(HOLD, "", "INSERT OR IGNORE INTO held_source (calling_aet, held_by, since) VALUES (?1, ?2, ?3)") \
    X(LET_GO, "", "DELETE FROM held_source WHERE calling_aet = ?1") \
    X(AGE_ANEW, "", "UPDATE commitment SET decided_at = ?2 WHERE calling_aet = ?1 AND state = 'queued'") \
    X(RESTING, FEW_ROWS, \
      "SELECT q.calling_aet, q.called_aet, (SELECT count(*) FROM commitment c WHERE c.calling_aet = q.calling_aet" \
      " AND c.called_aet = q.called_aet AND c.state = 'queued'), q.failures, q.until, q.last_error, NULL, q.last_error_at" \
      " FROM requester q WHERE q.failures > 0 ORDER BY 1, 2") \
    X(HELD_ONES, FEW_ROWS, \
      "SELECT h.calling_aet, NULL, (SELECT count(*) FROM commitment c WHERE c.calling_aet = h.calling_aet" \
      " AND c.state = 'queued'), 0, 0, NULL, h.held_by, h.since FROM held_source h ORDER BY 1") \
    X(COUNT_RESTING, FEW_ROWS, "SELECT count(*) FROM requester WHERE failures > 0") \
    X(COUNT_HELD, FEW_ROWS, "SELECT count(*) FROM held_source")
/* clang-format on */
JOBDB_STATEMENTS(requester)

static void each_source(struct row row, void (*each)(void *context, const struct jobdb_requester *requester),
                        void *context)
{
    struct jobdb_requester requester;
    AUTO(row_end) struct row at = row;
    while (row_next(&at)) {
        requester.calling = row_text(&at);
        requester.called = row_text(&at);
        requester.failures = row_number(&at);
        requester.until = row_number(&at);
        each(context, &requester);
    }
}

void jobdb_each_requester(struct jobdb *db,
                          void (*each)(void *context, const struct jobdb_requester *requester), void *context)
{
    each_source(jobdb_query(db, SQL_EACH_REQUESTER, ""), each, context);
}

void jobdb_each_awaiting(struct jobdb *db,
                         void (*each)(void *context, const struct jobdb_requester *requester), void *context)
{
    each_source(jobdb_query(db, SQL_EACH_AWAITING, ""), each, context);
}

void jobdb_requester_failed(struct jobdb *db, const struct jobdb_requester *requester, const char *error,
                            int64_t now)
{
    (void)jobdb_change(db, SQL_REQUESTER_FAILED, "ssiisi", requester->calling, requester->called,
                       requester->failures, requester->until, error, now);
}

void jobdb_requester_took(struct jobdb *db, const struct jobdb_requester *requester, int64_t now)
{
    (void)jobdb_change(db, SQL_REQUESTER_TOOK, "ssi", requester->calling, requester->called, now);
}

/* ---- held ---- */

bool jobdb_has_asked(struct jobdb *db, const char *calling)
{
    return row_first(jobdb_query(db, SQL_HAS_ASKED, "s", calling), 0) != 0;
}

bool jobdb_source_is_held(struct jobdb *db, const char *calling)
{
    return row_exists(jobdb_query(db, SQL_IS_HELD, "s", calling));
}

bool jobdb_hold_source(struct jobdb *db, const char *calling, const char *by, int64_t now)
{
    if (by)
        return jobdb_change(db, SQL_HOLD, "ssi", calling, by, now) > 0;
    if (jobdb_change(db, SQL_LET_GO, "s", calling) == 0)
        return false;
    (void)jobdb_change(db, SQL_AGE_ANEW, "si", calling, now);
    return true;
}

/* ---- for people ---- */

static void each_row(struct row row, void (*each)(void *context, const struct jobdb_requester_row *row),
                     void *context)
{
    struct jobdb_requester_row shown;
    AUTO(row_end) struct row at = row;
    while (row_next(&at)) {
        shown.calling = row_text(&at);
        shown.called = row_text_or_null(&at);
        shown.waiting = row_number(&at);
        shown.failures = row_number(&at);
        shown.until = row_number(&at);
        shown.last_error = row_text_or_null(&at);
        shown.held_by = row_text_or_null(&at);
        shown.since = row_number(&at);
        each(context, &shown);
    }
}

int jobdb_each_troubled_requester(struct jobdb *db,
                                  void (*each)(void *context, const struct jobdb_requester_row *row),
                                  void *context)
{
    each_row(jobdb_query(db, SQL_RESTING, ""), each, context);
    each_row(jobdb_query(db, SQL_HELD_ONES, ""), each, context);
    return db->error;
}

void jobdb_count_troubled_requesters(struct jobdb *db, int64_t *ret_resting, int64_t *ret_held)
{
    *ret_resting = row_first(jobdb_query(db, SQL_COUNT_RESTING, ""), 0);
    *ret_held = row_first(jobdb_query(db, SQL_COUNT_HELD, ""), 0);
}
