/* The file that tells which worker lacks what: it is written again where it could not be written. */
#include "common/base/cleanup.h"
#include "common/spool/resting.h"
#include "tests/support/deadline.h"
#include "tests/support/rig.h"
#include "tests/support/suite.h"

#include <unistd.h>

enum { SOON_MS = 30000 };

static struct rig *rig;

static void set_up(void)
{
    rig = rig_create(NULL);
}

static void tear_down(void)
{
    rig_destroy(&rig);
}

/* The first one says that it lacks something, while another one is there. */
static void lack_something(void)
{
    struct actor *poor = cast_add(rig->cast, WORK_SEND, 1);
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    AUTO(work_destroy) struct work *work = actor_wait_work(rig->cast, poor, SOON_MS);
    rig_check(rig, work != NULL, "no work comes");
    struct actor *other = cast_add(rig->cast, WORK_SEND, 1);
    rig_check(rig, actor_wait_greeted(rig->cast, other, SOON_MS), "not greeted");
    AUTO(work_result_destroy) struct work_result *result = work_result_create(work);
    work_answer_set(&result->answers[0], WORK_BLOCKED_OUTCOME, BLAME_WORKER, 0, "no token file");
    actor_say_result(poor, result);
    rig_check(rig, actor_wait_acknowledged(rig->cast, poor, work->id, SOON_MS), "not acknowledged");
}

static bool is_written(void *context)
{
    (void)context;
    AUTO(json_release) json_t *list = resting_read(rig->state);
    return json_array_size(list) == 1;
}

START_TEST(it_is_written_when_there_is_space_again)
{
    const char *in_the_way = sandbox_make_folder(rig->sandbox, "state/resting.new");
    lack_something();
    rig_check(rig, rig_wait_log(rig, "cannot write who lacks what", SOON_MS), "it does not say so");
    ck_assert(!is_written(NULL));
    ck_assert_int_eq(rmdir(in_the_way), 0);
    rig_check(rig, cast_until(rig->cast, is_written, NULL, SOON_MS), "it is not written any more");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("resting");
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, it_is_written_when_there_is_space_again);
    return tests_run(tests);
}
