#include "common/jobs/volume.h"

#include "common/base/cleanup.h"
#include "common/jobs/connection.h"
#include "common/jobs/row.h"

#include <sqlite3.h>
#include <string.h>

/* clang-format off */
#define STATEMENTS(X) \
    X(COUNT_SPOOL, START_ONLY, \
      "SELECT 'queue', count(*), coalesce(sum(size), 0) FROM instance WHERE state = 'active'" \
      " UNION ALL SELECT 'queue', count(*), coalesce(sum(size), 0) FROM instance" \
      " WHERE state = 'done' AND place = 'queue'" \
      " UNION ALL SELECT 'quarantine', count(*), coalesce(sum(size), 0) FROM instance" \
      " WHERE state = 'quarantined'" \
      " UNION ALL SELECT 'kept', count(*), coalesce(sum(size), 0) FROM instance" \
      " WHERE state = 'done' AND place IN ('kept', 'dropped') AND place = 'kept'" \
      " UNION ALL SELECT 'dropped', count(*), coalesce(sum(size), 0) FROM instance" \
      " WHERE state = 'done' AND place IN ('kept', 'dropped') AND place = 'dropped'")
/* clang-format on */
JOBDB_STATEMENTS(volume)

static void add_volume(struct jobdb *db, const char *place, int64_t files, int64_t bytes)
{
    enum spool_place where;
    if (!spool_place_parse(place, &where))
        return; /* gone */
    db->volumes[where].files += files;
    db->volumes[where].bytes += bytes;
}

/* spool_changed(place, files, bytes), for the triggers below. */
static void spool_changed(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct jobdb *db = sqlite3_user_data(context);
    if (count == 3 && sqlite3_value_type(values[0]) == SQLITE_TEXT)
        add_volume(db, (const char *)sqlite3_value_text(values[0]), sqlite3_value_int64(values[1]),
                   sqlite3_value_int64(values[2]));
    sqlite3_result_null(context);
}

/* Whoever changes a row of instance, in whatever way, changes the sums: no query has to count. The triggers
 * belong to this connection, not to the file. */
static const char triggers[] =
    "CREATE TEMP TRIGGER IF NOT EXISTS spool_gains AFTER INSERT ON main.instance"
    " BEGIN SELECT spool_changed(new.place, 1, new.size); END;"
    "CREATE TEMP TRIGGER IF NOT EXISTS spool_moves AFTER UPDATE OF place ON main.instance"
    " BEGIN SELECT spool_changed(old.place, -1, -old.size), spool_changed(new.place, 1, new.size); END;"
    "CREATE TEMP TRIGGER IF NOT EXISTS spool_loses AFTER DELETE ON main.instance"
    " BEGIN SELECT spool_changed(old.place, -1, -old.size); END;";

void jobdb_count_spool(struct jobdb *db)
{
    (void)jobdb_commit(db); /* a trigger cannot be made while a change is under way */
    if (db->error != 0)
        return;
    memset(db->volumes, 0, sizeof db->volumes);
    if (sqlite3_create_function_v2(db->sql, "spool_changed", 3, SQLITE_UTF8, db, spool_changed, NULL, NULL,
                                   NULL) != SQLITE_OK ||
        sqlite3_exec(db->sql, triggers, NULL, NULL, NULL) != SQLITE_OK)
        return; /* the sums are for the eye only */
    AUTO(row_end) struct row row = jobdb_query(db, SQL_COUNT_SPOOL, "");
    while (row_next(&row)) {
        const char *place = row_text(&row);
        int64_t files = row_number(&row);
        add_volume(db, place, files, row_number(&row));
    }
}

struct jobdb_volume jobdb_spool_volume(const struct jobdb *db, enum spool_place place)
{
    return db->volumes[place];
}
