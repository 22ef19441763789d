/* What the four processes show at their metrics ports after real traffic: promtool accepts it, the numbers
 * are those of the traffic, docs/metrics.md lists exactly these metrics, and the dashboard and the alert
 * rules use no other. And health: who is ready when. */
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/port.h"
#include "tests/support/scene.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

#define DASHBOARD FELUCCA_SOURCE "/monitoring/grafana-dashboard.json"

enum { PATIENCE_MS = 60000, SERIES = 2, INSTANCES = 3 };

static struct scene scene;
static struct text pages[PIPELINE_KINDS];

static void set_up(void)
{
    scene_open(&scene);
    scene_set_up(&scene, NULL);
}

static void tear_down(void)
{
    for (int stage = 0; stage < PIPELINE_KINDS; stage++)
        text_release(&pages[stage]);
    scene_close(&scene);
}

static void fetch_pages(void)
{
    for (int stage = 0; stage < PIPELINE_KINDS; stage++) {
        text_clear(&pages[stage]);
        int status = pipeline_page(scene.pipeline, (enum pipeline_stage)stage, 0, "/metrics", &pages[stage]);
        pipeline_check(scene.pipeline, status == 200, "no metrics");
    }
}

/* ---- traffic, and what must be shown of it ---- */

static const struct shown_row {
    enum pipeline_stage stage;
    const char *line; /* how a line of the page begins */
    double low, high;
} shown_rows[] = {
    {PIPELINE_RECEIVER, "felucca_received_instances_total{outcome=\"stored\"} ", 6, 6},
    {PIPELINE_RECEIVER, "felucca_received_instances_total{outcome=\"refused\"} ", 0, 0},
    {PIPELINE_RECEIVER, "felucca_received_bytes_total ", 6000, 1e6},
    {PIPELINE_RECEIVER, "felucca_receive_durable_seconds_count ", 6, 6},
    {PIPELINE_RECEIVER, "felucca_associations_total{outcome=\"released\"} ", 1, 1},
    {PIPELINE_RECEIVER, "felucca_associations_total{outcome=\"rejected\"} ", 1, 1},
    {PIPELINE_RECEIVER, "felucca_associations_rejected_total{reason=\"called_aet\"} ", 1, 1},
    {PIPELINE_RECEIVER, "felucca_associations_rejected_total{reason=\"calling_aet\"} ", 0, 0},
    {PIPELINE_RECEIVER, "felucca_spool_free_bytes ", 1e6, 1e18},
    {PIPELINE_RECEIVER, "felucca_build_info{version=", 1, 1},
    {PIPELINE_ROUTER, "felucca_router_instances_total{result=\"taken\"} ", 6, 6},
    {PIPELINE_ROUTER, "felucca_header_parse_seconds_count ", 6, 6},
    {PIPELINE_ROUTER, "felucca_decision_seconds_count ", 6, 6},
    {PIPELINE_ROUTER, "felucca_commit_seconds_count ", 2, 1e6},
    {PIPELINE_ROUTER, "felucca_job_outcomes_total{destination=\"kheops-main\",album=\"\",outcome=\"done\"} ",
     6, 6},
    {PIPELINE_ROUTER,
     "felucca_job_outcomes_total{destination=\"kheops-main\",album=\"ct\",outcome=\"done\"} ", 2, 2},
    {PIPELINE_ROUTER, "felucca_received_to_delivered_seconds_count{destination=\"kheops-main\"} ", 6, 6},
    {PIPELINE_ROUTER, "felucca_received_to_shared_seconds_count{destination=\"kheops-main\",album=\"ct\"} ",
     2, 2},
    {PIPELINE_ROUTER, "felucca_jobs{destination=\"kheops-main\",album=\"\",state=\"queued\"} ", 0, 0},
    {PIPELINE_ROUTER, "felucca_jobs{destination=\"kheops-main\",album=\"ct\",state=\"waiting\"} ", 0, 0},
    {PIPELINE_ROUTER,
     "felucca_oldest_job_age_seconds{destination=\"kheops-main\",album=\"\",state=\"queued\"} ", 0, 0},
    {PIPELINE_ROUTER, "felucca_target_state{destination=\"kheops-main\",album=\"\",state=\"up\"} ", 1, 1},
    {PIPELINE_ROUTER, "felucca_target_state{destination=\"kheops-main\",album=\"ct\",state=\"blocked\"} ", 0,
     0},
    {PIPELINE_ROUTER, "felucca_token_active{destination=\"kheops-main\",album=\"\",token=\"stow\"} ", 1, 1},
    {PIPELINE_ROUTER, "felucca_token_active{destination=\"kheops-main\",album=\"ct\",token=\"source\"} ", 1,
     1},
    {PIPELINE_ROUTER,
     "felucca_condition_verdicts_total{destination=\"kheops-main\",album=\"ct\",verdict=\"yes\"} ", 6, 6},
    {PIPELINE_ROUTER,
     "felucca_condition_verdicts_total{destination=\"kheops-main\",album=\"ct\",verdict=\"no\"} ", 0, 0},
    {PIPELINE_ROUTER, "felucca_condition_unmatched_series{destination=\"kheops-main\",album=\"ct\"} ", 0, 0},
    {PIPELINE_ROUTER, "felucca_condition_unmatched_seconds{destination=\"kheops-main\",album=\"ct\"} ", 0, 0},
    {PIPELINE_ROUTER, "felucca_leases_lost_total ", 0, 0},
    {PIPELINE_ROUTER, "felucca_workers{stage=\"send\"} ", 1, 1},
    {PIPELINE_ROUTER, "felucca_spool_files{place=\"queue\"} ", 0, 0},
    {PIPELINE_ROUTER, "felucca_spool_files{place=\"kept\"} ", 6, 6},
    {PIPELINE_ROUTER, "felucca_spool_bytes{place=\"kept\"} ", 6000, 1e6},
    {PIPELINE_ROUTER, "felucca_database_bytes ", 1000, 1e9},
    {PIPELINE_ROUTER, "felucca_database_wal_bytes ", 1000, 1e9},
    {PIPELINE_SENDER, "felucca_stow_requests_total{destination=\"kheops-main\",status=\"200\"} ", 1, 6},
    {PIPELINE_SENDER, "felucca_stow_instances_total{destination=\"kheops-main\",outcome=\"done\"} ", 6, 6},
    {PIPELINE_SENDER, "felucca_stow_bytes_total{destination=\"kheops-main\"} ", 6000, 1e6},
    {PIPELINE_SENDER, "felucca_stow_request_seconds_count{destination=\"kheops-main\"} ", 1, 6},
    {PIPELINE_SENDER, "felucca_router_connected ", 1, 1},
    {PIPELINE_SENDER, "felucca_token_checks_total{destination=\"kheops-main\",album=\"\",result=\"active\"} ",
     1, 9},
    {PIPELINE_SHARER,
     "felucca_share_requests_total{destination=\"kheops-main\",album=\"ct\",status=\"201\"} ", 2, 2},
    {PIPELINE_SHARER, "felucca_shares_total{destination=\"kheops-main\",album=\"ct\",outcome=\"done\"} ", 2,
     2},
    {PIPELINE_SHARER, "felucca_router_connected ", 1, 1},
};

