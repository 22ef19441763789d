/* A real Orthanc behind a real nginx as the destination: bodies too large for nginx, Orthanc away behind it,
 * nginx killed in the middle. All that can arrive does, and nobody has to help. */
#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/files.h"
#include "tests/support/http_client.h"
#include "tests/support/nginx.h"
#include "tests/support/operator_view.h"
#include "tests/support/orthanc.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <string.h>

enum { PATIENCE_MS = 90000, KIB = 1024 };

static struct sandbox *sandbox;
static struct orthanc *orthanc;
static struct nginx *nginx;
static struct pipeline *pipeline;

static void set_up(void)
{
    AUTO(text_release) struct text url = TEXT_EMPTY;
    sandbox = sandbox_create();
    orthanc = orthanc_start(sandbox, "orthanc");
    const struct nginx_server server = {orthanc->http_port, NULL, NULL, false,
                                        "client_max_body_size 1m;\nkeepalive_requests 5;\n"};
    nginx = nginx_start(sandbox, "nginx", &server, 1);
    text_format(&url, "http://127.0.0.1:%d/dicom-web/studies", nginx->ports[0]);
    const struct pipeline_destination destination = {.name = "archive",
                                                     .stow_url = text_string(&url),
                                                     .more =
                                                         "        kheops: false\n        connections: 2\n"};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, NULL};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_start_all(pipeline);
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    nginx_destroy(&nginx);
    orthanc_destroy(&orthanc);
    sandbox_destroy(&sandbox);
}

static void check(bool ok, const char *what)
{
    pipeline_check(pipeline, ok, what);
}

/* One series of so many instances of that size. */
static void send_study(uint64_t seed, unsigned instances, uint64_t bytes)
{
    struct dicom_spec base;
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *folder = sandbox_make_folder(sandbox, "study-%llu", (unsigned long long)seed);
    dicom_spec_init(&base, seed);
    dicom_shape(&base, bytes);
    ck_assert_int_eq(dicom_write_study(&base, seed, 1, instances, folder, NULL, NULL), 0);
    int status = pipeline_storescu(pipeline_port(pipeline), "FELUCCA", folder, PATIENCE_MS, &output);
    check(status == 0, text_string(&output));
}

static size_t there(void)
{
    json_t *list = http_client_json(orthanc->http_port, "GET", "/instances", NULL);
    size_t count = json_array_size(list);
    json_decref(list);
    return count;
}

static bool has_so_many(void *context)
{
    return there() >= *(const size_t *)context;
}

static void wait_for(size_t count)
{
    check(wait_until(has_so_many, &count, PATIENCE_MS), "not delivered");
}

/* Ten of them are too much for one request, five are, three are not. */
START_TEST(bodies_too_large_for_nginx_are_halved)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    send_study(2, 1, 2000 * KIB); /* it is given up once smaller ones have passed behind it */
    send_study(1, 20, 300 * KIB);
    wait_for(20);
    check(operator_wait_jobs(pipeline, "sent", "archive", NULL, 20, PATIENCE_MS), "not all are sent");
    check(operator_wait_jobs(pipeline, "failed", "archive", NULL, 1, PATIENCE_MS),
          "the large one is refused");
    json_t *failed = operator_jobs(pipeline, "failed", "archive", NULL);
    const char *reason = json_string_value(json_object_get(json_array_get(failed, 0), "reason"));
    check(reason && strstr(reason, "client_max_body_size"), "it does not say what to do");
    json_decref(failed);
    ck_assert_uint_eq(there(), 20);
    file_read(nginx->access_log, &log);
    check(strstr(text_string(&log), " 413 ") != NULL, "nothing was too large");
}
END_TEST

START_TEST(what_goes_away_comes_back)
{
    orthanc_stop(orthanc);
    send_study(1, 20, 64 * KIB);
    check(operator_wait_state(pipeline, "archive", NULL, "backing off", "502", PATIENCE_MS), "no 502");
    orthanc_start_again(orthanc);
    wait_for(20);
    check(operator_wait_state(pipeline, "archive", NULL, "up", NULL, PATIENCE_MS), "not up again");
    struct process *sender = pipeline_process(pipeline, PIPELINE_SENDER, 0);
    process_signal(sender, SIGSTOP); /* so that there is a backlog to be cut off in */
    send_study(2, 300, 64 * KIB);
    process_signal(sender, SIGCONT);
    wait_for(21);
    nginx_kill(nginx);
    check(operator_wait_state(pipeline, "archive", NULL, "backing off", NULL, PATIENCE_MS), "no trouble");
    ck_assert_uint_lt(there(), 320);
    nginx_start_again(nginx);
    wait_for(320);
    check(pipeline_wait_drained(pipeline, PATIENCE_MS), "the spool is not empty");
    check(operator_count_jobs(pipeline, "sent", "archive", NULL) == 320, "not all are sent");
    pipeline_stop_all(pipeline);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("orthanc_nginx");
    tests_abreast(tests, 4);
    tests_timeout(tests, 240);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, bodies_too_large_for_nginx_are_halved);
    tests_add(tests, what_goes_away_comes_back);
    return tests_run(tests);
}
