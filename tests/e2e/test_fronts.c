/* Real programs between Felucca and the simulated KHEOPS: what must arrive arrives, and what they refuse is told as
 * theirs. */
#include "common/base/cleanup.h"
#include "tests/support/authority.h"
#include "tests/support/dicom.h"
#include "tests/support/files.h"
#include "tests/support/front.h"
#include "tests/support/nginx.h"
#include "tests/support/operator_view.h"
#include "tests/support/pipeline.h"
#include "tests/support/port.h"
#include "tests/support/result_words.h"
#include "tests/support/stock.h"
#include "tests/support/suite.h"
#include "tests/support/varied.h"
#include "tests/support/workplace.h"

#include <string.h>

enum { PATIENCE_MS = 90000, BETWEEN_MS = 2000, SMALL = 5000 };

static struct sandbox *sandbox;
static struct simulator *kheops;
static struct nginx *nginx;
static struct front *front;
static struct workplace *workplace;
static struct pipeline *pipeline;

static void set_up(void)
{
    static const char *const options[] = {"--token", "main:read,write:MAINBOTH", "--token",
                                          "main:write:MAINWRITE", NULL};
    sandbox = sandbox_create();
    kheops = simulator_start(sandbox, "kheops", options);
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    workplace_destroy(&workplace);
    front_destroy(&front);
    nginx_destroy(&nginx);
    simulator_destroy(&kheops);
    sandbox_destroy(&sandbox);
}

/* ---- squid, a proxy on the way out ---- */

static const struct squid_row {
    const char *label;
    bool wants_credentials, allows;
    const char *credentials; /* of the file; NULL: none are sent */
    bool tls, reached;
    const char *outcome, *reason; /* behind the proxy's name; "" for none */
} squid_rows[] = {
    {"open, http", false, true, NULL, false, true, "done done", ""},
    {"open, https", false, true, NULL, true, true, "done done", ""},
    {"credentials, http", true, true, "user:sesame\n", false, true, "done done", ""},
    {"credentials, https", true, true, "user:sesame\n", true, true, "done done", ""},
    {"without credentials, http", true, true, NULL, false, true, "blocked/worker blocked/worker",
     "answers 407: it wants credentials"},
    {"wrong credentials, https", true, true, "user:secret\n", true, true, "blocked/worker blocked/worker",
     "answers 407: it wants credentials"},
    {"denied, http", false, false, NULL, false, true, "blocked/worker blocked/worker",
     "answers 403: it lets nothing through to http://"},
    {"denied, https", false, false, NULL, true, true, "blocked/worker blocked/worker",
     "answers 403: it lets nothing through to https://"},
    {"the server is away, http", false, true, NULL, false, false, "retry/destination retry/destination",
     "answers 503: it does not reach http://"},
    {"the server is away, https", false, true, NULL, true, false, "retry/destination retry/destination",
     "answers 503: it does not reach https://"},
};

static const char *ca_file;

static void start_tls(void)
{
    const struct certificate ca = authority_create(sandbox, "ca");
    const struct certificate good = authority_sign(sandbox, &ca, "good", "IP:127.0.0.1", 2);
    const struct nginx_server server = {kheops->port, good.certificate, good.key, false, NULL};
    nginx = nginx_start(sandbox, "nginx", &server, 1);
    ca_file = ca.certificate;
}

static void start_sender(const struct squid_row *row)
{
    AUTO(text_release) struct text url = TEXT_EMPTY;
    AUTO(text_release) struct text more = TEXT_EMPTY;
    int port = row->tls ? nginx->ports[0] : kheops->port;
    if (!row->reached)
        port = port_free();
    text_format(&url, "%s://127.0.0.1:%d/api/studies", row->tls ? "https" : "http", port);
    /* a plain server: at KHEOPS the question about the token would meet the proxy first */
    text_append(&more, "        kheops: false\n        proxy: http://");
    if (row->credentials)
        text_format(&more, "${file:%s}@", sandbox_write(sandbox, "proxy-credentials", row->credentials));
    text_format(&more, "127.0.0.1:%d\n", front->port);
    if (row->tls)
        text_format(&more, "        ca_file: %s\n", ca_file);
    const struct pipeline_destination destination = {
        .name = "main", .token = "MAINBOTH", .stow_url = text_string(&url), .more = text_string(&more)};
    workplace = workplace_create("felucca-sender", NULL, &destination, 1, NULL);
}

