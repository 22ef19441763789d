/* Real programs, as Debian installs them, between Felucca and a real Orthanc: what they take arrives, and what one of them
 * refuses fails alone. */
#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/front.h"
#include "tests/support/http_client.h"
#include "tests/support/nginx.h"
#include "tests/support/operator_view.h"
#include "tests/support/orthanc.h"
#include "tests/support/pipeline.h"
#include "tests/support/suite.h"
#include "tests/support/varied.h"

#include <string.h>

enum { PATIENCE_MS = 120000, BETWEEN_MS = 2000, INSTANCES = 12, SMALL = 5000 };

static struct sandbox *sandbox;
static struct orthanc *orthanc;
static struct nginx *nginx;
static struct front *front;
static struct pipeline *pipeline;

static void set_up(void)
{
    sandbox = sandbox_create();
    orthanc = orthanc_start(sandbox, "orthanc");
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    front_destroy(&front);
    nginx_destroy(&nginx);
    orthanc_destroy(&orthanc);
    sandbox_destroy(&sandbox);
}

static void check(bool ok, const char *what)
{
    pipeline_check(pipeline, ok, what);
}

/* Each starts a front; the port to send to, and what the destination has to say. */
static int begin_nginx(struct text *more)
{
    const struct nginx_server server = {orthanc->http_port, NULL, NULL, false, "client_max_body_size 1m;\n"};
    (void)more;
    nginx = nginx_start(sandbox, "nginx", &server, 1);
    return nginx->ports[0];
}

static int begin_haproxy(struct text *more)
{
    (void)more;
    front = front_haproxy(sandbox, "haproxy", orthanc->http_port, 1500);
    return front->port;
}

static int begin_squid(struct text *more)
{
    front = front_squid(sandbox, "squid", true, true);
    text_format(more, "        proxy: http://${file:%s}@127.0.0.1:%d\n",
                sandbox_write(sandbox, "proxy-credentials", "user:sesame\n"), front->port);
    return orthanc->http_port;
}

static int begin_firewall(struct text *more)
{
    (void)more;
    front = front_modsecurity(sandbox, "apache", orthanc->http_port, 0);
    return front->port;
}

static int begin_patient_firewall(struct text *more)
{
    (void)more;
    front = front_modsecurity(sandbox, "apache", orthanc->http_port, 64 << 20);
    return front->port;
}

static void start_pipeline(int (*begin)(struct text *more))
{
    AUTO(text_release) struct text url = TEXT_EMPTY;
    AUTO(text_release) struct text more = TEXT_EMPTY;
    text_append(&more, "        kheops: false\n");
    text_format(&url, "http://127.0.0.1:%d/dicom-web/studies", begin(&more));
    const struct pipeline_destination destination = {
        .name = "main", .stow_url = text_string(&url), .more = text_string(&more)};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, "sender: { slots: 4, batch_instances: 50 }\n"};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_start(pipeline, PIPELINE_ROUTER);
    pipeline_start(pipeline, PIPELINE_RECEIVER);
}

static void send_varied(uint64_t seed, unsigned instances, uint64_t bytes, vary_instance *vary)
{
    const struct varied study = {"FELUCCA", seed, instances, bytes, vary};
    varied_send(pipeline, sandbox, &study, PATIENCE_MS);
}

static bool has_instances(void *context)
{
    json_t *list = http_client_json(orthanc->http_port, "GET", "/instances", NULL);
    size_t count = json_array_size(list);
    json_decref(list);
    return count >= *(const size_t *)context;
}

static void check_there(size_t count, const char *what)
{
    check(wait_until(has_instances, &count, PATIENCE_MS), what);
}

static const struct front_row {
    const char *label;
    int (*begin)(struct text *more);
    uint64_t bytes; /* of an instance */
} front_rows[] = {
    {"nginx, 1 MiB a body", begin_nginx, 150 * 1000},
    {"HAProxy, which waits 1.5 s", begin_haproxy, 150 * 1000},
    {"squid, with credentials", begin_squid, 150 * 1000},
    {"ModSecurity as Debian installs it: 128 KiB a body", begin_firewall, 30 * 1000},
    {"ModSecurity with raised limits", begin_patient_firewall, 300 * 1000},
};

START_TEST(what_a_front_can_take_arrives)
{
    const struct front_row *row = &front_rows[_i];
    start_pipeline(row->begin);
    send_varied(1, INSTANCES, row->bytes, NULL);
    check(operator_wait_jobs(pipeline, "queued", "main", NULL, INSTANCES, PATIENCE_MS), "not taken in");
    pipeline_start(pipeline, PIPELINE_SENDER);
    check_there(INSTANCES, row->label);
    check(pipeline_wait_drained(pipeline, PATIENCE_MS), row->label);
    pipeline_stop_all(pipeline);
}
END_TEST

START_TEST(what_a_firewall_takes_for_an_attack_fails_alone)
{
    start_pipeline(begin_patient_firewall);
    send_varied(1, INSTANCES, 20 * 1000, varied_poison_one);
    pipeline_start(pipeline, PIPELINE_SENDER);
    check_there(INSTANCES - 1, "its neighbours are not delivered");
    unsigned others = 0; /* an attempt counts when others pass meanwhile */
    while (!operator_wait_any_job(pipeline, "failed", "main", NULL, BETWEEN_MS) && others < 60) {
        send_varied(100 + others++, 1, SMALL, NULL);
        check_there(INSTANCES - 1 + others, "another study is not delivered");
    }
    json_t *jobs = operator_jobs(pipeline, "failed", "main", NULL);
    const char *reason = json_string_value(json_object_get(json_array_get(jobs, 0), "reason"));
    check(reason && strstr(reason, "in front of the server refuses this instance"),
          reason ? reason : "none failed");
    check(json_array_size(jobs) == 1, "more than one failed");
    json_decref(jobs);
    check(operator_wait_state(pipeline, "main", NULL, "up", NULL, PATIENCE_MS), "the destination is blamed");
    pipeline_stop_all(pipeline);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("fronts_orthanc");
    tests_abreast(tests, 2);
    tests_timeout(tests, 240);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, what_a_front_can_take_arrives, ROWS(front_rows));
    tests_add(tests, what_a_firewall_takes_for_an_attack_fails_alone);
    return tests_run(tests);
}
