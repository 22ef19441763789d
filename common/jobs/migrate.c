#include "common/jobs/migrate.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/jobs/sql.h"
#include "migrations_sql.h"
#include "schema_sql.h"

#include <string.h>

int jobdb_schema_version(void)
{
    return JOBDB_LAST_MIGRATION;
}

static void finalize(sqlite3_stmt **statement)
{
    (void)sqlite3_finalize(*statement);
}

static void close_model(sqlite3 **model)
{
    (void)sqlite3_close(*model);
}

/* A question without parameters, or with one text. NULL, with the error remembered, when it cannot be asked.
 */
static sqlite3_stmt *ask(struct jobdb *db, sqlite3 *sql, const char *question, const char *parameter)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(sql, question, -1, &statement, NULL) != SQLITE_OK) {
        jobdb_fail(db, question);
        return NULL;
    }
    if (parameter)
        (void)sqlite3_bind_text(statement, 1, parameter, -1, SQLITE_TRANSIENT);
    return statement;
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
    AUTO(finalize) sqlite3_stmt *row = ask(db, db->sql, all_views, NULL);
    while (row && sqlite3_step(row) == SQLITE_ROW)
        text_append(&script, jobdb_text(row, 0));
    (void)jobdb_execute(db, text_string(&script), "removing the views");
}

/* Appends what makes, of everything in from that into does not have in the same words, one like in from; or,
 * with dropping, what removes it. */
static void append_difference(struct jobdb *db, sqlite3 *from, sqlite3 *into, bool dropping,
                              struct text *script)
{
    AUTO(finalize) sqlite3_stmt *row = ask(db, from, all_of_them, NULL);
    while (row && sqlite3_step(row) == SQLITE_ROW) {
        AUTO(finalize) sqlite3_stmt *other = ask(db, into, its_text, jobdb_text(row, 0));
        if (other && sqlite3_step(other) == SQLITE_ROW &&
            strcmp(jobdb_text(other, 0), jobdb_text(row, 1)) == 0)
            continue;
        text_format(script, "%s;\n", jobdb_text(row, dropping ? 2 : 1));
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
    AUTO(finalize)
    sqlite3_stmt *row = db->error == 0 ? ask(db, db->sql, "PRAGMA foreign_key_check", NULL) : NULL;
    if (!row || sqlite3_step(row) != SQLITE_ROW)
        return;
    db->error = ERR_DB;
    text_format(&db->sentence,
                "after the migrations a row of table %s refers to one of table %s that is gone",
                jobdb_text(row, 0), jobdb_text(row, 2));
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
