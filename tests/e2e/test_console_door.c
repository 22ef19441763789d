/* What strangers and crowds do to the console, and what is around it: its database, its configuration, its end. */
#include "common/base/cleanup.h"
#include "common/jobs/jobdb.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/http_client.h"
#include "tests/support/port.h"
#include "tests/support/process.h"
#include "tests/support/stored_console.h"
#include "tests/support/stored_database.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct stored_console *console;

enum { CROWD = 300 };

static void set_up(void)
{
    console = stored_console_create();
}

static void tear_down(void)
{
    stored_console_destroy(&console);
}

/* ---- who may come in ---- */

static const struct raw_row {
    const char *label, *request;
    int status;
} raw_rows[] = {
    {"no host", "GET / HTTP/1.0\r\n\r\n", 400},
    {"two hosts", "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
     400},
    {"another's host", "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", 421},
    {"a host that begins well", "GET / HTTP/1.1\r\nHost: localhost.evil.example\r\nConnection: close\r\n\r\n",
     421},
    {"its own name", "GET /now.json HTTP/1.1\r\nHost: localhost:1\r\nConnection: close\r\n\r\n", 200},
    {"its address", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", 200},
    {"POST", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc", 405},
    {"DELETE", "DELETE /study/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 405},
    {"another server's address",
     "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 400},
};

static int ask_raw(const char *request, size_t length)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(fd_close) int fd = port_connect(console->port);
    ck_assert_int_ge(fd, 0);
    (void)send(fd, request, length, MSG_NOSIGNAL);
    return http_client_read(fd, &answer);
}

static void ck_alive(void)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    ck_assert(process_running(console->process));
    ck_assert_int_eq(stored_console_get(console, "/now.json", NULL, &answer), 200);
}

START_TEST(stranger_is_refused)
{
    ck_assert_msg(ask_raw(raw_rows[_i].request, strlen(raw_rows[_i].request)) == raw_rows[_i].status, "%s",
                  raw_rows[_i].label);
    ck_alive();
}
END_TEST

START_TEST(long_addresses_are_refused)
{
    AUTO(text_release) struct text request = TEXT_EMPTY;
    text_append(&request, "GET /");
    for (int i = 0; i < 9000; i++)
        text_append_char(&request, 'a');
    text_append(&request, " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    ck_assert_int_eq(ask_raw(text_string(&request), request.length), 414);
    ck_alive();
}
END_TEST

START_TEST(endless_headers_are_refused)
{
    AUTO(text_release) struct text request = TEXT_EMPTY;
    text_append(&request, "GET / HTTP/1.1\r\nHost: localhost\r\n");
    for (int i = 0; i < 4000; i++)
        text_format(&request, "X-Header-%d: some value or other\r\n", i);
    int status = ask_raw(text_string(&request), request.length);
    ck_assert_msg(status == 431 || status == 413 || status == 0, "%d", status);
    ck_alive();
}
END_TEST

START_TEST(noise_is_survived)
{
    static const char noise[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 \0\0\0\xff\xfe\r\n\r\n";
    for (int i = 0; i < 50; i++)
        (void)ask_raw(noise, sizeof noise);
    ck_alive();
}
END_TEST

/* More than it has room for say nothing: a new one comes in all the same. */
START_TEST(silent_crowd_keeps_nobody_out)
{
    int crowd[CROWD];
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = port_connect(console->port);
        (void)send(crowd[i], "GET / HT", 8, MSG_NOSIGNAL);
    }
    ck_alive();
    for (int i = 0; i < CROWD; i++)
        fd_close(&crowd[i]);
    ck_alive();
}
END_TEST

/* ---- many at once ---- */

static bool works(void *context)
{
    return process_cpu_ms(console->process) >= *(int64_t *)context;
}

static bool has_input(void *context)
{
    char byte;
    return recv(*(int *)context, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != -1;
}

/* Whether another page was answered while the endless one was still being made. That takes 2 s; where the machine has no time for
 * a page within them, it is tried again. */
static bool another_comes_first(const char *path)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(text_release) struct text request = TEXT_EMPTY;
    AUTO(fd_close) int slow = port_connect(console->port);
    int64_t busy_ms = process_cpu_ms(console->process) + 50;
    text_format(&request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
    ck_assert_int_eq(send(slow, text_string(&request), request.length, MSG_NOSIGNAL), request.length);
    ck_assert(wait_until(works, &busy_ms, STORED_CONSOLE_PATIENCE_MS));
    int status = stored_console_get(console, "/now.json", NULL, &answer);
    bool is_first = status == 200 && !has_input(&slow);
    ck_assert(wait_until(has_input, &slow, STORED_CONSOLE_PATIENCE_MS));
    return is_first;
}

START_TEST(slow_question_holds_up_nobody)
{
    enum { TIMES = 10 };
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    stored_database_make_endless(console->state_dir);
    ck_assert_int_eq(stored_console_get(console, "/journal", NULL, &answer), 503);
    int times = 0;
    while (times < TIMES && !another_comes_first(times % 2 ? "/journal" : "/journal.json"))
        times++;
    ck_assert_msg(times < TIMES, "/now.json was never answered while /journal was made");
}
END_TEST

/* ---- what is around it ---- */

START_TEST(absent_database_is_told)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(text_release) struct text name = TEXT_EMPTY;
    ck_assert_int_eq(jobdb_set_aside(console->state_dir, 1, &name), 0);
    ck_assert_int_eq(stored_console_get(console, "/studies", NULL, &answer), 503);
    stored_console_ck_headers(&answer);
    ck_assert_ptr_nonnull(strstr(text_string(&answer.body), "There is no job database yet"));
    ck_assert(process_running(console->process));
}
END_TEST

START_TEST(it_ends_when_told)
{
    process_signal(console->process, SIGTERM);
    ck_assert_int_eq(process_wait(console->process, STORED_CONSOLE_PATIENCE_MS), 0);
}
END_TEST

static const struct config_row {
    const char *label, *console, *says;
    int status;
} config_rows[] = {
    {"an address that others reach", "console: { bind: 0.0.0.0 }\n", "console: bind", 3},
    {"all of them, version 6", "console: { bind: \"::\" }\n", "console: bind", 3},
    {"the same, knowingly", "console: { bind: 0.0.0.0, insecure: yes-i-know }\n", "configuration OK", 0},
    {"loopback", "console: { bind: \"::1\" }\n", "configuration OK", 0},
    {"the receiver's port", "console: { port: 11112 }\n", "console: port", 3},
    {"no port", "console: { port: 0 }\n", "console: port", 3},
    {"a key that is not there", "console: { pages: all }\n", "there is no key", 3},
};

START_TEST(configuration_is_checked)
{
    const struct config_row *row = &config_rows[_i];
    AUTO(text_release) struct text output = TEXT_EMPTY;
    stored_console_write_config(console, row->console);
    const char *const argv[] = {FELUCCA_BIN "/felucca-console", "--config", console->config, "--check", NULL};
    ck_assert_msg(process_run(argv, NULL, STORED_CONSOLE_PATIENCE_MS, &output) == row->status, "%s: %s",
                  row->label, text_string(&output));
    ck_assert_msg(strstr(text_string(&output), row->says), "%s: %s", row->label, text_string(&output));
}
END_TEST

START_TEST(without_configuration_there_is_none)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    stored_console_write_config(console, "");
    const char *const argv[] = {FELUCCA_BIN "/felucca-console", "--config", console->config, NULL};
    ck_assert_int_eq(process_run(argv, NULL, STORED_CONSOLE_PATIENCE_MS, &output), 3);
    ck_assert_ptr_nonnull(strstr(text_string(&output), "no console"));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("console door");
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, stranger_is_refused, ROWS(raw_rows));
    tests_add(tests, long_addresses_are_refused);
    tests_add(tests, endless_headers_are_refused);
    tests_add(tests, noise_is_survived);
    tests_add(tests, silent_crowd_keeps_nobody_out);
    tests_add(tests, slow_question_holds_up_nobody);
    tests_add(tests, absent_database_is_told);
    tests_add(tests, it_ends_when_told);
    tests_rows(tests, configuration_is_checked, ROWS(config_rows));
    tests_add(tests, without_configuration_there_is_none);
    return tests_run(tests);
}
