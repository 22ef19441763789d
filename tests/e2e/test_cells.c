/* Two cells, two whole pipelines, with one KHEOPS: each study is split over both, and both send at once. Their requests
 * collide there, as at the real one; all is stored in the end, and nothing fails, although an attempt that counts would be
 * the last one. */
#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/files.h"
#include "tests/support/operator_view.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <string.h>

enum { PATIENCE_MS = 120000, CELLS = 2, STUDIES = 40, ROUNDS = 5 };

/* Small ones, whose halves are requests of one instance each, and larger ones in turn. */
static const struct shape {
    unsigned series, instances;
} shapes[] = {{1, 2}, {2, 6}};

static struct sandbox *sandboxes[CELLS + 1]; /* the last one is that of KHEOPS */
static struct simulator *kheops;
static struct pipeline *cells[CELLS];

static void start_cell(int cell)
{
    const struct pipeline_destination destination = {
        .name = "main", .simulator = kheops, .token = "MAINWRITE"};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, "retry: { first: 100ms, ceiling: 1s, attempts: 1 }\n"};
    sandboxes[cell] = sandbox_create();
    cells[cell] = pipeline_create(sandboxes[cell], &options);
    pipeline_start(cells[cell], PIPELINE_ROUTER);
    pipeline_start(cells[cell], PIPELINE_RECEIVER);
}

static void set_up(void)
{
    static const char *const options[] = {"--token", "main:write:MAINWRITE", "--stow-ms", "100", NULL};
    sandboxes[CELLS] = sandbox_create();
    kheops = simulator_start(sandboxes[CELLS], "kheops", options);
    for (int i = 0; i < CELLS; i++)
        start_cell(i);
}

static void tear_down(void)
{
    for (int i = 0; i < CELLS; i++)
        pipeline_destroy(&cells[i]);
    simulator_destroy(&kheops);
    for (int i = 0; i <= CELLS; i++)
        sandbox_destroy(&sandboxes[i]);
}

/* ---- a study, half of it to each cell ---- */

static const struct shape *shape_of(unsigned seed)
{
    return &shapes[seed % (sizeof shapes / sizeof *shapes)];
}

static int64_t instances_in_all(void)
{
    int64_t count = 0;
    for (unsigned seed = 1; seed <= STUDIES; seed++)
        count += (int64_t)shape_of(seed)->series * shape_of(seed)->instances;
    return count;
}

static void write_instance(unsigned seed, unsigned series, unsigned instance, const char *folder)
{
    struct dicom_spec spec;
    AUTO(text_release) struct text path = TEXT_EMPTY;
    dicom_spec_init(&spec, seed);
    dicom_shape(&spec, 5000);
    dicom_uid(spec.study_uid, seed, 0, 0);
    dicom_uid(spec.series_uid, seed, series, 0);
    dicom_uid(spec.sop_uid, seed, series, instance);
    spec.series_number = (int)series;
    spec.instance_number = (int)instance;
    text_format(&path, "%s/%u-%u.dcm", folder, series, instance);
    ck_assert_int_eq(dicom_write(&spec, text_string(&path)), 0);
}

/* Every second instance of each series. */
static void write_half(unsigned seed, int cell)
{
    const char *folder = sandbox_make_folder(sandboxes[cell], "studies%u/%u", (seed - 1) / STUDIES, seed);
    for (unsigned series = 1; series <= shape_of(seed)->series; series++) {
        for (unsigned i = 1 + (unsigned)cell; i <= shape_of(seed)->instances; i += CELLS)
            write_instance(seed, series, i, folder);
    }
}

static void send_studies(int cell, unsigned round)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    for (unsigned seed = 1; seed <= STUDIES; seed++)
        write_half(round * STUDIES + seed, cell);
    int status = pipeline_storescu(pipeline_port(cells[cell]), "FELUCCA",
                                   sandbox_path(sandboxes[cell], "studies%u", round), PATIENCE_MS, &output);
    pipeline_check(cells[cell], status == 0, text_string(&output));
}

static void signal_senders(int number)
{
    for (int i = 0; i < CELLS; i++)
        process_signal(pipeline_process(cells[i], PIPELINE_SENDER, 0), number);
}

static bool is_answered(void *context)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    file_read(context, &log);
    return strstr(text_string(&log), "the router answers") != NULL;
}

/* Whether two requests for one study met: that is a matter of luck. */
static bool try_to_collide(unsigned round)
{
    signal_senders(SIGSTOP);
    for (int i = 0; i < CELLS; i++)
        send_studies(i, round);
    /* Both begin at one moment, and slowly. */
    simulator_order(
        kheops, "/sim/faults",
        "{\"kind\":\"stow\",\"stage\":\"before\",\"action\":\"none\",\"delay_ms\":2000,\"first\":8}");
    signal_senders(SIGCONT);
    bool all = simulator_wait_instances(kheops, (round + 1) * instances_in_all(), PATIENCE_MS);
    for (int i = 0; i < CELLS; i++) {
        pipeline_check(cells[i], all, "not everything arrived");
        pipeline_check(cells[i], pipeline_wait_drained(cells[i], PATIENCE_MS), "something waits");
        pipeline_check(cells[i], operator_count_jobs(cells[i], "failed", "main", NULL) == 0,
                       "something failed");
    }
    return simulator_count(kheops, "collisions") > 0;
}

START_TEST(a_study_that_is_split_over_cells_collides_and_nothing_fails)
{
    unsigned round = 0;
    for (int i = 0; i < CELLS; i++) {
        pipeline_start(cells[i], PIPELINE_SENDER);
        const char *log = sandbox_path(sandboxes[i], "sender-0.log");
        pipeline_check(cells[i], wait_until(is_answered, (void *)(uintptr_t)log, PATIENCE_MS), "no router");
    }
    while (!try_to_collide(round) && ++round < ROUNDS)
        continue;
    ck_assert_msg(round < ROUNDS, "nothing collided: nothing was tried here");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("cells");
    tests_timeout(tests, 300);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, a_study_that_is_split_over_cells_collides_and_nothing_fails);
    return tests_run(tests);
}