static bool row_is_shown(const struct shown_row *row)
{
    AUTO(text_release) struct text start = TEXT_EMPTY;
    text_format(&start, "\n%s", row->line);
    const char *line = strstr(text_string(&pages[row->stage]), text_string(&start));
    const char *value = line ? strchr(line + start.length - 1, ' ') : NULL;
    double number = value ? strtod(value, NULL) : -1;
    return value && number >= row->low && number <= row->high;
}

static bool all_is_shown(void *context)
{
    const struct shown_row **ret_missing = context;
    fetch_pages();
    for (size_t i = 0; i < ROWS(shown_rows); i++) {
        *ret_missing = &shown_rows[i];
        if (!row_is_shown(&shown_rows[i]))
            return false;
    }
    return true;
}

static void make_traffic(void)
{
    pipeline_destroy(&scene.pipeline);
    AUTO(text_release) struct text more = TEXT_EMPTY;
    text_format(
        &more,
        "retention: 1d\nnotify: { webhooks: [ { url: http://127.0.0.1:9/ } ] }\nconsole: { port: %d }\n"
        "trays: [ { name: IN, folder: %s } ]\n",
        port_free(), sandbox_make_folder(scene.sandbox, "in"));
    scene_set_up(&scene, text_string(&more));
    pipeline_start_all(scene.pipeline);
    pipeline_start(scene.pipeline, PIPELINE_NOTIFIER);
    pipeline_start(scene.pipeline, PIPELINE_CONSOLE);
    pipeline_start(scene.pipeline, PIPELINE_COMMITTER);
    pipeline_start(scene.pipeline, PIPELINE_TRAY);
    const char *folder = scene_study(&scene, 1, SERIES, INSTANCES, 4000);
    ck_assert(scene_send(&scene, folder, sandbox_path(scene.sandbox, "storescu.log")));
    ck_assert_int_ne(pipeline_storescu(pipeline_port(scene.pipeline), "NOBODY", folder, PATIENCE_MS, NULL),
                     0);
    const struct shown_row *missing = NULL;
    bool shown = wait_until(all_is_shown, &missing, PATIENCE_MS);
    pipeline_check(scene.pipeline, shown, missing ? missing->line : "");
}

