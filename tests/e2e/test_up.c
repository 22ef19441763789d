/* `felucca up` as a real program. Where a story needs processes that behave in a certain way, small shell
 * programs with their names are beside a copy of felucca; the real ones run in the last tests. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/port.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOON_MS = 20000 };

static struct sandbox *sandbox;
static int port;

static const char *write_config(const char *more)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    text_format(&yaml,
                "state_dir: %s\n"
                "receiver: { port: %d, bind: 127.0.0.1 }\n"
                "metrics: { port: 0 }\n"
                "nodes:\n"
                "  - aet: FELUCCA\n"
                "    destinations:\n"
                "      - name: main\n"
                "        stow_url: http://127.0.0.1:9/api/studies\n%s",
                sandbox_path(sandbox, "state"), port, more);
    return sandbox_write(sandbox, "felucca.yaml", text_string(&yaml));
}

static void write_program(const char *name, const char *script)
{
    AUTO(text_release) struct text content = TEXT_EMPTY;
    text_format(&content, "#!/bin/sh\ncd '%s'\n%s\n", sandbox_folder(sandbox), script);
    const char *path = sandbox_write(sandbox, name, text_string(&content));
    ck_assert_int_eq(chmod(path, 0755), 0);
}

/* Notes that it runs, in which process and with which arguments; lives until SIGTERM, or until the sandbox is
 * gone. */
#define LIVES                                                                                        \
    "name=${0##*/felucca-}; trap 'echo $name >> order; exit 0' TERM; echo \"$name $*\" >> started; " \
    "echo $$ > $name.pid; while test -e felucca.yaml; do sleep 0.05; done"

static void make_stand_ins(void)
{
    AUTO(text_release) struct text felucca = TEXT_EMPTY;
    file_read(FELUCCA_BIN "/felucca", &felucca);
    const char *copy = sandbox_path(sandbox, "felucca");
    file_write(copy, felucca.bytes, felucca.length);
    ck_assert_int_eq(chmod(copy, 0755), 0);
    write_program("felucca-receiver", LIVES);
    write_program("felucca-router", LIVES);
    write_program("felucca-sender", LIVES);
    write_program("felucca-sharer", LIVES);
}

static void make_sandbox(void)
{
    sandbox = sandbox_create();
    port = port_free();
}

static void drop_sandbox(void)
{
    sandbox_destroy(&sandbox);
}

/* Starts `felucca up` from the folder; its log goes to "log". */
static struct process *start_up(const char *folder, const char *senders, const char *sharers)
{
    AUTO(text_release) struct text program = TEXT_EMPTY;
    text_format(&program, "%s/felucca", folder);
    const char *const argv[] = {text_string(&program), "up",        "--config",
                                write_config(""),      "--senders", senders,
                                "--sharers",           sharers,     NULL};
    const struct process_options options = {.output = sandbox_path(sandbox, "log")};
    return process_start(argv, &options);
}

static unsigned count(const char *name, const char *text)
{
    const char *path = sandbox_path(sandbox, "%s", name);
    if (!file_exists(path))
        return 0;
    AUTO(text_release) struct text content = TEXT_EMPTY;
    file_read(path, &content);
    unsigned found = 0;
    for (const char *at = text_string(&content); (at = strstr(at, text)); at++)
        found++;
    return found;
}

struct expectation {
    const char *name, *text;
    unsigned times;
};

static bool comes_true(void *context)
{
    const struct expectation *expected = context;
    return count(expected->name, expected->text) >= expected->times;
}

static void expect(const char *name, const char *text, unsigned times)
{
    struct expectation expected = {name, text, times};
    ck_assert_msg(wait_until(comes_true, &expected, SOON_MS), "%s has not %u times \"%s\"", name, times,
                  text);
}

