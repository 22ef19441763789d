/* The main job: what storescu sends reaches the main album whole, and its series reach exactly the albums
 * whose conditions hold. Real processes, real storescu, simulated KHEOPS. */
#include "tests/support/operator_view.h"
#include "tests/support/pipeline.h"

#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 60000, INSTANCES = 6, SERIES = 4 };

static struct sandbox *sandbox;
static struct simulator *kheops, *second;
static struct pipeline *pipeline;

static const char *const tokens[] = {
    "--token", "main:write:MAINWRITE",   "--token", "main:read,send:MAINSEND", "--token", "ct:write:CTWRITE",
    "--token", "brain:write:BRAINWRITE", "--token", "images:write:IMAGEWRITE", NULL};

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

static const struct pipeline_album albums[] = {
    {"ct", "CTWRITE", "MAINSEND", "tagValueIsPresent(#Tag.Modality, \"CT\")"},
    {"brain", "BRAINWRITE", "MAINSEND",
     "tagValueContains(#Tag.SeriesDescription, \"Sch\303\244del\")\n"
     "&& tagIsPresent(#Tag.BodyPartExamined)"},
    {"images", "IMAGEWRITE", "MAINSEND",
     "!(tagValueBeginsWith(\"0008,0060\", \"S\") || tagValueEndsWith(0x00080060, \"T\"))"},
};

/* ---- four series: a CT, an MR, a US multi-frame, an SR, each in another coding ---- */

static const struct kind {
    const char *modality, *description, *body_part;
    enum dicom_coding coding;
    unsigned frames;
} kinds[SERIES] = {
    {"CT", "Sch\344del nativ", "HEAD", DICOM_EXPLICIT_LE, 1},
    {"MR", "Sch\344del T1", NULL, DICOM_IMPLICIT_LE, 1},
    {"US", "Sch\344del Doppler", "HEAD", DICOM_EXPLICIT_BE, 5},
    {"SR", "Befund", "HEAD", DICOM_EXPLICIT_LE, 0},
};

static void vary(void *context, struct dicom_spec *spec, unsigned series, unsigned instance)
{
    (void)context, (void)instance;
    const struct kind *kind = &kinds[series - 1];
    spec->modality = kind->modality;
    spec->series_description = kind->description;
    spec->body_part = kind->body_part;
    spec->coding = kind->coding;
    spec->frames = kind->frames;
    if (kind->frames == 0)
        spec->rows = spec->columns = 0;
}

static const char *write_four_series(uint64_t seed)
{
    struct dicom_spec base;
    const char *folder = sandbox_make_folder(sandbox, "studies/study-%llu", (unsigned long long)seed);
    dicom_spec_init(&base, seed);
    base.patient_name = "M\374ller^J\366rg";
    ck_assert_int_eq(dicom_write_study(&base, seed, SERIES, INSTANCES, folder, vary, NULL), 0);
    return folder;
}

/* One series of so many instances of 64 KB. */
static const char *write_one_series(uint64_t seed, unsigned series, unsigned instances)
{
    struct dicom_spec base;
    const char *folder = sandbox_make_folder(sandbox, "studies/study-%llu", (unsigned long long)seed);
    dicom_spec_init(&base, seed);
    dicom_shape(&base, 64 << 10);
    ck_assert_int_eq(dicom_write_study(&base, seed, series, instances, folder, NULL, NULL), 0);
    return folder;
}

static void start_main(const char *more)
{
    const struct pipeline_destination destination = {.name = "kheops-main",
                                                     .simulator = kheops,
                                                     .token = "MAINWRITE",
                                                     .albums = albums,
                                                     .album_count = ROWS(albums)};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, more};
    pipeline = pipeline_create(sandbox, &options);
}

static void send(const char *called_aet, const char *folder)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    int status = pipeline_storescu(pipeline_port(pipeline), called_aet, folder, PATIENCE_MS, &output);
    if (status != 0)
        fprintf(stderr, "%s\n", text_string(&output));
    pipeline_check(pipeline, status == 0, "storescu failed");
}