/* ---- promtool ---- */

static void ck_promtool(enum pipeline_stage stage)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *path = sandbox_path(scene.sandbox, "page-%d", (int)stage);
    file_write_string(path, text_string(&pages[stage]));
    const char *const argv[] = {"sh", "-c", "promtool check metrics <\"$1\"", "sh", path, NULL};
    int status = process_run(argv, NULL, PATIENCE_MS, &output);
    ck_assert_msg(status == 0 && output.length == 0, "process %d, promtool: %s", (int)stage,
                  text_string(&output));
}

/* ---- the page of the documents ---- */

struct family {
    char name[80], kind[16], help[160], labels[80];
};

/* The labels of the family's first sample, "" where it has none: "destination, album". */
static void read_labels(const char *page, struct family *family)
{
    char start[100];
    (void)snprintf(start, sizeof start, "\n%s", family->name);
    const char *sample = page;
    size_t length = strlen(start);
    while ((sample = strstr(sample, start)) && sample[length] != '{' && sample[length] != ' ' &&
           strncmp(sample + length, "_bucket{", 8) != 0)
        sample += length;
    sample = sample ? sample + length + strcspn(sample + length, "{ ") : "";
    while (*sample == '{' || *sample == ',') {
        size_t name = strcspn(++sample, "=");
        if (strncmp(sample, "le=", 3) != 0)
            (void)snprintf(family->labels + strlen(family->labels),
                           sizeof family->labels - strlen(family->labels), "%s%.*s",
                           *family->labels ? ", " : "", (int)name, sample);
        sample += name + 2;
        sample += strcspn(sample, "\"") + 1;
    }
}

/* Calls each(context, family) for every family of a page. */
static void each_family(const char *page, void (*each)(void *context, const struct family *family),
                        void *context)
{
    for (const char *line = page; (line = strstr(line, "# HELP ")); line++) {
        struct family family = {0};
        ck_assert_int_eq(sscanf(line, "# HELP %79s %159[^\n]\n# TYPE %*s %15s", family.name,
                                family.help, /* NOLINT */
                                family.kind),
                         3);
        read_labels(page, &family);
        each(context, &family);
    }
}

/* Its row, whose labels are not known where nothing was counted yet. */
static void ck_is_documented(void *context, const struct family *family)
{
    AUTO(text_release) struct text start = TEXT_EMPTY;
    AUTO(text_release) struct text end = TEXT_EMPTY;
    text_format(&start, "| `%s` | %s | %s", family->name, family->kind, family->labels);
    text_format(&end, " | %s |\n", family->help);
    const char *row = strstr(context, text_string(&start));
    const char *rest = row ? row + start.length : "";
    if (!*family->labels)
        rest += strspn(rest, "abcdefghijklmnopqrstuvwxyz, ");
    if (row && rest[-1] == ' ')
        rest--;
    ck_assert_msg(strncmp(rest, text_string(&end), end.length) == 0, "docs/metrics.md lacks the row\n%s%s",
                  text_string(&start), text_string(&end));
}

static bool is_shown_anywhere(const char *name)
{
    AUTO(text_release) struct text start = TEXT_EMPTY;
    text_format(&start, "# TYPE %s ", name);
    for (int stage = 0; stage < PIPELINE_KINDS; stage++)
        if (strstr(text_string(&pages[stage]), text_string(&start)))
            return true;
    return false;
}

