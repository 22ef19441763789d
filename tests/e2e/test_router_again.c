/* A real router, after its own death and after a destination's: how soon everything goes as before. */
#include "tests/support/rig.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "router/target.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/suite.h"

#include <string.h>

enum { SOON_MS = 20000, MANY = 40, FIRST_WAIT_MS = 20 };

static struct rig *rig;

static void set_up(void)
{
    rig = rig_create("retry: { first: 20ms, ceiling: 200ms, attempts: 3 }\n");
}

static void tear_down(void)
{
    rig_destroy(&rig);
}

static struct work *take_work(struct actor *actor)
{
    struct work *work = actor_wait_work(rig->cast, actor, SOON_MS);
    rig_check(rig, work != NULL, "no work comes");
    return work;
}

static void finish(struct actor *actor, struct work **work)
{
    rig_check(rig, actor_finish(rig->cast, actor, *work, WORK_DONE_OUTCOME), "a RESULT is not acknowledged");
    work_destroy(work);
}

/* ---- its own death ---- */

START_TEST(what_its_worker_does_not_hold_waits_for_no_lease)
{
    struct actor *actor = cast_add(rig->cast, WORK_SEND, 1);
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    AUTO(work_destroy) struct work *lost = take_work(actor);
    rig_kill(rig);
    actor_drop(actor, lost->id); /* as if the WORK had been lost with the router */
    rig_start(rig);
    struct work *again = take_work(actor);
    ck_assert_str_ne(again->id, lost->id);
    ck_assert_int_eq(again->items[0].id, lost->items[0].id);
    rig_check(rig, rig_log_says(rig, "worker=actor-1"), "the worker is not known to have had it");
    rig_check(rig, !rig_log_says(rig, "before the restart"), "it waited for the lease");
    finish(actor, &again);
}
END_TEST

START_TEST(what_its_worker_holds_stays_with_it)
{
    struct actor *actor = cast_add(rig->cast, WORK_SEND, 1);
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    struct work *held = take_work(actor);
    rig_kill(rig);
    rig_start(rig);
    struct actor *other = cast_add(rig->cast, WORK_SEND, 4);
    rig_receive(rig, "SECOND", 2, 1, 1, NULL);
    struct work *work = take_work(other);
    ck_assert_str_ne(work->study, held->study);
    finish(other, &work);
    AUTO(work_destroy) struct work *stolen = actor_wait_work(rig->cast, other, 3000);
    ck_assert_ptr_null(stolen);
    finish(actor, &held);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "sent", 2, SOON_MS), "both are sent");
    rig_check(rig, !rig_log_says(rig, "lease lost"), "nothing was lost");
}
END_TEST

/* ---- a worker's death ---- */

static struct work *die_of_work(unsigned count)
{
    struct actor *actor = cast_add(rig->cast, WORK_SEND, 1);
    struct work *work = take_work(actor);
    ck_assert_uint_eq(work->item_count, count);
    cast_remove(rig->cast, actor);
    return work;
}

START_TEST(what_workers_die_of_goes_again_in_halves)
{
    enum { INSTANCES = 4 };
    struct actor *actor = cast_add(rig->cast, WORK_SEND, 1);
    rig_receive(rig, "SECOND", 1, 1, INSTANCES + 1, NULL);
    struct work *work = take_work(actor);
    actor_say_bye(actor);
    for (unsigned i = 1; i <= INSTANCES; i++)
        rig_receive(rig, "SECOND", 1, 1, i, NULL);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "queued", INSTANCES, SOON_MS), "they are taken in");
    finish(actor, &work);
    work = die_of_work(INSTANCES);
    work_destroy(&work);
    work = die_of_work(INSTANCES); /* the first time says nothing: hosts die, too */
    work_destroy(&work);
    actor = cast_add(rig->cast, WORK_SEND, 2);
    for (int i = 0; i < 2; i++) {
        work = take_work(actor);
        ck_assert_uint_eq(work->item_count, INSTANCES / 2);
        finish(actor, &work);
    }
    rig_check(rig, rig_wait_jobs(rig, "delivery", "sent", INSTANCES + 1, SOON_MS), "all are sent");
}
END_TEST

/* ---- workers of another version ---- */