/* ---- what has to be true afterwards ---- */

/* The album holds exactly these series of the study (numbers as in "13"), each with so many instances. */
static void check_album(const struct simulator *simulator, const char *album, uint64_t seed,
                        const char *series, unsigned instances)
{
    AUTO(text_release) struct text wanted = TEXT_EMPTY;
    AUTO(text_release) struct text found = TEXT_EMPTY;
    for (const char *number = series; *number; number++) {
        char uid[DICOM_UID_SIZE];
        dicom_uid(uid, seed, (unsigned)(*number - '0'), 0);
        text_format(&wanted, "%s%s*%u", number == series ? "" : " ", uid, instances);
    }
    simulator_album_text(simulator, album, &found);
    if (strcmp(text_string(&found), text_string(&wanted)) != 0)
        fprintf(stderr, "album %s: wanted %s, found %s\n", album, text_string(&wanted), text_string(&found));
    pipeline_check(pipeline, strcmp(text_string(&found), text_string(&wanted)) == 0, album);
}

static const struct sober_row {
    const char *path;
    int64_t value;
} sober_rows[] = {
    {"collisions", 0}, {"expect_continue", 0},      {"token_in_url", 0},
    {"cut", 0},        {"requests.share-study", 0}, {"requests.other", 0},
};

/* Nothing that a well-behaved client does not do. */
static void check_sober(const struct simulator *simulator)
{
    json_t *counts = simulator_counts(simulator), *study;
    size_t i;
    json_array_foreach(json_object_get(counts, "studies_list"), i, study)
        pipeline_check(pipeline, json_integer_value(json_object_get(study, "unknown_in_flight_max")) <= 1,
                       "two requests of a study at once while it was unknown");
    json_decref(counts);
    for (i = 0; i < ROWS(sober_rows); i++)
        pipeline_check(pipeline, simulator_count(simulator, sober_rows[i].path) == sober_rows[i].value,
                       sober_rows[i].path);
}

/* Every series of the album was put there by one request, after its first instance. */
static void check_puts(const struct simulator *simulator)
{
    json_t *counts = simulator_counts(simulator), *album, *member;
    size_t i, k;
    int64_t puts = 0;
    json_array_foreach(json_object_get(counts, "albums"), i, album)
    {
        bool main_album = strcmp(json_string_value(json_object_get(album, "name")), "main") == 0;
        json_array_foreach(json_object_get(album, "series"), k, member)
        {
            puts += json_integer_value(json_object_get(member, "puts"));
            pipeline_check(pipeline,
                           json_integer_value(json_object_get(member, "puts")) == !main_album &&
                               json_integer_value(json_object_get(member, "early_puts")) == 0,
                           "not exactly one PUT for a series and album");
        }
    }
    json_decref(counts);
    pipeline_check(pipeline, simulator_count(simulator, "requests.share") == puts, "a PUT that was not 201");
}

static void compare_with_reference(void *context, const char *path)
{
    AUTO(text_release) struct text stored = TEXT_EMPTY;
    AUTO(text_release) struct text head = TEXT_EMPTY;
    const char *name = strrchr(path, '/') + 1;
    size_t *compared = context;
    text_format(&stored, "%s/%s", kheops->store, name);
    pipeline_check(pipeline, file_exists(text_string(&stored)), "an instance did not arrive");
    pipeline_check(pipeline, files_same_data_set(path, text_string(&stored)), "a data set was changed");
    file_read(text_string(&stored), &head);
    /* Who sent it to whom stays in the house. */
    pipeline_check(pipeline, !memmem(head.bytes, head.length, "MODALITY", 8),
                   "the file meta header tells too much");
    (*compared)++;
}

