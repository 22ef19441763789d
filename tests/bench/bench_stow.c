/* bench_stow - how fast senders upload a full spool through the real router, beside two plain loops over the
 * same files.
 *
 *     bench_stow              all rows (2 GB in $TMPDIR)
 *     bench_stow large        one instance of 4 GiB, for its memory (needs 4 GiB in $TMPDIR)
 *     bench_stow scale        one, two and four senders, destination 20 ms away
 *
 * The spool is filled by the real receiver from one storescu, alone, which gives the receiver's rate; the
 * router takes all of it in; then the loops run, at last the senders start. "limit" posts the files in
 * batches of 50 over four connections in a plain loop, without router or protocol. "singly" posts one
 * instance a request over one connection, as KARNAK does. All in one run, into simulated KHEOPSes that keep
 * nothing; the delay comes before each of their answers. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "tests/bench/goal.h"
#include "tests/bench/stow_loop.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/files.h"
#include "tests/support/stock.h"
#include "tests/support/suite.h"
#include "tests/support/workplace.h"

#include <stdio.h>
#include <string.h>

enum { LIMIT_MS = 600000, STUDY = 200, SERIES_A_STUDY = 2, SLOTS = 4 };

static const struct size {
    const char *label;
    uint64_t bytes;
    unsigned count;
} sizes[] = {{"529 KB", 529 * 1000, 2000}, {"5 KB", 5 * 1000, 5000}};

static const struct round {
    int delay_ms;
    size_t senders;
    size_t singly; /* instances for the slow one; 0: as in the round before */
} rounds[] = {{0, 1, 1000}, {0, 3, 0}, {5, 1, 300}, {5, 3, 0}, {50, 1, 40}, {50, 3, 0}};

static const char *const simulator_options[] = {"--discard", "--no-races", "--token", "main:write:MAINWRITE",
                                                NULL};

/* What one round found. */
struct figures {
    double receiver, senders, limit, singly; /* instances a second */
    double cpu_ms;                           /* of all senders, an instance */
    int64_t memory_kib;
};

/* ---- the scene of one round ---- */

static struct sandbox *sandbox;
static struct simulator *kheops, *plain;
static struct pipeline *pipeline;
static const char *studies;

static struct simulator *start_simulator(const char *name, int delay_ms)
{
    AUTO(text_release) struct text order = TEXT_EMPTY;
    struct simulator *simulator = simulator_start(sandbox, name, simulator_options);
    text_format(&order, "{\"kind\":\"stow\",\"action\":\"none\",\"delay_ms\":%d}", delay_ms);
    if (delay_ms > 0)
        simulator_order(simulator, "/sim/faults", text_string(&order));
    return simulator;
}

static void set_up(const struct round *round)
{
    AUTO(text_release) struct text connections = TEXT_EMPTY;
    kheops = start_simulator("kheops", round->delay_ms);
    plain = start_simulator("plain", round->delay_ms);
    text_format(&connections, "        connections: %zu\n", SLOTS * round->senders);
    const struct pipeline_destination destination = {
        .name = "main", .simulator = kheops, .token = "MAINWRITE", .more = text_string(&connections)};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, "sender: { slots: 4, batch_instances: 50 }\n"};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_log_level(pipeline, "info");
}

static void tear_down(void)
{
    const char *state = pipeline_state_dir(pipeline);
    pipeline_stop_all(pipeline);
    pipeline_destroy(&pipeline);
    simulator_destroy(&kheops);
    simulator_destroy(&plain);
    folder_remove(state);
}

static double per_second(size_t count, int64_t since_ms)
{
    int64_t elapsed = clock_monotonic_ms() - since_ms;
    return (double)count * 1000 / (double)(elapsed > 0 ? elapsed : 1);
}

/* ---- receiver and router ---- */

static double fill_spool(size_t count)
{
    pipeline_start(pipeline, PIPELINE_RECEIVER);
    int64_t start = clock_monotonic_ms();
    int status = pipeline_storescu(pipeline_port(pipeline), "FELUCCA", studies, LIMIT_MS, NULL);
    pipeline_check(pipeline, status == 0, "storescu failed");
    return per_second(count, start);
}

