/* tcp:// endpoints with CURVE: the whole pipeline over them; who is not in the router's list gets nothing. */
#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/keyring.h"
#include "tests/support/port.h"
#include "tests/support/scene.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <string.h>

enum { BYTES = 20 << 10 };

static struct scene scene;
static struct keyring keys;
static const enum keyring_holder holders[PIPELINE_STAGES] = {
    [PIPELINE_ROUTER] = KEYRING_ROUTER,
    [PIPELINE_RECEIVER] = KEYRING_RECEIVER,
    [PIPELINE_SENDER] = KEYRING_SENDER,
    [PIPELINE_SHARER] = KEYRING_SHARER,
};

static void give_key(enum pipeline_stage stage, enum keyring_holder holder)
{
    pipeline_equip(scene.pipeline, stage, keys.of[holder].environment, NULL);
}

static void set_up(void)
{
    AUTO(text_release) struct text more = TEXT_EMPTY;
    scene_open(&scene);
    keyring_make(&keys, scene.sandbox);
    keyring_config(&keys, "localhost", port_free_run(3), &more);
    scene_set_up(&scene, text_string(&more));
    for (enum pipeline_stage stage = 0; stage < PIPELINE_STAGES; stage++)
        give_key(stage, holders[stage]);
    pipeline_start(scene.pipeline, PIPELINE_ROUTER);
    pipeline_start(scene.pipeline, PIPELINE_RECEIVER);
}

static void tear_down(void)
{
    scene_close(&scene);
}

static void check(bool ok, const char *what)
{
    pipeline_check(scene.pipeline, ok, what);
}

static size_t count_in_log(const char *log, const char *words)
{
    AUTO(text_release) struct text content = TEXT_EMPTY;
    size_t count = 0;
    file_read(sandbox_path(scene.sandbox, "%s", log), &content);
    for (const char *at = text_string(&content); (at = strstr(at, words)); at++)
        count++;
    return count;
}

static void send_study(uint64_t seed, struct scene_instances *instances)
{
    const char *folder = scene_study(&scene, seed, 2, 5, BYTES);
    const char *output = sandbox_path(scene.sandbox, "storescu-%llu", (unsigned long long)seed);
    check(scene_send(&scene, folder, output), "storescu");
    scene_acknowledged(output, seed, instances, NULL);
}

START_TEST(everything_works)
{
    AUTO(scene_instances_release) struct scene_instances instances = SCENE_INSTANCES_EMPTY;
    pipeline_start(scene.pipeline, PIPELINE_SENDER);
    pipeline_start(scene.pipeline, PIPELINE_SENDER);
    pipeline_start(scene.pipeline, PIPELINE_SHARER);
    send_study(1, &instances);
    ck_assert_uint_eq(instances.count, 10);
    scene_wait_done(&scene, &instances);
    /* Receipts came as hints, not only by scanning. */
    check(pipeline_metric(scene.pipeline, PIPELINE_RECEIVER, 0, "felucca_hints_total") >= 10, "no hints");
    pipeline_kill_and_restart(scene.pipeline, PIPELINE_ROUTER, 0);
    send_study(2, &instances);
    scene_wait_done(&scene, &instances);
    check(pipeline_metric(scene.pipeline, PIPELINE_ROUTER, 0, "felucca_router_refused_peers_total") == 0,
          "somebody was refused");
    pipeline_stop_all(scene.pipeline);
}
END_TEST

static bool is_refused(void *context)
{
    (void)context;
    return pipeline_metric(scene.pipeline, PIPELINE_ROUTER, 0, "felucca_router_refused_peers_total") >= 2;
}

