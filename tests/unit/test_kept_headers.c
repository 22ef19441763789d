/* What is kept of instances whose files are gone: how long, what a crash leaves, and what goes when the disk is short. */
#include "router/headers.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/receipt.h"
#include "common/config/config.h"
#include "common/dicom/header.h"
#include "router/shared.h"
#include "tests/support/dicom.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DAY_MS = 24 * 3600 * 1000, TURN_MS = 2000, FOLDERS = 256 };

static const char *const receipts[] = {"0193a5b2c4d100112233445566778801", "0193a5b2c4d100112233445566778802",
                                       "0193a5b2c4d100112233445566778803"};

static struct sandbox *sandbox;
static int64_t now; /* files are dated by the real clock */
static struct config config;
static struct router router;
static struct text kept = TEXT_EMPTY; /* the header of an instance, as a reader gives it */

static void make_header(void)
{
    struct dicom_spec spec;
    AUTO(header_destroy) struct header *header = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const char *path = sandbox_path(sandbox, "instance.dcm");
    dicom_spec_init(&spec, 1);
    ck_assert_int_eq(dicom_write(&spec, path), 0);
    ck_assert_int_eq(header_read(path, NULL, &header, &reason), 0);
    ck_assert(header_append_kept(header, &kept));
}

static void set_up(void)
{
    sandbox = sandbox_create();
    now = clock_wall_ms();
    config = (struct config){.retention_headers_ms = 30 * (int64_t)DAY_MS};
    router = (struct router){.config = &config, .expires_by = now, .monotonic = 1};
    router.headers = headers_create(sandbox_make_folder(sandbox, "state"));
    make_header();
}

static void tear_down(void)
{
    headers_destroy(&router.headers);
    text_release(&kept);
    sandbox_destroy(&sandbox);
}

static const char *folder(void)
{
    return sandbox_path(sandbox, "state/headers");
}

static void keep(const char *study, const char *receipt)
{
    headers_keep(router.headers, study, receipt, kept.bytes, kept.length, router.expires_by);
}

static bool has(const char *study, const char *receipt)
{
    AUTO(header_destroy) struct header *header = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    int fd = -1;
    if (!headers_open(router.headers, study, receipt, &fd))
        return false;
    ck_assert_int_eq(header_read_open(fd, NULL, &header, &reason), 0);
    ck_assert_ptr_null(header_incomplete(header));
    return true;
}

/* As many turns as it takes to see every folder. */
static void sweep_all(void)
{
    for (int i = 0; i < FOLDERS; i++) {
        headers_turn(&router);
        router.monotonic += TURN_MS;
    }
}

START_TEST(a_study_goes_when_its_time_is_over)
{
    router.expires_by = now - 31 * (int64_t)DAY_MS;
    keep("1.2.3", receipts[0]);
    router.expires_by = now - 29 * (int64_t)DAY_MS;
    keep("1.2.4", receipts[1]);
    router.expires_by = now;
    ck_assert(has("1.2.3", receipts[0]) && has("1.2.4", receipts[1]));
    const char *path = sandbox_path(sandbox, "state/headers");
    struct stat status;
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0700);
    sweep_all();
    ck_assert(!has("1.2.3", receipts[0]));
    ck_assert(has("1.2.4", receipts[1]));
}
END_TEST

/* What has expired is judged by a clock without leaps (clocks.h), and dated by it: a wall clock that is a year ahead, or was
 * when the header came, changes nothing. */
START_TEST(a_leap_of_the_clock_deletes_nothing)
{
    router.now = now + 365 * (int64_t)DAY_MS;
    keep("1.2.3", receipts[0]);
    sweep_all();
    ck_assert(has("1.2.3", receipts[0]));
    router.expires_by = now + 31 * (int64_t)DAY_MS;
    sweep_all();
    ck_assert(!has("1.2.3", receipts[0]));
}
END_TEST

