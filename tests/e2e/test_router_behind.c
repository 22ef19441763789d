/* A real router that gives a worker the next work of a target while one is on its way. The workers are played by the test. */
#include "tests/support/rig.h"

#include "common/base/cleanup.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

enum { SOON_MS = 30000, QUIET_MS = 400 };

static struct rig *rig;
static struct actor *actor;

static void set_up(void)
{
    rig = rig_create(NULL);
    actor = cast_add(rig->cast, WORK_SEND, 1);
    actor->follows = true;
    rig_check(rig, actor_wait_greeted(rig->cast, actor, SOON_MS), "the router answers no HELLO");
}

static void tear_down(void)
{
    rig_destroy(&rig);
}

static struct work *take_work(void)
{
    struct work *work = actor_wait_work(rig->cast, actor, SOON_MS);
    rig_check(rig, work != NULL, "no work comes");
    return work;
}

static void check_no_work(const char *why)
{
    AUTO(work_destroy) struct work *work = actor_wait_work(rig->cast, actor, QUIET_MS);
    rig_check(rig, work == NULL, why);
}

static void finish(struct work **work, enum work_outcome outcome)
{
    rig_check(rig, actor_finish(rig->cast, actor, *work, outcome), "a RESULT is not acknowledged");
    work_destroy(work);
}

/* Gives a work back that was not begun. */
static void give_back(struct work **work)
{
    char id[WORK_ID_SIZE];
    struct work_result *result = work_result_create(*work);
    result->unbegun = true;
    memcpy(id, result->id, sizeof id);
    actor_say_result(actor, result);
    work_result_destroy(&result);
    rig_check(rig, actor_wait_acknowledged(rig->cast, actor, id, SOON_MS), "a RESULT is not acknowledged");
    work_destroy(work);
}

static void receive(const char *called_aet, unsigned study)
{
    rig_receive(rig, called_aet, study, 1, 1, NULL);
}

START_TEST(one_work_waits_behind_each_that_is_out)
{
    for (unsigned study = 1; study <= 4; study++)
        receive("SECOND", study);
    struct work *first = take_work(), *second = take_work();
    ck_assert_str_eq(first->after, "");
    ck_assert_str_eq(second->after, first->id);
    check_no_work("a second one behind the same, or behind one that waits");
    finish(&first, WORK_DONE_OUTCOME);
    struct work *third = take_work();
    ck_assert_str_eq(third->after, second->id);
    finish(&second, WORK_DONE_OUTCOME);
    struct work *fourth = take_work();
    ck_assert_str_eq(fourth->after, third->id);
    finish(&third, WORK_DONE_OUTCOME);
    finish(&fourth, WORK_DONE_OUTCOME);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "sent", 4, SOON_MS), "not all are sent");
}
END_TEST

/* Its slots are needed by another destination: nothing more waits behind the busy one. */
START_TEST(nothing_waits_where_another_target_needs_the_slot)
{
    receive("SECOND", 1);
    receive("SECOND", 2);
    struct work *first = take_work(), *second = take_work();
    receive("FIRST", 3);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "queued", 1, SOON_MS), "not taken in");
    receive("SECOND", 4);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "queued", 2, SOON_MS), "not taken in");
    finish(&first, WORK_DONE_OUTCOME);
    check_no_work("behind the one that took over the slot");
    finish(&second, WORK_DONE_OUTCOME);
    struct work *other = take_work();
    ck_assert_str_eq(other->destination, "main");
    ck_assert_str_eq(other->after, "");
    finish(&other, WORK_DONE_OUTCOME);
    struct work *last = take_work();
    ck_assert_str_eq(last->destination, "other");
    finish(&last, WORK_DONE_OUTCOME);
}
END_TEST

START_TEST(what_comes_back_unbegun_goes_again_and_costs_nothing)
{
    receive("SECOND", 1);
    receive("SECOND", 2);
    int unbegun = 0;
    struct work *first = take_work(), *second = take_work();
    finish(&first, WORK_RETRY_OUTCOME);
    bool asked = second->unasked && second->items[0].fresh;
    ck_assert_msg(asked, "the first request of its study");
    give_back(&second);
    for (int i = 0; i < 2; i++) {
        struct work *again = take_work();
        asked = asked && (!again->unasked || again->items[0].fresh);
        unbegun += again->unasked;
        finish(&again, WORK_DONE_OUTCOME);
    }
    ck_assert_msg(asked && unbegun == 1, "what was not begun is as if nothing had been");
    rig_check(rig, rig_wait_jobs(rig, "delivery", "sent", 2, SOON_MS), "not all are sent");
}
END_TEST

