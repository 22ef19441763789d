/* The supervisor with real children (small shell programs) and short times. */
#include "cli/supervisor.h"

#include "common/base/cleanup.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SOON_MS = 15000, LONG_MS = 600000 };

static const struct supervisor_times quick = {.first_ms = 10,
                                              .ceiling_ms = 40,
                                              .healthy_ms = LONG_MS,
                                              .stage_ms = {0, LONG_MS, LONG_MS},
                                              .kill_ms = LONG_MS};

struct program {
    const char *label;
    int stage;
    const char *script; /* run by sh in the sandbox */
};

static struct sandbox *sandbox;
static pid_t running;

static void make_sandbox(void)
{
    sandbox = sandbox_create();
    running = 0;
}

static void drop_sandbox(void)
{
    if (running > 0)
        kill(running, SIGKILL);
    sandbox_destroy(&sandbox);
}

/* A process of its own that supervises the programs (a NULL label ends them); its log goes to "log". */
static void supervise(const struct supervisor_times *times, const struct program *programs)
{
    const char *log_path = sandbox_path(sandbox, "log");
    running = fork();
    ck_assert_int_ge(running, 0);
    if (running > 0)
        return;
    int log_fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_fd < 0 || dup2(log_fd, STDERR_FILENO) < 0 || chdir(sandbox_folder(sandbox)) != 0)
        _exit(99);
    log_setup("up", LOG_INFO, LOG_TEXT);
    struct supervisor *supervisor = supervisor_create(times);
    for (const struct program *p = programs; p->label; p++) {
        const char *const argv[] = {"/bin/sh", "-c", p->script, NULL};
        supervisor_add(supervisor, p->label, p->stage, argv);
    }
    int status = supervisor_run(supervisor);
    supervisor_destroy(&supervisor);
    _exit(supervisor ? 98 : status);
}

static bool has_ended(void *context)
{
    int *wait_status = context;
    return waitpid(running, wait_status, WNOHANG) == running;
}

