/* What is told of certificates before a peer or a server refuses them: check, status, log and metrics. */
#include "common/base/cleanup.h"
#include "tests/support/authority.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/http_client.h"
#include "tests/support/port.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <string.h>

enum { WAIT_MS = 30000 };

static struct sandbox *sandbox;
static struct process *router, *sender;
static int metrics_port;

static const char *file(const char *name)
{
    return sandbox_path(sandbox, "%s", name);
}

/* The certificates that the configuration names are "server" and "client"; these are put into their places. */
static void set_up(void)
{
    sandbox = sandbox_create();
    const struct certificate ca = authority_create(sandbox, "ca");
    (void)authority_sign(sandbox, &ca, "long", "DNS:felucca", 100);
    (void)authority_sign(sandbox, &ca, "short", "DNS:felucca", 5);
    (void)authority_sign(sandbox, &ca, "over", "DNS:felucca", -1);
    metrics_port = port_free_run(6);
}

static void tear_down(void)
{
    process_destroy(&sender);
    process_destroy(&router);
    sandbox_destroy(&sandbox);
}

static void run(const char *command)
{
    AUTO(text_release) struct text line = TEXT_EMPTY, output = TEXT_EMPTY;
    text_format(&line, "cd '%s'; %s", sandbox_folder(sandbox), command);
    const char *const argv[] = {"/bin/sh", "-ec", text_string(&line), NULL};
    ck_assert_msg(process_run(argv, NULL, WAIT_MS, &output) == 0, "%s: %s", command, text_string(&output));
}

static void put(const char *server, const char *client)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    text_format(&line,
                "cp %s.pem server.pem; cp %s.key server.key; cp %s.pem client.pem; cp %s.key client.key",
                server, server, client, client);
    run(text_string(&line));
}

static void configure(void)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    text_format(
        &yaml,
        "state_dir: %s\n"
        "receiver:\n  tls: { port: 2762, certificate_file: server.pem, key_file: server.key, ca_file: ca.pem }\n"
        "metrics: { bind: 127.0.0.1, port: %d }\n"
        "nodes:\n  - aet: FELUCCA\n    destinations:\n      - name: main\n        kheops: false\n"
        "        stow_url: https://127.0.0.1:9/studies\n        client_cert: client.pem\n"
        "        client_key: client.key\n",
        file("state"), metrics_port);
    sandbox_write(sandbox, "felucca.yaml", text_string(&yaml));
}

static int felucca(const char *command, const char *option, struct text *ret_output)
{
    const char *const argv[] = {
        FELUCCA_BIN "/felucca", "--config", file("felucca.yaml"), command, option, NULL};
    return process_run(argv, NULL, WAIT_MS, ret_output);
}

static const struct check_row {
    const char *label, *server, *client, *command;
    bool good;
    const char *says[2];
} check_rows[] = {
    {"both are good",
     "long",
     "long",
     ":",
     true,
     {"ok     receiver: the certificate of CN=long and its key fit, and it is good until ",
      "ok     destination main: the certificate of CN=long and its key fit, and it is good until "}},
    {"the receiver's ends soon",
     "short",
     "long",
     ":",
     true,
     {"note   receiver: the certificate in ",
      "put a new one, and its key, into its place, then SIGHUP to the receiver"}},
    {"the receiver's has ended",
     "over",
     "long",
     ":",
     false,
     {"WRONG  receiver: the certificate in ", "server.pem has ended on "}},
    {"a destination's ends soon",
     "long",
     "short",
     ":",
     true,
     {"note   destination main: the certificate in ", "client.pem ends on "}},
    {"a destination's has ended",
     "long",
     "over",
     ":",
     false,
     {"WRONG  destination main: the certificate in ", "client.pem has ended on "}},
    {"the receiver's key is another's",
     "long",
     "long",
     "cp short.key server.key",
     false,
     {"WRONG  receiver: ", "server.key is not the key of the first certificate of "}},
    {"a destination's key is another's",
     "long",
     "long",
     "cp short.key client.key",
     false,
     {"WRONG  destination main: ", "client.key is not the key of the first certificate of "}},
    {"there is none",
     "long",
     "long",
     "rm client.pem",
     false,
     {"WRONG  destination main: ", "client.pem cannot be read: No such file or directory"}},
    {"no authority",
     "long",
     "long",
     "rm ca.pem",
     false,
     {"WRONG  receiver: ", "ca.pem cannot be read: No such file or directory"}},
    {"a key that anybody may read",
     "long",
     "long",
     "chmod -R a+rX .; chmod 755 .; chmod 644 server.key",
     true,
     {"receiver: tls: key_file: every user of this machine may read it: chmod 640, or stricter",
      "ok     receiver: "}},
};

