/* Who is sent when: through the real pipeline, one request at a time or several, to one simulated
 * KHEOPS or two. */
#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/files.h"
#include "tests/support/pipeline.h"
#include "tests/support/scu.h"
#include "tests/support/suite.h"

#include <string.h>

enum { PATIENCE_MS = 90000, INSTANCE_BYTES = 8 << 10 };

static struct sandbox *sandbox;
static struct simulator *kheops, *second;
static struct pipeline *pipeline;

static const char *const tokens[] = {"--token", "main:write:MAINWRITE", "--token", "mr:write:MRWRITE", NULL};

static void set_up(void)
{
    sandbox = sandbox_create();
    kheops = simulator_start(sandbox, "kheops", tokens);
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    simulator_destroy(&kheops);
    simulator_destroy(&second);
    sandbox_destroy(&sandbox);
}

static void check(bool ok, const char *what)
{
    pipeline_check(pipeline, ok, what);
}

static void configure_with(const struct pipeline_destination *destinations, size_t count, const char *more)
{
    const struct pipeline_node node = {"FELUCCA", destinations, count};
    const struct pipeline_options options = {&node, 1, more};
    pipeline = pipeline_create(sandbox, &options);
}

static void configure(const struct pipeline_destination *destinations, size_t count)
{
    configure_with(destinations, count, NULL);
}

/* ---- work that waits ---- */

static const char *write_study(uint64_t seed, unsigned series, unsigned instances,
                               void (*vary)(void *context, struct dicom_spec *spec, unsigned series,
                                            unsigned instance))
{
    struct dicom_spec base;
    const char *folder = sandbox_make_folder(sandbox, "studies/%llu", (unsigned long long)seed);
    dicom_spec_init(&base, seed);
    dicom_shape(&base, INSTANCE_BYTES);
    ck_assert_int_eq(dicom_write_study(&base, seed, series, instances, folder, vary, NULL), 0);
    return folder;
}

static void send(const char *folder)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    int status = pipeline_storescu(pipeline_port(pipeline), "FELUCCA", folder, PATIENCE_MS, &output);
    check(status == 0, text_string(&output));
}

static bool is_taken_in(void *context)
{
    AUTO(text_release) struct text queue = TEXT_EMPTY;
    text_format(&queue, "%s/spool/queue", pipeline_state_dir(pipeline));
    return folder_count(text_string(&queue), ".dcm") == *(const size_t *)context;
}

/* All of it is decided about, and no sender is there yet. */
static void wait_taken_in(size_t instances)
{
    check(wait_until(is_taken_in, &instances, PATIENCE_MS), "not taken in");
}

/* ---- the order in which KHEOPS got them ---- */

struct span {
    json_int_t first, last;
};

static const json_t *find_study(const json_t *state, uint64_t seed)
{
    char uid[DICOM_UID_SIZE];
    json_t *study;
    size_t i;
    dicom_uid(uid, seed, 0, 0);
    json_array_foreach(json_object_get(state, "studies_list"), i, study)
    {
        if (strcmp(json_string_value(json_object_get(study, "study")), uid) == 0)
            return study;
    }
    check(false, "a study is not there");
    return NULL;
}

/* Of a study's instances; and how many of them came before that place. */
static struct span span_of(const json_t *state, uint64_t seed, json_int_t place, size_t *ret_before)
{
    struct span span = {INT64_MAX, 0};
    const json_t *study = find_study(state, seed);
    json_t *series, *instance;
    size_t i, k;
    *ret_before = 0;
    json_array_foreach(json_object_get(study, "series"), i, series)
        json_array_foreach(json_object_get(series, "instances"), k, instance)
    {
        json_int_t order = json_integer_value(json_object_get(instance, "order"));
        span.first = order < span.first ? order : span.first;
        span.last = order > span.last ? order : span.last;
        *ret_before += order < place;
    }
    return span;
}

static void configure_one_at_a_time(void)
{
    const struct pipeline_destination destination = {
        .name = "main", .simulator = kheops, .token = "MAINWRITE", .more = "        connections: 1\n"};
    configure(&destination, 1);
    pipeline_start(pipeline, PIPELINE_ROUTER);
    pipeline_start(pipeline, PIPELINE_RECEIVER);
}

