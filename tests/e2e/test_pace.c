/* When a backlog will be empty, and at which pace: what `felucca status` says of it, over a real router. */
#include "common/base/cleanup.h"
#include "common/base/json.h"
#include "tests/support/rig.h"
#include "tests/support/suite.h"

#include <string.h>

enum { SOON_MS = 30000, ALL = 40, DONE = 25 };

static struct rig *rig;
static struct actor *sender;

static void set_up(void)
{
    rig = rig_create(NULL);
    sender = cast_add(rig->cast, WORK_SEND, 4);
    rig_check(rig, actor_wait_greeted(rig->cast, sender, SOON_MS), "no sender");
    for (unsigned i = 1; i <= ALL; i++)
        rig_receive(rig, "FIRST", i, 1, 1, NULL);
    rig_check(rig, rig_wait_jobs(rig, "share", "waiting", 2 * ALL, SOON_MS), "not taken in");
}

static void tear_down(void)
{
    rig_destroy(&rig);
}

static void send_until(int64_t count)
{
    while (rig_jobs(rig, "delivery", "sent", NULL, NULL) < count) {
        struct work *work = actor_wait_work(rig->cast, sender, SOON_MS);
        rig_check(rig, work != NULL, "no work");
        rig_check(rig, actor_finish(rig->cast, sender, work, WORK_DONE_OUTCOME), "not acknowledged");
        work_destroy(&work);
    }
}

/* The line of the destination, a new reference. */
static json_t *status_of_main(void)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    rig_check(rig, rig_felucca(rig, (const char *const[]){"status", "--json", NULL}, &output) == 0, "status");
    json_t *row = json_loads(text_string(&output), JSON_DISABLE_EOF_CHECK, NULL);
    ck_assert_str_eq(json_text(row, "destination"), "main");
    ck_assert(json_is_null(json_object_get(row, "album")));
    return row;
}

static bool says(const char *words)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    rig_check(rig, rig_felucca(rig, (const char *const[]){"status", NULL}, &output) == 0, "status");
    return strstr(text_string(&output), words) != NULL;
}

START_TEST(a_backlog_says_when_it_is_empty)
{
    AUTO(json_release) json_t *before = status_of_main();
    ck_assert(json_is_null(json_object_get(before, "empty_in_seconds"))); /* nothing was done yet */
    ck_assert(!says("main: empty in about"));
    send_until(DONE);
    AUTO(json_release) json_t *now = status_of_main();
    double queued = json_number_value(json_object_get(now, "queued"));
    double pace = json_number_value(json_object_get(now, "done_per_second"));
    double seconds = json_number_value(json_object_get(now, "empty_in_seconds"));
    ck_assert_msg(queued > 0 && queued <= ALL - DONE, "%f are queued", queued);
    /* done within the five to ten minutes that are counted */
    ck_assert_msg(pace >= DONE / 601.0 && pace <= ALL / 300.0, "%f a second", pace);
    ck_assert_msg(seconds <= queued / pace && seconds > queued / pace - 2, "%f s for %f at %f/s", seconds,
                  queued, pace);
    ck_assert(says("main: empty in about "));
    ck_assert(says(" at 0.")); /* "0.1/s" */
}
END_TEST

START_TEST(nothing_is_said_of_one_that_stands)
{
    send_until(DONE);
    rig_expect(rig, 0, "held", (const char *const[]){"hold", "main", NULL});
    ck_assert(!says("main: empty in about"));
    AUTO(json_release) json_t *held = status_of_main();
    ck_assert(json_is_null(json_object_get(held, "empty_in_seconds")));
    rig_expect(rig, 0, "released", (const char *const[]){"release", "main", NULL});
    ck_assert(says("main: empty in about"));
    send_until(ALL);
    ck_assert(!says("main: empty in about"));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("pace");
    tests_abreast(tests, 2);
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, a_backlog_says_when_it_is_empty);
    tests_add(tests, nothing_is_said_of_one_that_stands);
    return tests_run(tests);
}
