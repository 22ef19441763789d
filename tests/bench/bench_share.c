/* bench_share - how fast one sharer shares from a full backlog, beside a plain loop.
 *
 *     bench_share
 *
 * 5,000 shares, real router and sharer, a simulated KHEOPS whose every answer comes after a delay (the round
 * trip). Their instances are at KHEOPS, and were reported as delivered by the bench itself before the sharer
 * starts, so that only sharing is measured, from the start of its process on. "loop" asks about both tokens
 * and then puts, one share after the other over one connection, as KARNAK does. All in one run. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/kheops/asker.h"
#include "common/worker/worker.h"
#include "sharer/share.h"
#include "tests/bench/goal.h"
#include "tests/support/deadline.h"
#include "tests/support/pipeline_config.h"
#include "tests/support/port.h"
#include "tests/support/stock.h"
#include "tests/support/suite.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHARES = 5000, SERIES_A_STUDY = 50, LIMIT_MS = 600000 };

static const struct row {
    size_t albums;
    int delay_ms;
    size_t loop; /* shares for the slow one */
    double goal; /* against it */
} rows[] = {{1, 0, 1000, 1}, {4, 0, 1000, 1}, {1, 20, 60, 10}, {4, 20, 60, 10}};

static const char *const simulator_options[] = {
    "--discard", "--no-races",     "--token", "main:write:MAINWRITE", "--token", "main:read,send:MAINSEND",
    "--token",   "a:write:AWRITE", "--token", "b:write:BWRITE",       "--token", "c:write:CWRITE",
    "--token",   "d:write:DWRITE", "--token", "loop:write:LOOPWRITE", NULL};

/* The first one is for the loop: its condition never holds. */
static const struct pipeline_album albums[] = {
    {"loop", "LOOPWRITE", "MAINSEND", "tagText(#Tag.Modality) == \"?\""},
    {"a", "AWRITE", "MAINSEND", NULL},
    {"b", "BWRITE", "MAINSEND", NULL},
    {"c", "CWRITE", "MAINSEND", NULL},
    {"d", "DWRITE", "MAINSEND", NULL}};

static struct sandbox *sandbox;
static struct simulator *kheops;
static struct config *config;
static int metrics_port;

/* ---- the scene ---- */

static const char *configure(size_t album_count, int base_port)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY, more = TEXT_EMPTY;
    const struct pipeline_destination destination = {.name = "main",
                                                     .simulator = kheops,
                                                     .token = "MAINWRITE",
                                                     .albums = albums,
                                                     .album_count = 1 + album_count,
                                                     .more = "        connections: 64\n"};
    const struct pipeline_node node = {"BENCH", &destination, 1};
    text_format(&more, "metrics: { bind: 127.0.0.1, port: %d }\n", base_port);
    const struct pipeline_options options = {&node, 1, text_string(&more)};
    pipeline_append_config(sandbox, &options, sandbox_path(sandbox, "state"), 11112, &yaml);
    return sandbox_write(sandbox, base_port ? "sharer.yaml" : "router.yaml", text_string(&yaml));
}

static void spec_of(size_t series, struct dicom_spec *ret_spec)
{
    uint64_t study = series / SERIES_A_STUDY + 1;
    unsigned within = (unsigned)(series % SERIES_A_STUDY) + 1;
    dicom_spec_init(ret_spec, study);
    ret_spec->series_number = (int)within;
    dicom_uid(ret_spec->series_uid, study, within, 0);
    dicom_uid(ret_spec->sop_uid, study, within, 1);
}

/* One instance a series, in incoming/ and at KHEOPS. */
static void make_series(size_t count)
{
    const char *incoming = sandbox_make_folder(sandbox, "state/spool/incoming");
    for (size_t first = 0; first < count; first += SERIES_A_STUDY) {
        AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
        char *paths[SERIES_A_STUDY];
        for (size_t i = 0; i < SERIES_A_STUDY; i++) {
            struct dicom_spec spec;
            spec_of(first + i, &spec);
            paths[i] = stock_receive(incoming, &spec, "BENCH");
        }
        ck_assert_int_eq(
            simulator_stow(kheops, "MAINWRITE", "", (const char *const *)paths, SERIES_A_STUDY, &answer),
            200);
        for (size_t i = 0; i < SERIES_A_STUDY; i++)
            free(paths[i]);
    }
}