START_TEST(check_tells_of_certificates)
{
    const struct check_row *row = &check_rows[_i];
    AUTO(text_release) struct text output = TEXT_EMPTY;
    put(row->server, row->client);
    configure();
    run(row->command);
    int status = felucca("check", "--offline", &output);
    ck_assert_msg(status == (row->good ? 0 : 1), "%s: %d, %s", row->label, status, text_string(&output));
    for (int i = 0; i < 2; i++)
        ck_assert_msg(strstr(text_string(&output), row->says[i]), "%s: %s", row->label, text_string(&output));
}
END_TEST

static bool is_there(void *path)
{
    return file_exists(path);
}

START_TEST(status_tells_of_certificates)
{
    AUTO(text_release) struct text plain = TEXT_EMPTY, json = TEXT_EMPTY;
    const char *const argv[] = {FELUCCA_BIN "/felucca-router", "--config", file("felucca.yaml"), NULL};
    put("short", "over");
    configure();
    router = process_start(argv, NULL);
    ck_assert(wait_until(is_there, (void *)file("state/run/control/sock"), WAIT_MS));
    ck_assert_int_eq(felucca("status", NULL, &plain), 0);
    ck_assert_msg(strstr(text_string(&plain), "receiver: the certificate in"), "%s", text_string(&plain));
    ck_assert_msg(strstr(text_string(&plain), "destination main: the certificate in"), "%s",
                  text_string(&plain));
    ck_assert_int_eq(felucca("status", "--json", &json), 0);
    ck_assert_msg(strstr(text_string(&json),
                         "\"certificate\": \"receiver\", \"subject\": \"CN=short\", \"ends_at\": \"20") ||
                      strstr(text_string(&json),
                             "\"certificate\":\"receiver\",\"subject\":\"CN=short\",\"ends_at\":\"20"),
                  "%s", text_string(&json));
}
END_TEST

static bool is_measured(void *line)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    return port_accepts(metrics_port + 2) &&
           http_client_request(metrics_port + 2, "GET", "/metrics", NULL, NULL, 0, &answer) == 200 &&
           strstr(text_string(&answer.body), line);
}

START_TEST(a_sender_measures_those_of_its_destinations)
{
    static const char line[] = "felucca_certificate_expiry_seconds{certificate=\"destination main\"} ";
    AUTO(text_release) struct text over = TEXT_EMPTY;
    const char *const argv[] = {FELUCCA_BIN "/felucca-sender", "--config", file("felucca.yaml"), NULL};
    put("long", "over");
    configure();
    run("mkdir -p state/spool/incoming state/spool/queue");
    sender = process_start(argv, NULL);
    text_format(&over, "%s-", line);
    ck_assert(wait_until(is_measured, (void *)text_string(&over), WAIT_MS));
    put("long", "long");
    process_signal(sender, 1);
    text_clear(&over);
    text_format(&over, "%s8", line); /* 100 days are 8640000 s */
    ck_assert(wait_until(is_measured, (void *)text_string(&over), WAIT_MS));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("certificates");
    tests_abreast(tests, 4);
    tests_timeout(tests, 90);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, check_tells_of_certificates, ROWS(check_rows));
    tests_add(tests, status_tells_of_certificates);
    tests_add(tests, a_sender_measures_those_of_its_destinations);
    return tests_run(tests);
}
