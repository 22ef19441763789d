/* Whom http trusts: real TLS servers (openssl s_server) with certificates of an authority made
 * for the test; and what it says where one side speaks TLS and the other does not. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/http/http.h"
#include "tests/support/authority.h"
#include "tests/support/port.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/scripted_server.h"
#include "tests/support/suite.h"

#include <string.h>

enum { LIMIT_MS = 20000 };

static struct sandbox *sandbox;

static void setup(void)
{
    sandbox = sandbox_create();
    struct certificate ca = authority_create(sandbox, "ca");
    (void)authority_create(sandbox, "other");
    (void)authority_sign(sandbox, &ca, "good", "IP:127.0.0.1", 2);
    (void)authority_sign(sandbox, &ca, "expired", "IP:127.0.0.1", -1);
    (void)authority_sign(sandbox, &ca, "wrong", "DNS:wrong.example.org", 2);
}

static void teardown(void)
{
    sandbox_destroy(&sandbox);
}

static const char *file(const char *name)
{
    return name ? sandbox_path(sandbox, "%s", name) : NULL;
}

static struct process *start_server(const char *certificate, const char *key, bool asks_client, int port)
{
    AUTO(text_release) struct text accept = TEXT_EMPTY;
    text_format(&accept, "127.0.0.1:%d", port);
    const char *const argv[] = {"openssl",
                                "s_server",
                                "-quiet",
                                "-www",
                                "-accept",
                                text_string(&accept),
                                "-cert",
                                file(certificate),
                                "-key",
                                file(key),
                                asks_client ? "-Verify" : NULL,
                                "1",
                                "-verify_return_error",
                                "-CAfile",
                                file("ca.pem"),
                                NULL};
    const struct process_options options = {.output = file("server.log")};
    struct process *process = process_start(argv, &options);
    ck_assert(port_wait(port, LIMIT_MS));
    return process;
}

struct outcome {
    bool ended;
    enum http_trouble trouble;
    int status;
    struct text reason;
};

static void done(void *context, struct http_answer *answer)
{
    struct outcome *outcome = context;
    outcome->ended = true;
    outcome->trouble = answer->trouble;
    outcome->status = answer->status;
    text_append(&outcome->reason, text_string(&answer->reason));
}

static const struct row {
    const char *label, *certificate, *key;
    const char *ca_file, *client_cert, *client_key;
    bool asks_client, insecure;
    enum http_trouble trouble;
    const char *says;
} rows[] = {
    {"trusted by ca_file", "good.pem", "good.key", "ca.pem", NULL, NULL, false, false, HTTP_NONE, ""},
    {"the system does not know the authority", "good.pem", "good.key", NULL, NULL, NULL, false, false,
     HTTP_TLS, "is not trusted"},
    {"another authority", "good.pem", "good.key", "other.pem", NULL, NULL, false, false, HTTP_TLS,
     "is not trusted"},
    {"self-signed", "other.pem", "other.key", "ca.pem", NULL, NULL, false, false, HTTP_TLS, "self-signed"},
    {"expired", "expired.pem", "expired.key", "ca.pem", NULL, NULL, false, false, HTTP_TLS, "expired"},
    {"of another host", "wrong.pem", "wrong.key", "ca.pem", NULL, NULL, false, false, HTTP_TLS,
     "no alternative certificate subject name matches"},
    {"of another host, insecure", "wrong.pem", "wrong.key", "ca.pem", NULL, NULL, false, true, HTTP_NONE, ""},
    {"expired, insecure", "expired.pem", "expired.key", NULL, NULL, NULL, false, true, HTTP_NONE, ""},
    {"with a client certificate", "good.pem", "good.key", "ca.pem", "good.pem", "good.key", true, false,
     HTTP_NONE, ""},
    {"the client certificate's key does not fit", "good.pem", "good.key", "ca.pem", "good.pem", "wrong.key",
     true, false, HTTP_REQUEST, "cannot be made"},
    {"no such client certificate", "good.pem", "good.key", "ca.pem", "none.pem", "none.key", true, false,
     HTTP_REQUEST, "cannot be made"},
};

static void ask(const struct row *row, const char *scheme, int port, struct outcome *outcome)
{
    struct http *http = NULL;
    AUTO(text_release) struct text url = TEXT_EMPTY;
    int64_t deadline = clock_monotonic_ms() + LIMIT_MS;
    text_format(&url, "%s://127.0.0.1:%d/", scheme, port);
    const struct http_request request = {.method = HTTP_GET,
                                         .url = text_string(&url),
                                         .tls = {.ca_file = file(row->ca_file),
                                                 .client_cert = file(row->client_cert),
                                                 .client_key = file(row->client_key),
                                                 .insecure = row->insecure}};
    ck_assert_int_eq(http_create(&http), 0);
    http_start(http, &request, done, outcome, NULL);
    while (!outcome->ended && clock_monotonic_ms() < deadline)
        http_poll(http, NULL, 0, 100);
    http_destroy(&http);
}

START_TEST(only_the_right_server_is_trusted)
{
    const struct row *row = &rows[_i];
    struct outcome outcome = {0};
    int port = port_free();
    struct process *server = start_server(row->certificate, row->key, row->asks_client, port);
    ask(row, "https", port, &outcome);
    ck_assert_msg(outcome.ended && outcome.trouble == row->trouble, "%s: %d, %s", row->label,
                  (int)outcome.trouble, text_string(&outcome.reason));
    ck_assert_msg(strstr(text_string(&outcome.reason), row->says), "%s: %s", row->label,
                  text_string(&outcome.reason));
    ck_assert_int_eq(outcome.status, row->trouble == HTTP_NONE ? 200 : 0);
    text_release(&outcome.reason);
    process_kill(server);
    process_destroy(&server);
}
END_TEST

/* ---- who speaks what ---- */

