#include "tests/support/stored_database.h"

#include "common/base/cleanup.h"
#include "common/base/text.h"
#include "common/jobs/row.h"
#include "common/spool/spool.h"
#include "tests/support/files.h"
#include "tests/support/require.h"

#include <sqlite3.h>
#include <unistd.h>

static void close_sql(sqlite3 **sql)
{
    (void)sqlite3_close(*sql);
}

static void open_sql(const char *state_dir, sqlite3 **ret_sql)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    text_format(&path, "%s/jobs.db", state_dir);
    require(sqlite3_open(text_string(&path), ret_sql) == SQLITE_OK, "%s", sqlite3_errmsg(*ret_sql));
}

void stored_database_make(const char *state_dir)
{
    AUTO(close_sql) sqlite3 *sql = NULL;
    AUTO(text_release) struct text dump = TEXT_EMPTY;
    file_read(FELUCCA_SOURCE "/tests/support/jobs-1.sql", &dump);
    open_sql(state_dir, &sql);
    require(sqlite3_exec(sql, text_string(&dump), NULL, NULL, NULL) == SQLITE_OK, "jobs-1.sql: %s",
            sqlite3_errmsg(sql));
}

static void make_file(const struct spool *spool, const char *place_name, const char *receipt, int64_t size)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    enum spool_place place;
    if (!spool_place_parse(place_name, &place))
        return; /* gone */
    spool_append_path(spool, place, receipt, &path);
    file_write_string(text_string(&path), "");
    require(truncate(text_string(&path), size) == 0, "cannot lengthen %s", text_string(&path));
}

void stored_database_make_spool(const char *state_dir)
{
    AUTO(close_sql) sqlite3 *sql = NULL;
    AUTO(spool_destroy) struct spool *spool = NULL;
    require(spool_create(state_dir, &spool) == 0, "no spool in %s", state_dir);
    open_sql(state_dir, &sql);
    AUTO(row_end) struct row row = row_ask(sql, "SELECT place, receipt, size FROM instance", NULL);
    while (row_next(&row)) {
        const char *place = row_text(&row);
        const char *receipt = row_text(&row);
        make_file(spool, place, receipt, row_number(&row));
    }
    require(!row_failure(&row), "%s", row_failure(&row));
}

void stored_database_make_endless(const char *state_dir)
{
    AUTO(close_sql) sqlite3 *sql = NULL;
    open_sql(state_dir, &sql);
    require(
        sqlite3_exec(sql,
                     "DROP TABLE request; CREATE VIEW request AS"
                     " WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"
                     " SELECT x AS id, '' AS user, '' AS verb, x AS asked_at, x AS finished_at, 0 AS changed,"
                     " 0 AS skipped, '' AS sentence FROM c WHERE x < 0",
                     NULL, NULL, NULL) == SQLITE_OK,
        "%s", sqlite3_errmsg(sql));
}
