/* Two routers on one state folder, with a lock that does not cross between them: only one of them ever works, and none
 * writes after it lost the folder. */
#include "tests/support/rig.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/spool/owner.h"
#include "router/fence.h"
#include "router/vigil.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/port.h"
#include "tests/support/sabotage.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>

enum {
    SOON_MS = 10000,
    SETTLED_MS = FENCE_SETTLE_MS + 5000,
    TAKEOVER_MS = VIGIL_MS + FENCE_SETTLE_MS + 5000,
    NFS = 0x6969,
    SMB = 0xff534d42,
    FUSE = 0x65735546
};

static struct rig *rig;
static struct sabotage *sabotage;

/* A router that takes its folder for one of NFS whose locks are each host's own. */
static void start(void)
{
    rig_start_from(rig, FELUCCA_BIN, sabotage_environment(sabotage));
}

static void set_up(void)
{
    rig = rig_create(NULL);
    rig_check(rig, rig_wait_log(rig, "recovered", SOON_MS), "the router does not start");
    rig_stop(rig);
    sabotage = sabotage_create(rig->sandbox);
    sabotage_set_filesystem(sabotage, NFS);
    sabotage_begin(sabotage, INJECT_LOCK, "*/jobs.db.lock", 0, 0);
    start();
    rig_check(rig, rig_wait_log(rig, "recovered", SETTLED_MS), "the first router does not take it over");
}

static void tear_down(void)
{
    rig_destroy(&rig);
    sabotage_destroy(&sabotage);
}

/* The one that runs goes on, and rig->router is another one. */
static struct process *start_second(void)
{
    struct process *first = rig->router;
    rig->router = NULL;
    start();
    return first;
}

static void take_over_owner(struct owner *ret_owner)
{
    AUTO(fd_close) int dir = open(rig->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    AUTO(fd_close) int fd = -1;
    ck_assert_int_eq(owner_next(dir, "another cell", clock_wall_ms(), ret_owner), 0);
    ck_assert_int_eq(owner_claim(dir, ret_owner, &fd), 0);
}

static void read_owner(struct owner *ret_owner)
{
    AUTO(fd_close) int dir = open(rig->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_eq(owner_read(dir, ret_owner), 0);
}

/* What of the database, and which of its files, may tell that somebody wrote. */
struct trace_of_writing {
    struct timespec changed[2];
    int64_t sizes[2];
};

static struct trace_of_writing look_at_database(void)
{
    static const char *const names[] = {"state/jobs.db", "state/jobs.db-wal"};
    struct trace_of_writing trace = {{{0}}, {0}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct stat info;
        if (stat(sandbox_path(rig->sandbox, "%s", names[i]), &info) != 0)
            continue;
        trace.changed[i] = info.st_mtim;
        trace.sizes[i] = info.st_size;
    }
    return trace;
}

static void check_untouched(const struct trace_of_writing *before)
{
    struct trace_of_writing after = look_at_database();
    for (int i = 0; i < 2; i++)
        rig_check(rig,
                  before->sizes[i] == after.sizes[i] &&
                      before->changed[i].tv_sec == after.changed[i].tv_sec &&
                      before->changed[i].tv_nsec == after.changed[i].tv_nsec,
                  "the database was written by one that does not own it");
}

static void check_ended(struct process *process)
{
    int status = process_wait(process, SOON_MS);
    rig_check(rig, status == EX_TEMPFAIL, "it does not end with EX_TEMPFAIL");
}

/* Not in the middle of a transaction: SQLite's own lock, which does cross here, would keep the other one out. */
static bool is_frozen_between_transactions(void *context)
{
    const char *const argv[] = {"sqlite3", sandbox_path(rig->sandbox, "state/jobs.db"),
                                "BEGIN IMMEDIATE; ROLLBACK;", NULL};
    process_signal(context, SIGSTOP);
    if (process_run(argv, NULL, SOON_MS, NULL) == 0)
        return true;
    process_signal(context, SIGCONT);
    return false;
}

static void freeze(struct process *router)
{
    rig_check(rig, wait_until(is_frozen_between_transactions, router, SOON_MS), "it always writes");
}

START_TEST(a_router_whose_folder_was_taken_ends_without_another_write)
{
    struct owner other;
    freeze(rig->router); /* what it was just committing is not what this is about */
    take_over_owner(&other);
    struct trace_of_writing before = look_at_database();
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    process_signal(rig->router, SIGCONT);
    check_ended(rig->router);
    process_destroy(&rig->router);
    rig_check(rig, rig_log_says(rig, "is another router's now: ending without another write"), "a sentence");
    rig_check(rig, rig_log_says(rig, "owner=\"another cell\""), "who has it");
    check_untouched(&before);
    ck_assert_int_eq(rig_jobs(rig, "delivery", NULL, NULL, NULL), 0);
    struct owner owner;
    read_owner(&owner);
    ck_assert_str_eq(owner.session, other.session);
    start(); /* nobody's beat moves */
    rig_check(rig, rig_wait_log(rig, "watching whether it lives", SOON_MS), "it does not watch");
    rig_check(rig, rig_wait_jobs(rig, "delivery", "queued", 1, TAKEOVER_MS), "it is not taken over");
}
END_TEST

START_TEST(a_router_with_nothing_to_do_notices_too)
{
    struct owner other;
    take_over_owner(&other);
    check_ended(rig->router);
    process_destroy(&rig->router);
}
END_TEST

static void check_standby_is_seen(void)
{
    static const char *const text[] = {"status", NULL}, *const json[] = {"status", "--json", NULL},
                             *const check[] = {"status", "--check", NULL};
    AUTO(text_release) struct text output = TEXT_EMPTY;
    ck_assert_int_eq(rig_felucca(rig, text, &output), 0);
    rig_check(rig, string_starts_with(text_string(&output), "Two hosts have this state folder"),
              text_string(&output));
    rig_expect(rig, 0, "\"shared\":true,\"owner_lives\":\"yes\"", json);
    rig_expect(rig, 0, "\"generation\":2", json);
    rig_expect(rig, 1, "Two hosts have this state folder", check);
}

static void check_standby_is_gone(void)
{
    static const char *const text[] = {"status", NULL}, *const json[] = {"status", "--json", NULL};
    AUTO(text_release) struct text output = TEXT_EMPTY;
    ck_assert_int_eq(rig_felucca(rig, text, &output), 0);
    rig_check(rig, !strstr(text_string(&output), "state folder"), text_string(&output));
    rig_expect(rig, 0, "\"standby\":null", json);
}

START_TEST(a_second_router_stands_by_while_the_beat_of_the_first_moves)
{
    struct process *first = start_second();
    rig_check(rig, rig_wait_log(rig, "two hosts have the state directory", SOON_MS), "it is not told");
    rig_check(rig, rig_log_says(rig, "lives=yes"), "that the other lives");
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "queued", 1, SOON_MS), "the first goes on");
    rig_check(rig, process_running(first) && process_running(rig->router), "both run");
    check_standby_is_seen();
    rig_check(rig, !rig_log_says(rig, "recovered"), "the second works");
    rig_stop(rig);
    rig->router = first;
    rig_check_consistency(rig);
    check_standby_is_gone();
}
END_TEST

