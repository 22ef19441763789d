/* Proxies: which one a request takes, and what is told of one that answers by itself. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/http/http.h"
#include "tests/support/port.h"
#include "tests/support/scripted_server.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

enum { LIMIT_MS = 10000 };

#define OK_ANSWER   "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
#define TARGET      "http://kheops.example.org/api"
#define TARGET_TLS  "https://kheops.example.org/api"
#define CREDENTIALS "dXNlcjpwQHNz" /* user:p@ss */

struct outcome {
    unsigned calls;
    enum http_trouble trouble;
    int status;
    struct text reason;
};

static void done(void *context, struct http_answer *answer)
{
    struct outcome *outcome = context;
    outcome->calls++;
    outcome->trouble = answer->trouble;
    outcome->status = answer->status;
    text_append(&outcome->reason, text_string(&answer->reason));
}

static void ask(const char *url, const char *proxy, struct outcome *outcome)
{
    AUTO(http_destroy) struct http *http = NULL;
    const struct http_request request = {.method = HTTP_POST, .url = url, .content = "body", .proxy = proxy};
    int64_t deadline = clock_monotonic_ms() + LIMIT_MS;
    ck_assert_int_eq(http_create(&http), 0);
    http_start(http, &request, done, outcome, NULL);
    while (outcome->calls == 0 && clock_monotonic_ms() < deadline)
        http_poll(http, NULL, 0, 100);
    ck_assert_uint_eq(outcome->calls, 1);
}

static void check_got(struct scripted_server *server, const char *words, bool there)
{
    AUTO(text_release) struct text request = TEXT_EMPTY;
    scripted_server_request(server, 0, &request);
    ck_assert_msg((strstr(text_string(&request), words) != NULL) == there, "\"%s\": %s", words,
                  text_string(&request));
}

static struct scripted_server *start(const char *answer)
{
    static struct scripted_answer script;
    script = (struct scripted_answer){answer, SCRIPTED_CLOSE, 0};
    return scripted_server_start(&script, 1);
}

static void append_address(struct scripted_server *server, const char *credentials, struct text *out)
{
    text_format(out, "http://%s127.0.0.1:%d", credentials, scripted_server_port(server));
}

static const char *const variables[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};

START_TEST(the_environment_is_not_followed)
{
    AUTO(scripted_server_destroy) struct scripted_server *server = start(OK_ANSWER);
    AUTO(text_release) struct text url = TEXT_EMPTY;
    struct outcome outcome = {0};
    for (size_t i = 0; i < ROWS(variables); i++)
        ck_assert_int_eq(setenv(variables[i], "http://127.0.0.1:9", 1), 0);
    append_address(server, "", &url);
    ask(text_string(&url), _i == 0 ? NULL : "", &outcome);
    ck_assert_msg(outcome.status == 200, "%s", text_string(&outcome.reason));
    text_release(&outcome.reason);
}
END_TEST

START_TEST(the_environment_is_followed_where_it_is_asked_for)
{
    AUTO(scripted_server_destroy) struct scripted_server *proxy = start(OK_ANSWER);
    AUTO(text_release) struct text address = TEXT_EMPTY;
    struct outcome outcome = {0};
    append_address(proxy, "", &address);
    ck_assert_int_eq(setenv("http_proxy", text_string(&address), 1), 0);
    ask(TARGET, HTTP_PROXY_OF_ENVIRONMENT, &outcome);
    ck_assert_msg(outcome.status == 200, "%s", text_string(&outcome.reason));
    check_got(proxy, "POST " TARGET " HTTP/1.1", true);
    text_release(&outcome.reason);
}
END_TEST

START_TEST(a_proxy_is_taken_whatever_the_environment_says)
{
    AUTO(scripted_server_destroy) struct scripted_server *proxy = start(OK_ANSWER);
    AUTO(text_release) struct text address = TEXT_EMPTY;
    struct outcome outcome = {0};
    ck_assert_int_eq(setenv("http_proxy", "http://127.0.0.1:9", 1), 0);
    ck_assert_int_eq(setenv("no_proxy", "*", 1), 0);
    append_address(proxy, "user:p%40ss@", &address);
    ask(TARGET, text_string(&address), &outcome);
    ck_assert_msg(outcome.status == 200, "%s", text_string(&outcome.reason));
    check_got(proxy, "POST " TARGET " HTTP/1.1", true);
    check_got(proxy, "Proxy-Authorization: Basic " CREDENTIALS, true);
    text_release(&outcome.reason);
}
END_TEST