static pid_t pid_of(const char *name)
{
    AUTO(text_release) struct text content = TEXT_EMPTY;
    file_read(sandbox_path(sandbox, "%s.pid", name), &content);
    return (pid_t)strtol(text_string(&content), NULL, 10);
}

START_TEST(starts_and_stops_all_in_order)
{
    make_stand_ins();
    AUTO(process_destroy) struct process *up = start_up(sandbox_folder(sandbox), "1", "1");
    expect("started", "\n", 4);
    AUTO(text_release) struct text arguments = TEXT_EMPTY;
    text_format(&arguments, "router --config %s\n", sandbox_path(sandbox, "felucca.yaml"));
    ck_assert_uint_eq(count("started", text_string(&arguments)), 1);
    process_signal(up, SIGTERM);
    ck_assert_int_eq(process_wait(up, SOON_MS), 0);
    ck_assert_uint_eq(count("order", "\n"), 4);
    AUTO(text_release) struct text order = TEXT_EMPTY;
    file_read(sandbox_path(sandbox, "order"), &order);
    ck_assert_msg(string_starts_with(text_string(&order), "receiver\n"), "%s", text_string(&order));
    ck_assert_msg(string_ends_with(text_string(&order), "\nrouter\n"), "%s", text_string(&order));
}
END_TEST

START_TEST(runs_as_many_workers_as_asked)
{
    make_stand_ins();
    AUTO(process_destroy) struct process *up = start_up(sandbox_folder(sandbox), "3", "2");
    expect("started", "\n", 7);
    ck_assert_uint_eq(count("started", "receiver "), 1);
    ck_assert_uint_eq(count("started", "router "), 1);
    ck_assert_uint_eq(count("started", "sender "), 3);
    ck_assert_uint_eq(count("started", "sharer "), 2);
    ck_assert_int_eq(process_end(up, SOON_MS), 0);
    ck_assert_uint_eq(count("order", "\n"), 7);
}
END_TEST

START_TEST(what_is_killed_comes_back)
{
    make_stand_ins();
    AUTO(process_destroy) struct process *up = start_up(sandbox_folder(sandbox), "1", "1");
    expect("started", "\n", 4);
    expect("router.pid", "\n", 1);
    int64_t killed = clock_monotonic_ms();
    ck_assert_int_eq(kill(pid_of("router"), SIGKILL), 0);
    expect("started", "router ", 2);
    ck_assert_int_ge(clock_monotonic_ms() - killed, 900); /* not in a tight circle */
    expect("log", "name=router", 3);
    ck_assert_uint_eq(count("log", "signal=KILL retry_in_ms=1000"), 1);
    ck_assert_uint_eq(count("started", "\n"), 5);
    ck_assert_int_eq(process_end(up, SOON_MS), 0);
}
END_TEST

static const struct refusal_row {
    const char *label, *program, *script; /* a stand-in that behaves otherwise; NULL: none */
    const char *config;                   /* appended */
    int status;
    unsigned starts;
    const char *says;
} refusal_rows[] = {
    {"a broken configuration starts nothing", NULL, NULL, "no_such_key: 1\n", 3, 0, "no_such_key"},
    {"a process that cannot run with it stops all", "felucca-sender",
     "until test -e felucca.yaml -a \"$(wc -l < started)\" = 3; do sleep 0.05; done; exit 3", "", 3, 3,
     "cannot run with this configuration"},
    {"a missing program", "felucca-sharer", NULL, "", 1, 0, "felucca-sharer is neither beside felucca"},
    {"a state_dir that cannot be", "state", "a file", "", 1, 0, "cannot make the folders of state_dir"},
};