START_TEST(a_router_that_dies_is_followed_when_its_beat_stood_still)
{
    int64_t began = clock_monotonic_ms();
    process_kill(rig->router);
    process_destroy(&rig->router);
    start();
    rig_check(rig, rig_wait_log(rig, "recovered", TAKEOVER_MS), "it is not taken over");
    int64_t took = clock_monotonic_ms() - began;
    ck_assert_int_ge(took, VIGIL_MS + FENCE_SETTLE_MS);
    struct owner owner;
    read_owner(&owner);
    ck_assert_int_eq(owner.generation, 3);
}
END_TEST

START_TEST(a_router_that_ended_well_is_followed_at_once)
{
    struct owner owner;
    rig_stop(rig);
    read_owner(&owner);
    ck_assert(owner.released);
    int64_t began = clock_monotonic_ms();
    start();
    rig_check(rig, rig_wait_log(rig, "recovered", SETTLED_MS), "it is not taken over");
    ck_assert_int_lt(clock_monotonic_ms() - began, VIGIL_MS);
    rig_check(rig, !rig_log_says(rig, "standing by"), "it waits for nobody");
}
END_TEST

/* Frozen with work at hand, and the other one at work when it wakes. */
START_TEST(a_router_that_wakes_when_another_works_writes_nothing)
{
    struct process *first = rig->router;
    freeze(first);
    (void)start_second();
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    rig_check(rig, rig_wait_log(rig, "watching whether it lives", SOON_MS), "it does not watch");
    rig_check(rig, rig_wait_log(rig, "recovered", TAKEOVER_MS), "it is not taken over");
    rig_check(rig, rig_wait_jobs(rig, "delivery", "queued", 1, SOON_MS), "it does not work");
    struct trace_of_writing before = look_at_database();
    process_signal(first, SIGCONT);
    check_ended(first);
    check_untouched(&before);
    process_destroy(&first);
    rig_receive(rig, "SECOND", 2, 1, 1, NULL);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "queued", 2, SOON_MS), "the second goes on");
}
END_TEST

