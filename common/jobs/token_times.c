#include "common/jobs/token_times.h"

#include "common/base/cleanup.h"
#include "common/jobs/row.h"

/* clang-format off */
#define STATEMENTS(X) \
    X(NOTE_STOW_TIMES, "", \
      "UPDATE destination SET token_first_at = CASE WHEN ?2 THEN ?4 ELSE coalesce(token_first_at, ?4) END," \
      " token_expires_at = nullif(?3, 0) WHERE id = ?1") \
    X(NOTE_ALBUM_TIMES, "", \
      "UPDATE album SET token_first_at = CASE WHEN ?2 THEN ?4 ELSE coalesce(token_first_at, ?4) END," \
      " token_expires_at = nullif(?3, 0) WHERE id = ?1") \
    X(NOTE_SOURCE_TIMES, "", \
      "UPDATE album SET source_first_at = CASE WHEN ?2 THEN ?4 ELSE coalesce(source_first_at, ?4) END," \
      " source_expires_at = nullif(?3, 0) WHERE id = ?1") \
    X(STOW_TIMES, "", "SELECT token_first_at, token_expires_at FROM destination WHERE id = ?1") \
    X(ALBUM_TIMES, "", "SELECT token_first_at, token_expires_at FROM album WHERE id = ?1") \
    X(SOURCE_TIMES, "", "SELECT source_first_at, source_expires_at FROM album WHERE id = ?1") \
    X(DESTINATION_NAMED, "", "SELECT id FROM destination WHERE name = ?1") \
    X(ALBUM_NAMED, "", "SELECT id FROM album WHERE destination_id = ?1 AND name = ?2")
/* clang-format on */
JOBDB_STATEMENTS(token_times)

void jobdb_note_token_times(struct jobdb *db, int64_t destination_id, int64_t album_id,
                            enum work_token_kind kind, bool another, int64_t expires_at, int64_t now)
{
    int which = !album_id                   ? SQL_NOTE_STOW_TIMES
                : kind == WORK_TOKEN_SOURCE ? SQL_NOTE_SOURCE_TIMES
                                            : SQL_NOTE_ALBUM_TIMES;
    (void)jobdb_change(db, which, "iiii", album_id ? album_id : destination_id, (int64_t)another, expires_at,
                       now);
}

void jobdb_find_token_times(struct jobdb *db, int64_t destination_id, int64_t album_id,
                            enum work_token_kind kind, struct jobdb_token_times *ret_times)
{
    int which = !album_id ? SQL_STOW_TIMES : kind == WORK_TOKEN_SOURCE ? SQL_SOURCE_TIMES : SQL_ALBUM_TIMES;
    AUTO(row_end) struct row row = jobdb_query(db, which, "i", album_id ? album_id : destination_id);
    if (!row_next(&row))
        return;
    ret_times->first_at = row_number(&row);
    ret_times->expires_at = row_number(&row);
}

void jobdb_token_times_named(struct jobdb *db, const char *destination, const char *album,
                             enum work_token_kind kind, struct jobdb_token_times *ret_times)
{
    int64_t destination_id = row_first(jobdb_query(db, SQL_DESTINATION_NAMED, "s", destination), 0);
    int64_t album_id =
        album ? row_first(jobdb_query(db, SQL_ALBUM_NAMED, "is", destination_id, album), 0) : 0;
    if (destination_id && (!album || album_id))
        jobdb_find_token_times(db, destination_id, album_id, kind, ret_times);
}