/* What waited is lost with the worker, and is not why it died. */
START_TEST(what_waited_at_a_worker_that_died_goes_to_others)
{
    receive("SECOND", 1);
    receive("SECOND", 2);
    struct work *first = take_work(), *second = take_work();
    cast_remove(rig->cast, actor);
    actor = cast_add(rig->cast, WORK_SEND, 1);
    rig_check(rig, actor_wait_greeted(rig->cast, actor, SOON_MS), "the router answers no HELLO");
    work_destroy(&first);
    work_destroy(&second);
    for (int i = 0; i < 2; i++) {
        struct work *again = actor_wait_work(rig->cast, actor, WORK_LEASE_MS + SOON_MS);
        rig_check(rig, again != NULL, "it is not given again");
        ck_assert_str_eq(again->after, ""); /* this one does not follow */
        finish(&again, WORK_DONE_OUTCOME);
    }
    rig_check(rig, rig_wait_jobs(rig, "delivery", "sent", 2, SOON_MS), "not all are sent");
}
END_TEST

/* A token that is found to open a wrong album, or a corrected instance, stops what the router still has. */
START_TEST(no_share_waits_at_a_sharer)
{
    rig_stop(rig);
    rig_configure(rig, NULL, "ct"); /* one album is left that a CT series goes to */
    rig_start(rig);
    struct actor *sharer = cast_add(rig->cast, WORK_SHARE, 1);
    sharer->follows = true;
    rig_check(rig, actor_wait_greeted(rig->cast, sharer, SOON_MS), "the router answers no HELLO");
    for (unsigned study = 1; study <= 2; study++) {
        receive("FIRST", study);
        struct work *work = take_work();
        finish(&work, WORK_DONE_OUTCOME);
    }
    struct work *first = actor_wait_work(rig->cast, sharer, SOON_MS);
    rig_check(rig, first != NULL, "no share comes");
    AUTO(work_destroy) struct work *second = actor_wait_work(rig->cast, sharer, QUIET_MS);
    rig_check(rig, second == NULL, "what may be barred or decided anew meanwhile waits at the sharer");
    for (int i = 0; i < 2; i++) {
        struct work *share = i == 0 ? first : actor_wait_work(rig->cast, sharer, SOON_MS);
        rig_check(rig, share != NULL, "no share comes");
        rig_check(rig, actor_finish(rig->cast, sharer, share, WORK_DONE_OUTCOME), "not acknowledged");
        work_destroy(&share);
    }
    rig_check(rig, rig_wait_jobs(rig, "share", "shared", 2, SOON_MS), "not all are shared");
}
END_TEST

static bool is_abandoned(void *context)
{
    return !actor_holds(actor, context);
}

/* Nothing more goes where an operator holds: what has not begun comes back. */
START_TEST(what_waits_is_taken_back_by_a_hold)
{
    static const char *const hold[] = {"hold", "other", NULL}, *const release[] = {"release", "other", NULL};
    receive("SECOND", 1);
    receive("SECOND", 2);
    struct work *first = take_work(), *second = take_work();
    rig_expect(rig, 0, "other is held", hold);
    rig_check(rig, cast_until(rig->cast, is_abandoned, second->id, SOON_MS), "the worker is not told");
    rig_check(rig, rig_wait_jobs(rig, "delivery", "queued", 1, SOON_MS), "it does not come back");
    finish(&first, WORK_DONE_OUTCOME);
    check_no_work("it is held");
    rig_expect(rig, 0, "other is released", release);
    work_destroy(&second);
    second = take_work();
    ck_assert_str_eq(second->after, "");
    finish(&second, WORK_DONE_OUTCOME);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("router_behind");
    tests_abreast(tests, 4);
    tests_fixture(tests, set_up, tear_down);
    tests_timeout(tests, 120);
    tests_add(tests, one_work_waits_behind_each_that_is_out);
    tests_add(tests, nothing_waits_where_another_target_needs_the_slot);
    tests_add(tests, what_comes_back_unbegun_goes_again_and_costs_nothing);
    tests_add(tests, what_waited_at_a_worker_that_died_goes_to_others);
    tests_add(tests, no_share_waits_at_a_sharer);
    tests_add(tests, what_waits_is_taken_back_by_a_hold);
    return tests_run(tests);
}
