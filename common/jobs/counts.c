#include "common/jobs/counts.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/jobs/connection.h"
#include "common/jobs/history.h"
#include "common/jobs/row.h"

/* clang-format off */
#define STATEMENTS(X) \
    X(COUNT_DESTINATION, "", \
      "UPDATE destination SET queued = queued + ?2, deferred = deferred + ?3, in_flight = in_flight + ?4," \
      " failed = failed + ?5, undecided = undecided + ?6 WHERE id = ?1") \
    X(COUNT_ALBUM, "", \
      "UPDATE album SET queued = queued + ?2, deferred = deferred + ?3, in_flight = in_flight + ?4," \
      " failed = failed + ?5, undecided = undecided + ?6, waiting = waiting + ?7 WHERE id = ?1") \
    X(COUNT_ASKED, "", \
      "UPDATE matching SET yes = yes + ?3, no = no + ?4, undecided = undecided + ?5, series = series + ?6," \
      " matched_at = CASE WHEN ?3 > 0 THEN ?8 ELSE matched_at END," \
      " unmatched_since = CASE WHEN ?7 > 0 AND (?3 > 0 OR unmatched_since IS NULL) THEN ?8" \
      " WHEN ?3 > 0 THEN NULL ELSE unmatched_since END," \
      " unmatched_series = ?7 + CASE WHEN ?3 > 0 THEN 0 ELSE unmatched_series END" \
      " WHERE destination_id = ?1 AND album_id = ?2") \
    X(TALLY_ASKED, "", \
      "INSERT INTO tally (destination_id, album_id, started_at, yes, no) VALUES (?1, ?2, ?3, ?4, ?5)" \
      " ON CONFLICT (destination_id, album_id, started_at) DO UPDATE SET" \
      " yes = yes + excluded.yes, no = no + excluded.no") \
    X(ASKED_OF_DAY, "", \
      "INSERT INTO matching_day (destination_id, album_id, day, yes, no, undecided) VALUES (?1, ?2, ?3, ?4, ?5, ?6)" \
      " ON CONFLICT (destination_id, album_id, day) DO UPDATE SET" \
      " yes = yes + excluded.yes, no = no + excluded.no, undecided = undecided + excluded.undecided")
/* clang-format on */
JOBDB_STATEMENTS(counts)

struct jobdb_counts *counts_of(struct jobdb *db, int64_t destination_id, int64_t album_id)
{
    for (size_t i = 0; i < db->count_count; i++) {
        if (db->counts[i].destination_id == destination_id && db->counts[i].album_id == album_id)
            return &db->counts[i];
    }
    db->counts = memory_grow(db->counts, &db->count_capacity, db->count_count + 1, sizeof *db->counts);
    struct jobdb_counts *counts = &db->counts[db->count_count++];
    *counts = (struct jobdb_counts){.destination_id = destination_id, .album_id = album_id};
    return counts;
}

void counts_delivery(struct jobdb *db, int64_t destination_id, enum delivery_state state, int tries, int by)
{
    struct jobdb_counts *counts = counts_of(db, destination_id, 0);
    counts->queued += state == DELIVERY_QUEUED ? by : 0;
    counts->deferred += state == DELIVERY_QUEUED && tries > 0 ? by : 0;
    counts->in_flight += state == DELIVERY_SENDING ? by : 0;
    counts->failed += state == DELIVERY_FAILED ? by : 0;
    counts->undecided += state == DELIVERY_UNDECIDED ? by : 0;
}

void counts_share(struct jobdb *db, int64_t destination_id, int64_t album_id, enum share_state state,
                  int tries, int by)
{
    struct jobdb_counts *counts = counts_of(db, destination_id, album_id);
    counts->waiting += state == SHARE_WAITING ? by : 0;
    counts->queued += state == SHARE_QUEUED ? by : 0;
    counts->deferred += state == SHARE_QUEUED && tries > 0 ? by : 0;
    counts->in_flight += state == SHARE_SHARING ? by : 0;
    counts->failed += state == SHARE_FAILED ? by : 0;
    counts->undecided += state == SHARE_UNDECIDED ? by : 0;
}

static void write_asked(struct jobdb *db, const struct jobdb_counts *c)
{
    const struct counts_asked *asked = &c->asked;
    char day[CLOCK_DAY_SIZE];
    if (asked->at == 0)
        return;
    (void)jobdb_change(db, SQL_COUNT_ASKED, "iiiiiiii", c->destination_id, c->album_id, asked->yes, asked->no,
                       asked->undecided, asked->series, asked->unmatched_series, asked->at);
    (void)jobdb_change(db, SQL_TALLY_ASKED, "iiiii", c->destination_id, c->album_id,
                       asked->at - asked->at % JOBDB_TALLY_MS, asked->yes, asked->no);
    (void)jobdb_change(db, SQL_ASKED_OF_DAY, "iisiii", c->destination_id, c->album_id,
                       clock_local_day(asked->at, day), asked->yes, asked->no, asked->undecided);
}

void counts_write(struct jobdb *db)
{
    for (size_t i = 0; i < db->count_count; i++) {
        const struct jobdb_counts *c = &db->counts[i];
        write_asked(db, c);
        if (c->album_id)
            (void)jobdb_change(db, SQL_COUNT_ALBUM, "iiiiiii", c->album_id, c->queued, c->deferred,
                               c->in_flight, c->failed, c->undecided, c->waiting);
        else
            (void)jobdb_change(db, SQL_COUNT_DESTINATION, "iiiiii", c->destination_id, c->queued, c->deferred,
                               c->in_flight, c->failed, c->undecided);
    }
    db->count_count = 0;
}
