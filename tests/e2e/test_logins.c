/* Logins, with the real processes: a real Orthanc that asks for a password, or behind a gate that knows one token; and
 * a login server that answers by a script. */
#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/http_client.h"
#include "tests/support/nginx.h"
#include "tests/support/operator_view.h"
#include "tests/support/orthanc.h"
#include "tests/support/scripted_server.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { PATIENCE_MS = 60000, SOON_MS = 35000 /* less than the probe of a blocked destination takes */ };

#define TOKEN_OF(name)                                                                                     \
    {                                                                                                      \
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"access_token\":" \
        "\"" name "\",\"token_type\":\"Bearer\",\"expires_in\":3600}",                                     \
            SCRIPTED_CLOSE, 0                                                                              \
    }
#define AWAY                                                                                     \
    {                                                                                            \
        "HTTP/1.1 503 Away\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", SCRIPTED_CLOSE, 0 \
    }
#define REFUSED                                                                                         \
    {                                                                                                   \
        "HTTP/1.1 401 No\r\nConnection: close\r\n\r\n{\"error\":\"invalid_client\"}", SCRIPTED_CLOSE, 0 \
    }

static struct sandbox *sandbox;
static struct orthanc *orthanc;
static struct nginx *gate;
static struct scripted_server *login;
static struct pipeline *pipeline;

static void set_up(void)
{
    sandbox = sandbox_create();
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    scripted_server_destroy(&login);
    nginx_destroy(&gate);
    orthanc_destroy(&orthanc);
    sandbox_destroy(&sandbox);
}

static void check(bool ok, const char *what)
{
    pipeline_check(pipeline, ok, what);
}

static void start(const char *stow_url, const char *auth)
{
    AUTO(text_release) struct text more = TEXT_EMPTY;
    text_format(&more, "        kheops: false\n        auth: %s\n", auth);
    const struct pipeline_destination destination = {
        .name = "plain", .stow_url = stow_url, .more = text_string(&more)};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, NULL};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_start_all(pipeline);
    pipeline_send_small_study(pipeline, sandbox, 1, 3);
}

static void check_sent(void)
{
    check(operator_wait_jobs(pipeline, "sent", "plain", NULL, 3, PATIENCE_MS), "not sent");
    check(operator_wait_state(pipeline, "plain", NULL, "up", NULL, PATIENCE_MS), "not up");
    pipeline_stop_all(pipeline);
}

static bool says(const char *file, const char *words)
{
    AUTO(text_release) struct text content = TEXT_EMPTY;
    file_read(file, &content);
    return strstr(text_string(&content), words) != NULL;
}

static struct {
    const char *words;
    bool found;
} sought;

static void seek(void *context, const char *path)
{
    (void)context;
    if (strstr(path, "/state") || strstr(path, ".log"))
        sought.found = sought.found || says(path, sought.words);
}

static void check_nowhere(const char *secret)
{
    sought.words = secret;
    sought.found = false;
    folder_walk(sandbox_folder(sandbox), seek, NULL);
    ck_assert_msg(!sought.found, "%s is in a log or in the state folder", secret);
}

START_TEST(orthanc_takes_the_password)
{
    AUTO(text_release) struct text auth = TEXT_EMPTY;
    orthanc = orthanc_start_with(
        sandbox, "orthanc",
        "\"AuthenticationEnabled\": true, \"RegisteredUsers\": { \"felucca\": \"ge:heim\" },");
    text_format(&auth, "{ type: basic, user: felucca, password: '${file:%s}' }",
                sandbox_write(sandbox, "password", "ge:heim\n"));
    start(orthanc->stow_url, text_string(&auth));
    check_sent();
    check_nowhere("ge:heim");
    check_nowhere("ZmVsdWNjYTpnZTpoZWlt");
}
END_TEST

START_TEST(orthanc_refuses_another_password)
{
    orthanc = orthanc_start_with(
        sandbox, "orthanc",
        "\"AuthenticationEnabled\": true, \"RegisteredUsers\": { \"felucca\": \"ge:heim\" },");
    start(orthanc->stow_url, "{ type: basic, user: felucca, password: other }");
    check(operator_wait_state(pipeline, "plain", NULL, "blocked",
                              "the server refuses the credentials (headers, auth)", PATIENCE_MS),
          "not blocked");
}
END_TEST