static size_t times_in_log(const char *text)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    size_t times = 0;
    file_read(sandbox_path(rig->sandbox, "router.log"), &log);
    for (const char *at = text_string(&log); (at = strstr(at, text)); at++)
        times++;
    return times;
}

static bool was_told(void *context)
{
    return ((const struct actor *)context)->whos > 0;
}

/* It behaves as the first version did: says HELLO to each WHO, and again and again. */
START_TEST(a_worker_of_another_version_is_told_once)
{
    struct actor *old = cast_add(rig->cast, WORK_SEND, 0), *good = cast_add(rig->cast, WORK_SEND, 1);
    AUTO(text_release) struct text hello = TEXT_EMPTY;
    text_format(
        &hello,
        "{\"stage\":\"send\",\"name\":\"old\",\"session\":\"of old\",\"protocol\":%d,\"slots\":1,\"held\":[]}",
        WORK_PROTOCOL - 1);
    rig_check(rig, actor_wait_greeted(rig->cast, old, SOON_MS), "not connected");
    old->silent = true;
    for (int i = 0; i < MANY; i++)
        actor_say(old, "HELLO", text_string(&hello));
    rig_check(rig, cast_until(rig->cast, was_told, old, SOON_MS), "it is not told");
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    for (int i = 0; i < MANY; i++)
        actor_say(old, "HELLO", text_string(&hello));
    struct work *work = take_work(good);
    finish(good, &work);
    ck_assert_uint_eq(old->whos, 1);
    ck_assert_uint_eq(old->work_count, 0);
    ck_assert_uint_eq(times_in_log("another version of the protocol"), 1);
}
END_TEST

/* ---- a worker that lacks something ---- */

static const struct lack {
    const char *label;
    enum work_outcome outcome;
    enum blame blame;
    const char *when_all; /* say so: the target's state; NULL: it stays as it is */
} lacks[] = {
    {"no token file", WORK_BLOCKED_OUTCOME, BLAME_WORKER, "blocked"},
    {"no spool", WORK_MISSING_OUTCOME, BLAME_WORKER, NULL},
    {"an old token", WORK_BLOCKED_OUTCOME, BLAME_TOKEN, "blocked"},
    {"no way there", WORK_RETRY_OUTCOME, BLAME_WORKER, "backing off"},
};

static void lack(struct actor *actor, const struct lack *row, struct work **work)
{
    AUTO(work_result_destroy) struct work_result *result = work_result_create(*work);
    for (size_t i = 0; i < result->answer_count; i++)
        work_answer_set(&result->answers[i], row->outcome, row->blame, 0, "not here");
    actor_say_result(actor, result);
    rig_check(rig, actor_wait_acknowledged(rig->cast, actor, (*work)->id, SOON_MS), "not acknowledged");
    work_destroy(work);
}

static bool is_told(const struct lack *row)
{
    return rig_log_says(rig, row->when_all[1] == 'l' ? "state=blocked" : "state=\"backing off\"");
}

/* When every worker says so it is the destination's. */
static void fail_until_told(struct actor *one, struct actor *other, const struct lack *row)
{
    enum { TRIES = 6 };
    for (int i = 0; i < TRIES && !is_told(row); i++) {
        while (one->work_count + other->work_count == 0 && !is_told(row))
            cast_turn(rig->cast);
        struct actor *actor = one->work_count > 0 ? one : other;
        if (actor->work_count == 0)
            return;
        struct work *work = take_work(actor);
        lack(actor, row, &work);
    }
}

/* It has the most credit, so it is asked first. */
START_TEST(what_one_worker_lacks_blocks_nobody)
{
    const struct lack *row = &lacks[_i];
    struct actor *poor = cast_add(rig->cast, WORK_SEND, 8);
    rig_check(rig, actor_wait_greeted(rig->cast, poor, SOON_MS), "not greeted");
    struct actor *good = cast_add(rig->cast, WORK_SEND, 1);
    rig_check(rig, actor_wait_greeted(rig->cast, good, SOON_MS), "not greeted");
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    struct work *work = take_work(poor);
    lack(poor, row, &work);
    work = take_work(good);
    finish(good, &work);
    rig_check(rig, rig_wait_target(rig, "other", NULL, "up", SOON_MS), "the destination is blamed");
    rig_check(rig, rig_log_says(rig, "worker cannot serve a target"), "nobody is told");
    rig_check(rig, !rig_log_says(rig, "destination changed"), "the destination was blamed");
    if (!row->when_all)
        return;
    rig_receive(rig, "SECOND", 2, 1, 1, NULL);
    fail_until_told(poor, good, row);
    rig_check(rig, rig_wait_target(rig, "other", NULL, row->when_all, SOON_MS), "nobody is blamed");
}
END_TEST