START_TEST(four_series_reach_exactly_their_albums)
{
    const char *folder = write_four_series(1), *reference = sandbox_path(sandbox, "reference");
    size_t compared = 0;
    pipeline_reference(sandbox, folder, reference);
    start_main(NULL);
    pipeline_start_all(pipeline);
    send("FELUCCA", folder);
    pipeline_check(pipeline, simulator_wait_instances(kheops, SERIES * INSTANCES, PATIENCE_MS),
                   "not delivered");
    pipeline_check(pipeline, simulator_wait_shared(kheops, "ct", 1, PATIENCE_MS), "ct: not shared");
    pipeline_check(pipeline, simulator_wait_shared(kheops, "brain", 2, PATIENCE_MS), "brain: not shared");
    pipeline_check(pipeline, simulator_wait_shared(kheops, "images", 2, PATIENCE_MS), "images: not shared");
    pipeline_check(pipeline, pipeline_wait_drained(pipeline, PATIENCE_MS), "the spool is not empty");
    check_album(kheops, "main", 1, "1234", INSTANCES);
    check_album(kheops, "ct", 1, "1", INSTANCES);
    check_album(kheops, "brain", 1, "13", INSTANCES);
    check_album(kheops, "images", 1, "23", INSTANCES);
    pipeline_check(pipeline, simulator_count(kheops, "stored") == SERIES * INSTANCES,
                   "stored more than once");
    check_puts(kheops);
    check_sober(kheops);
    folder_walk(reference, compare_with_reference, &compared);
    ck_assert_uint_eq(compared, SERIES * INSTANCES);
    pipeline_stop_at_once(pipeline);
}
END_TEST

/* ---- killed in the middle ---- */

static const struct kill_row {
    const char *label;
    int stage; /* -1: KHEOPS is away for a while */
    bool family;
    unsigned instances;
} kill_rows[] = {
    {"receiver", PIPELINE_RECEIVER, false, 400},
    /* A quick machine stores 400 before the kill. */
    {"receiver and its associations", PIPELINE_RECEIVER, true, 1600},
    {"router", PIPELINE_ROUTER, false, 80},
    {"sender", PIPELINE_SENDER, false, 80},
    {"sharer", PIPELINE_SHARER, false, 80},
    {"KHEOPS away", -1, false, 80},
};

static bool some_arrived(void *context)
{
    return simulator_count(kheops, "instances") >= *(int64_t *)context;
}

static bool wait_some(int64_t instances)
{
    return wait_until(some_arrived, &instances, PATIENCE_MS);
}

struct wish {
    enum pipeline_stage stage;
    size_t number;
    const char *metric;
};

static bool did_something(void *context)
{
    const struct wish *wish = context;
    return pipeline_metric(pipeline, wish->stage, wish->number, wish->metric) > 0;
}

static size_t count_successes(const char *path)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    file_read(path, &output);
    size_t count = 0;
    for (const char *at = text_string(&output); (at = strstr(at, "Received Store Response (Success)")); at++)
        count++;
    return count;
}

START_TEST(nothing_is_lost_when_killed)
{
    const struct kill_row *row = &kill_rows[_i];
    const char *folder = write_one_series(1, 2, row->instances / 2);
    const char *output = sandbox_path(sandbox, "storescu.log");
    start_main("sender: { slots: 2, batch_instances: 4 }\n");
    /* Slow enough that the middle of the study lasts; the receiver is quicker than that. */
    if (row->stage != PIPELINE_RECEIVER)
        simulator_order(kheops, "/sim/config", "{\"delay_ms\": 60}");
    pipeline_start_all(pipeline);
    AUTO(process_destroy)
    struct process *storescu = pipeline_storescu_start(pipeline_port(pipeline), "FELUCCA", folder, output);
    pipeline_check(pipeline, wait_some(8), "nothing arrives");
    pipeline_check(pipeline, simulator_count(kheops, "instances") < row->instances, "not in the middle");
    if (row->stage < 0)
        simulator_order(kheops, "/sim/away", "{\"ms\": 2500}");
    else if (row->family)
        pipeline_kill_family_and_restart(pipeline, (enum pipeline_stage)row->stage, 0);
    else
        pipeline_kill_and_restart(pipeline, (enum pipeline_stage)row->stage, 0);
    int status = process_wait(storescu, PATIENCE_MS);
    /* An association outlives its receiver; only its own end is noticed. */
    pipeline_check(pipeline, (status == 0) == !row->family, "storescu noticed something, or nothing");
    /* What was acknowledged arrives without being sent again. */
    pipeline_check(pipeline, wait_some((int64_t)count_successes(output)), "an acknowledged instance is lost");
    if (status != 0)
        send("FELUCCA", folder);
    pipeline_check(pipeline, simulator_wait_instances(kheops, row->instances, PATIENCE_MS), row->label);
    pipeline_check(pipeline, simulator_wait_shared(kheops, "ct", 2, PATIENCE_MS), row->label);
    pipeline_check(pipeline, pipeline_wait_drained(pipeline, PATIENCE_MS), "the spool is not empty");
    check_album(kheops, "main", 1, "12", row->instances / 2);
    check_album(kheops, "ct", 1, "12", row->instances / 2);
    check_album(kheops, "brain", 1, "", 0);
    pipeline_stop_all(pipeline);
}
END_TEST

