/* Reading disturbs nobody: long transactions, users who may only read, newer databases, a screen that is
 * drawn again and again. */
#include "cli/command.h"
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/jobs/connection.h"
#include "common/jobs/history.h"
#include "common/jobs/jobdb.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/stored_database.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT_MS = 60000, MIB = 1 << 20, JOURNAL_LIMIT = 64 * MIB, NOBODY = 65534 };

static struct sandbox *sandbox;
static const char *state_dir, *config;
static struct jobdb *db;

static void open_writer(void)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_msg(jobdb_open(state_dir, &db, &reason) == 0, "%s", text_string(&reason));
}

static void set_up(void)
{
    sandbox = sandbox_create();
    ck_assert_int_eq(chmod(sandbox_folder(sandbox), 0755), 0);
    state_dir = sandbox_make_folder(sandbox, "state");
    config = sandbox_write(sandbox, "felucca.yaml",
                           "state_dir: state\nreceiver: { min_free_space: 256MiB }\nnodes: []\n");
    ck_assert_int_eq(chmod(config, 0644), 0);
    stored_database_make(state_dir);
    stored_database_make_spool(state_dir);
    open_writer();
}

static void tear_down(void)
{
    jobdb_destroy(&db);
    sandbox_destroy(&sandbox);
}

static int felucca(const char *const *words, struct text *ret_output)
{
    const char *argv[12] = {FELUCCA_BIN "/felucca", "--config", config};
    for (int i = 0; words[i]; i++)
        argv[3 + i] = words[i];
    return process_run(argv, NULL, LIMIT_MS, ret_output);
}

static void check_status(const char *says, bool wanted)
{
    static const char *const words[] = {"status", NULL};
    AUTO(text_release) struct text output = TEXT_EMPTY;
    ck_assert_msg(felucca(words, &output) == 0, "%s", text_string(&output));
    ck_assert_msg((strstr(text_string(&output), says) != NULL) == wanted, "%s", text_string(&output));
}

/* ---- a long read transaction ---- */

/* Many commits, of so many MiB together. */
static void write_events(int mib)
{
    AUTO(memory_free) char *detail = memory_new(MIB, 1);
    memset(detail, 'x', MIB - 1);
    for (int i = 0; i < mib; i++) {
        struct jobdb_event event = {.at = 1, .kind = "note", .detail = detail};
        jobdb_add_event(db, &event);
        ck_assert_int_eq(jobdb_commit(db), 0);
    }
}

static int64_t wal_size(void)
{
    return file_size(sandbox_path(sandbox, "state/jobs.db-wal"));
}

static bool is_there(void *path)
{
    return file_exists(path);
}

static bool has_content(void *path)
{
    return file_size(path) > 0;
}

/* sqlite3, as an operator would leave it standing in a terminal. */
static struct process *start_reader(void)
{
    AUTO(text_release) struct text command = TEXT_EMPTY;
    const char *fifo = sandbox_path(sandbox, "commands"), *output = sandbox_path(sandbox, "answer");
    text_format(&command, "mkfifo '%s'; exec sqlite3 -readonly '%s/jobs.db' <'%s' >'%s'", fifo, state_dir,
                fifo, output);
    const char *const argv[] = {"sh", "-c", text_string(&command), NULL};
    struct process *reader = process_start(argv, NULL);
    ck_assert(wait_until(is_there, (void *)fifo, LIMIT_MS));
    return reader;
}

START_TEST(long_reader_disturbs_nobody)
{
    AUTO(process_destroy) struct process *reader = start_reader();
    AUTO(fd_close) int commands = open(sandbox_path(sandbox, "commands"), O_WRONLY | O_CLOEXEC);
    static const char begin[] = "BEGIN; SELECT count(*) FROM instance;\n";
    ck_assert_int_eq(write(commands, begin, sizeof begin - 1), sizeof begin - 1);
    ck_assert(wait_until(has_content, (void *)sandbox_path(sandbox, "answer"), LIMIT_MS));
    check_status("keeps a read transaction open", false);
    write_events(JOURNAL_LIMIT / MIB + 10);
    ck_assert_int_gt(wal_size(), JOURNAL_LIMIT);
    AUTO(text_release) struct text holder = TEXT_EMPTY;
    text_format(&holder, "process %d", (int)process_pid(reader));
    check_status(text_string(&holder), true);
    (void)fd_close(&commands);
    ck_assert_int_eq(process_wait(reader, LIMIT_MS), 0);
    write_events(3);
    ck_assert_int_le(wal_size(), JOURNAL_LIMIT);
    check_status("begin anew", false);
}
END_TEST

/* ---- who may read, and what ---- */

static const char *const reading[][3] = {{"status"}, {"jobs"}, {"show", "2.25.101"}};

