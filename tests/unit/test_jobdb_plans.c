/* Every statement uses an index, or says why it may scan; and the views can be read. */
#include "common/pipeline/jobdb_sql.h"

#include "common/base/cleanup.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <string.h>

static const struct statement_row {
    const char *name, *scan, *sql;
} statements[] = {
#define X(name, scan, sql) {#name, scan, sql},
    JOBDB_STATEMENT_MAP(X)
#undef X
};

/* Tables that grow with the work; scanning one of them is what must not happen. */
static bool scans_a_growing_table(const char *plan)
{
    static const char *const growing[] = {"instance", "lane", "series", "delivery", "share", "event", "i",
                                          "l",        "e",    "w",      "s",        "fetch", "f"};
    for (size_t i = 0; i < sizeof growing / sizeof *growing; i++) {
        char scan[64];
        (void)snprintf(scan, sizeof scan, "SCAN %s", growing[i]);
        size_t length = strlen(scan);
        if (strncmp(plan, scan, length) == 0 && (plan[length] == '\0' || plan[length] == ' '))
            return strstr(plan, "USING INDEX") == NULL && strstr(plan, "USING COVERING INDEX") == NULL;
    }
    return false;
}

START_TEST(statement_uses_an_index)
{
    const struct statement_row *row = &statements[_i];
    AUTO(sandbox_destroy) struct sandbox *sandbox = sandbox_create();
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(text_release) struct text explain = TEXT_EMPTY;
    ck_assert_int_eq(jobdb_open(sandbox_folder(sandbox), &db, &explain), 0);
    if (*row->scan)
        return; /* declared, with its reason */
    text_format(&explain, "EXPLAIN QUERY PLAN %s", row->sql);
    sqlite3_stmt *plan = NULL;
    ck_assert_msg(sqlite3_prepare_v2(db->sql, text_string(&explain), -1, &plan, NULL) == SQLITE_OK, "%s: %s",
                  row->name, sqlite3_errmsg(db->sql));
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(plan, 3);
        ck_assert_msg(!scans_a_growing_table(detail), "%s: %s", row->name, detail);
        ck_assert_msg(strstr(detail, "USE TEMP B-TREE FOR ORDER BY") == NULL, "%s sorts: %s", row->name,
                      detail);
    }
    ck_assert_int_eq(sqlite3_finalize(plan), SQLITE_OK);
}
END_TEST

static const char *const views[] = {"status", "backlog", "failures", "studies", "timeline"};

START_TEST(view_can_be_read)
{
    AUTO(sandbox_destroy) struct sandbox *sandbox = sandbox_create();
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(text_release) struct text sql = TEXT_EMPTY;
    ck_assert_int_eq(jobdb_open(sandbox_folder(sandbox), &db, &sql), 0);
    text_format(&sql, "SELECT * FROM %s", views[_i]);
    ck_assert_msg(sqlite3_exec(db->sql, text_string(&sql), NULL, NULL, NULL) == SQLITE_OK, "%s",
                  sqlite3_errmsg(db->sql));
}
END_TEST

/* What docs/operations.md asks of the views: by index, however many rows there are. */
static const char *const view_questions[] = {
    "SELECT * FROM status",
    "SELECT * FROM backlog LIMIT 20",
    "SELECT * FROM backlog WHERE study = '1.2'",
    "SELECT * FROM backlog WHERE destination = 'main'",
    "SELECT * FROM failures",
    "SELECT * FROM failures WHERE destination = 'main'",
    "SELECT * FROM studies WHERE study = '1.2'",
    "SELECT * FROM timeline WHERE study = '1.2' ORDER BY at",
};

/* In `timeline`, the last part is about destinations alone and is not read when a study is asked for. */
static bool is_read(const char *question, const char *plan)
{
    return !strstr(question, "FROM timeline WHERE study") || strcmp(plan, "SCAN e") != 0;
}

START_TEST(view_is_quick)
{
    AUTO(sandbox_destroy) struct sandbox *sandbox = sandbox_create();
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(text_release) struct text explain = TEXT_EMPTY;
    sqlite3_stmt *plan = NULL;
    ck_assert_int_eq(jobdb_open(sandbox_folder(sandbox), &db, &explain), 0);
    text_format(&explain, "EXPLAIN QUERY PLAN %s", view_questions[_i]);
    ck_assert_int_eq(sqlite3_prepare_v2(db->sql, text_string(&explain), -1, &plan, NULL), SQLITE_OK);
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(plan, 3);
        ck_assert_msg(!is_read(view_questions[_i], detail) || !scans_a_growing_table(detail), "%s: %s",
                      view_questions[_i], detail);
    }
    ck_assert_int_eq(sqlite3_finalize(plan), SQLITE_OK);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("jobdb plans");
    tests_rows(tests, statement_uses_an_index, ROWS(statements));
    tests_rows(tests, view_can_be_read, ROWS(views));
    tests_rows(tests, view_is_quick, ROWS(view_questions));
    return tests_run(tests);
}