/* Every felucca_… name of a file is a family, or a series of a histogram. */
static void ck_names_are_shown(const char *path)
{
    static const char *const endings[] = {"_bucket", "_sum", "_count"};
    AUTO(text_release) struct text content = TEXT_EMPTY;
    file_read(path, &content);
    size_t found = 0;
    for (const char *at = text_string(&content); (at = strstr(at, "felucca_")); at++, found++) {
        char name[100] = "";
        size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789_");
        ck_assert(length < sizeof name);
        memcpy(name, at, length);
        for (size_t i = 0; i < ROWS(endings) && !is_shown_anywhere(name); i++)
            if (string_ends_with(name, endings[i]))
                name[length - strlen(endings[i])] = '\0';
        ck_assert_msg(is_shown_anywhere(name), "%s: no process shows %s", path, name);
    }
    ck_assert(found > 0);
}

static void free_json(json_t **json)
{
    json_decref(*json);
    *json = NULL;
}

START_TEST(pages_are_right_documented_and_used)
{
    AUTO(text_release) struct text document = TEXT_EMPTY;
    make_traffic();
    file_read(FELUCCA_SOURCE "/docs/metrics.md", &document);
    for (int stage = 0; stage < PIPELINE_KINDS; stage++)
        ck_promtool((enum pipeline_stage)stage);
    for (int stage = 0; stage < PIPELINE_KINDS; stage++)
        each_family(text_string(&pages[stage]), ck_is_documented, (void *)text_string(&document));
    AUTO(free_json) json_t *dashboard = json_load_file(DASHBOARD, 0, NULL);
    ck_assert_msg(json_is_object(dashboard), "the dashboard is no JSON object");
    ck_names_are_shown(FELUCCA_SOURCE "/docs/metrics.md");
    ck_names_are_shown(FELUCCA_SOURCE "/monitoring/alerts.yml");
    ck_names_are_shown(DASHBOARD);
}
END_TEST

/* ---- trouble is seen ---- */

static bool router_shows(void *context)
{
    AUTO(text_release) struct text page = TEXT_EMPTY;
    ck_assert_int_eq(pipeline_page(scene.pipeline, PIPELINE_ROUTER, 0, "/metrics", &page), 200);
    for (const char *const *lines = context; *lines; lines++)
        if (!strstr(text_string(&page), *lines))
            return false;
    return true;
}

static void ck_router_shows(const char *const *lines)
{
    pipeline_check(scene.pipeline, wait_until(router_shows, (void *)lines, PATIENCE_MS), lines[0]);
}

START_TEST(a_revoked_token_blocks_visibly)
{
    static const char *const blocked[] = {
        "felucca_target_state{destination=\"kheops-main\",album=\"\",state=\"blocked\"} 1\n",
        "felucca_target_state{destination=\"kheops-main\",album=\"\",state=\"up\"} 0\n",
        "felucca_token_active{destination=\"kheops-main\",album=\"\",token=\"stow\"} 0\n",
        "felucca_jobs{destination=\"kheops-main\",album=\"ct\",state=\"waiting\"} 1\n",
        "felucca_spool_files{place=\"queue\"} 2\n",
        NULL};
    static const char *const done[] = {
        "felucca_target_state{destination=\"kheops-main\",album=\"\",state=\"up\"} 1\n",
        "felucca_oldest_job_age_seconds{destination=\"kheops-main\",album=\"\",state=\"queued\"} 0\n",
        "felucca_spool_files{place=\"queue\"} 0\n", "felucca_spool_bytes{place=\"queue\"} 0\n", NULL};
    simulator_order_token(scene.kheops, "MAINWRITE", "{\"revoked\": true}");
    pipeline_start_all(scene.pipeline);
    const char *folder = scene_study(&scene, 2, 1, 2, 4000);
    ck_assert(scene_send(&scene, folder, sandbox_path(scene.sandbox, "storescu.log")));
    ck_router_shows(blocked);
    double age = pipeline_metric(scene.pipeline, PIPELINE_ROUTER, 0, "felucca_oldest_job_age_seconds");
    pipeline_check(scene.pipeline, age > 0, "the oldest job has no age");
    simulator_order_token(scene.kheops, "MAINWRITE", "{\"revoked\": false}");
    ck_router_shows(done);
}
END_TEST