START_TEST(where_none_are_kept_any_more_all_go_at_once)
{
    keep("1.2.3", receipts[0]);
    keep("1.2.4", receipts[1]);
    config.retention_headers_ms = 0;
    headers_turn(&router);
    ck_assert(!has("1.2.3", receipts[0]) && !has("1.2.4", receipts[1]));
    ck_assert_uint_eq(folder_count(folder(), ""), 0);
}
END_TEST

START_TEST(headers_give_way_when_the_disk_is_short)
{
    keep("1.2.3", receipts[0]);
    keep("1.2.4", receipts[1]);
    while (headers_give_way(router.headers))
        continue;
    ck_assert(!has("1.2.3", receipts[0]) && !has("1.2.4", receipts[1]));
    ck_assert_uint_eq(folder_count(folder(), ""), 0);
    keep("1.2.3", receipts[0]);
    ck_assert(has("1.2.3", receipts[0]));
}
END_TEST

static void find_path(void *context, const char *path)
{
    text_append(context, path);
}

/* What was removed for good is nowhere in the study's file any more; the rest stays, and so does its time. */
START_TEST(one_that_is_forgotten_leaves_the_others)
{
    AUTO(text_release) struct text path = TEXT_EMPTY, content = TEXT_EMPTY;
    struct stat before, after;
    router.expires_by = now - 20 * (int64_t)DAY_MS;
    for (int i = 0; i < 3; i++)
        keep("1.2.3", receipts[i]);
    folder_walk(folder(), find_path, &path);
    ck_assert_int_eq(stat(text_string(&path), &before), 0);
    headers_forget(router.headers, "1.2.3", receipts[1]);
    ck_assert(has("1.2.3", receipts[0]) && !has("1.2.3", receipts[1]) && has("1.2.3", receipts[2]));
    ck_assert_int_eq(stat(text_string(&path), &after), 0);
    ck_assert_int_eq(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
    file_read(text_string(&path), &content);
    ck_assert_ptr_null(memmem(content.bytes, content.length, receipts[1], RECEIPT_LENGTH));
    const char *found = memmem(content.bytes, content.length, kept.bytes, kept.length);
    ck_assert_ptr_nonnull(found);
    found = memmem(found + 1, content.length - (size_t)(found + 1 - content.bytes), kept.bytes, kept.length);
    ck_assert_ptr_nonnull(found);
    ck_assert_ptr_null(
        memmem(found + 1, content.length - (size_t)(found + 1 - content.bytes), kept.bytes, kept.length));
    headers_forget(router.headers, "1.2.9", receipts[0]); /* there is none */
    headers_forget(router.headers, "1.2.3", receipts[0]);
    keep("1.2.3", receipts[1]);
    ck_assert(has("1.2.3", receipts[1]) && has("1.2.3", receipts[2]));
    headers_forget(router.headers, "1.2.3", receipts[1]);
    headers_forget(router.headers, "1.2.3", receipts[2]);
    ck_assert_uint_eq(folder_count(folder(), ""), 0);
}
END_TEST

static void add_size(void *context, const char *path)
{
    *(off_t *)context += file_size(path);
}

static void cut_file(void *context, const char *path)
{
    ck_assert_int_eq(truncate(path, file_size(path) - *(const off_t *)context), 0);
}

/* A crash at any byte of a record costs that record, not those before and after it. */
START_TEST(what_a_crash_leaves_half_costs_itself)
{
    off_t all = 0;
    keep("1.2.3", receipts[0]);
    folder_walk(folder(), add_size, &all);
    for (off_t cut = 1; cut < all; cut += 7) {
        keep("1.2.3", receipts[1]);
        folder_walk(folder(), cut_file, &cut);
        keep("1.2.3", receipts[2]);
        ck_assert_msg(has("1.2.3", receipts[0]), "%lld bytes are missing: the one before", (long long)cut);
        ck_assert_msg(has("1.2.3", receipts[2]), "%lld bytes are missing: the one after", (long long)cut);
        ck_assert_msg(!has("1.2.3", receipts[1]), "%lld bytes are missing: the half one", (long long)cut);
        config.retention_headers_ms = 0;
        router.monotonic += TURN_MS;
        headers_turn(&router);
        config.retention_headers_ms = 30 * (int64_t)DAY_MS;
        router.monotonic += TURN_MS;
        keep("1.2.3", receipts[0]);
    }
}
END_TEST

/* However they are asked for. */
START_TEST(each_of_many_is_found)
{
    enum { MANY = 200, STEP = 7 };
    char receipt[RECEIPT_SIZE];
    for (unsigned i = 0; i < MANY; i++) {
        (void)snprintf(receipt, sizeof receipt, "%032x", i);
        keep("1.2.3", receipt);
    }
    for (unsigned i = 0; i < MANY; i++) {
        (void)snprintf(receipt, sizeof receipt, "%032x", i * STEP % MANY);
        ck_assert_msg(has("1.2.3", receipt), "%s", receipt);
    }
    ck_assert(!has("1.2.3", receipts[0]));
    ck_assert(!has("1.2.4", receipt));
}
END_TEST

static void make_large(void *context, const char *path)
{
    ck_assert_int_eq(truncate(path, *(const off_t *)context), 0);
}

static enum headers_found find_within(const char *study, int64_t *allowance)
{
    AUTO(fd_close) int fd = -1;
    return headers_open_within(router.headers, study, receipts[0], allowance, &fd);
}

/* Who asks for many studies reads no more than that in one turn; a study is read once for those that follow each other. */
START_TEST(a_turn_reads_so_many_bytes)
{
    off_t all = 0, large = (off_t)HEADERS_A_TURN + 1;
    keep("1.2.3", receipts[0]);
    folder_walk(folder(), add_size, &all);
    keep("1.2.4", receipts[0]);
    int64_t allowance = all + all / 2;
    ck_assert_int_eq(find_within("1.2.3", &allowance), HEADERS_FOUND);
    ck_assert_int_eq(allowance, all / 2);
    ck_assert_int_eq(find_within("1.2.4", &allowance), HEADERS_LATER);
    ck_assert_int_eq(find_within("1.2.3", &allowance), HEADERS_FOUND);
    ck_assert_int_eq(find_within("1.2.9", &allowance), HEADERS_NONE);
    ck_assert_int_eq(allowance, all / 2);
    allowance = HEADERS_A_TURN;
    ck_assert_int_eq(find_within("1.2.4", &allowance), HEADERS_FOUND);
    folder_walk(folder(), make_large, &large);
    ck_assert_int_eq(find_within("1.2.3", &allowance), HEADERS_NONE);
}
END_TEST

/* A folder that cannot be made, or is somebody else's file, keeps none and stops nothing. */
START_TEST(without_a_folder_nothing_is_kept_and_nothing_fails)
{
    headers_destroy(&router.headers);
    file_write_string(sandbox_path(sandbox, "blocked"), "");
    router.headers = headers_create(sandbox_path(sandbox, "blocked"));
    keep("1.2.3", receipts[0]);
    headers_turn(&router);
    ck_assert(!has("1.2.3", receipts[0]));
    ck_assert(!headers_give_way(router.headers));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("kept_headers");
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, a_study_goes_when_its_time_is_over);
    tests_add(tests, a_leap_of_the_clock_deletes_nothing);
    tests_add(tests, where_none_are_kept_any_more_all_go_at_once);
    tests_add(tests, headers_give_way_when_the_disk_is_short);
    tests_add(tests, one_that_is_forgotten_leaves_the_others);
    tests_add(tests, what_a_crash_leaves_half_costs_itself);
    tests_add(tests, each_of_many_is_found);
    tests_add(tests, a_turn_reads_so_many_bytes);
    tests_add(tests, without_a_folder_nothing_is_kept_and_nothing_fails);
    return tests_run(tests);
}
