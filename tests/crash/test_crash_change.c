/* A router that dies while it makes an operator's change: the command that asked for it hears the whole of it
 * from the next router, and every job was changed exactly once. */
#include "common/base/cleanup.h"
#include "common/service/service.h"
#include "tests/support/files.h"
#include "tests/support/rig.h"
#include "tests/support/suite.h"

#include <string.h>

enum { SOON_MS = 60000, JOBS = 450 /* more than one turn changes */ };

static struct rig *rig;

static void tear_down(void)
{
    rig_destroy(&rig);
}

static void fail_jobs(struct actor *sender, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        rig_receive(rig, "SECOND", 1 + i % 3, 1, i + 1, NULL);
    while (rig_jobs(rig, "delivery", "failed", NULL, NULL) < count) {
        struct work *work = actor_wait_work(rig->cast, sender, SOON_MS);
        rig_check(rig, work != NULL, "no work");
        rig_check(rig, actor_finish(rig->cast, sender, work, WORK_REJECT_OUTCOME), "not acknowledged");
        work_destroy(&work);
    }
}

/* The only number that a question to the database has for an answer. */
static void check_number(const char *sql, const char *number)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *const argv[] = {"sqlite3", "-readonly", sandbox_path(rig->sandbox, "state/jobs.db"), sql,
                                NULL};
    rig_check(rig, process_run(argv, NULL, SOON_MS, &output) == 0, text_string(&output));
    rig_check(rig, string_starts_with(text_string(&output), number), text_string(&output));
}

static const struct row {
    const char *label, *at, *verb, *says, *state;
} rows[] = {
    {"applied, not committed", "ROUTER_CHANGE_APPLIED", "retry", "450 jobs retried", "queued"},
    {"the second portion applied, not committed", "ROUTER_CHANGE_APPLIED:2", "retry", "450 jobs retried",
     "queued"},
    {"committed, not answered", "ROUTER_ANSWER_DUE", "retry", "450 jobs retried", "queued"},
    {"dropping the second portion", "ROUTER_CHANGE_APPLIED:2", "drop", "450 jobs dropped", "dropped"},
    {"dropped, not answered", "ROUTER_ANSWER_DUE", "drop", "450 jobs dropped", "dropped"},
};

START_TEST(change_is_made_once)
{
    const struct row *row = &rows[_i];
    AUTO(text_release) struct text at = TEXT_EMPTY;
    AUTO(text_release) struct text marks = TEXT_EMPTY;
    AUTO(text_release) struct text said = TEXT_EMPTY;
    AUTO(text_release) struct text sql = TEXT_EMPTY;
    rig = rig_create(NULL);
    struct actor *sender = cast_add(rig->cast, WORK_SEND, 8);
    fail_jobs(sender, JOBS);
    cast_remove(rig->cast, sender);
    rig_stop(rig);
    text_format(&at, "FELUCCA_CRASH_AT=%s", row->at);
    text_format(&marks, "FELUCCA_CRASH_MARKS=%s", sandbox_make_folder(rig->sandbox, "marks"));
    const char *const environment[] = {text_string(&at), text_string(&marks), NULL};
    rig_start_from(rig, FELUCCA_CRASH_BIN, environment);
    rig_check(rig, rig_wait_log(rig, "recovered", SOON_MS), "no router");

    const struct process_options how = {.output = sandbox_path(rig->sandbox, "said")};
    const char *const argv[] = {
        FELUCCA_BIN "/felucca", "--config", rig->config, row->verb, "--all", "--yes", NULL};
    AUTO(process_destroy) struct process *person = process_start(argv, &how);
    rig_check(rig, rig_wait_end(rig, SOON_MS) == 128 + 9, "it did not die at that point");
    rig_start(rig);
    int status = process_wait(person, SOON_MS);
    file_read(how.output, &said);
    rig_check(rig, status == EXIT_OK && strstr(text_string(&said), row->says), text_string(&said));

    rig_check(rig, rig_jobs(rig, "delivery", row->state, NULL, NULL) == JOBS, row->label);
    check_number("SELECT count(*) || ' of ' || count(DISTINCT delivery_id) FROM event"
                 " WHERE delivery_id IS NOT NULL AND kind IN ('retried', 'dropped')",
                 "450 of 450");
    check_number("SELECT count(*) || ', ' || sum(changed) FROM request WHERE finished_at IS NOT NULL",
                 "1, 450");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("crash change");
    tests_abreast(tests, 4);
    tests_timeout(tests, 170);
    tests_fixture(tests, NULL, tear_down);
    tests_rows(tests, change_is_made_once, ROWS(rows));
    return tests_run(tests);
}
