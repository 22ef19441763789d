/* ensure_visible: KHEOPS is asked to look again at a study that has been quiet, and nothing but that. Real
 * processes, simulated KHEOPS: "main" wants it, "plain" does not. */
#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/operator_view.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 60000, ATTEMPTS = 5, STUDIES_MAX = 40 };

static struct sandbox *sandbox;
static struct simulator *kheops, *other;
static struct pipeline *pipeline;

static void set_up(void)
{
    static const char *const tokens[] = {"--token", "main:write:MAINWRITE", NULL};
    sandbox = sandbox_create();
    kheops = simulator_start(sandbox, "kheops", tokens);
    other = simulator_start(sandbox, "other", tokens);
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    simulator_destroy(&kheops);
    simulator_destroy(&other);
    sandbox_destroy(&sandbox);
}

static void check(bool ok, const char *what)
{
    pipeline_check(pipeline, ok, what);
}

/* more: a section "retry" instead of the quick one, or NULL. */
static void begin(const char *more)
{
    const struct pipeline_destination destinations[] = {
        {.name = "main", .simulator = kheops, .token = "MAINWRITE", .more = "        ensure_visible: true\n"},
        {.name = "plain", .simulator = other, .token = "MAINWRITE"}};
    const struct pipeline_node node = {"FELUCCA", destinations, ROWS(destinations)};
    const struct pipeline_options options = {&node, 1, more};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_start(pipeline, PIPELINE_ROUTER);
    pipeline_start(pipeline, PIPELINE_RECEIVER);
    pipeline_start(pipeline, PIPELINE_SENDER);
}

/* One more instance of the study, in a series of its own. */
static void send_one(uint64_t study, unsigned series)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *folder = sandbox_make_folder(sandbox, "study-%d-%u", (int)study, series);
    const char *path = sandbox_path(sandbox, "study-%d-%u/one.dcm", (int)study, series);
    struct dicom_spec spec;
    dicom_spec_init(&spec, study);
    spec.rows = spec.columns = 8;
    dicom_uid(spec.study_uid, study, 0, 0);
    dicom_uid(spec.series_uid, study, series, 0);
    dicom_uid(spec.sop_uid, study, series, 1);
    ck_assert_int_eq(dicom_write(&spec, path), 0);
    int status = pipeline_storescu(pipeline_port(pipeline), "FELUCCA", folder, PATIENCE_MS, &output);
    check(status == 0, text_string(&output));
}

static void wait_sent(size_t count)
{
    check(operator_wait_jobs(pipeline, "sent", "main", NULL, count, PATIENCE_MS), "not delivered");
}

/* ---- what is seen of fetches ---- */

/* The fetch of a study at main, NULL without one; is then yours. */
static json_t *fetch_of(uint64_t study)
{
    char uid[DICOM_UID_SIZE];
    json_t *jobs = operator_jobs(pipeline, NULL, "main", NULL), *job, *found = NULL;
    size_t i;
    dicom_uid(uid, study, 0, 0);
    json_array_foreach(jobs, i, job)
    {
        if (strcmp(json_string_value(json_object_get(job, "job")), "fetch") == 0 &&
            strcmp(json_string_value(json_object_get(job, "study")), uid) == 0)
            found = json_incref(job);
    }
    json_decref(jobs);
    return found;
}

struct wanted {
    uint64_t study;
    const char *state, *says; /* says: in its reason, or NULL */
};

static bool fetch_is(void *context)
{
    const struct wanted *wanted = context;
    json_t *fetch = fetch_of(wanted->study);
    const char *state = fetch ? json_string_value(json_object_get(fetch, "state")) : "";
    const char *reason = fetch ? json_string_value(json_object_get(fetch, "reason")) : NULL;
    bool is =
        strcmp(state, wanted->state) == 0 && (!wanted->says || (reason && strstr(reason, wanted->says)));
    json_decref(fetch);
    return is;
}

static void wait_fetch(uint64_t study, const char *state, const char *says)
{
    struct wanted wanted = {study, state, says};
    check(wait_until(fetch_is, &wanted, PATIENCE_MS), says ? says : state);
}

static void due_of(uint64_t study, char ret_due[static 64])
{
    json_t *fetch = fetch_of(study);
    check(fetch != NULL, "no fetch");
    (void)snprintf(ret_due, 64, "%s", json_string_value(json_object_get(fetch, "due_at")));
    json_decref(fetch);
}

/* How many series QIDO shows. */
static size_t visible(void)
{
    json_t *state = simulator_state(kheops), *study, *series;
    size_t i, k, count = 0;
    json_array_foreach(json_object_get(state, "studies_list"), i, study)
    {
        json_array_foreach(json_object_get(study, "series"), k, series)
        {
            count += json_is_true(json_object_get(series, "visible"));
        }
    }
    json_decref(state);
    return count;
}

static void forget_faults(void)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    int status = http_client_request(kheops->admin_port, "DELETE", "/sim/faults", NULL, NULL, 0, &answer);
    ck_assert_int_eq(status / 100, 2);
}

/* ---- the tests ---- */