#define PAGE(sentence) "HTTP/1.1 400 Bad Request\r\nContent-Length: 80\r\nConnection: close\r\n\r\n" sentence

static const struct scheme_row {
    const char *label, *scheme;
    struct scripted_answer answer;
    enum http_trouble trouble;
    const char *says;
} scheme_rows[] = {
    {"https on a plain port",
     "https",
     {"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", SCRIPTED_CLOSE, -1},
     HTTP_TLS,
     "speaks no TLS: write http://"},
    {"nginx is asked without TLS",
     "http",
     {PAGE("<center>The plain HTTP request was sent to HTTPS port</center>                  "),
      SCRIPTED_CLOSE, 0},
     HTTP_TLS,
     "not speak HTTP but TLS: write https://"},
    {"Apache is asked without TLS",
     "http",
     {PAGE("You're speaking plain HTTP to an SSL-enabled server port.<br />                 "),
      SCRIPTED_CLOSE, 0},
     HTTP_TLS,
     "not speak HTTP but TLS: write https://"},
    {"Tomcat is asked without TLS",
     "http",
     {PAGE("Bad Request\nThis combination of host and port requires TLS.                     "),
      SCRIPTED_CLOSE, 0},
     HTTP_TLS,
     "not speak HTTP but TLS: write https://"},
    {"another 400",
     "http",
     {PAGE("No required SSL certificate was sent                                            "),
      SCRIPTED_CLOSE, 0},
     HTTP_NONE,
     ""},
};

START_TEST(a_wrong_scheme_is_told)
{
    const struct scheme_row *row = &scheme_rows[_i];
    struct scripted_server *server = scripted_server_start(&row->answer, 1);
    const struct row request = {.label = row->label};
    struct outcome outcome = {0};
    ask(&request, row->scheme, scripted_server_port(server), &outcome);
    ck_assert_msg(outcome.ended && outcome.trouble == row->trouble, "%s: %d, %s", row->label,
                  (int)outcome.trouble, text_string(&outcome.reason));
    ck_assert_msg(strstr(text_string(&outcome.reason), row->says), "%s: %s", row->label,
                  text_string(&outcome.reason));
    ck_assert_int_eq(outcome.status, row->trouble == HTTP_NONE ? 400 : 0);
    text_release(&outcome.reason);
    scripted_server_destroy(&server);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("tls");
    tests_fixture(tests, setup, teardown);
    tests_rows(tests, only_the_right_server_is_trusted, ROWS(rows));
    tests_rows(tests, a_wrong_scheme_is_told, ROWS(scheme_rows));
    return tests_run(tests);
}
