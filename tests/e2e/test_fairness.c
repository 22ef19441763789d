/* Who is served next, where one worker with one slot is all that there is: albums and fetches take turns, whatever waits for
 * each. A real router, and workers that the test plays. (Destinations: test_sending_order.) */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "tests/support/rig.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <string.h>

enum {
    SOON_MS = 20000,
    FIRST_MS = 300,
    QUIET_MS = 6 * FIRST_MS,
    SERIES = 10,
    STUDIES = 8,
    LOOKED_AT = 8,
    LEAST = 3
};

static struct rig *rig;

static void set_up(void)
{
    rig = rig_create("retry: { first: 300ms, ceiling: 2s, attempts: 3 }\n");
}

static void tear_down(void)
{
    rig_destroy(&rig);
}

static struct work *next_work(struct actor *actor)
{
    struct work *work = actor_wait_work(rig->cast, actor, SOON_MS);
    rig_check(rig, work != NULL, "no work comes");
    return work;
}

static void finish(struct actor *actor, const struct work *work)
{
    rig_check(rig, actor_finish(rig->cast, actor, work, WORK_DONE_OUTCOME), "a RESULT is not acknowledged");
}

static void deliver_all(struct actor *sender, int64_t count)
{
    while (rig_jobs(rig, "delivery", "sent", NULL, NULL) < count) {
        AUTO(work_destroy) struct work *work = next_work(sender);
        ck_assert_int_eq(work->stage, WORK_SEND);
        finish(sender, work);
    }
}

START_TEST(albums_take_turns)
{
    struct actor *sender = cast_add(rig->cast, WORK_SEND, 8);
    for (unsigned study = 1; study <= SERIES; study++)
        rig_receive(rig, "FIRST", study, 1, 1, NULL); /* CT: into "ct" and "all" */
    deliver_all(sender, SERIES);
    rig_check(rig, rig_wait_jobs(rig, "share", "queued", 2 * SERIES, SOON_MS), "the shares do not wait");
    struct actor *sharer = cast_add(rig->cast, WORK_SHARE, 1);
    int of_ct = 0;
    for (int i = 0; i < LOOKED_AT; i++) {
        AUTO(work_destroy) struct work *work = next_work(sharer);
        of_ct += strcmp(work->album, "ct") == 0;
        finish(sharer, work);
    }
    ck_assert_msg(of_ct >= LEAST && of_ct <= LOOKED_AT - LEAST, "%d of %d go to one album", of_ct, LOOKED_AT);
}
END_TEST

static bool is_over(void *context)
{
    return clock_monotonic_ms() >= *(const int64_t *)context;
}

static void want_visibility(void)
{
    rig_check(rig, rig_wait_log(rig, "recovered", SOON_MS), "the router does not begin");
    rig_reword(rig, "127.0.0.1:9/api/studies\n", "127.0.0.1:9/api/studies\n        ensure_visible: true\n");
    rig_reword(rig, "127.0.0.1:10/api/studies\n", "127.0.0.1:10/api/studies\n        ensure_visible: true\n");
    process_signal(rig->router, SIGHUP);
    rig_check(rig, rig_wait_log(rig, "configuration read again", SOON_MS), "it is not read again");
}

START_TEST(fetches_of_destinations_take_turns)
{
    want_visibility();
    struct actor *sender = cast_add(rig->cast, WORK_SEND, 1);
    for (unsigned study = 1; study <= STUDIES; study++)
        rig_receive(rig, "FIRST", study, 1, 1, NULL);
    for (unsigned study = 1; study <= STUDIES; study++)
        rig_receive(rig, "SECOND", study, 1, 1, NULL);
    while (rig_jobs(rig, "delivery", "sent", NULL, NULL) < 2 * STUDIES) {
        AUTO(work_destroy) struct work *work = next_work(sender);
        finish(sender, work);
    }
    /* The only slot is held until all that is left is due. */
    int64_t all_are_due = clock_monotonic_ms() + QUIET_MS + QUIET_MS / 2;
    AUTO(work_destroy) struct work *held = next_work(sender);
    (void)cast_until(rig->cast, is_over, &all_are_due, SOON_MS);
    finish(sender, held);
    int of_main = 0;
    for (int i = 0; i < LOOKED_AT; i++) {
        AUTO(work_destroy) struct work *work = next_work(sender);
        ck_assert_int_eq(work->stage, WORK_FETCH);
        of_main += strcmp(work->destination, "main") == 0;
        finish(sender, work);
    }
    ck_assert_msg(of_main >= LEAST && of_main <= LOOKED_AT - LEAST, "%d of %d are of one destination",
                  of_main, LOOKED_AT);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("fairness");
    tests_timeout(tests, 120);
    tests_abreast(tests, 2);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, albums_take_turns);
    tests_add(tests, fetches_of_destinations_take_turns);
    return tests_run(tests);
}