START_TEST(invisible_series_appear_where_it_is_wanted)
{
    simulator_order(kheops, "/sim/faults", "{\"kind\":\"stow\",\"action\":\"invisible\"}");
    begin(NULL);
    send_one(1, 1);
    send_one(1, 2);
    wait_sent(2);
    wait_fetch(1, "fetched", NULL);
    ck_assert_uint_eq(visible(), 2);
    ck_assert_double_eq(pipeline_metric(pipeline, PIPELINE_ROUTER, 0, "felucca_fetch_outcomes_total"),
                        (double)simulator_count(kheops, "requests.fetch"));
    check(operator_wait_jobs(pipeline, "sent", "plain", NULL, 2, PATIENCE_MS), "plain has not got it");
    ck_assert_uint_eq(operator_count_jobs(pipeline, NULL, "plain", NULL), 2);
    ck_assert_int_eq(simulator_count(other, "requests.fetch"), 0);
    pipeline_stop_all(pipeline);
}
END_TEST

START_TEST(whatever_arrives_delays_it)
{
    char first[64], second[64];
    begin("retry:\n  first: 20s\n  ceiling: 60s\n");
    send_one(1, 1);
    wait_sent(1);
    wait_fetch(1, "queued", NULL);
    due_of(1, first);
    send_one(1, 2);
    wait_sent(2);
    due_of(1, second);
    check(strcmp(first, second) < 0, "it is due no later than before");
    check(simulator_count(kheops, "requests.fetch") == 0, "KHEOPS was asked while the study was not quiet");
    pipeline_stop_all(pipeline);
}
END_TEST

/* Its trouble is its own: deliveries go on, and it is not forgotten. */
static const struct trouble_row {
    const char *fault, *says;
} trouble_rows[] = {
    {"\"action\":\"status\",\"status\":503", "503"},
    {"\"action\":\"status\",\"status\":405", "ensure_visible: false"},
    {"\"action\":\"drop\"", "connection"},
};

START_TEST(trouble_with_it_survives_a_router_and_disturbs_nothing)
{
    AUTO(text_release) struct text fault = TEXT_EMPTY;
    text_format(&fault, "{\"kind\":\"fetch\",%s}", trouble_rows[_i].fault);
    simulator_order(kheops, "/sim/faults", "{\"kind\":\"stow\",\"action\":\"invisible\"}");
    simulator_order(kheops, "/sim/faults", text_string(&fault));
    begin(NULL);
    send_one(1, 1);
    wait_fetch(1, "queued", trouble_rows[_i].says);
    send_one(2, 1);
    wait_sent(2);
    check(operator_wait_state(pipeline, "main", NULL, "up", NULL, PATIENCE_MS), "the destination suffers");
    ck_assert_uint_eq(visible(), 0);
    pipeline_kill_and_restart(pipeline, PIPELINE_ROUTER, 0);
    forget_faults();
    wait_fetch(1, "fetched", NULL);
    wait_fetch(2, "fetched", NULL);
    ck_assert_uint_eq(visible(), 2);
    pipeline_stop_all(pipeline);
}
END_TEST

START_TEST(a_refused_token_is_explained)
{
    simulator_order(kheops, "/sim/faults", "{\"kind\":\"fetch\",\"action\":\"status\",\"status\":503}");
    begin(NULL);
    send_one(1, 1);
    wait_fetch(1, "queued", "503");
    simulator_order(kheops, "/sim/tokens/MAINWRITE", "{\"revoked\":true}");
    forget_faults();
    wait_fetch(1, "queued", "the STOW token is not active");
    simulator_order(kheops, "/sim/tokens/MAINWRITE", "{\"revoked\":false}");
    wait_fetch(1, "fetched", NULL);
    pipeline_stop_all(pipeline);
}
END_TEST

START_TEST(a_study_that_alone_fails_is_given_up)
{
    char uid[DICOM_UID_SIZE];
    AUTO(text_release) struct text fault = TEXT_EMPTY;
    dicom_uid(uid, 1, 0, 0);
    text_format(&fault, "{\"kind\":\"fetch\",\"study\":\"%s\",\"action\":\"status\",\"status\":500}", uid);
    simulator_order(kheops, "/sim/faults", text_string(&fault));
    begin(NULL);
    send_one(1, 1);
    struct wanted failed = {1, "failed", NULL};
    uint64_t study = 2;
    for (; !fetch_is(&failed) && study < STUDIES_MAX; study++) {
        int64_t asked = simulator_count(kheops, "answers.fetch.500");
        send_one(study, 1);
        wait_sent(study);
        for (int i = 0; i < 2000 && simulator_count(kheops, "answers.fetch.500") == asked; i++)
            continue;
    }
    wait_fetch(1, "failed", "trouble inside of KHEOPS");
    check(study > ATTEMPTS, "given up although nothing else reached KHEOPS");
    wait_fetch(study - 1, "fetched", NULL);
    pipeline_stop_all(pipeline);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("visibility");
    tests_abreast(tests, 3);
    tests_timeout(tests, 180);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, invisible_series_appear_where_it_is_wanted);
    tests_add(tests, whatever_arrives_delays_it);
    tests_rows(tests, trouble_with_it_survives_a_router_and_disturbs_nothing, ROWS(trouble_rows));
    tests_add(tests, a_refused_token_is_explained);
    tests_add(tests, a_study_that_alone_fails_is_given_up);
    return tests_run(tests);
}
