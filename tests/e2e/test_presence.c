/* An answer gets lost, and QIDO-RS lists the UIDs of the request: of these bytes, or of a version that somebody else sent
 * before? Real processes, simulated KHEOPS, whose main album two destinations of two nodes share; one does not know what
 * the other sent. */
#include "common/base/cleanup.h"
#include "tests/support/dicom.h"
#include "tests/support/operator_view.h"
#include "tests/support/suite.h"

#include <string.h>

enum { PATIENCE_MS = 60000, INSTANCES = 1 };

static struct sandbox *sandbox;
static struct simulator *kheops;
static struct pipeline *pipeline;

static void set_up(void)
{
    static const char *const tokens[] = {"--token", "main:read,write:MAINBOTH", NULL};
    sandbox = sandbox_create();
    kheops = simulator_start(sandbox, "kheops", tokens);
    const struct pipeline_destination others = {.name = "others", .simulator = kheops, .token = "MAINBOTH"};
    const struct pipeline_destination ours = {.name = "ours", .simulator = kheops, .token = "MAINBOTH"};
    const struct pipeline_node nodes[] = {{"OTHERS", &others, 1}, {"OURS", &ours, 1}};
    const struct pipeline_options options = {nodes, 2, NULL};
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
}

/* The study of this seed; its pixels are of another one where that is not the same. */
static void send_study(const char *aet, uint64_t seed, uint64_t pixels)
{
    struct dicom_spec spec;
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *folder = sandbox_make_folder(sandbox, "studies/%s-%llu", aet, (unsigned long long)seed);
    dicom_spec_init(&spec, pixels);
    dicom_shape(&spec, 20000);
    ck_assert_int_eq(dicom_write_study(&spec, seed, 1, INSTANCES, folder, NULL, NULL), 0);
    int status = pipeline_storescu(pipeline_port(pipeline), aet, folder, PATIENCE_MS, &output);
    pipeline_check(pipeline, status == 0, text_string(&output));
}

static void wait_sent(const char *destination)
{
    pipeline_check(pipeline, operator_wait_jobs(pipeline, "sent", destination, NULL, INSTANCES, PATIENCE_MS),
                   "it does not become sent");
}

static bool says_listed_by_qido(void)
{
    json_t *jobs = operator_jobs(pipeline, "sent", "ours", NULL);
    const char *reason = json_string_value(json_object_get(json_array_get(jobs, 0), "reason"));
    bool says = reason && strstr(reason, "QIDO-RS lists it");
    json_decref(jobs);
    return says;
}

static void lose_the_next_answer(void)
{
    simulator_order(
        kheops, "/sim/faults",
        "{\"kind\":\"stow\",\"stage\":\"stored\",\"action\":\"status\",\"status\":504,\"first\":1}");
}

static const struct presence_row {
    const char *label;
    bool there; /* a version of somebody else */
    int64_t requests;
} rows[] = {
    {"nothing was there: what is listed is ours", false, 1},
    {"something was there: it goes again, and the answer counts", true, 2},
};

START_TEST(what_is_listed_after_a_lost_answer_counts_where_it_was_not_there_before)
{
    const struct presence_row *row = &rows[_i];
    if (row->there) {
        send_study("OTHERS", 1, 1);
        wait_sent("others");
    }
    int64_t before = simulator_count(kheops, "requests.stow");
    lose_the_next_answer();
    send_study("OURS", 1, 2);
    wait_sent("ours");
    ck_assert_msg(simulator_count(kheops, "requests.stow") - before == row->requests, "%s: %lld requests",
                  row->label, (long long)(simulator_count(kheops, "requests.stow") - before));
    ck_assert_msg(says_listed_by_qido() == !row->there, "%s", row->label);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("presence");
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, what_is_listed_after_a_lost_answer_counts_where_it_was_not_there_before, ROWS(rows));
    return tests_run(tests);
}
