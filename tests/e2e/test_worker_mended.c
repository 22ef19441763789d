/* What the only worker lacked, and has again: a real router, whose waits are long, tries at once when it says HELLO. */
#include "common/base/cleanup.h"
#include "tests/support/rig.h"
#include "tests/support/suite.h"

enum { SOON_MS = 15000 };

static struct rig *rig;
static struct actor *sender;

static void set_up(void)
{
    rig = rig_create("retry: { first: 15m, ceiling: 15m, attempts: 3 }\n");
    sender = cast_add(rig->cast, WORK_SEND, 1);
    rig_check(rig, actor_wait_greeted(rig->cast, sender, SOON_MS), "the router answers no HELLO");
}

static void tear_down(void)
{
    rig_destroy(&rig);
}

static const struct mended_row {
    const char *label;
    enum work_outcome outcome;
    const char *state;
    bool restarts; /* it is another process then, else it has read its configuration again */
} mended_rows[] = {
    {"a token's file, and SIGHUP", WORK_BLOCKED_OUTCOME, "blocked", false},
    {"a token's file, and a restart", WORK_BLOCKED_OUTCOME, "blocked", true},
    {"a name server, and SIGHUP", WORK_RETRY_OUTCOME, "backing off", false},
};

static struct work *wait_work(void)
{
    struct work *work = actor_wait_work(rig->cast, sender, SOON_MS);
    rig_check(rig, work != NULL, "no work comes");
    return work;
}

static void say_lack(const struct work *work, enum work_outcome outcome)
{
    AUTO(work_result_destroy) struct work_result *result = work_result_create(work);
    work_answer_set(&result->answers[0], outcome, BLAME_WORKER, 0, "as played by a test");
    actor_say_result(sender, result);
    rig_check(rig, actor_wait_acknowledged(rig->cast, sender, work->id, SOON_MS), "not acknowledged");
}

static void mend(bool restarts)
{
    if (restarts) {
        cast_remove(rig->cast, sender);
        sender = cast_add(rig->cast, WORK_SEND, 1);
    }
    sender->greeted = false;
    rig_check(rig, actor_wait_greeted(rig->cast, sender, SOON_MS), "the router answers no HELLO");
}

START_TEST(what_a_worker_lacked_is_tried_at_once)
{
    const struct mended_row *row = &mended_rows[_i];
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    AUTO(work_destroy) struct work *work = wait_work();
    say_lack(work, row->outcome);
    rig_check(rig, rig_wait_target(rig, "other", NULL, row->state, SOON_MS), row->label);
    mend(row->restarts);
    AUTO(work_destroy) struct work *again = wait_work();
    rig_check(rig, actor_finish(rig->cast, sender, again, WORK_DONE_OUTCOME), "not acknowledged");
    rig_check(rig, rig_wait_jobs(rig, "delivery", "sent", 1, SOON_MS), "not sent");
    rig_check(rig, rig_wait_target(rig, "other", NULL, "up", SOON_MS), row->label);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("worker_mended");
    tests_abreast(tests, 3);
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, what_a_worker_lacked_is_tried_at_once, ROWS(mended_rows));
    return tests_run(tests);
}
