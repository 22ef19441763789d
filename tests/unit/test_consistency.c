/* What is told where spool and job database disagree. */
#include "common/jobs/connection.h"
#include "common/jobs/consistency.h"
#include "common/jobs/jobdb.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/spool/spool.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/stored_database.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#define QUEUED      "019b76dab3b8000000000000fe10cca3"
#define FINISHED    "019b76daabe8000000000000fe10cca1"
#define KEPT        "019b76dae680000000000000fe10ccb0"
#define QUARANTINED "019b76dafff000000000000fe10ccaff"
#define STRANGE     "019b76daffff00000000000000001234"

static struct sandbox *sandbox;
static struct jobdb *db;
static struct spool *spool;

static void set_up(void)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    sandbox = sandbox_create();
    stored_database_make(sandbox_folder(sandbox));
    stored_database_make_spool(sandbox_folder(sandbox));
    ck_assert_int_eq(spool_open(sandbox_folder(sandbox), &spool), 0);
    ck_assert_int_eq(jobdb_open(sandbox_folder(sandbox), &db, &reason), 0); /* of the present version */
}

static void tear_down(void)
{
    spool_destroy(&spool);
    jobdb_destroy(&db);
    sandbox_destroy(&sandbox);
}

/* ---- what is told ---- */

struct told {
    int64_t counts[CONSISTENCY_PROBLEMS], total;
    struct text lines;
};

static void hear(void *context, enum consistency_problem problem, const char *what)
{
    struct told *told = context;
    told->counts[problem]++;
    told->total++;
    text_format(&told->lines, "%s\n", what);
}

static const struct check_row {
    const char *label, *receipt;
    enum spool_place from, to; /* SPOOL_PLACES: none */
    const char *sql;
    int64_t intake_ms;
    enum consistency_problem problem; /* CONSISTENCY_PROBLEMS: none */
    const char *says;
} rows[] = {
    {"all is well", NULL, SPOOL_PLACES, SPOOL_PLACES, NULL, -1, CONSISTENCY_PROBLEMS, NULL},
    {"a file is gone", QUEUED, SPOOL_QUEUE, SPOOL_PLACES, NULL, -1, CONSISTENCY_MISSING,
     QUEUED ".dcm is nowhere in the spool, its row says queue"},
    {"a quarantined file is gone", QUARANTINED, SPOOL_QUARANTINE, SPOOL_PLACES, NULL, -1, CONSISTENCY_MISSING,
     "its row says quarantine"},
    {"a file was not moved", QUEUED, SPOOL_QUEUE, SPOOL_INCOMING, NULL, -1, CONSISTENCY_MISPLACED,
     QUEUED ".dcm is in incoming/, its row says queue"},
    {"a kept file is back", KEPT, SPOOL_KEPT, SPOOL_QUEUE, NULL, -1, CONSISTENCY_MISPLACED,
     "is in queue/, its row says kept"},
    {"a finished file is back", FINISHED, SPOOL_PLACES, SPOOL_QUEUE, NULL, -1, CONSISTENCY_LEFT,
     "is in queue/, its row says gone"},
    {"a file came behind the back", STRANGE, SPOOL_PLACES, SPOOL_QUEUE, NULL, -1, CONSISTENCY_UNKNOWN,
     "is in queue/, and the database does not know it"},
    {"so did one into quarantine", STRANGE, SPOOL_PLACES, SPOOL_QUARANTINE, NULL, -1, CONSISTENCY_UNKNOWN,
     "is in quarantine/, and"},
    {"a kept file without a row", STRANGE, SPOOL_PLACES, SPOOL_KEPT, NULL, -1, CONSISTENCY_NOBODYS,
     "is in kept/, and the database does not know it"},
    {"nobody takes a file in", STRANGE, SPOOL_PLACES, SPOOL_INCOMING, NULL, -1, CONSISTENCY_WAITING,
     "is in incoming/, and the database does not know it"},
    {"a file just came", STRANGE, SPOOL_PLACES, SPOOL_INCOMING, NULL, 60000, CONSISTENCY_PROBLEMS, NULL},
    {"the janitor has not marked it yet", QUEUED, SPOOL_QUEUE, SPOOL_PLACES,
     "UPDATE share SET witness_id = NULL, state = 'shared' WHERE witness_id = 3;"
     "UPDATE album SET failed = 0 WHERE name = 'mr';"
     "UPDATE instance SET state = 'done', open_jobs = 0, done_at = 1 WHERE id = 3",
     -1, CONSISTENCY_PROBLEMS, NULL},
    {"a counter is wrong", NULL, SPOOL_PLACES, SPOOL_PLACES,
     "UPDATE destination SET queued = queued + 1 WHERE name = 'main'", -1, CONSISTENCY_DATABASE,
     "destination main counts 7/"},
};

static void change_spool(const struct check_row *row)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    if (row->to < SPOOL_PLACES && row->from < SPOOL_PLACES) {
        ck_assert_int_eq(spool_move(spool, row->receipt, row->from, row->to), 0);
    } else if (row->from < SPOOL_PLACES) {
        ck_assert_int_eq(spool_remove(spool, row->receipt, row->from), 0);
    } else if (row->to < SPOOL_PLACES) {
        spool_append_path(spool, row->to, row->receipt, &path);
        file_write_string(text_string(&path), "x");
    }
}

START_TEST(it_is_told)
{
    const struct check_row *row = &rows[_i];
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct told told = {.lines = TEXT_EMPTY};
    struct consistency_patience patience = {0, row->intake_ms};
    change_spool(row);
    ck_assert_int_eq(sqlite3_exec(db->sql, row->sql ? row->sql : "", NULL, NULL, NULL), SQLITE_OK);
    ck_assert_msg(consistency_check(sandbox_folder(sandbox), &patience, hear, &told, &reason) == 0, "%s",
                  text_string(&reason));
    int64_t wanted = row->problem == CONSISTENCY_PROBLEMS ? 0 : 1;
    ck_assert_msg(told.total == wanted && (!wanted || told.counts[row->problem] == 1), "%s: %s", row->label,
                  text_string(&told.lines));
    ck_assert_msg(!row->says || strstr(text_string(&told.lines), row->says), "%s: %s", row->label,
                  text_string(&told.lines));
    text_release(&told.lines);
}
END_TEST

/* ---- what cannot be looked at ---- */

static int look(const char *name, struct text *ret_reason)
{
    struct consistency_patience patience = {0, 0};
    struct told told = {.lines = TEXT_EMPTY};
    int code = consistency_check(sandbox_path(sandbox, "%s", name), &patience, hear, &told, ret_reason);
    ck_assert_int_eq(told.total, 0);
    return code;
}

START_TEST(what_cannot_be_read_is_no_disagreement)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_int_eq(look("nowhere", &reason), ERR_ABSENT);
    text_clear(&reason);
    (void)sandbox_make_folder(sandbox, "half");
    stored_database_make(sandbox_path(sandbox, "half"));
    jobdb_destroy(&db);
    ck_assert_int_eq(jobdb_open(sandbox_path(sandbox, "half"), &db, &reason), 0);
    ck_assert_int_eq(look("half", &reason), ERR_IO);
    ck_assert_msg(strstr(text_string(&reason), "half/spool: not there"), "%s", text_string(&reason));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("consistency");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, it_is_told, ROWS(rows));
    tests_add(tests, what_cannot_be_read_is_no_disagreement);
    return tests_run(tests);
}