START_TEST(a_forward_proxy_passes_on_or_is_named)
{
    const struct squid_row *row = &squid_rows[_i];
    AUTO(text_release) struct text says = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    front = front_squid(sandbox, "squid", row->wants_credentials, row->allows);
    if (row->tls)
        start_tls();
    start_sender(row);
    struct work *work = stock_work(workplace->spool, "main", 1, 2, 1, SMALL);
    AUTO(work_result_destroy) struct work_result *result = workplace_do(workplace, &work);
    result_describe(result, &says);
    const char *told = result->answers[0].reason ? result->answers[0].reason : "";
    if (*row->reason)
        text_format(&reason, "the proxy http://127.0.0.1:%d %s", front->port, row->reason);
    ck_assert_msg(strcmp(text_string(&says), row->outcome) == 0, "%s: %s, %s", row->label, text_string(&says),
                  told);
    ck_assert_msg(strstr(told, text_string(&reason)) != NULL, "%s: %s", row->label, told);
    ck_assert_ptr_null(strstr(told, "secret"));
    ck_assert_int_eq(simulator_count(kheops, "instances"), *row->reason ? 0 : 2);
}
END_TEST

/* ---- the whole pipeline through a front ---- */

static void check(bool ok, const char *what)
{
    pipeline_check(pipeline, ok, what);
}

static void start_pipeline_with(int port, const char *token)
{
    AUTO(text_release) struct text url = TEXT_EMPTY;
    text_format(&url, "http://127.0.0.1:%d/api/studies", port);
    const struct pipeline_destination destination = {
        .name = "main", .token = token, .stow_url = text_string(&url)};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, "sender: { slots: 4, batch_instances: 50 }\n"};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_start(pipeline, PIPELINE_ROUTER);
    pipeline_start(pipeline, PIPELINE_RECEIVER);
}

static void start_pipeline(int port)
{
    start_pipeline_with(port, "MAINBOTH");
}

static void send_varied(uint64_t seed, unsigned instances, uint64_t bytes, vary_instance *vary)
{
    const struct varied study = {"FELUCCA", seed, instances, bytes, vary};
    varied_send(pipeline, sandbox, &study, PATIENCE_MS);
}

static void send_study(uint64_t seed, unsigned instances, uint64_t bytes)
{
    send_varied(seed, instances, bytes, NULL);
}

/* All of them wait already: the first request has as many as it may. */
static void start_sender_on(size_t count)
{
    check(operator_wait_jobs(pipeline, "queued", "main", NULL, count, PATIENCE_MS), "not taken in");
    pipeline_start(pipeline, PIPELINE_SENDER);
}

/* One job of the destination failed, with these words in its reason. */
static void check_one_failed(const char *words)
{
    check(operator_wait_jobs(pipeline, "failed", "main", NULL, 1, PATIENCE_MS), "nothing failed");
    json_t *jobs = operator_jobs(pipeline, "failed", "main", NULL);
    const char *reason = json_string_value(json_object_get(json_array_get(jobs, 0), "reason"));
    check(reason && strstr(reason, words), reason ? reason : "it has no reason");
    json_decref(jobs);
    check(operator_count_jobs(pipeline, "failed", "main", NULL) == 1, "more than one failed");
}

static bool sender_said(const char *words)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    file_read(sandbox_path(sandbox, "sender-0.log"), &log);
    return strstr(text_string(&log), words) != NULL;
}

/* 40 instances take KHEOPS longer than HAProxy waits for, ten do not. */
START_TEST(a_front_that_waits_too_short_gets_smaller_requests)
{
    front = front_haproxy(sandbox, "haproxy", kheops->port, 1500);
    start_pipeline_with(front->port, "MAINWRITE"); /* nothing but an answer tells what is stored */
    simulator_order(kheops, "/sim/config", "{\"mib_ms\": 1000}");
    send_study(1, 40, 100 * 1000);
    start_sender_on(40);
    check(simulator_wait_instances(kheops, 40, PATIENCE_MS), "not delivered");
    check(pipeline_wait_drained(pipeline, PATIENCE_MS), "the spool is not empty");
    check(sender_said(" status=504 "), "HAProxy ended no request");
    check(sender_said(" instances=20 status=200 ") || sender_said(" instances=10 status=200 "),
          "no smaller request came through");
    pipeline_stop_all(pipeline);
}
END_TEST