static const struct refusal_row {
    const char *label, *url, *answer;
    enum http_trouble trouble;
    int status;
    const char *reason; /* behind the proxy's name; NULL: nothing is said of a proxy */
} refusals[] = {
    {"407 to CONNECT", TARGET_TLS, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
     HTTP_PROXY, 0, " answers 407: it wants credentials"},
    {"403 to CONNECT", TARGET_TLS, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", HTTP_PROXY, 0,
     " answers 403: it lets nothing through to https://kheops.example.org;"},
    {"502 to CONNECT", TARGET_TLS, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", HTTP_UNREACHABLE,
     0, " answers 502: it does not reach https://kheops.example.org"},
    {"407 to a plain request", TARGET,
     "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", HTTP_PROXY, 0,
     " answers 407: it wants credentials"},
    {"403 of squid", TARGET,
     "HTTP/1.1 403 Forbidden\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\nContent-Length: 0\r\n\r\n", HTTP_PROXY,
     0, " answers 403: it lets nothing through to http://kheops.example.org;"},
    {"502 with Proxy-Status", TARGET,
     "HTTP/1.1 502 Bad Gateway\r\nProxy-Status: front; error=connection_refused\r\nContent-Length: 0\r\n\r\n",
     HTTP_UNREACHABLE, 0, " answers 502: it does not reach http://kheops.example.org"},
    {"403 of the server behind it", TARGET,
     "HTTP/1.1 403 Forbidden\r\nVia: 1.1 proxy\r\nProxy-Status: front; received-status=403\r\nContent-Length: 0\r\n\r\n",
     HTTP_NONE, 403, NULL},
};

START_TEST(a_refusal_of_the_proxy_is_told_as_its_own)
{
    const struct refusal_row *row = &refusals[_i];
    AUTO(scripted_server_destroy) struct scripted_server *proxy = start(row->answer);
    AUTO(text_release) struct text address = TEXT_EMPTY;
    AUTO(text_release) struct text name = TEXT_EMPTY;
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    struct outcome outcome = {0};
    append_address(proxy, "user:secret@", &address);
    append_address(proxy, "", &name);
    ask(row->url, text_string(&address), &outcome);
    ck_assert_msg(outcome.trouble == row->trouble && outcome.status == row->status,
                  "%s: trouble %d, status %d, %s", row->label, (int)outcome.trouble, outcome.status,
                  text_string(&outcome.reason));
    text_format(&sentence, "the proxy %s%s", text_string(&name), row->reason ? row->reason : "");
    ck_assert_msg((strstr(text_string(&outcome.reason), text_string(&sentence)) != NULL) ==
                      (row->reason != NULL),
                  "%s: \"%s\", not \"%s\"", row->label, text_string(&outcome.reason), text_string(&sentence));
    ck_assert_ptr_null(strstr(text_string(&outcome.reason), "secret"));
    text_release(&outcome.reason);
}
END_TEST

START_TEST(a_proxy_that_is_away_is_named)
{
    AUTO(text_release) struct text address = TEXT_EMPTY;
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    struct outcome outcome = {0};
    int port = port_free();
    text_format(&address, "http://user:secret@127.0.0.1:%d", port);
    text_format(&sentence, "no connection to the proxy http://127.0.0.1:%d: Connection refused", port);
    ask(TARGET_TLS, text_string(&address), &outcome);
    ck_assert_int_eq(outcome.trouble, HTTP_UNREACHABLE);
    ck_assert_str_eq(text_string(&outcome.reason), text_string(&sentence));
    text_release(&outcome.reason);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("http_proxy");
    static const int ways[2] = {0};
    tests_rows(tests, the_environment_is_not_followed, ROWS(ways));
    tests_add(tests, the_environment_is_followed_where_it_is_asked_for);
    tests_add(tests, a_proxy_is_taken_whatever_the_environment_says);
    tests_rows(tests, a_refusal_of_the_proxy_is_told_as_its_own, ROWS(refusals));
    tests_add(tests, a_proxy_that_is_away_is_named);
    return tests_run(tests);
}