/* A destination that is in trouble is tried by all: the trouble may be that of one worker's way there. */
START_TEST(probes_go_to_another_worker_than_the_one_that_failed)
{
    struct actor *poor = cast_add(rig->cast, WORK_SEND, 8);
    rig_check(rig, actor_wait_greeted(rig->cast, poor, SOON_MS), "not greeted");
    struct actor *good = cast_add(rig->cast, WORK_SEND, 1);
    rig_check(rig, actor_wait_greeted(rig->cast, good, SOON_MS), "not greeted");
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    struct work *work = take_work(poor);
    static const struct lack down = {"no connection", WORK_RETRY_OUTCOME, BLAME_DESTINATION, NULL};
    lack(poor, &down, &work);
    work = take_work(good);
    finish(good, &work);
    rig_check(rig, rig_wait_target(rig, "other", NULL, "up", SOON_MS), "it is not up again");
}
END_TEST

/* ---- the destination's death ---- */

static void answer_500(struct actor *actor, struct work **work)
{
    struct work_result *result = work_result_create(*work);
    for (size_t i = 0; i < result->answer_count; i++)
        work_answer_set(&result->answers[i], WORK_RETRY_OUTCOME, BLAME_CRASH, 500, "as played by a test");
    actor_say_result(actor, result);
    rig_check(rig, actor_wait_acknowledged(rig->cast, actor, result->id, SOON_MS), "no ACK comes");
    work_result_destroy(&result);
    work_destroy(work);
}

static bool is_over(void *context)
{
    return clock_monotonic_ms() > *(const int64_t *)context;
}

START_TEST(after_an_outage_requests_are_as_large_as_before)
{
    struct actor *actor = cast_add(rig->cast, WORK_SEND, 1);
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    struct work *work = take_work(actor);
    /* First: the result's ACK tells that it was heard, and nothing more is given to it. */
    actor_say_bye(actor);
    finish(actor, &work);
    for (unsigned instance = 2; instance < 2 + MANY; instance++)
        rig_receive(rig, "SECOND", 1, 1, instance, NULL);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "queued", MANY, SOON_MS), "they are taken in");
    actor = cast_add(rig->cast, WORK_SEND, 1);
    size_t smallest = MANY;
    while (smallest > 3) { /* all of them have been in some of these */
        work = take_work(actor);
        smallest = work->item_count < smallest ? work->item_count : smallest;
        answer_500(actor, &work);
    }
    work = take_work(actor);
    ck_assert_uint_le(work->item_count, MANY / 2);
    size_t probe = work->item_count;
    finish(actor, &work);
    work = take_work(actor);
    probe += work->item_count;
    int64_t well_for_long = clock_monotonic_ms() + (TARGET_WARY_WAITS + 1) * FIRST_WAIT_MS;
    rig_check(rig, wait_until(is_over, &well_for_long, SOON_MS), "time stands still");
    finish(actor, &work);
    work = take_work(actor);
    ck_assert_msg(work->item_count == MANY - probe, "%zu at once, of %zu", work->item_count, MANY - probe);
    finish(actor, &work);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "sent", MANY + 1, SOON_MS), "all are sent");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("router again");
    tests_abreast(tests, 4);
    tests_fixture(tests, set_up, tear_down);
    tests_timeout(tests, 120);
    tests_add(tests, what_its_worker_does_not_hold_waits_for_no_lease);
    tests_add(tests, what_its_worker_holds_stays_with_it);
    tests_add(tests, what_workers_die_of_goes_again_in_halves);
    tests_add(tests, a_worker_of_another_version_is_told_once);
    tests_rows(tests, what_one_worker_lacks_blocks_nobody, ROWS(lacks));
    tests_add(tests, probes_go_to_another_worker_than_the_one_that_failed);
    tests_add(tests, after_an_outage_requests_are_as_large_as_before);
    return tests_run(tests);
}
