/* The router stands still for seconds, or is busy with its recovery, while requests are under way: nothing is
 * aborted, nothing is made twice. Real processes, simulated KHEOPS. */
#include "common/base/cleanup.h"
#include "common/wire/work.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/scene.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <string.h>

enum { LARGE_BYTES = 30 << 20, SMALL_BYTES = 2 << 10, BACKLOG = 40 };

static struct scene scene;

static void set_up(void)
{
    scene_open(&scene);
    scene_set_up(&scene, "sender: { slots: 1 }\n");
    pipeline_start(scene.pipeline, PIPELINE_ROUTER);
    pipeline_start(scene.pipeline, PIPELINE_RECEIVER);
    pipeline_start(scene.pipeline, PIPELINE_SENDER);
    pipeline_start(scene.pipeline, PIPELINE_SHARER);
}

static void tear_down(void)
{
    scene_close(&scene);
}

static void check(bool ok, const char *what)
{
    pipeline_check(scene.pipeline, ok, what);
}

/* ---- small steps ---- */

static size_t times_in_log(const char *log, const char *words)
{
    AUTO(text_release) struct text content = TEXT_EMPTY;
    size_t times = 0;
    file_read(sandbox_path(scene.sandbox, "%s", log), &content);
    for (const char *at = text_string(&content); (at = strstr(at, words)); at++)
        times++;
    return times;
}

struct said {
    const char *log, *words;
    size_t times;
};

static bool is_said(void *context)
{
    const struct said *said = context;
    return times_in_log(said->log, said->words) >= said->times;
}

static void wait_said(const char *log, const char *words, size_t times)
{
    struct said said = {log, words, times};
    check(wait_until(is_said, &said, SCENE_PATIENCE_MS), words);
}

static int64_t requests(void)
{
    return simulator_count(scene.kheops, "requests.stow");
}

static bool is_under_way(void *context)
{
    (void)context;
    return requests() > 0;
}

static void send_study(uint64_t seed, unsigned instances, uint64_t bytes,
                       struct scene_instances *ret_instances)
{
    const char *folder = scene_study(&scene, seed, 1, instances, bytes);
    const char *output = sandbox_path(scene.sandbox, "storescu-%llu", (unsigned long long)seed);
    check(scene_send(&scene, folder, output), "storescu");
    scene_acknowledged(output, seed, ret_instances, NULL);
}

/* The request takes so long that all of the trouble happens meanwhile. */
static void begin_long_request(struct scene_instances *ret_instances, const char *milliseconds)
{
    AUTO(text_release) struct text order = TEXT_EMPTY;
    text_format(&order, "{\"delay_ms\": %s}", milliseconds);
    simulator_order(scene.kheops, "/sim/config", text_string(&order));
    send_study(1, 1, LARGE_BYTES, ret_instances);
    check(wait_until(is_under_way, NULL, SCENE_PATIENCE_MS), "no request");
    simulator_order(scene.kheops, "/sim/config", "{\"delay_ms\": 0}");
}

/* ---- the router is stopped ---- */

START_TEST(a_router_that_stands_still_ends_no_request)
{
    AUTO(scene_instances_release) struct scene_instances instances = SCENE_INSTANCES_EMPTY;
    struct process *router = pipeline_process(scene.pipeline, PIPELINE_ROUTER, 0);
    wait_said("sender-0.log", "the router answers", 1);
    wait_said("sharer-0.log", "the router answers", 1);
    begin_long_request(&instances, "12000");
    process_signal(router, SIGSTOP);
    wait_said("sender-0.log", "the router is silent", 1); /* 5 s */
    wait_said("sharer-0.log", "the router is silent", 1);
    process_signal(router, SIGCONT);
    wait_said("sender-0.log", "the router answers", 2);
    scene_wait_done(&scene, &instances);
    ck_assert_int_eq(requests(), 1);
    check(times_in_log("router-0.log", "lease lost") == 0, "a lease was lost");
}
END_TEST

/* ---- the router recovers ---- */

/* A disk on which each look into incoming/ takes 0.2 s. */
static const char *const *slow_looks(void)
{
    static const char *words[] = {"strace", "-D",
                                  "-f",     "-qq",
                                  "-o",     "/dev/null",
                                  "-e",     "trace=newfstatat",
                                  "-e",     "inject=newfstatat:delay_enter=200000",
                                  "-P",     NULL,
                                  NULL};
    words[11] = sandbox_path(scene.sandbox, "%s", "state/spool/incoming");
    return words;
}

START_TEST(a_router_that_recovers_answers_its_workers)
{
    AUTO(scene_instances_release) struct scene_instances instances = SCENE_INSTANCES_EMPTY;
    begin_long_request(&instances, "20000");
    send_study(2, BACKLOG, SMALL_BYTES, &instances);
    wait_said("router-0.log", "instance taken in", 1 + BACKLOG); /* a recovery looks after each of them */
    pipeline_equip(scene.pipeline, PIPELINE_ROUTER, NULL, slow_looks());
    pipeline_kill_and_restart(scene.pipeline, PIPELINE_ROUTER, 0);
    wait_said("router-0.log", "worker says hello", 3);
    /* While nobody listened yet, between the kill and this start, it may have been silent. */
    const size_t silent_before = times_in_log("sender-0.log", "the router is silent");
#if !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__) /* so slow that the backlog may be taken in before */
    check(times_in_log("router-0.log", "recovered") == 1, "it recovered so fast that the test says nothing");
#endif
    wait_said("router-0.log", "recovered", 2);
    check(times_in_log("sender-0.log", "the router is silent") == silent_before,
          "nobody answers while it recovers");
    scene_wait_done(&scene, &instances);
    ck_assert_int_eq(requests(), 2);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("router_stalled");
    tests_abreast(tests, 3);
    tests_timeout(tests, 140);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, a_router_that_stands_still_ends_no_request);
    tests_add(tests, a_router_that_recovers_answers_its_workers);
    return tests_run(tests);
}
