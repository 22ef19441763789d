/* A job database of an older version becomes the present one, whole or not at all. */
#include "common/jobs/check.h"
#include "common/jobs/connection.h"
#include "common/jobs/jobdb.h"
#include "common/jobs/migrate.h"
#include "common/jobs/row.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "tests/support/sandbox.h"
#include "tests/support/stored_database.h"
#include "tests/support/suite.h"

#include <sqlite3.h>
#include <string.h>

static struct sandbox *sandbox;
static struct jobdb *db;

static void set_up(void)
{
    sandbox = sandbox_create();
}

static void tear_down(void)
{
    jobdb_destroy(&db);
    sandbox_destroy(&sandbox);
}

/* ---- what a schema says, however it was written ---- */

static bool needs_space(char before, char after)
{
    return strchr(" (,", before) == NULL && strchr(" (),", after) == NULL;
}

/* Without comments and quotes of names, and with one space only where words would touch. */
static void append_normalised(struct text *text, const char *sql)
{
    bool space = false;
    for (; *sql; sql++) {
        if (string_starts_with(sql, "--"))
            sql += strcspn(sql, "\n");
        if (strchr(" \n\t\"", *sql)) {
            space = space || *sql != '"';
            continue;
        }
        if (space && text->length > 0 && needs_space(text->bytes[text->length - 1], *sql))
            text_append_char(text, ' ');
        space = false;
        text_append_char(text, *sql);
    }
}

static void append_rows(struct text *text, const char *question)
{
    AUTO(row_end) struct row row = row_ask(db->sql, question, NULL);
    while (row_next(&row)) {
        for (size_t i = 0; i < row_width(&row); i++) {
            append_normalised(text, row_text(&row));
            text_append(text, i + 1 < row_width(&row) ? "|" : "\n");
        }
    }
    ck_assert_msg(row_failure(&row) == NULL, "%s", row_failure(&row));
}

static void append_schema(struct text *text)
{
    append_rows(text,
                "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY 1, 2");
    append_rows(text, "PRAGMA user_version");
}

static void open_database(const char *folder)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    jobdb_destroy(&db);
    ck_assert_msg(jobdb_open(folder, &db, &reason) == 0, "%s", text_string(&reason));
}

static void show_problem(void *context, const char *problem)
{
    (void)context;
    (void)fprintf(stderr, "%s\n", problem);
}

/* ---- the stored database ---- */

START_TEST(version_1_becomes_like_a_new_one)
{
    AUTO(text_release) struct text made = TEXT_EMPTY;
    AUTO(text_release) struct text migrated = TEXT_EMPTY;
    AUTO(text_release) struct text rows = TEXT_EMPTY;
    open_database(sandbox_make_folder(sandbox, "new"));
    append_schema(&made);
    stored_database_make(sandbox_make_folder(sandbox, "old"));
    open_database(sandbox_path(sandbox, "old"));
    append_schema(&migrated);
    ck_assert_str_eq(text_string(&migrated), text_string(&made));
    ck_assert_int_eq(jobdb_check(db, show_problem, NULL), 0);
    append_rows(&rows, "SELECT count(*) FROM delivery UNION ALL SELECT count(*) FROM share");
    ck_assert_str_eq(text_string(&rows), "20\n12\n");
    open_database(sandbox_path(sandbox, "old"));
    append_schema(&migrated);
    ck_assert_msg(migrated.length == 2 * made.length, "the second time nothing is to be done");
}
END_TEST

START_TEST(a_reader_changes_nothing)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    bool old = jobdb_schema_version() > 1;
    stored_database_make(sandbox_folder(sandbox));
    ck_assert_int_eq(jobdb_open_reader(sandbox_folder(sandbox), &db, &reason), old ? ERR_VERSION : 0);
    ck_assert_msg(!old || strstr(text_string(&reason), "older Felucca") != NULL, "%s", text_string(&reason));
}
END_TEST

/* ---- the way there, on a small schema ---- */

static const char first_schema[] = "CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT);"
                                   "CREATE TABLE b (a_id INTEGER NOT NULL REFERENCES a (id));"
                                   "CREATE INDEX a_x ON a (x); CREATE INDEX old ON b (a_id);"
                                   "CREATE VIEW words AS SELECT x FROM a;"
                                   "INSERT INTO a VALUES (1, 'one'); INSERT INTO b VALUES (1);";
static const char last_schema[] = "CREATE TABLE a (id INTEGER PRIMARY KEY, word TEXT, length INTEGER);"
                                  "CREATE TABLE b (a_id INTEGER NOT NULL REFERENCES a (id));"
                                  "CREATE INDEX a_x ON a (length); CREATE INDEX b_a ON b (a_id);"
                                  "CREATE VIEW words AS SELECT word FROM a;";

