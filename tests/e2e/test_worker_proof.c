/* Who may say what a worker says: a real router, and somebody at its work socket who does not know its secret. */
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/wire/proof.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/pipeline.h"
#include "tests/support/rig.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SOON_MS = 20000, MANY = 20 };

static bool was_told(void *context)
{
    return ((const struct actor *)context)->whos > 0;
}

static size_t times_in_log(struct rig *rig, const char *text)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    size_t times = 0;
    file_read(sandbox_path(rig->sandbox, "router.log"), &log);
    for (const char *at = text_string(&log); (at = strstr(at, text)); at++)
        times++;
    return times;
}

static const struct row {
    const char *label, *proof;
} rows[] = {
    {"nothing", ""},
    {"a guess", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
};

/* Says all that a worker may, as if it were the one that has the work. */
static void lie(struct actor *impostor, const struct actor *worker, const struct work *work)
{
    AUTO(work_result_destroy) struct work_result *result = work_result_create(work);
    struct work_message ping = {.verb = WORK_PING}, bye = {.verb = WORK_BYE};
    for (size_t i = 0; i < result->answer_count; i++)
        work_answer_set(&result->answers[i], WORK_DONE_OUTCOME, BLAME_NOBODY, 200, NULL);
    memcpy(impostor->session, worker->session, sizeof impostor->session);
    memcpy(ping.session, worker->session, sizeof ping.session);
    memcpy(bye.session, worker->session, sizeof bye.session);
    for (int i = 0; i < MANY; i++) {
        actor_say_result(impostor, result);
        actor_say_message(impostor, &ping); /* that lists nothing */
        actor_say_message(impostor, &bye);
    }
}

START_TEST(nothing_counts_that_an_unproven_peer_says)
{
    struct rig *rig = rig_create(NULL);
    struct actor *worker = cast_add(rig->cast, WORK_SEND, 2), *impostor;
    rig_check(rig, actor_wait_greeted(rig->cast, worker, SOON_MS), "the router answers no HELLO");
    impostor = cast_add(rig->cast, WORK_SEND, 8);
    impostor->proof = rows[_i].proof;
    rig_check(rig, cast_until(rig->cast, was_told, impostor, SOON_MS), "it is not told");
    ck_assert(!impostor->greeted);
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    AUTO(work_destroy) struct work *work = actor_wait_work(rig->cast, worker, SOON_MS);
    rig_check(rig, work != NULL, "no work comes");
    impostor->silent = true;
    lie(impostor, worker, work);
    rig_receive(rig, "SECOND", 2, 1, 1, NULL); /* what it said is read before this is given */
    AUTO(work_destroy) struct work *next = actor_wait_work(rig->cast, worker, SOON_MS);
    rig_check(rig, next != NULL, "the worker is taken for gone");
    ck_assert_int_eq(rig_jobs(rig, "delivery", "sent", NULL, NULL), 0);
    ck_assert_uint_eq(impostor->work_count + impostor->acknowledged_count, 0);
    rig_check(rig, actor_finish(rig->cast, worker, work, WORK_DONE_OUTCOME), "not acknowledged");
    rig_check(rig, actor_finish(rig->cast, worker, next, WORK_DONE_OUTCOME), "not acknowledged");
    rig_check(rig, rig_wait_jobs(rig, "delivery", "sent", 2, SOON_MS), "not sent");
    ck_assert_uint_eq(times_in_log(rig, "does not know the router's secret"), 1);
    rig_destroy(&rig);
}
END_TEST

static bool all_were_told(void *context)
{
    struct actor *const *impostors = context;
    for (; *impostors; impostors++) {
        if ((*impostors)->whos == 0)
            return false;
    }
    return true;
}

struct named {
    struct rig *rig;
    struct actor *const *impostors;
};

static bool all_are_named(void *context)
{
    const struct named *named = context;
    bool all = true;
    for (struct actor *const *impostor = named->impostors; *impostor; impostor++) {
        AUTO(text_release) struct text name = TEXT_EMPTY;
        text_format(&name, "worker=%s ", (*impostor)->name);
        all = all && times_in_log(named->rig, text_string(&name)) == 1;
    }
    return all;
}

/* They come at once, so that the log has no line for each of them then. */
START_TEST(each_unproven_worker_is_named)
{
    enum { IMPOSTORS = 4 };
    struct actor *impostors[IMPOSTORS + 1] = {NULL};
    struct rig *rig = rig_create(NULL);
    for (size_t i = 0; i < IMPOSTORS; i++) {
        impostors[i] = cast_add(rig->cast, WORK_SEND, 1);
        impostors[i]->proof = rows[1].proof;
    }
    rig_check(rig, cast_until(rig->cast, all_were_told, impostors, SOON_MS), "they are not told");
    struct named named = {rig, impostors};
    rig_check(rig, cast_until(rig->cast, all_are_named, &named, SOON_MS), "one of them is not in the log");
    rig_destroy(&rig);
}
END_TEST

/* As after a full disk: there is no place for another secret. */
START_TEST(the_secret_of_before_does)
{
    struct rig *rig = rig_create(NULL);
    rig_stop(rig);
    (void)sandbox_make_folder(rig->sandbox, "state/run/work/sock.secret.new");
    rig_start(rig);
    struct actor *worker = cast_add(rig->cast, WORK_SEND, 1);
    rig_check(rig, actor_wait_greeted(rig->cast, worker, SOON_MS), "the router answers no HELLO");
    rig_check(rig, rig_log_says(rig, "the one of before stays"), "no warning");
    rig_destroy(&rig);
}
END_TEST

static const char *secret_of(struct sandbox *sandbox, char proof[PROOF_SIZE])
{
    AUTO(text_release) struct text endpoint = TEXT_EMPTY;
    struct stat status;
    const char *path = sandbox_path(sandbox, "state/run/work/sock.secret");
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
    text_format(&endpoint, "ipc://%s", sandbox_path(sandbox, "state/run/work/sock"));
    proof_read(text_string(&endpoint), proof);
    return proof;
}

/* Real workers; a router that starts again has another secret. */
START_TEST(workers_come_back_by_themselves)
{
    static const char *const tokens[] = {"--token", "main:write:MAINWRITE", NULL};
    struct sandbox *sandbox = sandbox_create();
    struct simulator *kheops = simulator_start(sandbox, "kheops", tokens);
    const struct pipeline_destination destination = {
        .name = "main", .simulator = kheops, .token = "MAINWRITE"};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, NULL};
    struct pipeline *pipeline = pipeline_create(sandbox, &options);
    char before[PROOF_SIZE], after[PROOF_SIZE];
    pipeline_start_all(pipeline);
    pipeline_send_small_study(pipeline, sandbox, 1, 3);
    pipeline_check(pipeline, simulator_wait_instances(kheops, 3, SOON_MS), "not sent");
    (void)secret_of(sandbox, before);
    pipeline_kill_and_restart(pipeline, PIPELINE_ROUTER, 0);
    pipeline_send_small_study(pipeline, sandbox, 2, 3);
    pipeline_check(pipeline, simulator_wait_instances(kheops, 6, SOON_MS), "not sent after the restart");
    ck_assert_str_ne(secret_of(sandbox, after), before);
    pipeline_stop_all(pipeline);
    pipeline_destroy(&pipeline);
    simulator_destroy(&kheops);
    sandbox_destroy(&sandbox);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("worker_proof");
    tests_abreast(tests, 3);
    tests_timeout(tests, 120);
    tests_rows(tests, nothing_counts_that_an_unproven_peer_says, ROWS(rows));
    tests_add(tests, each_unproven_worker_is_named);
    tests_add(tests, the_secret_of_before_does);
    tests_add(tests, workers_come_back_by_themselves);
    return tests_run(tests);
}
