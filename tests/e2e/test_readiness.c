/* When a server comes back nobody waits for the next probe's time, which here is an hour away, as the server itself has
 * asked for (Retry-After): real processes, and a simulated KHEOPS that goes away in several ways. */
#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/files.h"
#include "tests/support/operator_view.h"
#include "tests/support/pipeline.h"
#include "tests/support/suite.h"

#include <string.h>

enum { PATIENCE_MS = 60000, LOOKS = 3 };

static struct sandbox *sandbox;
static struct simulator *kheops;
static struct pipeline *pipeline;

static const struct pipeline_album album = {"mr", "MRWRITE", "MAINSEND", NULL};

static void set_up(void)
{
    static const char *const tokens[] = {"--token", "main:write:MAINWRITE",    "--token", "mr:write:MRWRITE",
                                         "--token", "main:read,send:MAINSEND", NULL};
    sandbox = sandbox_create();
    kheops = simulator_start(sandbox, "kheops", tokens);
    const struct pipeline_destination destinations[] = {
        {.name = "main", .simulator = kheops, .token = "MAINWRITE", .albums = &album, .album_count = 1},
        {.name = "plain", .simulator = kheops, .token = "MAINWRITE", .more = "        kheops: false\n"}};
    const struct pipeline_node nodes[] = {{"KHEOPS", &destinations[0], 1}, {"PLAIN", &destinations[1], 1}};
    const struct pipeline_options options = {nodes, ROWS(nodes), "retry: { first: 3s, ceiling: 10h }\n"};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_start_all(pipeline);
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    simulator_destroy(&kheops);
    sandbox_destroy(&sandbox);
}

static void check(bool ok, const char *what)
{
    pipeline_check(pipeline, ok, what);
}

static void send_study(const char *aet, uint64_t seed)
{
    struct dicom_spec base;
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *folder = sandbox_make_folder(sandbox, "studies/%llu", (unsigned long long)seed);
    dicom_spec_init(&base, seed);
    ck_assert_int_eq(dicom_write_study(&base, seed, 1, 1, folder, NULL, NULL), 0);
    check(pipeline_storescu(pipeline_port(pipeline), aet, folder, PATIENCE_MS, &output) == 0,
          text_string(&output));
}

static void order(const char *path, const char *json)
{
    simulator_order(kheops, path, json);
}

static void wait_backing_off(const char *destination, const char *in_album)
{
    check(operator_wait_state(pipeline, destination, in_album, "backing off", NULL, PATIENCE_MS),
          "it does not back off");
}

static bool was_looked_at(void *context)
{
    return simulator_count(kheops, "requests.other") >= *(const int64_t *)context;
}

static void wait_looks(int64_t looks)
{
    int64_t count = simulator_count(kheops, "requests.other") + looks;
    check(wait_until(was_looked_at, &count, PATIENCE_MS), "nobody looks whether it is there");
}

/* A look that came while it was away. */
static bool was_seen_away(void *context)
{
    (void)context;
    AUTO(text_release) struct text log = TEXT_EMPTY;
    file_read(sandbox_path(sandbox, "router-0.log"), &log);
    return strstr(text_string(&log), "the server is not there") != NULL;
}

static void wait_seen_away(void)
{
    check(wait_until(was_seen_away, NULL, PATIENCE_MS), "nobody sees that it is away");
}

/* The next request is answered so that the target waits for an hour; then the study waits. */
static void send_and_wait(const char *aet, const char *kind, const char *destination, const char *in_album)
{
    AUTO(text_release) struct text fault = TEXT_EMPTY;
    text_format(&fault,
                "{\"kind\":\"%s\",\"action\":\"status\",\"status\":503,\"retry_after\":\"3600\",\"first\":1}",
                kind);
    order("/sim/faults", text_string(&fault));
    send_study(aet, 1);
    wait_backing_off(destination, in_album);
}

static const struct away_row {
    const char *label, *aet, *destination, *path, *gone, *back;
} away_rows[] = {
    {"no connection", "KHEOPS", "main", "/sim/away", "{\"away\":true}", "{\"away\":false}"},
    {"no database", "KHEOPS", "main", "/sim/parts", "{\"database\":false}", "{\"database\":true}"},
    {"no connection to a plain server", "PLAIN", "plain", "/sim/away", "{\"away\":true}", "{\"away\":false}"},
};

START_TEST(what_is_there_again_is_tried_at_once)
{
    const struct away_row *row = &away_rows[_i];
    send_and_wait(row->aet, "stow", row->destination, NULL);
    order(row->path, row->gone);
    wait_seen_away();
    ck_assert_int_eq(simulator_count(kheops, "instances"), 0);
    order(row->path, row->back);
    check(simulator_wait_instances(kheops, 1, PATIENCE_MS), row->label);
}
END_TEST

START_TEST(an_album_is_tried_at_once_too)
{
    send_and_wait("KHEOPS", "share", "main", "mr");
    wait_looks(1); /* it was there: that is no reason to try */
    order("/sim/parts", "{\"database\":false}");
    wait_seen_away();
    order("/sim/parts", "{\"database\":true}");
    check(simulator_wait_shared(kheops, "mr", 1, PATIENCE_MS), "the album waits");
}
END_TEST

/* With its PACS away KHEOPS says all the time that it is ready: one that is asked so must not be probed for it. */
START_TEST(who_is_there_all_the_time_rests)
{
    send_and_wait("KHEOPS", "stow", "main", NULL);
    order("/sim/parts", "{\"PACS\":false}");
    int64_t requests = simulator_count(kheops, "requests.stow");
    wait_looks(LOOKS);
    ck_assert_int_eq(simulator_count(kheops, "requests.stow"), requests);
    check(operator_wait_state(pipeline, "main", NULL, "backing off", NULL, PATIENCE_MS), "it does not rest");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("readiness");
    tests_abreast(tests, 3);
    tests_fixture(tests, set_up, tear_down);
    tests_timeout(tests, 240);
    tests_rows(tests, what_is_there_again_is_tried_at_once, ROWS(away_rows));
    tests_add(tests, an_album_is_tried_at_once_too);
    tests_add(tests, who_is_there_all_the_time_rests);
    return tests_run(tests);
}
