#include "common/jobs/history.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/jobs/row.h"

#include <stdlib.h>
#include <string.h>

enum { TALLIES_AT_ONCE_MS = 60 * 60 * 1000 };

/* clang-format off */
#define STATEMENTS(X) \
    X(TALLY, "", \
      "INSERT INTO tally (destination_id, album_id, started_at, done, bytes, failed)" \
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (destination_id, album_id, started_at) DO UPDATE SET" \
      " done = done + excluded.done, bytes = bytes + excluded.bytes, failed = failed + excluded.failed") \
    X(ADD_EVENT, "", \
      "INSERT INTO event (at, kind, instance_id, delivery_id, share_id, destination_id, album_id," \
      " http_status, detail) VALUES (?1, ?2, nullif(?3, 0), nullif(?4, 0), nullif(?5, 0), nullif(?6, 0)," \
      " nullif(?7, 0), nullif(?8, 0), ?9)") \
    X(DELIVERY_SAID, "", \
      "SELECT 1 FROM delivery WHERE id = ?1 AND http_status IS nullif(?2, 0) AND reason IS ?3") \
    X(SHARE_SAID, "", "SELECT 1 FROM share WHERE id = ?1 AND http_status IS nullif(?2, 0) AND reason IS ?3") \
    X(EACH_FORGOTTEN, "", \
      "SELECT id, study FROM instance WHERE state = 'done' AND place = 'gone' AND done_at < ?1 ORDER BY done_at LIMIT ?2") \
    X(FORGET_INSTANCE, "", "DELETE FROM instance WHERE id = ?1") \
    X(FORGET_SHARES, "", \
      "DELETE FROM share WHERE study = ?1 AND state IN ('shared', 'dropped')" \
      " AND NOT EXISTS (SELECT 1 FROM instance WHERE study = ?1)") \
    X(FORGET_FETCHES, "", \
      "DELETE FROM fetch WHERE study = ?1 AND NOT EXISTS (SELECT 1 FROM instance WHERE study = ?1)") \
    X(FORGET_INQUIRIES, "", \
      "DELETE FROM inquiry WHERE study = ?1 AND NOT EXISTS (SELECT 1 FROM instance WHERE study = ?1)") \
    X(FORGET_SERIES, "", \
      "DELETE FROM series WHERE lane_id IN (SELECT id FROM lane WHERE study = ?1)" \
      " AND NOT EXISTS (SELECT 1 FROM share WHERE series_id = series.id)" \
      " AND NOT EXISTS (SELECT 1 FROM instance WHERE study = ?1)") \
    X(FORGET_HASHES, "", \
      "DELETE FROM search_hash WHERE study = ?1 AND NOT EXISTS (SELECT 1 FROM instance WHERE study = ?1)") \
    X(FORGET_ALL_HASHES, CONFIG_ONLY, "DELETE FROM search_hash") \
    X(FORGET_LANES, "", \
      "DELETE FROM lane WHERE study = ?1 AND NOT EXISTS (SELECT 1 FROM series WHERE lane_id = lane.id)" \
      " AND NOT EXISTS (SELECT 1 FROM instance WHERE study = ?1)") \
    X(FORGET_EVENTS, "", \
      "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE at < ?1 ORDER BY at LIMIT ?2)") \
    X(FORGET_REQUESTS, "", \
      "DELETE FROM request WHERE id IN (SELECT id FROM request WHERE finished_at < ?1" \
      " ORDER BY finished_at LIMIT ?2)") \
    X(FORGET_NOTICES, "", \
      "DELETE FROM notice WHERE id IN (SELECT id FROM notice WHERE ended_at < ?1 ORDER BY ended_at LIMIT ?2)") \
    X(FORGET_COMMITMENTS, "", \
      "DELETE FROM commitment WHERE id IN (SELECT id FROM commitment WHERE state IN ('reported', 'dropped')" \
      " AND finished_at < ?1 ORDER BY finished_at LIMIT ?2)") \
    X(FORGET_TALLIES, "", \
      "DELETE FROM tally WHERE started_at < min(?1, (SELECT min(started_at) FROM tally) + ?2)") \
    X(FORGET_DAYS, "", "DELETE FROM matching_day WHERE day < ?1")