#define LENGTHS                                                                                            \
    {                                                                                                      \
        2, "0002-lengths.sql", "ALTER TABLE a ADD COLUMN length INTEGER; UPDATE a SET length = length(x);" \
    }
#define REBUILD                                                                                  \
    {                                                                                            \
        3, "0003-words.sql",                                                                     \
            "CREATE TABLE n (id INTEGER PRIMARY KEY, word TEXT, length INTEGER);"                \
            "INSERT INTO n SELECT id, x, length FROM a; DROP TABLE a; ALTER TABLE n RENAME TO a" \
    }

static const struct way_row {
    const char *label;
    int64_t from;
    struct jobdb_migration migrations[4];
    const char *error; /* in the sentence; NULL: it works */
} way_rows[] = {
    {"both", 1, {LENGTHS, REBUILD}, NULL},
    {"the second cannot be done",
     1,
     {LENGTHS, {3, "0003-wrong.sql", "DROP TABLE c"}},
     "0003-wrong.sql: no such table: c"},
    {"it leaves a reference to nothing",
     1,
     {{2, "0002-loss.sql", "DELETE FROM a"}},
     "a row of table b refers to one of table a"},
    {"the schema wants more than they do",
     1,
     {{2, "0002-views.sql", "-- views and indexes only"}},
     "indexes and views: no such column: length"},
};

/* A database of the small schema, of version 1. */
static void make_small(void)
{
    open_database(sandbox_folder(sandbox));
    jobdb_destroy(&db);
    db = memory_new(1, sizeof *db);
    ck_assert_int_eq(sqlite3_open(sandbox_path(sandbox, "small.db"), &db->sql), SQLITE_OK);
    ck_assert_int_eq(jobdb_execute(db, first_schema, "first"), 0);
    ck_assert_int_eq(jobdb_execute(db, "PRAGMA user_version = 1", "first"), 0);
}

START_TEST(the_way_is_gone_whole_or_not_at_all)
{
    const struct way_row *row = &way_rows[_i];
    AUTO(text_release) struct text before = TEXT_EMPTY;
    AUTO(text_release) struct text after = TEXT_EMPTY;
    make_small();
    append_schema(&before);
    jobdb_migrate_by(db, row->from, row->migrations, last_schema);
    ck_assert_msg((db->error != 0) == (row->error != NULL), "%s: %s", row->label, jobdb_error(db));
    append_schema(&after);
    if (row->error) {
        ck_assert_msg(strstr(jobdb_error(db), row->error) != NULL, "%s: %s", row->label, jobdb_error(db));
        ck_assert_str_eq(text_string(&before), text_string(&after));
        return;
    }
    text_clear(&before);
    append_rows(&before, "SELECT word, length FROM a JOIN b ON a_id = id");
    ck_assert_str_eq(text_string(&before), "one|3\n");
    ck_assert_str_eq(text_string(&after),
                     "index|a_x|a|CREATE INDEX a_x ON a(length)\n"
                     "index|b_a|b|CREATE INDEX b_a ON b(a_id)\n"
                     "table|a|a|CREATE TABLE a(id INTEGER PRIMARY KEY,word TEXT,length INTEGER)\n"
                     "table|b|b|CREATE TABLE b(a_id INTEGER NOT NULL REFERENCES a(id))\n"
                     "view|words|words|CREATE VIEW words AS SELECT word FROM a\n3\n");
}
END_TEST

START_TEST(only_what_is_new_is_done)
{
    static const struct jobdb_migration migrations[] = {
        {2, "0002-never.sql", "DROP TABLE nothing"},
        {3, "0003-word.sql",
         "ALTER TABLE a RENAME COLUMN x TO word; ALTER TABLE a ADD COLUMN length INTEGER"},
        {0, NULL, NULL},
    };
    make_small();
    jobdb_migrate_by(db, 2, migrations, last_schema);
    ck_assert_msg(db->error == 0, "%s", jobdb_error(db));
    jobdb_migrate_by(db, 3, migrations, "this is not needed any more");
    ck_assert_msg(db->error == 0, "%s", jobdb_error(db));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("jobdb migrate");
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, version_1_becomes_like_a_new_one);
    tests_add(tests, a_reader_changes_nothing);
    tests_rows(tests, the_way_is_gone_whole_or_not_at_all, ROWS(way_rows));
    tests_add(tests, only_what_is_new_is_done);
    return tests_run(tests);
}