/* ---- two nodes, two destinations ---- */

/* How many lines `felucca jobs` prints for a state of a destination. */
static size_t count_jobs(const char *state, const char *destination)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *const argv[] = {FELUCCA_BIN "/felucca",
                                "jobs",
                                "--config",
                                pipeline_config(pipeline),
                                "--state",
                                state,
                                "--destination",
                                destination,
                                "--limit",
                                "1000",
                                "--json",
                                NULL};
    int status = process_run(argv, NULL, PATIENCE_MS, &output);
    pipeline_check(pipeline, status == 0 || status == 1, text_string(&output));
    size_t lines = 0;
    for (const char *at = text_string(&output); (at = strchr(at, '\n')); at++)
        lines++;
    return status == 0 ? lines : 0;
}

START_TEST(nodes_and_destinations_are_apart)
{
    static const char *const second_tokens[] = {"--token", "archive:write:ARCHIVEWRITE", NULL};
    second = simulator_start(sandbox, "second", second_tokens);
    const struct pipeline_destination both[] = {
        {.name = "kheops-main", .simulator = kheops, .token = "MAINWRITE"},
        {.name = "archive",
         .simulator = second,
         .token = "ARCHIVEWRITE",
         .condition = "!tagValueIsPresent(#Tag.Modality, \"SR\")"}};
    const struct pipeline_destination one[] = {
        {.name = "archive-too", .simulator = second, .token = "ARCHIVEWRITE"}};
    const struct pipeline_node nodes[] = {{"FELUCCA", both, 2}, {"ARCHIVE", one, 1}};
    const struct pipeline_options options = {nodes, 2, NULL};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_start_all(pipeline);
    send("FELUCCA", write_four_series(1));
    send("ARCHIVE", write_one_series(2, 1, INSTANCES));
    pipeline_check(pipeline, simulator_wait_instances(kheops, SERIES * INSTANCES, PATIENCE_MS),
                   "main: not delivered");
    pipeline_check(pipeline, simulator_wait_instances(second, SERIES * INSTANCES, PATIENCE_MS),
                   "archive: not delivered");
    pipeline_check(pipeline, wait_until(some_arrived, &(int64_t){SERIES * INSTANCES}, 0), "main");
    check_album(kheops, "main", 1, "1234", INSTANCES);
    pipeline_check(pipeline, simulator_count(second, "series") == SERIES, "archive: three series and one");
    pipeline_check(
        pipeline,
        operator_wait_jobs(pipeline, "sent", "archive", NULL, (SERIES - 1) * INSTANCES, PATIENCE_MS) &&
            count_jobs("sent", "archive") == (SERIES - 1) * INSTANCES,
        "sent to archive");
    pipeline_check(
        pipeline,
        operator_wait_jobs(pipeline, "sent", "kheops-main", NULL, SERIES * INSTANCES, PATIENCE_MS) &&
            count_jobs("sent", "kheops-main") == SERIES * INSTANCES,
        "sent to kheops-main");
    pipeline_check(pipeline, count_jobs("excluded", "archive") == INSTANCES, "the SR is not excluded");
    check_sober(kheops);
    check_sober(second);
    pipeline_stop_all(pipeline);
}
END_TEST

