/* Who goes first, and how much at once: the rate of a destination over several senders, priorities of destinations, and what a
 * condition makes urgent. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/files.h"
#include "tests/support/pipeline.h"
#include "tests/support/rig.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

enum {
    SOON_MS = 60000,
    INSTANCES = 10,
    BYTES = 50000,
    RATE = 50000,
    LARGE = 30000000,
    LEAST_MS = 6000,
    OFFERS = 16
};

static struct sandbox *sandbox;
static struct simulator *narrow, *wide;
static struct pipeline *pipeline;
static struct rig *rig;

static void tear_down(void)
{
    rig_destroy(&rig);
    pipeline_destroy(&pipeline);
    simulator_destroy(&wide);
    simulator_destroy(&narrow);
    sandbox_destroy(&sandbox);
}

/* ---- the rate ---- */

static const char *write_study(uint64_t seed, unsigned instances, int64_t bytes)
{
    struct dicom_spec base;
    const char *folder = sandbox_make_folder(sandbox, "studies/%llu", (unsigned long long)seed);
    dicom_spec_init(&base, seed);
    dicom_shape(&base, bytes);
    ck_assert_int_eq(dicom_write_study(&base, seed, 1, instances, folder, NULL, NULL), 0);
    return folder;
}

/* 500 kB at 50 kB/s: no sooner than in six seconds, though two senders and eight connections are there for it; the other
 * destination has all of it long before. */
START_TEST(a_rate_holds_over_all_senders)
{
    static const char *const tokens[] = {"--token", "main:write:WRITE", NULL};
    AUTO(text_release) struct text output = TEXT_EMPTY;
    sandbox = sandbox_create();
    narrow = simulator_start(sandbox, "narrow", tokens);
    wide = simulator_start(sandbox, "wide", tokens);
    const struct pipeline_destination destinations[] = {
        {.name = "narrow",
         .simulator = narrow,
         .token = "WRITE",
         .more = "        rate: 50 kB/s\n        connections: 8\n"},
        {.name = "wide", .simulator = wide, .token = "WRITE"}};
    const struct pipeline_node node = {"FELUCCA", destinations, 2};
    const struct pipeline_options options = {&node, 1, "sender: { batch_instances: 2 }\n"};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_start_all(pipeline);
    pipeline_start(pipeline, PIPELINE_SENDER);
    int64_t began = clock_monotonic_ms();
    int status = pipeline_storescu(pipeline_port(pipeline), "FELUCCA", write_study(1, INSTANCES, BYTES),
                                   SOON_MS, &output);
    pipeline_check(pipeline, status == 0, text_string(&output));
    pipeline_check(pipeline, simulator_wait_instances(wide, INSTANCES, SOON_MS), "the other one waits");
    bool is_beside = simulator_count(narrow, "instances") < INSTANCES;
    pipeline_check(pipeline, simulator_wait_instances(narrow, INSTANCES, SOON_MS), "it does not arrive");
    int64_t took = clock_monotonic_ms() - began;
    printf("%d bytes at %d a second: %lld ms\n", INSTANCES * BYTES, RATE, (long long)took);
    pipeline_check(pipeline, took >= LEAST_MS, "it is faster than its rate");
    pipeline_check(pipeline, is_beside, "the other one was kept to the same rate");
}
END_TEST

static void send_study(uint64_t seed, int64_t bytes)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    int status =
        pipeline_storescu(pipeline_port(pipeline), "FELUCCA", write_study(seed, 1, bytes), SOON_MS, &output);
    pipeline_check(pipeline, status == 0, text_string(&output));
}

static bool is_refused(void *context)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    (void)context;
    file_read(sandbox_path(sandbox, "sender-0.log"), &log);
    return strstr(text_string(&log), " status=413 ") != NULL;
}

/* An instance that the server refuses at its first byte has not used the width: at this rate the others would have to wait for
 * five minutes. */
