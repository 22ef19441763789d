#include "common/jobs/standing.h"

#include "common/base/cleanup.h"
#include "common/jobs/history.h"
#include "common/jobs/row.h"

/* clang-format off */
#define STATEMENTS(X) \
    X(HOLD_DESTINATION, "", "UPDATE destination SET held_by = ?2, held_at = ?3 WHERE id = ?1") \
    X(HOLD_ALBUM, "", "UPDATE album SET held_by = ?2, held_at = ?3 WHERE id = ?1") \
    X(STANDING_OF_DESTINATION, "", \
      "SELECT CASE WHEN held THEN held_at ELSE since END, CASE WHEN held THEN held_by END, held FROM destination WHERE id = ?1") \
    X(STANDING_OF_ALBUM, "", \
      "SELECT CASE WHEN a.held THEN a.held_at WHEN d.held THEN d.held_at ELSE a.since END," \
      " CASE WHEN a.held THEN a.held_by WHEN d.held THEN d.held_by END, a.held" \
      " FROM album a JOIN destination d ON d.id = a.destination_id WHERE a.id = ?1") \
    X(DONE_LATELY, "", \
      "SELECT coalesce(sum(done), 0) FROM tally WHERE destination_id = ?1 AND album_id = ?2 AND started_at >= ?3") \
    X(DESTINATION_OF_NOW, "", \
      "SELECT 1 FROM destination d WHERE id = ?1 AND (configured OR queued + in_flight + failed + undecided > 0" \
      " OR EXISTS (SELECT 1 FROM album a WHERE a.destination_id = d.id" \
      " AND a.waiting + a.queued + a.in_flight + a.failed + a.undecided > 0))") \
    X(ALBUM_OF_NOW, "", \
      "SELECT 1 FROM album WHERE id = ?1 AND (configured OR waiting + queued + in_flight + failed + undecided > 0)")
/* clang-format on */
JOBDB_STATEMENTS(standing)

void jobdb_save_hold(struct jobdb *db, int64_t destination_id, int64_t album_id, const char *by, int64_t now)
{
    (void)jobdb_change(db, album_id ? SQL_HOLD_ALBUM : SQL_HOLD_DESTINATION, "isi",
                       album_id ? album_id : destination_id, by, by ? now : 0);
}

void jobdb_find_standing(struct jobdb *db, int64_t destination_id, int64_t album_id, int64_t now,
                         struct jobdb_standing *ret_standing)
{
    int64_t from = now - now % JOBDB_TALLY_MS - JOBDB_TALLY_MS;
    *ret_standing = (struct jobdb_standing){.over_ms = now - from};
    AUTO(row_end)
    struct row row = album_id ? jobdb_query(db, SQL_STANDING_OF_ALBUM, "i", album_id)
                              : jobdb_query(db, SQL_STANDING_OF_DESTINATION, "i", destination_id);
    if (row_next(&row)) {
        ret_standing->since = row_number(&row);
        row_copy(&row, ret_standing->held_by, sizeof ret_standing->held_by);
        ret_standing->held_itself = row_flag(&row);
    }
    ret_standing->done =
        row_first(jobdb_query(db, SQL_DONE_LATELY, "iii", destination_id, album_id, from), 0);
}

int64_t jobdb_empty_in(const struct jobdb_standing *standing, int64_t jobs, bool is_up)
{
    if (jobs == 0)
        return 0;
    if (!is_up || standing->done <= 0 || standing->over_ms <= 0)
        return -1;
    return (int64_t)((double)jobs * (double)standing->over_ms / (double)standing->done / 1000.0);
}

bool jobdb_is_of_now(struct jobdb *db, int64_t destination_id, int64_t album_id)
{
    return row_exists(album_id ? jobdb_query(db, SQL_ALBUM_OF_NOW, "i", album_id)
                               : jobdb_query(db, SQL_DESTINATION_OF_NOW, "i", destination_id));
}