START_TEST(refuses)
{
    const struct refusal_row *row = &refusal_rows[_i];
    make_stand_ins();
    if (row->program && row->script)
        write_program(row->program, row->script);
    else if (row->program)
        ck_assert_int_eq(remove(sandbox_path(sandbox, "%s", row->program)), 0);
    const char *const argv[] = {sandbox_path(sandbox, "felucca"), "--config", write_config(row->config), "up",
                                NULL};
    AUTO(text_release) struct text output = TEXT_EMPTY;
    int status = process_run(argv, NULL, SOON_MS, &output);
    ck_assert_msg(status == row->status, "%s: status %d: %s", row->label, status, text_string(&output));
    ck_assert_msg(strstr(text_string(&output), row->says), "%s: %s", row->label, text_string(&output));
    ck_assert_msg(count("started", "\n") == row->starts, "%s: started others", row->label);
    ck_assert_msg(count("order", "\n") == row->starts, "%s: left some running", row->label);
}
END_TEST

static int listen_on(int number)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)number),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    return fd;
}

/* The receiver of another `felucca up`, for instance: nothing is started, instead of the rest without a receiver. */
START_TEST(a_port_that_is_taken_ends_it)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    make_stand_ins();
    const char *const argv[] = {sandbox_path(sandbox, "felucca"), "--config", write_config(""), "up", NULL};
    int taken = listen_on(port);
    ck_assert_int_eq(process_run(argv, NULL, SOON_MS, &output), 1);
    (void)close(taken);
    ck_assert_msg(strstr(text_string(&output), "of 127.0.0.1 is taken by another process"), "%s",
                  text_string(&output));
    ck_assert_uint_eq(count("started", "\n"), 0);
}
END_TEST

/* The process id in the last line of the log that tells of a start of that process. */
static pid_t started_pid(const char *name)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    AUTO(text_release) struct text mark = TEXT_EMPTY;
    file_read(sandbox_path(sandbox, "log"), &log);
    text_format(&mark, "started name=%s child=", name);
    const char *last = NULL;
    for (const char *at = text_string(&log); (at = strstr(at, text_string(&mark)));)
        last = at += mark.length;
    ck_assert_msg(last, "%s was never started", name);
    return (pid_t)strtol(last, NULL, 10);
}

static const char *const process_names[] = {"receiver", "router", "sender", "sharer"};

START_TEST(a_real_process_comes_back)
{
    const char *name = process_names[_i];
    AUTO(process_destroy) struct process *up = start_up(FELUCCA_BIN, "1", "1");
    ck_assert(port_wait(port, SOON_MS));
    AUTO(text_release) struct text started = TEXT_EMPTY;
    text_format(&started, "started name=%s ", name);
    expect("log", text_string(&started), 1);
    ck_assert_int_eq(kill(started_pid(name), SIGKILL), 0);
    expect("log", text_string(&started), 2);
    ck_assert(port_wait(port, SOON_MS));
    ck_assert_int_eq(process_end(up, 40000), 0);
    ck_assert(!port_accepts(port));
    ck_assert_uint_eq(count("log", " stopped name="), 4);
    ck_assert_uint_eq(count("log", "ended without being asked"), 1);
    ck_assert_uint_eq(count("log", "killing it"), 0);
}
END_TEST

START_TEST(real_processes_do_not_outlive_it)
{
    AUTO(process_destroy) struct process *up = start_up(FELUCCA_BIN, "2", "1");
    ck_assert(port_wait(port, SOON_MS));
    expect("log", "started name=", 5);
    process_kill(up);
    ck_assert(port_wait_closed(port, SOON_MS));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("up");
    tests_abreast(tests, 4);
    tests_timeout(tests, 120);
    tests_fixture(tests, make_sandbox, drop_sandbox);
    tests_add(tests, starts_and_stops_all_in_order);
    tests_add(tests, runs_as_many_workers_as_asked);
    tests_add(tests, what_is_killed_comes_back);
    tests_rows(tests, refuses, ROWS(refusal_rows));
    tests_add(tests, a_port_that_is_taken_ends_it);
    tests_rows(tests, a_real_process_comes_back, ROWS(process_names));
    tests_add(tests, real_processes_do_not_outlive_it);
    return tests_run(tests);
}