static struct process *start(const char *program, const char *config_path)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    text_format(&path, "%s/%s", FELUCCA_BIN, program);
    const char *const argv[] = {text_string(&path), "--config", config_path, NULL};
    const struct process_options options = {.output = sandbox_path(sandbox, "%s.log", program)};
    return process_start(argv, &options);
}

/* ---- deliveries, done at once ---- */

struct deliverer {
    struct worker *worker;
    size_t delivered;
};

static void deliver(void *context, struct work *work)
{
    struct deliverer *deliverer = context;
    struct work_result *result = work_result_create(work);
    for (size_t i = 0; i < result->answer_count; i++)
        work_answer_set(&result->answers[i], WORK_DONE_OUTCOME, BLAME_NOBODY, 200, NULL);
    deliverer->delivered += work->item_count;
    worker_finish(deliverer->worker, &result);
    work_destroy(&work);
}

static void ignore(void *context, const char *work_id)
{
    (void)context;
    (void)work_id;
}

static void deliver_all(size_t count)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct deliverer deliverer = {0};
    const struct worker_handler handler = {&deliverer, deliver, ignore, NULL, NULL};
    ck_assert_int_eq(worker_create(config, WORK_SEND, 8, &handler, &deliverer.worker, &reason), 0);
    int64_t end = clock_monotonic_ms() + LIMIT_MS;
    while (deliverer.delivered < count || worker_busy(deliverer.worker)) {
        ck_assert_msg(clock_monotonic_ms() < end, "only %zu were delivered", deliverer.delivered);
        worker_turn(deliverer.worker);
        struct pollfd fd = {.fd = worker_fd(deliverer.worker), .events = POLLIN};
        (void)poll(&fd, 1, 5);
    }
    worker_leave(deliverer.worker);
    worker_destroy(&deliverer.worker);
}

/* ---- the sharer ---- */

static bool all_are_shared(void *context)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    double shared = 0;
    (void)context;
    if (!port_accepts(metrics_port) ||
        http_client_request(metrics_port, "GET", "/metrics", NULL, NULL, 0, &answer) != 200)
        return false;
    for (const char *line = text_string(&answer.body); (line = strstr(line, "\nfelucca_shares_total{"));
         line++)
        shared += strstr(line, "outcome=\"done\"} ") ? strtod(strstr(line, "} ") + 2, NULL) : 0;
    return shared >= SHARES;
}

static double per_second(size_t count, int64_t since_ms)
{
    int64_t elapsed = clock_monotonic_ms() - since_ms;
    return (double)count * 1000 / (double)(elapsed > 0 ? elapsed : 1);
}

/* ---- the plain loop ---- */

struct loop {
    struct http *http;
    const struct config_destination *destination;
    const struct config_album *album;
    struct share_tokens tokens;
};

static void introspected(void *context, struct introspection *introspection)
{
    (void)context;
    ck_assert_int_eq(introspection->state, INTROSPECTION_ACTIVE);
}

static void was_put(void *context, struct http_answer *answer)
{
    (void)context;
    ck_assert_int_eq(answer->status, 201);
}

static void wait_for_answer(struct loop *loop)
{
    while (http_active(loop->http) > 0)
        http_poll(loop->http, NULL, 0, 1000);
}

static void ask(struct loop *loop, const struct text *token)
{
    struct introspection_asker *asker;
    const struct introspection_question question = {.api_url = loop->album->api_url,
                                                    .token = text_string(token)};
    introspection_ask(loop->http, &question, introspected, NULL, &asker);
    wait_for_answer(loop);
}

