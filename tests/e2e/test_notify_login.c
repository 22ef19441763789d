/* Webhooks that want to know who sends: the command, and a real notifier, for what the router tells and for what it tells by
 * itself. Webhook and login server answer by a script. */
#include "common/base/cleanup.h"
#include "common/service/service.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/pipeline.h"
#include "tests/support/scripted_server.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

enum { PATIENCE_MS = 60000, COMMAND_MS = 60000 };

#define TOKEN_OF(name)                                                                                     \
    {                                                                                                      \
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"access_token\":\"" name "\",\"expires_in\":3600}", \
            SCRIPTED_CLOSE, 0                                                                              \
    }
#define TAKEN                                               \
    {                                                       \
        "HTTP/1.1 204 No Content\r\n\r\n", SCRIPTED_KEEP, 0 \
    }
#define REFUSED                                                                    \
    {                                                                              \
        "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", SCRIPTED_KEEP, 0 \
    }
#define AWAY                                                               \
    {                                                                      \
        "HTTP/1.1 503 Away\r\nContent-Length: 0\r\n\r\n", SCRIPTED_KEEP, 0 \
    }
#define OAUTH2 "{ type: oauth2, token_url: 'http://127.0.0.1:%d/t', client_id: c, client_secret: geheim }"

static struct sandbox *sandbox;
static struct simulator *kheops;
static struct scripted_server *hook, *login;
static struct pipeline *pipeline;
static struct process *notifier;

/* auth: with %d for the port of the login server. */
static void set_up_with(const struct scripted_answer *hooks, size_t hook_count,
                        const struct scripted_answer *logins, size_t login_count, const char *auth)
{
    static const char *const tokens[] = {"--token", "main:write:MAINWRITE", NULL};
    AUTO(text_release) struct text more = TEXT_EMPTY;
    const char *port = strstr(auth, "%d");
    sandbox = sandbox_create();
    kheops = simulator_start(sandbox, "kheops", tokens);
    hook = scripted_server_start(hooks, hook_count);
    login = scripted_server_start(logins, login_count);
    text_format(&more,
                "notify:\n  when: [blocked 1s, router 6s]\n  webhooks:\n    - name: hook\n"
                "      url: http://127.0.0.1:%d/\n      auth: %.*s",
                scripted_server_port(hook), port ? (int)(port - auth) : (int)strlen(auth), auth);
    if (port)
        text_format(&more, "%d%s", scripted_server_port(login), port + 2);
    text_append_char(&more, '\n');
    const struct pipeline_destination destination = {.name = "main", .simulator = kheops, .token = "UNKNOWN"};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, text_string(&more)};
    pipeline = pipeline_create(sandbox, &options);
}

static void tear_down(void)
{
    process_destroy(&notifier);
    pipeline_destroy(&pipeline);
    scripted_server_destroy(&login);
    scripted_server_destroy(&hook);
    simulator_destroy(&kheops);
    sandbox_destroy(&sandbox);
}

static void start_notifier(void)
{
    const char *const argv[] = {FELUCCA_BIN "/felucca-notifier", "--config", pipeline_config(pipeline), NULL};
    const struct process_options how = {.output = sandbox_path(sandbox, "notifier-0.log")};
    notifier = process_start(argv, &how);
}

static bool has_come(void *context)
{
    return scripted_server_requests(hook) >= *(const size_t *)context;
}

/* The n-th request has this in it; waits for it. */
static void check_carries(size_t n, const char *words)
{
    AUTO(text_release) struct text request = TEXT_EMPTY;
    size_t count = n + 1;
    pipeline_check(pipeline, wait_until(has_come, &count, PATIENCE_MS), "the webhook is not told");
    scripted_server_request(hook, n, &request);
    ck_assert_msg(strstr(text_string(&request), words) != NULL, "%s: %s", words, text_string(&request));
}

static int test_all(struct text *ret_output)
{
    const char *const argv[] = {FELUCCA_BIN "/felucca",    "notify", "--config",
                                pipeline_config(pipeline), "--test", NULL};
    return process_run(argv, NULL, COMMAND_MS, ret_output);
}

START_TEST(a_password_is_shown)
{
    static const struct scripted_answer taken = TAKEN;
    AUTO(text_release) struct text output = TEXT_EMPTY;
    set_up_with(&taken, 1, &taken, 1, "{ type: basic, user: u, password: geheim }");
    ck_assert_msg(test_all(&output) == EXIT_OK, "%s", text_string(&output));
    check_carries(0, "Authorization: Basic dTpnZWhlaW0=\r\n");
    ck_assert_uint_eq(scripted_server_requests(login), 0);
}
END_TEST

START_TEST(a_request_is_signed)
{
    static const struct scripted_answer taken = TAKEN;
    AUTO(text_release) struct text output = TEXT_EMPTY;
    set_up_with(
        &taken, 1, &taken, 1,
        "{ type: aws_sigv4, access_key: AKID, secret_key: geheim, region: eu-west-1, service: lambda }");
    ck_assert_msg(test_all(&output) == EXIT_OK, "%s", text_string(&output));
    check_carries(0, "Authorization: AWS4-HMAC-SHA256 Credential=AKID/");
}
END_TEST