START_TEST(what_is_urgent_goes_first)
{
    size_t before;
    configure_one_at_a_time();
    for (uint64_t seed = 1; seed <= 3; seed++)
        scu_send(pipeline_port(pipeline), "FELUCCA", write_study(seed, 1, 25, NULL), seed, 25,
                 seed == 1 ? SCU_LOW : SCU_MEDIUM);
    scu_send(pipeline_port(pipeline), "FELUCCA", write_study(4, 1, 25, NULL), 4, 25, SCU_HIGH);
    wait_taken_in(100);
    pipeline_start(pipeline, PIPELINE_SENDER);
    check(simulator_wait_instances(kheops, 100, PATIENCE_MS), "not delivered");
    json_t *state = simulator_state(kheops);
    struct span urgent = span_of(state, 4, INT64_MAX, &before);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        (void)span_of(state, seed, urgent.last, &before);
        check(before == 0, "something went before what is urgent");
    }
    json_decref(state);
}
END_TEST

START_TEST(a_small_study_waits_for_no_huge_one)
{
    size_t before;
    configure_one_at_a_time();
    send(write_study(1, 2, 150, NULL));
    send(write_study(2, 1, 5, NULL));
    wait_taken_in(305);
    pipeline_start(pipeline, PIPELINE_SENDER);
    check(simulator_wait_instances(kheops, 305, PATIENCE_MS), "not delivered");
    json_t *state = simulator_state(kheops);
    struct span small = span_of(state, 2, INT64_MAX, &before);
    (void)span_of(state, 1, small.last, &before);
    check(before <= 10, "more than one request of the huge study went before the small one");
    json_decref(state);
}
END_TEST

/* ---- side by side ---- */

static void check_most_at_once(const struct simulator *simulator, int64_t most)
{
    int64_t seen = simulator_count(simulator, "in_flight_max");
    if (seen != most)
        fprintf(stderr, "%lld requests at once, %lld are allowed\n", (long long)seen, (long long)most);
    check(seen == most, "requests at once");
}

static bool are_three(void *context)
{
    (void)context;
    return simulator_count(kheops, "in_flight") == 3;
}

START_TEST(a_slow_destination_holds_up_no_other)
{
    static const char *const second_tokens[] = {"--token", "archive:write:ARCHIVEWRITE", NULL};
    second = simulator_start(sandbox, "second", second_tokens);
    const struct pipeline_destination destinations[] = {
        {.name = "slow", .simulator = kheops, .token = "MAINWRITE", .more = "        connections: 3\n"},
        {.name = "quick", .simulator = second, .token = "ARCHIVEWRITE", .more = "        connections: 2\n"}};
    configure(destinations, ROWS(destinations));
    simulator_order(kheops, "/sim/config", "{\"delay_ms\": 3000}");
    simulator_order(second, "/sim/config", "{\"delay_ms\": 20}");
    pipeline_start(pipeline, PIPELINE_ROUTER);
    pipeline_start(pipeline, PIPELINE_RECEIVER);
    for (uint64_t seed = 1; seed <= 8; seed++)
        (void)write_study(seed, 1, 20, NULL);
    send(sandbox_path(sandbox, "studies"));
    wait_taken_in(160);
    pipeline_start(pipeline, PIPELINE_SENDER);
    pipeline_start(pipeline, PIPELINE_SENDER);
    check(simulator_wait_instances(second, 160, PATIENCE_MS), "the quick one did not get all");
    check(simulator_count(kheops, "instances") < 160, "the slow one was not slow");
    check(wait_until(are_three, NULL, PATIENCE_MS), "the slow one has fewer requests than connections");
    simulator_order(kheops, "/sim/config", "{\"delay_ms\": 0}");
    check(simulator_wait_instances(kheops, 160, PATIENCE_MS), "the slow one did not get all");
    check_most_at_once(kheops, 3);
    check_most_at_once(second, 2);
    pipeline_stop_all(pipeline);
}
END_TEST

static void only_mr(void *context, struct dicom_spec *spec, unsigned series, unsigned instance)
{
    (void)context, (void)series, (void)instance;
    spec->modality = "MR";
}

static bool is_full(void *context)
{
    (void)context;
    return simulator_count(kheops, "in_flight_max") == 1;
}

/* The first destination holds the only slot of the only sender, and has many times more that waits. What comes for
 * the second one then gets the slot when it is free, and not when the first one has no use for it. */
