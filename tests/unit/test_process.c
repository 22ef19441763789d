#include "tests/support/process.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct row {
    const char *label, *script;
    int status;
    const char *output;
} rows[] = {
    {"exit status", "exit 3", 3, ""},
    {"both streams", "echo out; echo err >&2", 0, "out\nerr\n"},
    {"a signal", "kill -TERM $$", 143, ""},
    {"no such program", "exec /nowhere/program", 127, NULL},
    {"environment", "echo $FELUCCA_X", 0, "set\n"},
    {"ended at the deadline", "echo begun; exec cat /dev/zero >/dev/null", 137, "begun\n"},
};

START_TEST(status_and_output_come_back)
{
    const struct row *row = &rows[_i];
    const char *const argv[] = {"sh", "-c", row->script, NULL};
    const char *const environment[] = {"FELUCCA_X=set", NULL};
    AUTO(text_release) struct text output = TEXT_EMPTY;
    int status = process_run(argv, environment, row->status == 137 ? 300 : 20000, &output);
    ck_assert_msg(status == row->status, "%s: %d", row->label, status);
    if (row->output)
        ck_assert_str_eq(text_string(&output), row->output);
}
END_TEST

START_TEST(end_kills_who_does_not_listen)
{
    AUTO(sandbox_destroy) struct sandbox *sandbox = sandbox_create();
    const char *log = sandbox_path(sandbox, "log");
    const char *const argv[] = {"sh", "-c", "trap '' TERM; echo ready; while :; do read x </dev/zero; done",
                                NULL};
    struct process_options how = {.output = log};
    AUTO(process_destroy) struct process *process = process_start(argv, &how);
    while (file_size(log) < 6)
        ck_assert(process_running(process));
    ck_assert_int_eq(process_wait(process, 0), PROCESS_STILL_RUNNING);
    ck_assert_int_eq(process_end(process, 50), 137);
    ck_assert_int_eq(process_wait(process, 0), 137);
    ck_assert(!process_running(process));
}
END_TEST

static bool is_gone(void *context)
{
    return !file_exists(context);
}

static bool process_is_gone(void *context)
{
    char path[64], line[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)*(pid_t *)context);
    FILE *file = fopen(path, "re");
    if (!file)
        return true;
    bool zombie = fgets(line, sizeof line, file) && strstr(line, ") Z ");
    fclose(file);
    return zombie;
}

/* A test that dies leaves neither processes nor its sandbox. */
START_TEST(nothing_outlives_its_test)
{
    int ends[2];
    ck_assert(pipe(ends) == 0);
    pid_t child = fork();
    ck_assert(child >= 0);
    if (child == 0) {
        unsetenv("FELUCCA_KEEP");
        struct sandbox *sandbox = sandbox_create();
        const char *const argv[] = {"cat", "/dev/zero", NULL};
        struct process *process = process_start(argv, NULL);
        dprintf(ends[1], "%d %s\n", (int)process_pid(process), sandbox_folder(sandbox));
        raise(SIGKILL);
    }
    int pid = 0;
    char folder[512] = "";
    FILE *told = fdopen(ends[0], "r");
    ck_assert(told && fscanf(told, "%d %511s", &pid, folder) == 2);
    ck_assert(waitpid(child, NULL, 0) == child);
    pid_t grandchild = pid;
    ck_assert(wait_until(process_is_gone, &grandchild, 10000));
    ck_assert(wait_until(is_gone, folder, 10000));
    fclose(told);
    close(ends[1]);
}
END_TEST

START_TEST(sandbox_goes_with_everything_in_it)
{
    unsetenv("FELUCCA_KEEP");
    struct sandbox *sandbox = sandbox_create();
    char folder[512];
    snprintf(folder, sizeof folder, "%s", sandbox_folder(sandbox));
    sandbox_make_folder(sandbox, "a/b/c");
    sandbox_write(sandbox, "a/b/file", "content");
    ck_assert_int_eq(file_size(sandbox_path(sandbox, "a/b/file")), 7);
    sandbox_destroy(&sandbox);
    ck_assert_ptr_null(sandbox);
    ck_assert(!file_exists(folder));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("process");
    tests_rows(tests, status_and_output_come_back, ROWS(rows));
    tests_add(tests, end_kills_who_does_not_listen);
    tests_add(tests, nothing_outlives_its_test);
    tests_add(tests, sandbox_goes_with_everything_in_it);
    return tests_run(tests);
}
