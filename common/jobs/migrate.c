#include "common/jobs/migrate.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/jobs/connection.h"
#include "common/jobs/row.h"
#include "migrations_sql.h"
#include "schema_sql.h"

#include <sqlite3.h>
#include <string.h>

int jobdb_schema_version(void)
{
    return JOBDB_LAST_MIGRATION;
}

static void close_model(sqlite3 **model)
{
    (void)sqlite3_close(*model);
}

/* A question without parameters, or with one text; the error is remembered when it cannot be asked. */
static struct row migrate_ask(struct jobdb *db, sqlite3 *sql, const char *question, const char *parameter)
{
    struct row row = row_ask(sql, question, parameter);
    if (row_failure(&row))
        jobdb_fail(db, question);
    return row;
}

/* ---- views and indexes are those of the schema ---- */

static const char all_views[] = "SELECT 'DROP VIEW ' || name || ';' FROM sqlite_master WHERE type = 'view'";
static const char all_of_them[] = "SELECT name, sql, 'DROP ' || type || ' ' || name || ';' FROM sqlite_master"
                                  " WHERE type IN ('index', 'view') AND sql IS NOT NULL ORDER BY name";
static const char its_text[] = "SELECT sql FROM sqlite_master WHERE name = ?1";

/* A view that names what a migration takes away would make that fail. */
static void drop_views(struct jobdb *db)
{
    AUTO(text_release) struct text script = TEXT_EMPTY;
    AUTO(row_end) struct row row = migrate_ask(db, db->sql, all_views, NULL);
    while (row_next(&row))
        text_append(&script, row_text(&row));
    (void)jobdb_execute(db, text_string(&script), "removing the views");
}

/* Appends what makes, of everything in from that into does not have in the same words, one like in from; or,
 * with dropping, what removes it. */
static void append_difference(struct jobdb *db, sqlite3 *from, sqlite3 *into, bool dropping,
                              struct text *script)
{
    AUTO(row_end) struct row row = migrate_ask(db, from, all_of_them, NULL);
    while (row_next(&row)) {
        const char *name = row_text(&row);
        const char *making = row_text(&row);
        const char *removing = row_text(&row);
        AUTO(row_end) struct row other = migrate_ask(db, into, its_text, name);
        if (!row_next(&other) || strcmp(row_text(&other), making) != 0)
            text_format(script, "%s;\n", dropping ? removing : making);
    }
}

static void adjust_indexes_and_views(struct jobdb *db, const char *schema)
{
    AUTO(close_model) sqlite3 *model = NULL;
    AUTO(text_release) struct text script = TEXT_EMPTY;
    if (db->error != 0)
        return;
    if (sqlite3_open(":memory:", &model) != SQLITE_OK ||
        sqlite3_exec(model, schema, NULL, NULL, NULL) != SQLITE_OK) {
        db->error = ERR_DB;
        text_format(&db->sentence, "schema.sql: %s", model ? sqlite3_errmsg(model) : "out of memory");
        return;
    }
    append_difference(db, db->sql, model, true, &script);
    append_difference(db, model, db->sql, false, &script);
    (void)jobdb_execute(db, text_string(&script), "indexes and views");
}

/* ---- the way from one version to the next ---- */

static void check_references(struct jobdb *db)
{
    if (db->error != 0)
        return;
    AUTO(row_end) struct row row = migrate_ask(db, db->sql, "PRAGMA foreign_key_check", NULL);
    if (!row_next(&row))
        return;
    const char *table = row_text(&row);
    row_skip(&row); /* the number of the row */
    db->error = ERR_DB;
    text_format(&db->sentence,
                "after the migrations a row of table %s refers to one of table %s that is gone", table,
                row_text(&row));
}

static void run_migrations(struct jobdb *db, int64_t version, const struct jobdb_migration *migrations)
{
    for (; migrations->name; migrations++) {
        if (migrations->version > version)
            (void)jobdb_execute(db, migrations->sql, migrations->name);
    }
}

static int last_version(const struct jobdb_migration *migrations)
{
    int last = 1;
    for (; migrations->name; migrations++)
        last = migrations->version;
    return last;
}

void jobdb_migrate_by(struct jobdb *db, int64_t version, const struct jobdb_migration *migrations,
                      const char *schema)
{
    AUTO(text_release) struct text end = TEXT_EMPTY;
    int goal = last_version(migrations);
    if (version == goal)
        return;
    (void)jobdb_execute(db, "BEGIN IMMEDIATE", "jobs.db");
    if (version == 0) {
        (void)jobdb_execute(db, schema, "schema.sql");
    } else {
        drop_views(db);
        run_migrations(db, version, migrations);
        check_references(db);
        adjust_indexes_and_views(db, schema);
    }
    text_format(&end, "PRAGMA user_version = %d; COMMIT", goal);
    if (jobdb_execute(db, text_string(&end), "jobs.db") != 0)
        (void)sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
}

void jobdb_migrate(struct jobdb *db, int64_t version)
{
    jobdb_migrate_by(db, version, all_migrations, schema_sql);
}
