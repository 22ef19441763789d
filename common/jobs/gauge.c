#include "common/jobs/gauge.h"

#include "common/jobs/sql.h"

#include "common/base/cleanup.h"

#include <string.h>
#include <sys/stat.h>

/* ---- destinations and albums ---- */

static int64_t first_number(struct jobdb *db, sqlite3_stmt *row)
{
    if (!jobdb_row(db, row))
        return 0;
    int64_t number = sqlite3_column_int64(row, 0);
    jobdb_end(row);
    return number;
}

int64_t jobdb_oldest_queued(struct jobdb *db, int64_t destination_id, int64_t album_id)
{
    return first_number(db, album_id ? jobdb_query(db, SQL_OLDEST_SHARE, "i", album_id)
                                     : jobdb_query(db, SQL_OLDEST_DELIVERY, "i", destination_id));
}

static int known_or_not(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL ? -1 : sqlite3_column_int(row, column);
}

static void read_depth(struct jobdb *db, sqlite3_stmt *row, struct jobdb_depth *ret_depth)
{
    int64_t destination_id = sqlite3_column_int64(row, 0), album_id = sqlite3_column_int64(row, 1);
    *ret_depth = (struct jobdb_depth){.destination = jobdb_text(row, 2),
                                      .album = jobdb_text_or_null(row, 3),
                                      .waiting = sqlite3_column_int64(row, 4),
                                      .queued = sqlite3_column_int64(row, 5),
                                      .deferred = sqlite3_column_int64(row, 6),
                                      .in_flight = sqlite3_column_int64(row, 7),
                                      .failed = sqlite3_column_int64(row, 8),
                                      .token_active = known_or_not(row, 9),
                                      .source_active = known_or_not(row, 10)};
    ret_depth->oldest_queued_at = jobdb_oldest_queued(db, destination_id, album_id);
    ret_depth->oldest_failed_at =
        first_number(db, album_id ? jobdb_query(db, SQL_OLDEST_FAILED_SHARE, "i", album_id)
                                  : jobdb_query(db, SQL_OLDEST_FAILED_DELIVERY, "i", destination_id));
}

void jobdb_each_depth(struct jobdb *db, void (*each)(void *context, const struct jobdb_depth *depth),
                      void *context)
{
    struct jobdb_depth depth;
    sqlite3_stmt *row = jobdb_query(db, SQL_EACH_DEPTH, "");
    while (jobdb_row(db, row)) {
        read_depth(db, row, &depth);
        each(context, &depth);
    }
}

/* ---- files of the spool ---- */

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
    sqlite3_stmt *row = jobdb_query(db, SQL_COUNT_SPOOL, "");
    while (jobdb_row(db, row))
        add_volume(db, jobdb_text(row, 0), sqlite3_column_int64(row, 1), sqlite3_column_int64(row, 2));
}

struct jobdb_volume jobdb_spool_volume(const struct jobdb *db, enum spool_place place)
{
    return db->volumes[place];
}

/* ---- the database's own files ---- */

static int64_t size_of(const char *state_dir, const char *name)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    struct stat status;
    text_format(&path, "%s/%s", state_dir, name);
    return stat(text_string(&path), &status) == 0 ? (int64_t)status.st_size : 0;
}

void jobdb_file_sizes(const char *state_dir, int64_t *ret_database, int64_t *ret_wal)
{
    *ret_database = size_of(state_dir, "jobs.db");
    *ret_wal = size_of(state_dir, "jobs.db-wal");
}