static bool is_taken_in(void *context)
{
    AUTO(text_release) struct text queue = TEXT_EMPTY;
    text_format(&queue, "%s/spool/queue", pipeline_state_dir(pipeline));
    return folder_count(text_string(&queue), ".dcm") == *(const size_t *)context;
}

static void take_in(size_t count)
{
    pipeline_start(pipeline, PIPELINE_ROUTER);
    pipeline_check(pipeline, wait_until(is_taken_in, &count, LIMIT_MS), "not taken in");
}

/* ---- senders ---- */

static bool has_begun(void *context)
{
    (void)context;
    return simulator_count(kheops, "requests.stow") > 0;
}

/* From the first request on: starting processes is not what is measured. */
static void run_senders(size_t senders, size_t count, struct figures *figures)
{
    int64_t cpu = 0;
    for (size_t i = 0; i < senders; i++)
        pipeline_start(pipeline, PIPELINE_SENDER);
    pipeline_check(pipeline, wait_until(has_begun, NULL, LIMIT_MS), "nothing is sent");
    int64_t start = clock_monotonic_ms();
    pipeline_check(pipeline, simulator_wait_instances(kheops, (int64_t)count, LIMIT_MS), "not delivered");
    figures->senders = per_second(count, start);
    for (size_t i = 0; i < senders; i++) {
        struct process *sender = pipeline_process(pipeline, PIPELINE_SENDER, i);
        int64_t memory = process_peak_memory_kib(sender);
        cpu += process_cpu_ms(sender);
        figures->memory_kib = memory > figures->memory_kib ? memory : figures->memory_kib;
    }
    figures->cpu_ms = (double)cpu / (double)count;
    pipeline_check(pipeline, pipeline_wait_drained(pipeline, LIMIT_MS), "the spool is not empty");
}

/* ---- one round ---- */

static void measure(const struct size *size, const struct round *round, struct figures *figures)
{
    set_up(round);
    figures->receiver = fill_spool(size->count);
    take_in(size->count);
    AUTO(stow_loop_destroy)
    struct stow_loop *loop = stow_loop_create(pipeline_config(pipeline), plain->port);
    (void)stow_loop_run(loop, STOW_LOOP_BATCH, SLOTS, size->count); /* warms the page cache */
    for (int i = 0; i < 2; i++)
        figures->limit += stow_loop_run(loop, STOW_LOOP_BATCH, SLOTS, size->count) / 2;
    if (round->singly > 0)
        figures->singly = stow_loop_run(loop, 1, 1, round->singly);
    run_senders(round->senders, size->count, figures);
    tear_down();
}

static void print_row(const struct size *size, const struct round *round, const struct figures *figures)
{
    printf("%8s %4d ms %7zu %9.0f %9.0f %9.1f %10.0f %7.2f %8.1f %8.3f %5lld\n", size->label, round->delay_ms,
           round->senders, figures->senders, figures->limit, figures->singly, figures->receiver,
           figures->senders / figures->limit, figures->senders / figures->singly, figures->cpu_ms,
           (long long)figures->memory_kib / 1024);
    (void)fflush(stdout);
}

/* all: by round. */
static void print_goals(bool large, const struct figures *all)
{
    const struct figures *near = &all[0], *far = &all[4];
    if (large)
        goal_print("529 KB, 0 ms: one sender / limit", near->senders / near->limit, 0.9, false);
    else
        goal_print("5 KB, 0 ms: one sender / receiver", near->senders / near->receiver, 3, false);
    goal_print("50 ms: one sender / singly", far->senders / far->singly, large ? 5 : 20, false);
    if (large)
        goal_print("CPU of the sender, ms an instance of 529 KB", near->cpu_ms, 1, true);
    (void)fflush(stdout);
}

static void make_studies(const struct size *size)
{
    struct dicom_spec base;
    sandbox = sandbox_create();
    studies = sandbox_path(sandbox, "studies");
    for (unsigned i = 1; i <= size->count / STUDY; i++) {
        dicom_spec_init(&base, i);
        dicom_shape(&base, size->bytes);
        ck_assert_int_eq(dicom_write_study(&base, i, SERIES_A_STUDY, STUDY / SERIES_A_STUDY,
                                           sandbox_make_folder(sandbox, "studies/%u", i), NULL, NULL),
                         0);
    }
}