/* clang-format on */
JOBDB_STATEMENTS(history)

/* ---- adding ---- */

void jobdb_tally(struct jobdb *db, int64_t destination_id, int64_t album_id, int64_t now, int64_t done,
                 int64_t bytes, int64_t failed)
{
    (void)jobdb_change(db, SQL_TALLY, "iiiiii", destination_id, album_id, now - now % JOBDB_TALLY_MS, done,
                       bytes, failed);
}

bool jobdb_job_said(struct jobdb *db, enum work_stage stage, int64_t id, int http_status, const char *reason)
{
    int which = stage == WORK_SHARE ? SQL_SHARE_SAID : SQL_DELIVERY_SAID;
    return row_exists(jobdb_query(db, which, "iis", id, (int64_t)http_status, reason));
}

void jobdb_add_event(struct jobdb *db, const struct jobdb_event *event)
{
    (void)jobdb_change(db, SQL_ADD_EVENT, "isiiiiiis", event->at, event->kind, event->instance_id,
                       event->delivery_id, event->share_id, event->destination_id, event->album_id,
                       (int64_t)event->http_status, event->detail);
}

/* ---- forgetting ---- */

struct old {
    int64_t instance_id;
    char study[JOBDB_UID_SIZE];
};

/* What is kept for a study as a whole goes with the last of its instances; else nothing happens. */
static void forget_study(struct jobdb *db, const char *study)
{
    (void)jobdb_change(db, SQL_FORGET_SHARES, "s", study);
    (void)jobdb_change(db, SQL_FORGET_FETCHES, "s", study);
    (void)jobdb_change(db, SQL_FORGET_INQUIRIES, "s", study);
    (void)jobdb_change(db, SQL_FORGET_SERIES, "s", study);
    (void)jobdb_change(db, SQL_FORGET_LANES, "s", study);
    (void)jobdb_change(db, SQL_FORGET_HASHES, "s", study);
}

/* Rows must not change under their own query: they are read first. */
static size_t read_old(struct jobdb *db, int64_t before, struct old *old, size_t most)
{
    size_t count = 0;
    AUTO(row_end) struct row row = jobdb_query(db, SQL_EACH_FORGOTTEN, "ii", before, (int64_t)most);
    while (count < most && row_next(&row)) {
        old[count].instance_id = row_number(&row);
        row_copy(&row, old[count++].study, JOBDB_UID_SIZE);
    }
    return count;
}

void jobdb_forget_hashes(struct jobdb *db)
{
    (void)jobdb_change(db, SQL_FORGET_ALL_HASHES, "");
}

size_t jobdb_forget(struct jobdb *db, int64_t before, size_t limit)
{
    size_t forgotten = 0;
    char day[CLOCK_DAY_SIZE];
    struct old *old = memory_new(limit, sizeof *old);
    size_t count = read_old(db, before, old, limit);
    for (size_t i = 0; i < count; i++) {
        forgotten += jobdb_change(db, SQL_FORGET_INSTANCE, "i", old[i].instance_id) > 0;
        if (i + 1 == count || strcmp(old[i].study, old[i + 1].study) != 0)
            forget_study(db, old[i].study);
    }
    free(old);
    (void)jobdb_change(db, SQL_FORGET_EVENTS, "ii", before, (int64_t)limit);
    (void)jobdb_change(db, SQL_FORGET_REQUESTS, "ii", before, (int64_t)limit);
    (void)jobdb_change(db, SQL_FORGET_NOTICES, "ii", before, (int64_t)limit);
    (void)jobdb_change(db, SQL_FORGET_COMMITMENTS, "ii", before, (int64_t)limit);
    (void)jobdb_change(db, SQL_FORGET_TALLIES, "ii", before, (int64_t)TALLIES_AT_ONCE_MS);
    (void)jobdb_change(db, SQL_FORGET_DAYS, "s", clock_local_day(before, day));
    return forgotten;
}