/* The supervisor's exit status; 128 + n for a signal. */
static int end_status(void)
{
    int wait_status = 0;
    ck_assert_msg(wait_until(has_ended, &wait_status, SOON_MS), "the supervisor did not end");
    running = 0;
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

struct expectation {
    const char *name; /* of a file in the sandbox */
    const char *text; /* that it will contain */
    unsigned times;
};

static bool comes_true(void *context)
{
    const struct expectation *expected = context;
    const char *path = sandbox_path(sandbox, "%s", expected->name);
    if (!file_exists(path))
        return false;
    AUTO(text_release) struct text content = TEXT_EMPTY;
    file_read(path, &content);
    unsigned found = 0;
    for (const char *at = text_string(&content); (at = strstr(at, expected->text)); at++)
        found++;
    return found >= expected->times;
}

static void expect(const char *name, const char *text, unsigned times)
{
    struct expectation expected = {name, text, times};
    ck_assert_msg(wait_until(comes_true, &expected, SOON_MS), "%s has not %u times \"%s\"", name, times,
                  text);
}

static const struct delay_row {
    unsigned ends;
    int64_t delay_ms;
} delay_rows[] = {{1, 1000},  {2, 2000},  {3, 4000},   {4, 8000},           {5, 16000},
                  {6, 30000}, {7, 30000}, {70, 30000}, {4000000000u, 30000}};

START_TEST(delay_doubles_up_to_the_ceiling)
{
    const struct delay_row *row = &delay_rows[_i];
    ck_assert_int_eq(supervisor_delay_ms(&supervisor_default_times, row->ends), row->delay_ms);
}
END_TEST

static const struct crash_row {
    const char *label, *script, *log;
} crash_rows[] = {
    {"exits 1", "echo x >> starts; exit 1", "status=1 retry_in_ms=40"},
    {"exits 0 unasked", "echo x >> starts; exit 0", "status=0 retry_in_ms=40"},
    {"killed by a signal", "echo x >> starts; kill -SEGV $$", "signal=SEGV retry_in_ms=40"},
    {"says bad configuration, but not at its first start",
     "echo x >> starts; test -e seen && exit 3; : > seen; exit 1", "status=3 retry_in_ms=40"},
};

START_TEST(what_crashes_is_started_again)
{
    const struct crash_row *row = &crash_rows[_i];
    const struct program programs[] = {{"crasher", 0, row->script}, {0}};
    supervise(&quick, programs);
    expect("starts", "x\n", 5);
    expect("log", row->log, 2);
    kill(running, SIGTERM);
    ck_assert_msg(end_status() == 0, "%s", row->label);
}
END_TEST

START_TEST(delays_grow_in_the_log)
{
    const struct program programs[] = {{"crasher", 0, "exit 9"}, {0}};
    supervise(&quick, programs);
    expect("log", "retry_in_ms=40", 2);
    kill(running, SIGTERM);
    ck_assert_int_eq(end_status(), 0);
    expect("log", "retry_in_ms=10\n", 1);
    expect("log", "retry_in_ms=20\n", 1);
}
END_TEST

START_TEST(health_forgets_earlier_ends)
{
    /* Without forgetting, the twelfth start would come after 4 s, the sixteenth after a minute. */
    struct supervisor_times times = quick;
    times.first_ms = 1;
    times.ceiling_ms = LONG_MS;
    times.healthy_ms = 20;
    const struct program programs[] = {{"steady", 0, "echo x >> starts; sleep 0.05; exit 1"}, {0}};
    supervise(&times, programs);
    expect("starts", "x\n", 18);
    kill(running, SIGTERM);
    ck_assert_int_eq(end_status(), 0);
}
END_TEST

/* A program that lives until SIGTERM, which it notes; "ready" tells that its traps are set. Nothing outlives
 * the sandbox. */
#define LIVES(name)                                                                                        \
    "trap 'echo " name " stops >> order; exit 0' TERM; trap 'echo " name " reads >> hups' HUP; echo " name \
    " >> ready; while test -e ready; do sleep 0.02; done"
#define STUBBORN "trap '' TERM; echo stubborn >> ready; while test -e ready; do sleep 0.02; done"

static const struct final_row {
    const char *label, *script;
    int status;
} final_rows[] = {
    {"bad configuration", "until test -e ready; do sleep 0.02; done; exit 3", 3},
    {"usage", "until test -e ready; do sleep 0.02; done; exit 2", 2},
};

START_TEST(what_cannot_run_at_all_ends_everything)
{
    const struct final_row *row = &final_rows[_i];
    const struct program programs[] = {{"wrong", 1, row->script}, {"other", 0, LIVES("other")}, {0}};
    supervise(&quick, programs);
    ck_assert_msg(end_status() == row->status, "%s", row->label);
    expect("order", "other stops", 1);
}
END_TEST

static const int stop_signals[] = {SIGTERM, SIGINT};

START_TEST(stages_stop_in_order)
{
    const struct program programs[] = {{"router", 2, LIVES("router")},
                                       {"worker", 1, LIVES("worker")},
                                       {"receiver", 0, LIVES("receiver")},
                                       {0}};
    supervise(&quick, programs);
    expect("ready", "\n", 3);
    kill(running, stop_signals[_i]);
    ck_assert_int_eq(end_status(), 0);
    AUTO(text_release) struct text order = TEXT_EMPTY;
    file_read(sandbox_path(sandbox, "order"), &order);
    ck_assert_str_eq(text_string(&order), "receiver stops\nworker stops\nrouter stops\n");
}
END_TEST

START_TEST(a_stage_does_not_wait_for_ever)
{
    struct supervisor_times times = quick;
    times.stage_ms[1] = 50;
    times.kill_ms = LONG_MS;
    const struct program programs[] = {{"receiver", 0, STUBBORN}, {"worker", 1, LIVES("worker")}, {0}};
    supervise(&times, programs);
    expect("ready", "\n", 2);
    kill(running, SIGTERM);
    expect("order", "worker stops", 1);
    kill(running, SIGKILL);
    ck_assert_int_eq(end_status(), 128 + SIGKILL);
}
END_TEST

START_TEST(a_second_sigterm_asks_all_stages)
{
    const struct program programs[] = {{"receiver", 0, STUBBORN}, {"router", 2, LIVES("router")}, {0}};
    supervise(&quick, programs);
    expect("ready", "\n", 2);
    kill(running, SIGTERM);
    expect("log", "stopping", 1);
    kill(running, SIGTERM);
    expect("order", "router stops", 1);
    kill(running, SIGKILL);
    ck_assert_int_eq(end_status(), 128 + SIGKILL);
}
END_TEST

static bool lock_is_free(void *context)
{
    (void)context;
    AUTO(fd_close) int fd = open(sandbox_path(sandbox, "lock"), O_RDONLY | O_CLOEXEC);
    return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
}

START_TEST(what_does_not_stop_is_killed_with_its_children)
{
    struct supervisor_times times = quick;
    times.kill_ms = 100;
    /* The receiver's child holds a lock as long as it lives. */
    const struct program programs[] = {{"receiver", 0,
                                        "trap '' TERM; flock lock sh -c 'echo >> ready; while test -e ready; "
                                        "do sleep 0.02; done' & " STUBBORN},
                                       {0}};
    supervise(&times, programs);
    expect("ready", "\n", 2);
    ck_assert(!lock_is_free(NULL));
    kill(running, SIGTERM);
    ck_assert_int_eq(end_status(), 0);
    expect("log", "killing it", 1);
    expect("log", "signal=KILL", 1);
    ck_assert(wait_until(lock_is_free, NULL, SOON_MS));
}
END_TEST

START_TEST(sighup_reaches_all)
{
    const struct program programs[] = {{"a", 0, LIVES("a")}, {"b", 1, LIVES("b")}, {0}};
    supervise(&quick, programs);
    expect("ready", "\n", 2);
    kill(running, SIGHUP);
    expect("hups", "a reads", 1);
    expect("hups", "b reads", 1);
    kill(running, SIGTERM);
    ck_assert_int_eq(end_status(), 0);
}
END_TEST

START_TEST(children_do_not_outlive_their_supervisor)
{
    const struct program programs[] = {{"a", 0, LIVES("a")}, {"b", 1, LIVES("b")}, {0}};
    supervise(&quick, programs);
    expect("ready", "\n", 2);
    kill(running, SIGKILL);
    ck_assert_int_eq(end_status(), 128 + SIGKILL);
    expect("order", "a stops", 1);
    expect("order", "b stops", 1);
}
END_TEST

START_TEST(stopping_starts_nothing_again)
{
    struct supervisor_times times = quick;
    times.first_ms = LONG_MS;
    times.ceiling_ms = LONG_MS;
    const struct program programs[] = {{"crasher", 0, "echo x >> starts; exit 1"}, {0}};
    supervise(&times, programs);
    expect("log", "ended without being asked", 1);
    kill(running, SIGTERM);
    ck_assert_int_eq(end_status(), 0);
    ck_assert_int_eq(file_size(sandbox_path(sandbox, "starts")), 2);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("supervisor");
    tests_fixture(tests, make_sandbox, drop_sandbox);
    tests_rows(tests, delay_doubles_up_to_the_ceiling, ROWS(delay_rows));
    tests_rows(tests, what_crashes_is_started_again, ROWS(crash_rows));
    tests_add(tests, delays_grow_in_the_log);
    tests_add(tests, health_forgets_earlier_ends);
    tests_rows(tests, what_cannot_run_at_all_ends_everything, ROWS(final_rows));
    tests_rows(tests, stages_stop_in_order, ROWS(stop_signals));
    tests_add(tests, a_stage_does_not_wait_for_ever);
    tests_add(tests, a_second_sigterm_asks_all_stages);
    tests_add(tests, what_does_not_stop_is_killed_with_its_children);
    tests_add(tests, sighup_reaches_all);
    tests_add(tests, children_do_not_outlive_their_supervisor);
    tests_add(tests, stopping_starts_nothing_again);
    return tests_run(tests);
}
