/* Name servers that do not answer (in a network namespace of our own): what waits for a name holds up nothing
 * else. Real processes, simulated KHEOPS. */
#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/files.h"
#include "tests/support/network.h"
#include "tests/support/operator_view.h"
#include "tests/support/silent_names.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { PATIENCE_MS = 90000, INSTANCE_BYTES = 40 << 10, NOT_PERMITTED = 77 };

static struct network *network;
static struct sandbox *sandbox;
static struct simulator *kheops;
static struct pipeline *pipeline;

static void check(bool ok, const char *what)
{
    pipeline_check(pipeline, ok, what);
}

static void set_up(void)
{
    static const char *const tokens[] = {"--token", "main:write:MAINWRITE", NULL};
    network = network_create();
    sandbox = sandbox_create();
    silent_names_begin(sandbox);
    kheops = simulator_start(sandbox, "kheops", tokens);
    const struct pipeline_destination destinations[] = {
        {.name = "lost", .stow_url = "http://" SILENT_NAME "/studies", .more = "        kheops: false\n"},
        {.name = "main", .simulator = kheops, .token = "MAINWRITE"}};
    const struct pipeline_node node = {"FELUCCA", destinations, ROWS(destinations)};
    const struct pipeline_options options = {&node, 1, NULL};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_start(pipeline, PIPELINE_ROUTER);
    pipeline_start(pipeline, PIPELINE_RECEIVER);
    pipeline_start(pipeline, PIPELINE_SENDER);
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    simulator_destroy(&kheops);
    sandbox_destroy(&sandbox);
    network_destroy(&network);
}

static void send_study(uint64_t seed)
{
    struct dicom_spec base;
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *folder = sandbox_make_folder(sandbox, "studies/%llu", (unsigned long long)seed);
    dicom_spec_init(&base, seed);
    dicom_shape(&base, INSTANCE_BYTES);
    ck_assert_int_eq(dicom_write_study(&base, seed, 1, 1, folder, NULL, NULL), 0);
    check(pipeline_storescu(pipeline_port(pipeline), "FELUCCA", folder, PATIENCE_MS, &output) == 0,
          text_string(&output));
}

static size_t times_in_log(const char *log, const char *words)
{
    AUTO(text_release) struct text content = TEXT_EMPTY;
    size_t times = 0;
    file_read(sandbox_path(sandbox, "%s", log), &content);
    for (const char *at = text_string(&content); (at = strstr(at, words)); at++)
        times++;
    return times;
}

static bool probe_ended(void *context)
{
    return times_in_log("sender-0.log", "no name server answered") >= *(const size_t *)context;
}

/* A question holds a thread for 30 s and a request for 10. */
START_TEST(a_name_that_nobody_resolves_holds_up_nobody_else)
{
    uint64_t seed = 1;
    simulator_order(kheops, "/sim/config", "{\"delay_ms\": 15000}");
    send_study(seed++);
    for (size_t ended = 1; ended <= 2; ended++) {
        check(wait_until(probe_ended, &ended, PATIENCE_MS), "no probe ended");
        simulator_order(kheops, "/sim/config", "{\"delay_ms\": 0}");
        send_study(seed++);
    }
    check(simulator_wait_instances(kheops, 3, PATIENCE_MS), "the good destination waits");
    check(simulator_count(kheops, "requests.stow") == 3, "a good upload was made twice");
    check(times_in_log("sender-0.log", "the router is silent") == 0, "the sender's loop stood still");
    check(times_in_log("router-0.log", "lease lost") == 0, "a lease was lost");
    check(operator_wait_state(pipeline, "lost", NULL, "backing off", SILENT_NAME, PATIENCE_MS),
          "it says why");
}
END_TEST

static bool has_asked(void *context)
{
    (void)context;
    return silent_names_asked();
}

static bool is_at_work(void *context)
{
    (void)context;
    return simulator_count(kheops, "requests.stow") > 0;
}

/* A look-up that began before the sender's is the measure, whatever the machine. */
START_TEST(a_sender_ends_before_its_question)
{
    static const char *const ask[] = {"getent", "ahosts", SILENT_NAME, NULL};
    struct process *question = process_start(ask, NULL);
    check(wait_until(has_asked, NULL, PATIENCE_MS), "nobody asks for the name");
    send_study(1);
    check(wait_until(is_at_work, NULL, PATIENCE_MS), "no request");
    struct process *sender = pipeline_process(pipeline, PIPELINE_SENDER, 0);
    process_signal(sender, SIGTERM);
    ck_assert_int_eq(process_wait(sender, PATIENCE_MS), 0);
    ck_assert_int_eq(process_wait(question, 0), PROCESS_STILL_RUNNING);
    process_destroy(&question);
}
END_TEST

int main(void)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (!network_possible(&reason)) {
        printf("skipped: %s\n", text_string(&reason));
        return NOT_PERMITTED;
    }
    struct tests *tests = tests_create("silent_dns");
    tests_abreast(tests, 2);
    tests_timeout(tests, 200);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, a_name_that_nobody_resolves_holds_up_nobody_else);
    tests_add(tests, a_sender_ends_before_its_question);
    return tests_run(tests);
}
