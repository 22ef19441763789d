/* A plain STOW-RS server that the test plays, with answers that the simulated KHEOPS has no reason to give, behind the
 * real processes: what it is told to be, and that what waits goes on once it is mended. */
#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/operator_view.h"
#include "tests/support/scripted_server.h"
#include "tests/support/suite.h"

#include <string.h>

enum { PATIENCE_MS = 60000 };

static struct sandbox *sandbox;
static struct scripted_server *server;
static struct pipeline *pipeline;

static void open_sandbox(void)
{
    sandbox = sandbox_create();
}

static void close_sandbox(void)
{
    pipeline_destroy(&pipeline);
    scripted_server_destroy(&server);
    sandbox_destroy(&sandbox);
}

static void start(const struct scripted_answer *answers, size_t count)
{
    AUTO(text_release) struct text url = TEXT_EMPTY;
    server = scripted_server_start(answers, count);
    text_format(&url, "http://127.0.0.1:%d/studies", scripted_server_port(server));
    const struct pipeline_destination destination = {
        .name = "plain", .stow_url = text_string(&url), .more = "        kheops: false\n"};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, NULL};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_start_all(pipeline);
    pipeline_send_small_study(pipeline, sandbox, 1, 1);
}

static void check(bool ok, const char *what)
{
    pipeline_check(pipeline, ok, what);
}

/* One that has no answer in a form that we ask for is asked by people to say so, and blames no instance. */
START_TEST(a_server_without_our_answers_is_told_and_goes_on)
{
    static const struct scripted_answer answers[] = {
        {"HTTP/1.1 406 Not Acceptable\r\nContent-Length: 0\r\n\r\n", SCRIPTED_KEEP, 0},
        {"HTTP/1.1 406 Not Acceptable\r\nContent-Length: 0\r\n\r\n", SCRIPTED_KEEP, 0},
        {"HTTP/1.1 406 Not Acceptable\r\nContent-Length: 0\r\n\r\n", SCRIPTED_KEEP, 0},
        {"HTTP/1.1 204 No Content\r\n\r\n", SCRIPTED_KEEP, 0}};
    AUTO(text_release) struct text request = TEXT_EMPTY;
    start(answers, ROWS(answers));
    check(operator_wait_state(pipeline, "plain", NULL, "blocked", "it offers no answer in DICOM JSON or XML",
                              PATIENCE_MS),
          "not blocked");
    check(operator_count_jobs(pipeline, "failed", "plain", NULL) == 0, "the instance was blamed");
    check(operator_wait_state(pipeline, "plain", NULL, "up", NULL, PATIENCE_MS), "not up again");
    check(operator_wait_jobs(pipeline, "sent", "plain", NULL, 1, PATIENCE_MS), "not sent");
    scripted_server_request(server, 0, &request);
    ck_assert_ptr_nonnull(
        strstr(text_string(&request), "Accept: application/dicom+json, application/dicom+xml;q=0.5\r\n"));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("plain_server");
    tests_timeout(tests, 120);
    tests_fixture(tests, open_sandbox, close_sandbox);
    tests_add(tests, a_server_without_our_answers_is_told_and_goes_on);
    return tests_run(tests);
}