/* An Orthanc that only this token opens. */
static void start_gate(const char *token, const struct scripted_answer *answers, size_t count)
{
    AUTO(text_release) struct text url = TEXT_EMPTY, auth = TEXT_EMPTY, rule = TEXT_EMPTY;
    orthanc = orthanc_start(sandbox, "orthanc");
    text_format(&rule, "if ($http_authorization != \"Bearer %s\") { return 401; }\n", token);
    const struct nginx_server server = {orthanc->http_port, NULL, NULL, false, text_string(&rule)};
    gate = nginx_start(sandbox, "gate", &server, 1);
    login = scripted_server_start(answers, count);
    text_format(&url, "http://127.0.0.1:%d/dicom-web/studies", gate->ports[0]);
    text_format(
        &auth,
        "{ type: oauth2, token_url: 'http://127.0.0.1:%d/token', client_id: me, client_secret: '${file:%s}' }",
        scripted_server_port(login), sandbox_write(sandbox, "secret", "geheimnis\n"));
    start(text_string(&url), text_string(&auth));
}

START_TEST(a_token_is_fetched)
{
    static const struct scripted_answer answers[] = {TOKEN_OF("first")};
    start_gate("first", answers, ROWS(answers));
    check_sent();
    ck_assert_uint_eq(scripted_server_requests(login), 1);
    check_nowhere("geheimnis");
    check_nowhere("Bearer first");
}
END_TEST

START_TEST(a_refused_token_is_fetched_anew)
{
    static const struct scripted_answer answers[] = {TOKEN_OF("first"), TOKEN_OF("second")};
    start_gate("second", answers, ROWS(answers));
    check_sent();
    ck_assert_uint_eq(scripted_server_requests(login), 2);
}
END_TEST

START_TEST(a_login_server_that_is_away_is_told_as_itself)
{
    static const struct scripted_answer answers[] = {AWAY, AWAY, AWAY, TOKEN_OF("first")};
    AUTO(text_release) struct text wanted = TEXT_EMPTY;
    start_gate("first", answers, ROWS(answers));
    text_format(&wanted, "the login server http://127.0.0.1:%d is in trouble: it answers 503",
                scripted_server_port(login));
    check(operator_wait_state(pipeline, "plain", NULL, "backing off", text_string(&wanted), PATIENCE_MS),
          "not told");
    check(operator_count_jobs(pipeline, "failed", "plain", NULL) == 0, "an instance was blamed");
    check_sent();
}
END_TEST

/* A minute would pass by itself. */
START_TEST(a_reload_tries_a_refused_login_again)
{
    static const struct scripted_answer answers[] = {REFUSED, TOKEN_OF("first")};
    start_gate("first", answers, ROWS(answers));
    check(operator_wait_state(pipeline, "plain", NULL, "blocked", "(invalid_client)", PATIENCE_MS),
          "not blocked");
    process_signal(pipeline_process(pipeline, PIPELINE_SENDER, 0), SIGHUP);
    check(operator_wait_jobs(pipeline, "sent", "plain", NULL, 3, SOON_MS), "not sent");
    check_sent();
}
END_TEST

START_TEST(a_login_server_that_refuses_blocks)
{
    static const struct scripted_answer answers[] = {REFUSED};
    start_gate("first", answers, ROWS(answers));
    check(operator_wait_state(pipeline, "plain", NULL, "blocked",
                              "it answers 401 (invalid_client); check client_id and client_secret",
                              PATIENCE_MS),
          "not blocked");
    check_nowhere("geheimnis");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("logins");
    tests_timeout(tests, 120);
    tests_abreast(tests, 3);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, orthanc_takes_the_password);
    tests_add(tests, orthanc_refuses_another_password);
    tests_add(tests, a_token_is_fetched);
    tests_add(tests, a_refused_token_is_fetched_anew);
    tests_add(tests, a_login_server_that_is_away_is_told_as_itself);
    tests_add(tests, a_reload_tries_a_refused_login_again);
    tests_add(tests, a_login_server_that_refuses_blocks);
    return tests_run(tests);
}