/* nginx takes 1 MiB unless told otherwise: twelve of 150 KB go in smaller requests. */
START_TEST(a_front_with_a_size_limit_gets_smaller_requests)
{
    const struct nginx_server server = {kheops->port, NULL, NULL, false, "client_max_body_size 1m;\n"};
    nginx = nginx_start(sandbox, "nginx", &server, 1);
    start_pipeline(nginx->ports[0]);
    send_study(1, 12, 150 * 1000);
    start_sender_on(12);
    check(simulator_wait_instances(kheops, 12, PATIENCE_MS), "not delivered");
    check(pipeline_wait_drained(pipeline, PATIENCE_MS), "the spool is not empty");
    check(sender_said(" status=413 "), "nginx refused no request");
    pipeline_stop_all(pipeline);
}
END_TEST

/* A small body passes a web application firewall that reads it. */
static const struct modsecurity_row {
    const char *label;
    int64_t body_limit;
    unsigned instances;
    uint64_t bytes;
    bool refuses; /* requests that are too large */
} modsecurity_rows[] = {
    {"as Debian installs it: 128 KiB", 0, 12, 30 * 1000, true},
    {"with raised limits", 64 << 20, 12, 300 * 1000, false},
};

START_TEST(a_firewall_that_reads_bodies_gets_what_it_takes)
{
    const struct modsecurity_row *row = &modsecurity_rows[_i];
    front = front_modsecurity(sandbox, "apache", kheops->port, row->body_limit);
    start_pipeline(front->port);
    send_study(1, row->instances, row->bytes);
    start_sender_on(row->instances);
    check(simulator_wait_instances(kheops, row->instances, PATIENCE_MS), row->label);
    check(pipeline_wait_drained(pipeline, PATIENCE_MS), row->label);
    check(sender_said(" status=413 ") == row->refuses, "the firewall refused something else than it should");
    pipeline_stop_all(pipeline);
}
END_TEST

static void make_one_large(void *context, struct dicom_spec *spec, unsigned series, unsigned instance)
{
    (void)context, (void)series;
    if (instance == 7)
        dicom_shape(spec, 1500 * 1000);
}

START_TEST(what_is_too_large_for_a_front_fails_alone)
{
    const struct nginx_server server = {kheops->port, NULL, NULL, false, "client_max_body_size 1m;\n"};
    nginx = nginx_start(sandbox, "nginx", &server, 1);
    start_pipeline(nginx->ports[0]);
    send_varied(1, 12, 20 * 1000, make_one_large);
    pipeline_start(pipeline, PIPELINE_SENDER);
    check(simulator_wait_instances(kheops, 11, PATIENCE_MS), "not delivered");
    check_one_failed("413");
    check(simulator_count(kheops, "instances") == 11, "others are missing");
    pipeline_stop_all(pipeline);
}
END_TEST

START_TEST(what_a_firewall_takes_for_an_attack_fails_alone)
{
    front = front_modsecurity(sandbox, "apache", kheops->port, 64 << 20);
    start_pipeline(front->port);
    send_varied(1, 12, 20 * 1000, varied_poison_one);
    pipeline_start(pipeline, PIPELINE_SENDER);
    check(simulator_wait_instances(kheops, 11, PATIENCE_MS), "its neighbours are not delivered");
    unsigned others = 0; /* an attempt counts when others pass meanwhile */
    while (!operator_wait_any_job(pipeline, "failed", "main", NULL, BETWEEN_MS) && others < 60) {
        send_study(100 + others++, 1, SMALL);
        check(simulator_wait_instances(kheops, 11 + others, PATIENCE_MS), "another study is not delivered");
    }
    check_one_failed("in front of the server refuses this instance");
    check(simulator_count(kheops, "instances") == 11 + others, "others are missing");
    pipeline_stop_all(pipeline);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("fronts");
    tests_abreast(tests, 3);
    tests_timeout(tests, 240);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, a_forward_proxy_passes_on_or_is_named, ROWS(squid_rows));
    tests_add(tests, a_front_that_waits_too_short_gets_smaller_requests);
    tests_add(tests, a_front_with_a_size_limit_gets_smaller_requests);
    tests_rows(tests, a_firewall_that_reads_bodies_gets_what_it_takes, ROWS(modsecurity_rows));
    tests_add(tests, what_is_too_large_for_a_front_fails_alone);
    tests_add(tests, what_a_firewall_takes_for_an_attack_fails_alone);
    return tests_run(tests);
}
