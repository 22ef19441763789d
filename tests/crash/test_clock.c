/* The wall clock leaps a year ahead and is set back, while a router runs and while none does: nothing that was kept
 * is lost, and nothing waits for a time that was never meant. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "tests/support/files.h"
#include "tests/support/rig.h"
#include "tests/support/sabotage.h"
#include "tests/support/suite.h"

enum { SOON_MS = 20000, KEPT_MS = 6000 };
#define YEAR (INT64_C(365) * 24 * 3600 * 1000)

static struct rig *rig;
static struct sabotage *sabotage;

static void start(void)
{
    rig_start_from(rig, FELUCCA_BIN, sabotage_environment(sabotage));
    rig_check(rig, rig_wait_log(rig, "recovered", SOON_MS), "no router");
}

static void set_up(const char *more)
{
    rig = rig_create(more);
    rig_stop(rig);
    sabotage = sabotage_create(rig->sandbox);
    start();
}

static void tear_down(void)
{
    rig_destroy(&rig);
    sabotage_destroy(&sabotage);
}

/* One instance, delivered: its file is kept. */
static const char *deliver(struct actor *actor, unsigned instance, char *receipt)
{
    rig_receive(rig, "SECOND", 1, 1, instance, receipt);
    AUTO(work_destroy) struct work *work = actor_wait_work(rig->cast, actor, SOON_MS);
    rig_check(rig, work != NULL, "no work");
    actor_answer(actor, work, WORK_DONE_OUTCOME);
    rig_check(rig, actor_wait_acknowledged(rig->cast, actor, work->id, SOON_MS), "not acknowledged");
    return sandbox_path(rig->sandbox, "state/spool/kept/%.2s/%s.dcm", receipt + RECEIPT_LENGTH - 2, receipt);
}

static bool is_there(void *path)
{
    return file_exists(path);
}

static bool is_gone(void *path)
{
    return !file_exists(path);
}

static struct actor *greet(void)
{
    struct actor *actor = cast_add(rig->cast, WORK_SEND, 4);
    rig_check(rig, actor_wait_greeted(rig->cast, actor, SOON_MS), "not greeted");
    return actor;
}

/* What is kept for six seconds is there for six seconds, whatever the wall clock says, and no longer. */
START_TEST(leap_lets_nothing_expire)
{
    char receipt[RECEIPT_SIZE];
    set_up("retention: 6s\n");
    struct actor *actor = greet();
    int64_t before = clock_monotonic_ms();
    const char *kept = deliver(actor, 1, receipt);
    rig_check(rig, cast_until(rig->cast, is_there, (void *)kept, SOON_MS), "it is not kept");
    sabotage_set_clock(sabotage, YEAR);
    rig_check(rig, rig_wait_log(rig, "the wall clock is far ahead of where it was", SOON_MS), "unnoticed");
    rig_check(rig, cast_until(rig->cast, is_gone, (void *)kept, SOON_MS), "it is kept for ever");
    ck_assert_msg(clock_monotonic_ms() - before >= KEPT_MS, "gone after %lld ms",
                  (long long)(clock_monotonic_ms() - before));
    ck_assert_int_eq(rig_jobs(rig, "delivery", "sent", NULL, NULL), 1); /* history is 30 days */
}
END_TEST

/* A router that starts in time, into a wrong time, again in that, and in time again. */
static const struct start_row {
    int64_t ahead;
    const char *says;
} start_rows[] = {
    {0, NULL},
    {YEAR, "the wall clock is far ahead of where it was"},
    {YEAR, "the wall clock is far ahead of where it was"},
    {0, "the wall clock was set back"},
};

START_TEST(leap_while_nothing_ran_lets_nothing_expire)
{
    char receipts[ROWS(start_rows)][RECEIPT_SIZE];
    const char *kept[ROWS(start_rows)];
    set_up("retention: 1h\n");
    struct actor *actor = greet();
    for (unsigned i = 0; i < ROWS(start_rows); i++) {
        const struct start_row *row = &start_rows[i];
        if (i > 0) {
            rig_stop(rig);
            sabotage_set_clock(sabotage, row->ahead);
            start();
            actor->greeted = false;
        }
        rig_check(rig, !row->says || rig_wait_log(rig, row->says, SOON_MS), "unnoticed");
        kept[i] = deliver(actor, 1 + i, receipts[i]);
        /* Whoever keeps it is the janitor, whose first turn looks for what has expired. */
        rig_check(rig, cast_until(rig->cast, is_there, (void *)kept[i], SOON_MS), "it is not kept");
        for (unsigned earlier = 0; earlier < i; earlier++)
            ck_assert_msg(file_exists(kept[earlier]), "start %u: what start %u kept is gone", i, earlier);
    }
}
END_TEST

static const struct back_row {
    const char *label;
    int64_t ahead;  /* while the destination was in trouble */
    bool restarted; /* the clock is set back while no router runs */
} back_rows[] = {
    {"a year", INT64_C(365) * 24 * 3600 * 1000, false},
    {"ten minutes", 600000, false},
    {"a year, meanwhile", INT64_C(365) * 24 * 3600 * 1000, true},
};

/* The destination rests for an hour of the wrong time. */
START_TEST(what_waits_is_due_when_the_clock_is_back)
{
    const struct back_row *row = &back_rows[_i];
    char receipt[RECEIPT_SIZE];
    set_up("retry: { first: 1h, ceiling: 12h }\n");
    sabotage_set_clock(sabotage, row->ahead);
    struct actor *actor = greet();
    rig_receive(rig, "SECOND", 1, 1, 1, receipt);
    AUTO(work_destroy) struct work *work = actor_wait_work(rig->cast, actor, SOON_MS);
    rig_check(rig, work != NULL, "no work");
    AUTO(work_result_destroy) struct work_result *result = work_result_create(work);
    work_answer_set(&result->answers[0], WORK_RETRY_OUTCOME, BLAME_DESTINATION, 503, "as played by a test");
    actor_say_result(actor, result);
    rig_check(rig, actor_wait_acknowledged(rig->cast, actor, work->id, SOON_MS), "not acknowledged");
    rig_check(rig, rig_wait_target(rig, "other", NULL, "backing off", SOON_MS), "it does not rest");
    if (row->restarted)
        rig_stop(rig);
    sabotage_set_clock(sabotage, 0);
    if (row->restarted)
        start();
    AUTO(work_destroy) struct work *again = actor_wait_work(rig->cast, actor, SOON_MS);
    rig_check(rig, again != NULL, row->label);
    actor_answer(actor, again, WORK_DONE_OUTCOME);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "sent", 1, SOON_MS), "not sent");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("clock");
    tests_fixture(tests, NULL, tear_down);
    tests_timeout(tests, 100);
    tests_abreast(tests, 5);
    tests_add(tests, leap_lets_nothing_expire);
    tests_add(tests, leap_while_nothing_ran_lets_nothing_expire);
    tests_rows(tests, what_waits_is_due_when_the_clock_is_back, ROWS(back_rows));
    return tests_run(tests);
}