START_TEST(what_is_refused_at_once_uses_no_width)
{
    static const char *const words[] = {"--token", "main:write:WRITE", "--max-body", "1000000", NULL};
    sandbox = sandbox_create();
    narrow = simulator_start(sandbox, "narrow", words);
    const struct pipeline_destination destination = {
        .name = "narrow", .simulator = narrow, .token = "WRITE", .more = "        rate: 100 kB/s\n"};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, ""};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_start_all(pipeline);
    send_study(1, 1000);
    pipeline_check(pipeline, simulator_wait_instances(narrow, 1, SOON_MS), "the first one does not arrive");
    send_study(2, LARGE);
    pipeline_check(pipeline, wait_until(is_refused, NULL, SOON_MS), "it is not refused");
    send_study(3, 1000);
    pipeline_check(pipeline, simulator_wait_instances(narrow, 2, SOON_MS),
                   "it waits for what never went out");
}
END_TEST

/* ---- priorities ---- */

static int64_t count_offers(struct actor *sender, const char *destination)
{
    int64_t count = 0;
    for (int i = 0; i < OFFERS; i++) {
        AUTO(work_destroy) struct work *work = actor_wait_work(rig->cast, sender, SOON_MS);
        rig_check(rig, work != NULL, "no work comes");
        count += strcmp(work->destination, destination) == 0;
        rig_check(rig, actor_finish(rig->cast, sender, work, WORK_DONE_OUTCOME),
                  "a RESULT is not acknowledged");
    }
    return count;
}

/* "main" is as it is by default, "other" is more or less than that. */
static const struct row {
    const char *priority;
    int64_t least, most; /* of the offers, for "other" */
} rows[] = {{"high", 11, 13}, {"normal", 7, 9}, {"low", 3, 5}};

START_TEST(a_free_worker_goes_to_the_higher_priority)
{
    const struct row *row = &rows[_i];
    AUTO(text_release) struct text words = TEXT_EMPTY;
    rig = rig_create("sender: { batch_instances: 1 }\n");
    rig_stop(rig);
    text_format(&words, "- name: other\n        priority: %s", row->priority);
    rig_reword(rig, "- name: other", text_string(&words));
    rig_start(rig);
    for (unsigned study = 1; study <= 2 * OFFERS; study++)
        rig_receive(rig, study % 2 ? "FIRST" : "SECOND", study, 1, 1, NULL);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "queued", 2 * OFFERS, SOON_MS), "not taken in");
    int64_t offers = count_offers(cast_add(rig->cast, WORK_SEND, 1), "other");
    printf("priority %s: %lld of %d\n", row->priority, (long long)offers, OFFERS);
    ck_assert_int_ge(offers, row->least);
    ck_assert_int_le(offers, row->most);
}
END_TEST

/* ---- what is urgent ---- */

/* Series with an even number are MR. */
START_TEST(what_a_condition_calls_urgent_goes_first)
{
    rig = rig_create("sender: { batch_instances: 1 }\n");
    rig_stop(rig);
    rig_reword(rig, "- aet: SECOND", "- aet: SECOND\n    urgent: 'tagValueIsPresent(#Tag.Modality, \"MR\")'");
    rig_start(rig);
    for (unsigned study = 1; study <= 6; study++)
        rig_receive(rig, "SECOND", study, study == 5 ? 2 : 1, 1, NULL);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "queued", 6, SOON_MS), "not taken in");
    struct actor *sender = cast_add(rig->cast, WORK_SEND, 1);
    AUTO(work_destroy) struct work *work = actor_wait_work(rig->cast, sender, SOON_MS);
    rig_check(rig, work != NULL, "no work comes");
    struct dicom_spec spec;
    rig_spec(&spec, 5, 2, 1);
    ck_assert_str_eq(work->study, spec.study_uid);
    rig_check(rig, actor_finish(rig->cast, sender, work, WORK_DONE_OUTCOME), "a RESULT is not acknowledged");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("width");
    tests_fixture(tests, NULL, tear_down);
    tests_timeout(tests, 120);
    tests_add(tests, a_rate_holds_over_all_senders);
    tests_add(tests, what_is_refused_at_once_uses_no_width);
    tests_rows(tests, a_free_worker_goes_to_the_higher_priority, ROWS(rows));
    tests_add(tests, what_a_condition_calls_urgent_goes_first);
    return tests_run(tests);
}