/* As another user where we may become one, else with files that nobody may write. */
static int run_as_reader(const char *const *words, struct text *ret_output)
{
    const char *output = sandbox_path(sandbox, "output");
    file_write_string(output, "");
    ck_assert_int_eq(chmod(output, 0666), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        int fd = open(output, O_WRONLY | O_APPEND);
        bool ready = fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0;
        if (geteuid() == 0)
            ready = ready && setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0;
        char *argv[] = {(char[]){"felucca"}, (char[]){"--config"}, memory_string(config),
                        (char *)words[0],    (char *)words[1],     NULL};
        int code = ready ? command_main(words[1] ? 5 : 4, argv) : 127;
        (void)fflush(NULL);
        _exit(code); /* in this program: the build may be where that user sees nothing */
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    file_read(output, ret_output);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void allow(mode_t folder, mode_t file)
{
    static const char *const files[] = {"state/jobs.db", "state/jobs.db-wal", "state/jobs.db-shm"};
    for (size_t i = 0; i < ROWS(files); i++)
        ck_assert_int_eq(chmod(sandbox_path(sandbox, "%s", files[i]), file), 0);
    ck_assert_int_eq(chmod(state_dir, folder), 0);
}

START_TEST(who_may_only_read_reads)
{
    for (int down = 0; down < 2; down++) {
        AUTO(text_release) struct text output = TEXT_EMPTY;
        if (down)
            jobdb_destroy(&db);
        allow(0555, 0444);
        int status = run_as_reader(reading[_i], &output);
        allow(0755, 0644);
        ck_assert_msg(status == 0, "%s, router %s: %d, %s", reading[_i][0], down ? "down" : "up", status,
                      text_string(&output));
    }
}
END_TEST

START_TEST(who_may_not_read_is_told)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    allow(0755, 0);
    int status = run_as_reader(reading[_i], &output);
    allow(0755, 0644);
    ck_assert_msg(status == 1 && strstr(text_string(&output), "jobs.db"), "%d, %s", status,
                  text_string(&output));
}
END_TEST

START_TEST(newer_database_is_told)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    ck_assert_int_eq(sqlite3_exec(db->sql, "PRAGMA user_version = 999", NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(felucca(reading[_i], &output), 1);
    ck_assert_msg(strstr(text_string(&output), "newer Felucca"), "%s", text_string(&output));
    ck_assert_ptr_nonnull(strstr(text_string(&output), "999"));
}
END_TEST

/* ---- what the router has not seen ---- */

/* The lock that a router holds is there, and nobody holds it. */
START_TEST(router_that_is_down_is_told)
{
    static const char *const show[] = {"show", "2.25.999", NULL};
    AUTO(text_release) struct text output = TEXT_EMPTY;
    (void)sandbox_write(sandbox, "state/jobs.db.lock", "");
    (void)sandbox_write(sandbox, "state/spool/incoming/019b76daabe8000000000000fe10cdff.dcm", "");
    check_status("The router does not run", true);
    check_status("(1 files)", true);
    ck_assert_int_eq(felucca(show, &output), 1);
    ck_assert_msg(strstr(text_string(&output), "among the 1 files in incoming/"), "%s", text_string(&output));
    AUTO(fd_close) int fd = open(sandbox_path(sandbox, "state/jobs.db.lock"), O_RDWR | O_CLOEXEC);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &whole), 0);
    check_status("The router does not run", false);
}
END_TEST

/* ---- the screen ---- */

/* Reads what the terminal gets until it has the text, or its end. */
static bool read_until(int terminal, const char *text, struct text *output)
{
    char buffer[4096];
    while (!strstr(text_string(output), text)) {
        struct pollfd input = {.fd = terminal, .events = POLLIN};
        ssize_t length = poll(&input, 1, LIMIT_MS) == 1 ? read(terminal, buffer, sizeof buffer) : 0;
        if (length <= 0)
            return false;
        text_append_bytes(output, buffer, (size_t)length);
    }
    return true;
}

START_TEST(watch_is_drawn_in_place)
{
    struct winsize size = {.ws_row = 40, .ws_col = 80};
    AUTO(fd_close) int terminal = -1;
    AUTO(text_release) struct text output = TEXT_EMPTY;
    int status;
    pid_t pid = forkpty(&terminal, NULL, NULL, &size);
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        (void)execl(FELUCCA_BIN "/felucca", "felucca", "--config", config, "status", "--watch", (char *)NULL);
        _exit(127);
    }
    ck_assert(read_until(terminal, "backlog ", &output));
    ck_assert_ptr_nonnull(strstr(text_string(&output), "former"));
    text_clear(&output);
    size.ws_row = 5;
    ck_assert_int_eq(ioctl(terminal, TIOCSWINSZ, &size), 0);
    ck_assert(read_until(terminal, "…", &output)); /* at once, and no higher than the terminal */
    ck_assert_ptr_null(strstr(text_string(&output), "former"));
    ck_assert_int_eq(write(terminal, "\003", 1), 1);
    ck_assert(read_until(terminal, "\033[?25h", &output)); /* the cursor is there again */
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

static bool has_rates(void *path)
{
    AUTO(text_release) struct text frames = TEXT_EMPTY;
    file_read(path, &frames);
    return strstr(text_string(&frames), " instances/s") != NULL;
}

START_TEST(watch_without_terminal)
{
    const char *output = sandbox_path(sandbox, "frames");
    const char *const argv[] = {FELUCCA_BIN "/felucca", "--config", config, "status", "--watch", NULL};
    AUTO(process_destroy)
    struct process *watch = process_start(argv, &(struct process_options){.output = output});
    AUTO(text_release) struct text frames = TEXT_EMPTY;
    ck_assert(wait_until(has_content, (void *)output, LIMIT_MS));
    ck_assert(wait_until(has_rates, (void *)output, LIMIT_MS));
    ck_assert_int_eq(process_end(watch, LIMIT_MS), 0);
    file_read(output, &frames);
    ck_assert_ptr_null(strchr(text_string(&frames), '\033'));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("reading");
    tests_abreast(tests, 4);
    tests_fixture(tests, set_up, tear_down);
    tests_timeout(tests, 200);
    tests_add(tests, long_reader_disturbs_nobody);
    tests_rows(tests, who_may_only_read_reads, ROWS(reading));
    tests_rows(tests, who_may_not_read_is_told, ROWS(reading));
    tests_rows(tests, newer_database_is_told, ROWS(reading));
    tests_add(tests, router_that_is_down_is_told);
    tests_add(tests, watch_is_drawn_in_place);
    tests_add(tests, watch_without_terminal);
    return tests_run(tests);
}
