#include "common/jobs/place.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/jobs/counts.h"
#include "common/jobs/move.h"
#include "common/jobs/row.h"
#include "common/jobs/states.h"

#include <stdlib.h>

/* clang-format off */
#define STATEMENTS(X) \
    X(NOTHING_STORED, "", \
      "UPDATE series SET known = 0, stored = 0, stored_at = 0 WHERE lane_id IN (SELECT id FROM lane WHERE destination_id = ?1)") \
    X(NOTHING_WENT, "", "UPDATE lane SET vacant = 0 WHERE destination_id = ?1") \
    X(NOTHING_TOLD, "", \
      "UPDATE delivery SET absent = -1 WHERE absent = 1 AND destination_id = ?1") \
    X(DESTINATION_MOVED, "", "UPDATE destination SET moved_at = ?2 WHERE id = ?1") \
    X(ALBUM_MOVED, "", "UPDATE album SET moved_at = ?2 WHERE id = ?1") \
    X(DUE_SHARES, "", \
      "SELECT s.id, s.album_id, s.tries FROM album a JOIN share s ON s.album_id = a.id AND s.state = 'queued'" \
      " WHERE a.destination_id = ?1") \
    X(THE_SHARE, "", \
      "SELECT s.id, s.state, s.destination_id, coalesce(s.witness_id, 0), s.tries FROM share s" \
      " WHERE s.album_id = ?1 AND s.series_id = ?2") \
    X(STALE_SHARE, "", \
      "SELECT 1 FROM share s JOIN album a ON a.id = s.album_id WHERE s.album_id = ?1 AND s.series_id = ?2" \
      " AND s.state <> 'dropped' AND s.finished_at <= a.moved_at")
/* clang-format on */
JOBDB_STATEMENTS(place)

/* ---- a destination moves ---- */

struct due_share {
    int64_t id, album_id;
    int tries;
};

/* Rows must not change under their own query: they are read first. */
static struct due_share *due_shares(struct jobdb *db, int64_t destination_id, size_t *ret_count)
{
    struct due_share *shares = NULL;
    size_t count = 0, capacity = 0;
    AUTO(row_end) struct row row = jobdb_query(db, SQL_DUE_SHARES, "i", destination_id);
    while (row_next(&row)) {
        shares = memory_grow(shares, &capacity, count + 1, sizeof *shares);
        shares[count].id = row_number(&row);
        shares[count].album_id = row_number(&row);
        shares[count++].tries = row_int(&row);
    }
    *ret_count = count;
    return shares;
}

void jobdb_destination_moved(struct jobdb *db, int64_t destination_id, int64_t now)
{
    size_t count;
    AUTO(memory_free) struct due_share *shares = due_shares(db, destination_id, &count);
    for (size_t i = 0; i < count; i++) {
        move_share_waits(db, shares[i].id);
        counts_share(db, destination_id, shares[i].album_id, SHARE_QUEUED, shares[i].tries, -1);
        counts_share(db, destination_id, shares[i].album_id, SHARE_WAITING, shares[i].tries, 1);
    }
    (void)jobdb_change(db, SQL_NOTHING_STORED, "i", destination_id);
    (void)jobdb_change(db, SQL_NOTHING_WENT, "i", destination_id);
    (void)jobdb_change(db, SQL_NOTHING_TOLD, "i", destination_id);
    (void)jobdb_change(db, SQL_DESTINATION_MOVED, "ii", destination_id, now);
}

void jobdb_album_moved(struct jobdb *db, int64_t album_id, int64_t now)
{
    (void)jobdb_change(db, SQL_ALBUM_MOVED, "ii", album_id, now);
}

/* ---- a share is asked for anew ---- */

bool jobdb_forget_share(struct jobdb *db, int64_t album_id, int64_t series_id, int64_t now,
                        int64_t keep_until)
{
    AUTO(row_end) struct row row = jobdb_query(db, SQL_THE_SHARE, "ii", album_id, series_id);
    int state;
    if (!row_next(&row))
        return false;
    int64_t id = row_number(&row);
    bool known = state_parse(MACHINE_SHARE, row_text(&row), &state);
    int64_t destination_id = row_number(&row);
    int64_t witness_id = row_number(&row);
    int tries = row_int(&row);
    row_end(&row);
    if (!known || !move_out(db, MACHINE_SHARE, id, CAUSE_ANEW))
        return false;
    counts_share(db, destination_id, album_id, (enum share_state)state, tries, -1);
    if (witness_id && !state_is_final(MACHINE_SHARE, state))
        move_job_is_final(db, witness_id, now, keep_until);
    return true;
}

bool place_forget_stale(struct jobdb *db, int64_t album_id, int64_t series_id, int64_t now,
                        int64_t keep_until)
{
    return row_exists(jobdb_query(db, SQL_STALE_SHARE, "ii", album_id, series_id)) &&
           jobdb_forget_share(db, album_id, series_id, now, keep_until);
}