START_TEST(a_size_is_measured)
{
    const struct size *size = &sizes[_i];
    struct figures all[ROWS(rounds)] = {0};
    make_studies(size);
    for (size_t i = 0; i < ROWS(rounds); i++) {
        all[i].singly = i > 0 ? all[i - 1].singly : 0;
        measure(size, &rounds[i], &all[i]);
        print_row(size, &rounds[i], &all[i]);
    }
    print_goals(_i == 0, all);
    sandbox_destroy(&sandbox);
}
END_TEST

/* ---- more senders ---- */

START_TEST(a_scale_is_measured)
{
    static const struct round scale[] = {{20, 1, 0}, {20, 2, 0}, {20, 4, 0}};
    const struct size *size = &sizes[_i];
    double first = 0;
    make_studies(size);
    for (size_t i = 0; i < ROWS(scale); i++) {
        struct figures figures = {0};
        set_up(&scale[i]);
        (void)fill_spool(size->count);
        take_in(size->count);
        run_senders(scale[i].senders, size->count, &figures);
        tear_down();
        first = i == 0 ? figures.senders : first;
        printf("%8s %4d ms %7zu %9.0f %8.2f %8.3f\n", size->label, scale[i].delay_ms, scale[i].senders,
               figures.senders, figures.senders / first, figures.cpu_ms);
        (void)fflush(stdout);
    }
    sandbox_destroy(&sandbox);
}
END_TEST

/* ---- one large instance ---- */

START_TEST(a_large_instance_is_measured)
{
    static const struct pipeline_destination destination = {.name = "main", .token = "MAINWRITE"};
    struct workplace *workplace =
        workplace_create("felucca-sender", simulator_options, &destination, 1, NULL);
    struct work *work = stock_work(workplace->spool, "main", 1, 1, 1, 4294960000ULL);
    int64_t start = clock_monotonic_ms();
    fake_router_give(workplace->router, work);
    AUTO(work_result_destroy)
    struct work_result *result = fake_router_wait_result(workplace->router, LIMIT_MS);
    ck_assert_msg(result && result->answers[0].outcome == WORK_DONE_OUTCOME, "%s",
                  result ? result->answers[0].reason : "no result in time");
    double seconds = (double)(clock_monotonic_ms() - start) / 1000;
    double memory = (double)process_peak_memory_kib(workplace->process) / 1024;
    printf("one instance of %.2f GiB: %.1f s, %.0f MB/s\n", (double)result->bytes / (1 << 30), seconds,
           (double)result->bytes / 1e6 / seconds);
    goal_print("peak memory of the sender with it, MiB", memory, 32, true);
    work_destroy(&work);
    workplace_destroy(&workplace);
}
END_TEST

/* What the helpers of tests need is a test around them, and a size in a process of its own does no harm. */
int main(int argc, char **argv)
{
    struct tests *tests = tests_create("bench_stow");
    tests_timeout(tests, 3600);
    if (argc > 1 && strcmp(argv[1], "large") == 0) {
        tests_add(tests, a_large_instance_is_measured);
        return tests_run(tests);
    }
    if (argc > 1 && strcmp(argv[1], "scale") == 0) {
        printf("%8s %7s %7s %9s %8s %8s\n", "instance", "delay", "senders", "upload/s", "/ one", "CPU ms");
        (void)fflush(stdout);
        tests_rows(tests, a_scale_is_measured, ROWS(sizes));
        return tests_run(tests);
    }
    printf("%8s %7s %7s %9s %9s %9s %10s %7s %8s %8s %5s\n", "instance", "delay", "senders", "upload/s",
           "limit/s", "singly/s", "receiver/s", "/limit", "/singly", "CPU ms", "MiB");
    (void)fflush(stdout);
    tests_rows(tests, a_size_is_measured, ROWS(sizes));
    return tests_run(tests);
}