/* ---- several senders and sharers ---- */

enum { MANY_STUDIES = 24, MANY_INSTANCES = 10 };

START_TEST(senders_and_sharers_share_the_work)
{
    start_main("sender: { slots: 1, batch_instances: 5 }\n");
    simulator_order(kheops, "/sim/config", "{\"delay_ms\": 300}");
    pipeline_start_all(pipeline);
    pipeline_start(pipeline, PIPELINE_SENDER);
    pipeline_start(pipeline, PIPELINE_SENDER);
    pipeline_start(pipeline, PIPELINE_SHARER);
    for (uint64_t seed = 1; seed <= MANY_STUDIES; seed++)
        write_one_series(seed, 2, MANY_INSTANCES / 2);
    AUTO(process_destroy)
    struct process *storescu =
        pipeline_storescu_start(pipeline_port(pipeline), "FELUCCA", sandbox_path(sandbox, "studies"),
                                sandbox_path(sandbox, "storescu.log"));
    pipeline_check(pipeline, wait_some(MANY_STUDIES * MANY_INSTANCES / 3), "nothing arrives");
    /* One of each leaves in the middle; each has done its part, and its end is a good one. */
    static const struct wish workers[] = {{PIPELINE_SENDER, 0, "felucca_stow_requests_total"},
                                          {PIPELINE_SENDER, 1, "felucca_stow_requests_total"},
                                          {PIPELINE_SENDER, 2, "felucca_stow_requests_total"},
                                          {PIPELINE_SHARER, 0, "felucca_share_requests_total"},
                                          {PIPELINE_SHARER, 1, "felucca_share_requests_total"}};
    for (size_t i = 0; i < ROWS(workers); i++) {
        struct wish wish = workers[i];
        pipeline_check(pipeline, wait_until(did_something, &wish, PATIENCE_MS), "a worker did nothing");
    }
    pipeline_check(pipeline, simulator_count(kheops, "instances") < MANY_STUDIES * MANY_INSTANCES,
                   "not in the middle");
    pipeline_check(pipeline, process_end(pipeline_process(pipeline, PIPELINE_SENDER, 1), PATIENCE_MS) == 0,
                   "a sender's end");
    pipeline_check(pipeline, process_end(pipeline_process(pipeline, PIPELINE_SHARER, 1), PATIENCE_MS) == 0,
                   "a sharer's end");
    simulator_order(kheops, "/sim/config", "{\"delay_ms\": 0}");
    pipeline_check(pipeline, process_wait(storescu, PATIENCE_MS) == 0, "storescu failed");
    pipeline_check(pipeline, simulator_wait_instances(kheops, MANY_STUDIES * MANY_INSTANCES, PATIENCE_MS),
                   "not delivered");
    pipeline_check(pipeline, simulator_wait_shared(kheops, "ct", MANY_STUDIES * 2, PATIENCE_MS),
                   "not shared");
    pipeline_check(pipeline, pipeline_wait_drained(pipeline, PATIENCE_MS), "the spool is not empty");
    pipeline_check(pipeline, simulator_count(kheops, "stored") == MANY_STUDIES * MANY_INSTANCES,
                   "stored more than once");
    check_puts(kheops);
    check_sober(kheops);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("main_job");
    tests_abreast(tests, 4);
    tests_timeout(tests, 240);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, four_series_reach_exactly_their_albums);
    tests_rows(tests, nothing_is_lost_when_killed, ROWS(kill_rows));
    tests_add(tests, nodes_and_destinations_are_apart);
    tests_add(tests, senders_and_sharers_share_the_work);
    return tests_run(tests);
}