START_TEST(the_command_asks_the_login_server)
{
    static const struct scripted_answer taken = TAKEN, logins[] = {AWAY, TOKEN_OF("first")};
    AUTO(text_release) struct text away = TEXT_EMPTY, well = TEXT_EMPTY;
    set_up_with(&taken, 1, logins, 2, OAUTH2);
    ck_assert_int_eq(test_all(&away), EXIT_NO);
    ck_assert_msg(strstr(text_string(&away), "hook: NOT TAKEN: the login server http://127.0.0.1:") &&
                      strstr(text_string(&away), " is in trouble: it answers 503\n"),
                  "%s", text_string(&away));
    ck_assert_uint_eq(scripted_server_requests(hook), 0);
    ck_assert_msg(test_all(&well) == EXIT_OK, "%s", text_string(&well));
    check_carries(0, "Authorization: Bearer first\r\n");
}
END_TEST

START_TEST(check_asks_the_login_server)
{
    static const struct scripted_answer taken = TAKEN, token = TOKEN_OF("first");
    AUTO(text_release) struct text output = TEXT_EMPTY;
    set_up_with(&taken, 1, &token, 1, OAUTH2);
    const char *const argv[] = {FELUCCA_BIN "/felucca", "check", "--config", pipeline_config(pipeline), NULL};
    (void)process_run(argv, NULL, COMMAND_MS, &output);
    ck_assert_msg(
        strstr(text_string(&output), "ok     webhook \"hook\": the login server http://127.0.0.1:") &&
            strstr(text_string(&output), " gives a token\n"),
        "%s", text_string(&output));
}
END_TEST

START_TEST(the_router_is_told_of_with_a_token)
{
    static const struct scripted_answer hooks[] = {REFUSED, TAKEN},
                                        logins[] = {TOKEN_OF("first"), TOKEN_OF("second")};
    set_up_with(hooks, 2, logins, 2, OAUTH2);
    pipeline_start(pipeline, PIPELINE_ROUTER);
    start_notifier();
    process_kill(pipeline_process(pipeline, PIPELINE_ROUTER, 0));
    check_carries(0, "Authorization: Bearer first\r\n");
    check_carries(1, "Authorization: Bearer second\r\n");
    check_carries(1, "\"cause\":\"router\"");
}
END_TEST

START_TEST(a_blocked_destination_is_told_of_with_a_token)
{
    static const struct scripted_answer taken = TAKEN, logins[] = {AWAY, TOKEN_OF("first")};
    AUTO(text_release) struct text log = TEXT_EMPTY;
    set_up_with(&taken, 1, logins, 2, OAUTH2);
    pipeline_start(pipeline, PIPELINE_ROUTER);
    start_notifier();
    pipeline_start(pipeline, PIPELINE_RECEIVER);
    pipeline_start(pipeline, PIPELINE_SENDER);
    pipeline_send_small_study(pipeline, sandbox, 1, 1);
    check_carries(0, "Authorization: Bearer first\r\n");
    check_carries(0, "\"cause\":\"blocked\"");
    file_read(sandbox_path(sandbox, "notifier-0.log"), &log);
    ck_assert_ptr_nonnull(strstr(text_string(&log), "is in trouble: it answers 503"));
    ck_assert_ptr_null(strstr(text_string(&log), "geheim"));
}
END_TEST

static bool is_asked(void *context)
{
    return scripted_server_requests(context) > 0;
}

/* One that ends gives up what it waits for. */
START_TEST(who_is_silent_keeps_no_notifier)
{
    static const struct scripted_answer token = TOKEN_OF("first"), silence = {"", SCRIPTED_HANG, 0};
    set_up_with(&silence, 1, _i == 0 ? &silence : &token, 1, OAUTH2);
    pipeline_start(pipeline, PIPELINE_ROUTER);
    start_notifier();
    process_kill(pipeline_process(pipeline, PIPELINE_ROUTER, 0));
    pipeline_check(pipeline, wait_until(is_asked, _i == 0 ? login : hook, PATIENCE_MS), "nobody is asked");
    ck_assert_int_eq(process_end(notifier, PATIENCE_MS), 0);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("notify_login");
    tests_timeout(tests, 120);
    tests_abreast(tests, 3);
    tests_fixture(tests, NULL, tear_down);
    tests_add(tests, a_password_is_shown);
    tests_add(tests, a_request_is_signed);
    tests_add(tests, the_command_asks_the_login_server);
    tests_add(tests, check_asks_the_login_server);
    tests_add(tests, the_router_is_told_of_with_a_token);
    tests_add(tests, a_blocked_destination_is_told_of_with_a_token);
    tests_rows(tests, who_is_silent_keeps_no_notifier, 2); /* the login server, the webhook */
    return tests_run(tests);
}