START_TEST(a_busy_destination_leaves_room_for_another)
{
    enum { BUSY = 60, OTHERS = 3 };
    static const char *const second_tokens[] = {"--token", "archive:write:ARCHIVEWRITE", NULL};
    second = simulator_start(sandbox, "second", second_tokens);
    const struct pipeline_destination destinations[] = {
        {.name = "busy",
         .simulator = kheops,
         .token = "MAINWRITE",
         .condition = "!tagValueIsPresent(#Tag.Modality, \"MR\")",
         .more = "        connections: 8\n"},
        {.name = "other",
         .simulator = second,
         .token = "ARCHIVEWRITE",
         .condition = "tagValueIsPresent(#Tag.Modality, \"MR\")",
         .more = "        connections: 8\n"}};
    configure_with(destinations, ROWS(destinations), "sender: { slots: 1 }\n");
    simulator_order(kheops, "/sim/config", "{\"delay_ms\": 3000}");
    pipeline_start(pipeline, PIPELINE_ROUTER);
    pipeline_start(pipeline, PIPELINE_RECEIVER);
    for (uint64_t seed = 1; seed <= BUSY; seed++)
        (void)write_study(seed, 1, 1, NULL);
    send(sandbox_path(sandbox, "studies"));
    wait_taken_in(BUSY);
    pipeline_start(pipeline, PIPELINE_SENDER);
    check(wait_until(is_full, NULL, PATIENCE_MS), "the busy one does not hold the slot");
    simulator_order(kheops, "/sim/config", "{\"delay_ms\": 300}");
    for (uint64_t seed = BUSY + 1; seed <= BUSY + OTHERS; seed++)
        send(write_study(seed, 1, 1, only_mr));
    check(simulator_wait_instances(second, OTHERS, PATIENCE_MS), "the other one did not get all");
    check(simulator_count(kheops, "instances") < BUSY / 2, "the other one had to wait for the busy one");
    simulator_order(kheops, "/sim/config", "{\"delay_ms\": 0}");
    check(simulator_wait_instances(kheops, BUSY, PATIENCE_MS), "the busy one did not get all");
    pipeline_stop_all(pipeline);
}
END_TEST

static void vary(void *context, struct dicom_spec *spec, unsigned series, unsigned instance)
{
    (void)context, (void)instance;
    spec->modality = series % 2 ? "CT" : "MR";
}

static void check_never_collided(void)
{
    const json_t *study;
    size_t i;
    json_t *counts = simulator_counts(kheops);
    check(json_integer_value(json_object_get(counts, "collisions")) == 0, "collisions");
    check(json_integer_value(json_object_get(counts, "doubled")) == 0, "an instance in two requests at once");
    json_array_foreach(json_object_get(counts, "studies_list"), i, study)
        check(json_integer_value(json_object_get(study, "unknown_in_flight_max")) <= 1,
              "two requests of a study at once while it was unknown");
    json_decref(counts);
}

/* Two destinations of one KHEOPS take different series of the same studies. It loses instances when two
 * requests make one study, so there must never be two. */
START_TEST(two_destinations_of_one_kheops_never_collide)
{
    enum { STUDIES = 10, SERIES = 4, INSTANCES = 8, ALL = STUDIES * SERIES * INSTANCES };
    const struct pipeline_destination destinations[] = {
        {.name = "ct",
         .simulator = kheops,
         .token = "MAINWRITE",
         .condition = "tagValueIsPresent(#Tag.Modality, \"CT\")"},
        {.name = "mr",
         .simulator = kheops,
         .token = "MRWRITE",
         .condition = "tagValueIsPresent(#Tag.Modality, \"MR\")"}};
    configure(destinations, ROWS(destinations));
    simulator_order(kheops, "/sim/config", "{\"delay_ms\": 10}");
    pipeline_start_all(pipeline);
    pipeline_start(pipeline, PIPELINE_SENDER);
    for (uint64_t seed = 1; seed <= STUDIES; seed++)
        (void)write_study(seed, SERIES, INSTANCES, vary);
    send(sandbox_path(sandbox, "studies"));
    check(simulator_wait_instances(kheops, ALL, PATIENCE_MS), "not delivered");
    check(pipeline_wait_drained(pipeline, PATIENCE_MS), "the spool is not empty");
    check(simulator_count(kheops, "stored") == ALL, "stored more than once");
    check_never_collided();
    check(simulator_count(kheops, "in_flight_max") > 1, "never two requests at once");
    pipeline_stop_all(pipeline);
}
END_TEST