START_TEST(a_router_that_was_frozen_and_kept_its_folder_goes_on)
{
    process_signal(rig->router, SIGSTOP);
    int64_t until = clock_monotonic_ms() + FENCE_LIMIT_MS + 1000;
    while (clock_monotonic_ms() < until)
        cast_turn(rig->cast);
    process_signal(rig->router, SIGCONT);
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "queued", 1, SOON_MS), "it does not go on");
}
END_TEST

static const struct unwritable_row {
    const char *label;
    int call;
} unwritable_rows[] = {{"writing fails", INJECT_WRITE}, {"flushing fails", INJECT_SYNC}};

START_TEST(a_router_that_cannot_write_its_beat_ends_in_time)
{
    int64_t began = clock_monotonic_ms();
    sabotage_begin(sabotage, unwritable_rows[_i].call, "*/cell.owner*", EIO, 0);
    int status = process_wait(rig->router, FENCE_BEAT_MS + FENCE_LIMIT_MS + SOON_MS);
    ck_assert_int_eq(status, EX_TEMPFAIL);
    ck_assert_int_lt(clock_monotonic_ms() - began, FENCE_BEAT_MS + FENCE_LIMIT_MS + 4000);
    process_destroy(&rig->router);
    rig_check(rig, rig_log_says(rig, "cannot be written: ending without another write"), "a sentence");
    sabotage_end(sabotage);
}
END_TEST

/* Without a descriptor for cell.owner the lock alone counts, where it reaches everybody. */
START_TEST(a_router_on_a_local_disk_works_while_its_owners_file_cannot_be_opened)
{
    rig_stop(rig);
    sabotage_end(sabotage);
    sabotage_set_filesystem(sabotage, 0);
    start();
    rig_check(rig, rig_wait_log(rig, "recovered", SETTLED_MS), "it does not start");
    sabotage_begin(sabotage, INJECT_OPEN, "*/cell.owner", EMFILE, 0);
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "queued", 1, SOON_MS), "it does not go on");
    rig_check(rig, rig_log_says(rig, "cell.owner cannot be read"), "a sentence");
    int64_t until = clock_monotonic_ms() + FENCE_BEAT_MS + FENCE_LIMIT_MS + 1000;
    while (clock_monotonic_ms() < until && process_running(rig->router))
        cast_turn(rig->cast);
    rig_receive(rig, "SECOND", 2, 1, 1, NULL);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "queued", 2, SOON_MS), "it does not go on for long");
    sabotage_end(sabotage);
}
END_TEST

/* ---- where it is ---- */

static void start_on(int64_t magic, const char *more)
{
    rig_stop(rig);
    sabotage_set_filesystem(sabotage, magic);
    rig_configure(rig, more, NULL);
    start();
}

START_TEST(a_folder_with_doubtful_locks_is_refused_until_somebody_says_so)
{
    start_on(SMB, NULL);
    ck_assert_int_eq(rig_wait_end(rig, SOON_MS), EX_TEMPFAIL);
    rig_check(rig, rig_log_says(rig, "state_dir is on SMB"), "the file system is named");
    rig_configure(rig, "state_dir_is_shared: true\n", NULL);
    start();
    rig_check(rig, rig_wait_log(rig, "recovered", SETTLED_MS), "it does not start");
    rig_check(rig, rig_log_says(rig, "state_dir is on SMB"), "and it is a warning");
}
END_TEST

static const struct check_row {
    const char *label;
    int64_t magic;
    const char *more;
    int status;
    const char *says;
} check_rows[] = {
    {"NFS", NFS, NULL, 0, "state_dir is on NFS: only one host"},
    {"FUSE", FUSE, NULL, 1, "state_dir is on FUSE: its locks"},
    {"FUSE, and somebody said so", FUSE, "state_dir_is_shared: true\n", 0,
     "state_dir is on FUSE: only one host"},
};