/* A sender, and a receiver's helper, whose key is in no list. */
START_TEST(a_stranger_gets_nothing)
{
    AUTO(scene_instances_release) struct scene_instances instances = SCENE_INSTANCES_EMPTY;
    give_key(PIPELINE_SENDER, KEYRING_STRANGER);
    pipeline_start(scene.pipeline, PIPELINE_SENDER);
    send_study(1, &instances);
    check(wait_until(is_refused, NULL, SCENE_PATIENCE_MS), "nobody is refused");
    ck_assert_int_eq(simulator_count(scene.kheops, "requests.stow"), 0);
    ck_assert_uint_eq(count_in_log("router-0.log", "curve.allowed_keys does not list its key"), 1);
    ck_assert_uint_eq(count_in_log("router-0.log", keys.of[KEYRING_STRANGER].public_key), 1);
    ck_assert_uint_eq(count_in_log("router-0.log", "worker says hello"), 0);
    /* One who is let in does the work. */
    give_key(PIPELINE_SENDER, KEYRING_SENDER);
    pipeline_start(scene.pipeline, PIPELINE_SENDER);
    pipeline_start(scene.pipeline, PIPELINE_SHARER);
    scene_wait_done(&scene, &instances);
    ck_assert_uint_eq(count_in_log("sender-0.log", "batch"), 0);
}
END_TEST

static bool is_reread(void *context)
{
    return count_in_log("router-0.log", "configuration read again") >= *(const size_t *)context;
}

static void reread(size_t times)
{
    process_signal(pipeline_process(scene.pipeline, PIPELINE_ROUTER, 0), SIGHUP);
    check(wait_until(is_reread, &times, SCENE_PATIENCE_MS), "not read again");
}

static bool is_cut_off(void *context)
{
    (void)context;
    return count_in_log("router-0.log", "a peer is not heard any more") == 1;
}

START_TEST(a_removed_key_works_no_more)
{
    AUTO(scene_instances_release) struct scene_instances instances = SCENE_INSTANCES_EMPTY;
    pipeline_start(scene.pipeline, PIPELINE_SENDER);
    pipeline_start(scene.pipeline, PIPELINE_SHARER);
    send_study(1, &instances);
    scene_wait_done(&scene, &instances);
    keyring_list(&keys, KEYRING_SENDER, false);
    reread(1);
    check(wait_until(is_cut_off, NULL, SCENE_PATIENCE_MS), "it is still heard");
    int64_t requests = simulator_count(scene.kheops, "requests.stow");
    send_study(2, &instances);
    /* A new process with that key is refused at the door. */
    pipeline_kill_and_restart(scene.pipeline, PIPELINE_SENDER, 0);
    check(wait_until(is_refused, NULL, SCENE_PATIENCE_MS), "nobody is refused");
    ck_assert_int_eq(simulator_count(scene.kheops, "requests.stow"), requests);
    /* Listed again it works without a restart. */
    keyring_list(&keys, KEYRING_SENDER, true);
    reread(2);
    scene_wait_done(&scene, &instances);
}
END_TEST

static const struct caller {
    const char *label;
    enum keyring_holder holder; /* KEYRING_HOLDERS: without a key */
    int status;
    const char *output;
} callers[] = {
    {"an operator", KEYRING_OPERATOR, 0, "is held"},
    {"a stranger", KEYRING_STRANGER, 4, "does its curve.allowed_keys list ours?"},
    {"nobody", KEYRING_HOLDERS, 3, "FELUCCA_TEST_CURVE is not set"},
};

START_TEST(commands_need_a_key)
{
    const struct caller *caller = &callers[_i];
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *const argv[] = {FELUCCA_BIN "/felucca", "--config", pipeline_config(scene.pipeline), "hold",
                                "kheops-main",          NULL};
    const char *const *environment =
        caller->holder == KEYRING_HOLDERS ? NULL : keys.of[caller->holder].environment;
    int status = process_run(argv, environment, SCENE_PATIENCE_MS, &output);
    ck_assert_msg(status == caller->status, "%s: %d %s", caller->label, status, text_string(&output));
    ck_assert_msg(strstr(text_string(&output), caller->output), "%s: %s", caller->label,
                  text_string(&output));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("curve");
    tests_abreast(tests, 4);
    tests_timeout(tests, 200);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, everything_works);
    tests_add(tests, a_stranger_gets_nothing);
    tests_rows(tests, commands_need_a_key, ROWS(callers));
    tests_add(tests, a_removed_key_works_no_more);
    return tests_run(tests);
}