START_TEST(series_of_a_known_study_go_side_by_side)
{
    enum { SERIES = 60, INSTANCES = 5 };
    const struct pipeline_destination destination = {
        .name = "main", .simulator = kheops, .token = "MAINWRITE"};
    configure_with(&destination, 1, "sender: { slots: 4, batch_instances: 10 }\n");
    simulator_order(kheops, "/sim/config", "{\"delay_ms\": 100}");
    pipeline_start(pipeline, PIPELINE_ROUTER);
    pipeline_start(pipeline, PIPELINE_RECEIVER);
    send(write_study(1, SERIES, INSTANCES, NULL));
    wait_taken_in(SERIES * INSTANCES);
    pipeline_start(pipeline, PIPELINE_SENDER);
    check(simulator_wait_instances(kheops, SERIES * INSTANCES, PATIENCE_MS), "not delivered");
    check(pipeline_wait_drained(pipeline, PATIENCE_MS), "the spool is not empty");
    check(simulator_count(kheops, "stored") == SERIES * INSTANCES, "stored more than once");
    check_most_at_once(kheops, 4);
    check_never_collided();
    pipeline_stop_all(pipeline);
}
END_TEST

/* Refusals that make a series unknown again, answers that never come, one part of a request in trouble: what is sent
 * again meets what is on its way. */
static const struct disturbance_row {
    const char *label, *fault;
} disturbances[] = {
    {"503", "{\"kind\":\"stow\",\"action\":\"status\",\"status\":503,\"every\":5}"},
    {"0x0124", "{\"kind\":\"stow\",\"stage\":\"instance\",\"action\":\"refuse\",\"reason\":292,\"every\":9}"},
    {"0x0110 without a name",
     "{\"kind\":\"stow\",\"stage\":\"instance\",\"action\":\"unnamed\",\"every\":11}"},
    {"stored, then 504",
     "{\"kind\":\"stow\",\"stage\":\"stored\",\"action\":\"status\",\"status\":504,\"every\":6}"},
    {"a dropped connection", "{\"kind\":\"stow\",\"stage\":\"before\",\"action\":\"drop\",\"every\":6}"},
};

/* By chance, and differently for each row: so many instances to this series. */
static unsigned some(unsigned *state, unsigned most)
{
    *state = *state * 1103515245u + 12345u;
    return 1 + (*state >> 16) % most;
}

START_TEST(whatever_is_sent_again_never_collides)
{
    enum { STUDIES = 4, MOST_SERIES = 8, MOST_INSTANCES = 14 };
    const struct disturbance_row *row = &disturbances[_i];
    const struct pipeline_destination destinations[] = {
        {.name = "ct",
         .simulator = kheops,
         .token = "MAINWRITE",
         .condition = "tagValueIsPresent(#Tag.Modality, \"CT\")",
         .more = "        connections: 6\n"},
        {.name = "mr",
         .simulator = kheops,
         .token = "MRWRITE",
         .condition = "tagValueIsPresent(#Tag.Modality, \"MR\")",
         .more = "        connections: 6\n"}};
    unsigned state = (unsigned)_i + 1;
    int64_t all = 0;
    configure_with(destinations, ROWS(destinations),
                   "sender: { slots: 6, batch_instances: 6 }\n"
                   "retry: { first: 50ms, ceiling: 200ms, attempts: 1000 }\n");
    simulator_order(kheops, "/sim/config", "{\"delay_ms\": 20}");
    simulator_order(kheops, "/sim/faults", row->fault);
    pipeline_start_all(pipeline);
    pipeline_start(pipeline, PIPELINE_SENDER);
    for (uint64_t seed = 1; seed <= STUDIES; seed++) {
        unsigned series = some(&state, MOST_SERIES), instances = some(&state, MOST_INSTANCES);
        const char *folder = write_study(seed, series, instances, vary);
        all += (int64_t)series * instances;
        send(folder);
        if (seed % 2 == 0)
            send(folder); /* twice: two receipts of each instance */
    }
    check(simulator_wait_instances(kheops, all, PATIENCE_MS), row->label);
    check(pipeline_wait_drained(pipeline, PATIENCE_MS), row->label);
    check_never_collided();
    pipeline_stop_all(pipeline);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("sending_order");
    tests_abreast(tests, 4);
    tests_timeout(tests, 240);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, what_is_urgent_goes_first);
    tests_add(tests, a_small_study_waits_for_no_huge_one);
    tests_add(tests, a_slow_destination_holds_up_no_other);
    tests_add(tests, a_busy_destination_leaves_room_for_another);
    tests_add(tests, two_destinations_of_one_kheops_never_collide);
    tests_add(tests, series_of_a_known_study_go_side_by_side);
    tests_rows(tests, whatever_is_sent_again_never_collides, ROWS(disturbances));
    return tests_run(tests);
}