START_TEST(check_names_the_file_system)
{
    const struct check_row *row = &check_rows[_i];
    static const char *const local[] = {"check", "--offline", NULL};
    AUTO(text_release) struct text output = TEXT_EMPTY;
    rig_stop(rig);
    rig_configure(rig, row->more, NULL);
    const char *const argv[] = {FELUCCA_BIN "/felucca", "--config", rig->config, "check", "--offline", NULL};
    sabotage_set_filesystem(sabotage, row->magic);
    int status = process_run(argv, sabotage_environment(sabotage), SOON_MS, &output);
    rig_check(rig, status == row->status && strstr(text_string(&output), row->says), text_string(&output));
    text_clear(&output);
    ck_assert_int_eq(rig_felucca(rig, local, &output), 0);
    /* Whatever else is said of it (lasting.h), its locks are none. */
    rig_check(rig, !strstr(text_string(&output), "only one host") && !strstr(text_string(&output), "locks"),
              text_string(&output));
}
END_TEST

/* ---- part files ---- */

static const char own_receipt[] = "0194f0c0ffee0123456789abcdef0101",
                  foreign_receipt[] = "0194f0c0ffee0123456789abcdef0102",
                  old_receipt[] = "0194f0c0ffee0123456789abcdef0103";

static const char *part_path(const char *receipt, const char *mark)
{
    return sandbox_path(rig->sandbox, "state/spool/incoming/%s.%s.part", receipt, mark);
}

static void make_parts(char mark[BOOT_MARK_SIZE])
{
    const struct timespec long_ago[2] = {{.tv_sec = time(NULL) - 7200}, {.tv_sec = time(NULL) - 7200}};
    boot_mark(mark);
    file_write_string(part_path(own_receipt, mark), "x");
    file_write_string(part_path(foreign_receipt, "00000000"), "x");
    file_write_string(part_path(old_receipt, "00000000"), "x");
    ck_assert_int_eq(utimensat(AT_FDCWD, part_path(old_receipt, "00000000"), long_ago, 0), 0);
}

static bool is_up(void *path)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    if (!file_exists(path))
        return false;
    file_read(path, &log);
    return strstr(text_string(&log), "receiver listens") != NULL;
}

static const struct sweep_row {
    const char *label;
    int64_t magic;
    bool keeps;
} sweep_rows[] = {{"NFS", NFS, true}, {"a local disk", 0, false}};

START_TEST(a_receiver_sweeps_no_young_part_file_of_another_machine)
{
    const struct sweep_row *row = &sweep_rows[_i];
    char mark[BOOT_MARK_SIZE], log[512], more[64];
    make_parts(mark);
    (void)snprintf(more, sizeof more, "receiver: { bind: 127.0.0.1, port: %d }\n", port_free());
    rig_configure(rig, more, NULL);
    sabotage_set_filesystem(sabotage, row->magic);
    (void)snprintf(log, sizeof log, "%s", sandbox_path(rig->sandbox, "receiver.log"));
    const struct process_options options = {.output = log, .environment = sabotage_environment(sabotage)};
    const char *const argv[] = {FELUCCA_BIN "/felucca-receiver", "--config", rig->config, NULL};
    struct process *receiver = process_start(argv, &options);
    bool up = cast_until(rig->cast, is_up, log, SOON_MS);
    ck_assert_int_eq(process_end(receiver, SOON_MS), 0);
    process_destroy(&receiver);
    rig_check(rig, up, "no receiver");
    ck_assert(!file_exists(part_path(own_receipt, mark)));
    ck_assert(!file_exists(part_path(old_receipt, "00000000")));
    ck_assert_int_eq(file_exists(part_path(foreign_receipt, "00000000")), row->keeps);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("fence");
    tests_abreast(tests, 4);
    tests_fixture(tests, set_up, tear_down);
    tests_timeout(tests, 90);
    tests_add(tests, a_router_whose_folder_was_taken_ends_without_another_write);
    tests_add(tests, a_router_with_nothing_to_do_notices_too);
    tests_add(tests, a_second_router_stands_by_while_the_beat_of_the_first_moves);
    tests_add(tests, a_router_that_dies_is_followed_when_its_beat_stood_still);
    tests_add(tests, a_router_that_ended_well_is_followed_at_once);
    tests_add(tests, a_router_that_wakes_when_another_works_writes_nothing);
    tests_add(tests, a_router_that_was_frozen_and_kept_its_folder_goes_on);
    tests_rows(tests, a_router_that_cannot_write_its_beat_ends_in_time, ROWS(unwritable_rows));
    tests_add(tests, a_router_on_a_local_disk_works_while_its_owners_file_cannot_be_opened);
    tests_add(tests, a_folder_with_doubtful_locks_is_refused_until_somebody_says_so);
    tests_rows(tests, check_names_the_file_system, ROWS(check_rows));
    tests_rows(tests, a_receiver_sweeps_no_young_part_file_of_another_machine, ROWS(sweep_rows));
    return tests_run(tests);
}
