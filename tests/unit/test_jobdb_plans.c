/* Every statement uses an index, or says why it may scan; and the views can be read. */
#include "common/jobs/connection.h"
#include "common/jobs/jobdb.h"
#include "common/jobs/row.h"

#include "common/base/cleanup.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <sqlite3.h>
#include <string.h>

/* One row a part. */
static const char *const parts[] = {
#define X(part) #part,
    JOBDB_PART_MAP(X)
#undef X
};

/* Indexes of what is not finished, in flight or in trouble: these alone may be read from end to end. */
static const char *const open_work[] = {
    "lane_sleeping",        "delivery_waiting",  "delivery_sending",      "delivery_failed", "share_open",
    "share_sharing",        "share_failed",      "fetch_queued",          "fetch_fetching",  "fetch_failed",
    "instance_quarantined", "instance_finished", "delivery_failed_reason"};

static bool reads_open_work(const char *plan)
{
    const char *index = strstr(plan, " INDEX ");
    for (size_t i = 0; index && i < sizeof open_work / sizeof *open_work; i++) {
        if (strcmp(index + strlen(" INDEX "), open_work[i]) == 0)
            return true;
    }
    return false;
}

/* Tables that grow with the work; scanning one of them is what must not happen, and neither a whole index of
 * one, covering or not. */
static bool scans_a_growing_table(const char *plan)
{
    static const char *const growing[] = {"instance", "lane",  "series", "delivery",   "share",
                                          "event",    "i",     "l",      "e",          "w",
                                          "s",        "fetch", "f",      "search_hash"};
    for (size_t i = 0; i < sizeof growing / sizeof *growing; i++) {
        char scan[64];
        (void)snprintf(scan, sizeof scan, "SCAN %s", growing[i]);
        size_t length = strlen(scan);
        if (strncmp(plan, scan, length) == 0 && (plan[length] == '\0' || plan[length] == ' '))
            return !reads_open_work(plan);
    }
    return false;
}

static const struct plan_row {
    const char *plan;
    bool scans;
} plans[] = {
    {"SCAN delivery", true},
    {"SCAN w USING COVERING INDEX sqlite_autoindex_delivery_1", true},
    {"SCAN i USING INDEX instance_history", true},
    {"SCAN w USING INDEX delivery_waiting", false},
    {"SCAN instance USING COVERING INDEX instance_quarantined", false},
    {"SEARCH w USING INDEX delivery_queued (series_id=?)", false},
    {"SCAN d", false},
};

START_TEST(scan_is_noticed)
{
    ck_assert_int_eq(scans_a_growing_table(plans[_i].plan), plans[_i].scans);
}
END_TEST

static void check_plan(struct jobdb *db, const char *part, const struct jobdb_statement *statement)
{
    AUTO(text_release) struct text explain = TEXT_EMPTY;
    text_format(&explain, "EXPLAIN QUERY PLAN %s", statement->sql);
    AUTO(row_end) struct row plan = row_ask(db->sql, text_string(&explain), NULL);
    ck_assert_msg(!row_failure(&plan), "%s, %s: %s", part, statement->name, row_failure(&plan));
    while (!*statement->scan /* or declared, with its reason */ && row_next(&plan)) {
        for (int i = 0; i < 3; i++)
            row_skip(&plan);
        const char *detail = row_text(&plan);
        ck_assert_msg(!scans_a_growing_table(detail), "%s, %s: %s", part, statement->name, detail);
        ck_assert_msg(strstr(detail, "USE TEMP B-TREE FOR ORDER BY") == NULL, "%s, %s sorts: %s", part,
                      statement->name, detail);
    }
}

START_TEST(statements_use_an_index)
{
    AUTO(sandbox_destroy) struct sandbox *sandbox = sandbox_create();
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const struct jobdb_statement *statement = jobdb_parts[_i];
    ck_assert_int_eq(jobdb_open(sandbox_folder(sandbox), &db, &reason), 0);
    ck_assert_msg(statement->name != NULL, "%s has no statement", parts[_i]);
    for (; statement->name; statement++)
        check_plan(db, parts[_i], statement);
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
    tests_rows(tests, scan_is_noticed, ROWS(plans));
    tests_rows(tests, statements_use_an_index, ROWS(parts));
    tests_rows(tests, view_can_be_read, ROWS(views));
    tests_rows(tests, view_is_quick, ROWS(view_questions));
    return tests_run(tests);
}