static double run_loop(size_t count)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct loop loop = {.destination = config_find_destination(config, "main")};
    loop.album = config_find_album(loop.destination, "loop");
    ck_assert_int_eq(http_create(&loop.http), 0);
    ck_assert_int_eq(share_tokens_resolve(loop.destination, loop.album, &loop.tokens, &reason), 0);
    int64_t began = clock_monotonic_ms();
    for (size_t i = 0; i < count; i++) {
        struct dicom_spec spec;
        spec_of(i, &spec);
        const struct work work = {.study = spec.study_uid, .series = spec.series_uid};
        ask(&loop, &loop.tokens.destination);
        ask(&loop, &loop.tokens.source);
        share_start(loop.http, loop.destination, loop.album, &loop.tokens, &work, was_put, NULL, NULL);
        wait_for_answer(&loop);
    }
    double rate = per_second(count, began);
    share_tokens_wipe(&loop.tokens);
    http_destroy(&loop.http);
    return rate;
}

/* ---- rows ---- */

static void load(const char *path)
{
    AUTO(text_release) struct text errors = TEXT_EMPTY, warnings = TEXT_EMPTY;
    if (config_load(path, &config, &errors, &warnings) != 0)
        ck_abort_msg("%s", text_string(&errors));
}

static void measure(const struct row *row, const char *sharer_config, struct process *router)
{
    AUTO(text_release) struct text delay = TEXT_EMPTY;
    text_format(&delay, "{\"delay_ms\": %d}", row->delay_ms);
    simulator_order(kheops, "/sim/config", text_string(&delay));
    int64_t router_cpu = process_cpu_ms(router), began = clock_monotonic_ms();
    AUTO(process_destroy) struct process *sharer = start("felucca-sharer", sharer_config);
    ck_assert_msg(wait_until(all_are_shared, NULL, LIMIT_MS), "not all are shared, see the logs");
    double rate = per_second(SHARES, began);
    int64_t requests =
        simulator_count(kheops, "requests.share") + simulator_count(kheops, "requests.introspect");
    router_cpu = process_cpu_ms(router) - router_cpu;
    ck_assert_int_eq(simulator_count(kheops, "answers.share.201"), SHARES);
    double loop = run_loop(row->loop);
    printf("%6zu %4d ms %9.0f %8.1f %8.1f %11.4f %9.3f %9.3f %6lld\n", row->albums, row->delay_ms, rate, loop,
           rate / loop, (double)requests / SHARES, (double)process_cpu_ms(sharer) / SHARES,
           (double)router_cpu / SHARES, (long long)process_peak_memory_kib(sharer) / 1024);
    goal_print("sharer / plain loop", rate / loop, row->goal, false);
    (void)fflush(stdout);
    ck_assert_int_eq(process_end(sharer, LIMIT_MS), 0);
}

START_TEST(a_row_is_measured)
{
    const struct row *row = &rows[_i];
    const size_t series = SHARES / row->albums;
    sandbox = sandbox_create();
    kheops = simulator_start(sandbox, "kheops", simulator_options);
    metrics_port = port_free();
    const char *router_config = configure(row->albums, 0);
    const char *sharer_config = configure(row->albums, metrics_port - 3); /* the receiver's is the first */
    load(router_config);
    make_series(series);
    AUTO(process_destroy) struct process *router = start("felucca-router", router_config);
    deliver_all(series);
    measure(row, sharer_config, router);
    ck_assert_int_eq(process_end(router, LIMIT_MS), 0);
    config_destroy(&config);
    simulator_destroy(&kheops);
    sandbox_destroy(&sandbox);
}
END_TEST

/* What the helpers of tests need is a test around them, and a row in a process of its own does no harm. */
int main(void)
{
    struct tests *tests = tests_create("bench_share");
    tests_timeout(tests, 1800);
    printf("%6s %7s %9s %8s %8s %11s %9s %9s %6s\n", "albums", "delay", "sharer/s", "loop/s", "/loop",
           "requests", "CPU ms", "router's", "MiB");
    (void)fflush(stdout);
    tests_rows(tests, a_row_is_measured, ROWS(rows));
    return tests_run(tests);
}