/* ---- health ---- */

struct question {
    enum pipeline_stage stage;
    const char *path;
    int status;
};

static bool answers_so(void *context)
{
    const struct question *question = context;
    AUTO(text_release) struct text body = TEXT_EMPTY;
    return pipeline_page(scene.pipeline, question->stage, 0, question->path, &body) == question->status;
}

static void ck_answers(enum pipeline_stage stage, const char *path, int status)
{
    struct question question = {stage, path, status};
    pipeline_check(scene.pipeline, wait_until(answers_so, &question, PATIENCE_MS), path);
}

START_TEST(ready_is_who_can_work)
{
    pipeline_start(scene.pipeline, PIPELINE_RECEIVER);
    ck_answers(PIPELINE_RECEIVER, "/readyz", 200);
    ck_answers(PIPELINE_RECEIVER, "/readyz/cell", 503);
    pipeline_start(scene.pipeline, PIPELINE_SENDER);
    pipeline_start(scene.pipeline, PIPELINE_SHARER);
    ck_answers(PIPELINE_SENDER, "/healthz", 200);
    ck_answers(PIPELINE_SENDER, "/readyz", 503); /* there is no router */
    ck_answers(PIPELINE_SHARER, "/readyz", 503);
    pipeline_start(scene.pipeline, PIPELINE_ROUTER);
    ck_answers(PIPELINE_ROUTER, "/readyz", 200);
    ck_answers(PIPELINE_RECEIVER, "/readyz/cell", 200);
    ck_answers(PIPELINE_ROUTER, "/readyz/cell", 404);
    ck_answers(PIPELINE_SENDER, "/readyz", 200);
    ck_answers(PIPELINE_SHARER, "/readyz", 200);
    pipeline_start(scene.pipeline, PIPELINE_ROUTER);
    struct question standby = {PIPELINE_ROUTER, "/readyz", 503};
    AUTO(text_release) struct text body = TEXT_EMPTY;
    ck_assert_int_eq(pipeline_page(scene.pipeline, standby.stage, 1, "/healthz", &body), 200);
    ck_assert_int_eq(pipeline_page(scene.pipeline, standby.stage, 1, standby.path, &body), standby.status);
    text_clear(&body);
    ck_assert_int_eq(pipeline_page(scene.pipeline, standby.stage, 1, "/metrics", &body), 200);
    ck_assert(strstr(text_string(&body), "\nfelucca_router_standby 1\n"));
    text_clear(&body);
    ck_assert_int_eq(pipeline_page(scene.pipeline, standby.stage, 0, "/metrics", &body), 200);
    ck_assert(strstr(text_string(&body), "\nfelucca_router_standby 0\n"));
}
END_TEST

static bool receiver_shows(void *context)
{
    struct text *page = &pages[PIPELINE_RECEIVER];
    text_clear(page);
    return pipeline_page(scene.pipeline, PIPELINE_RECEIVER, 0, "/metrics", page) == 200 &&
           row_is_shown(context);
}

START_TEST(a_receiver_without_space_is_not_ready)
{
    pipeline_destroy(&scene.pipeline);
    scene_set_up(&scene, "receiver: { min_free_space: 900000GiB }\n");
    pipeline_start(scene.pipeline, PIPELINE_RECEIVER);
    ck_answers(PIPELINE_RECEIVER, "/healthz", 200);
    ck_answers(PIPELINE_RECEIVER, "/readyz", 503);
    const char *folder = scene_study(&scene, 3, 1, 1, 4000);
    ck_assert(!scene_send(&scene, folder, sandbox_path(scene.sandbox, "storescu.log")));
    static const struct shown_row refused = {PIPELINE_RECEIVER,
                                             "felucca_received_refused_total{reason=\"no_space\"} ", 1, 1};
    pipeline_check(scene.pipeline, wait_until(receiver_shows, (void *)&refused, PATIENCE_MS), refused.line);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("metrics pages");
    tests_abreast(tests, 4);
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, pages_are_right_documented_and_used);
    tests_add(tests, a_revoked_token_blocks_visibly);
    tests_add(tests, ready_is_who_can_work);
    tests_add(tests, a_receiver_without_space_is_not_ready);
    return tests_run(tests);
}
