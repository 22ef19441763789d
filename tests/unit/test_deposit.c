#include "common/spool/deposit.h"
#include "common/spool/overfull.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/base/receipt.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

static struct sandbox *sandbox;
static struct spool *spool;
static struct deposit *deposit;

static void set_up(void)
{
    sandbox = sandbox_create();
    ck_assert_int_eq(spool_create(sandbox_path(sandbox, "state"), &spool), 0);
    deposit = deposit_create(spool, 1);
}

static void tear_down(void)
{
    deposit_destroy(&deposit);
    spool_destroy(&spool);
    sandbox_destroy(&sandbox);
}

static const struct file_meta meta = {"1.2.840.10008.5.1.4.1.1.2",
                                      "1.2.3.4",
                                      "1.2.840.10008.1.2.1",
                                      "CT01",
                                      "FELUCCA",
                                      "127.0.0.1",
                                      FILE_META_HIGH};

static size_t files_in_spool(void)
{
    return folder_count(sandbox_path(sandbox, "state/spool"), "");
}

static void write_pieces(size_t size, size_t piece)
{
    char *bytes = malloc(piece);
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < piece; i++)
        bytes[i] = (char)(i * 7);
    for (size_t done = 0; done < size; done += piece)
        deposit_write(deposit, bytes, size - done < piece ? size - done : piece);
    free(bytes);
}

static const struct size_row {
    const char *label;
    size_t size, piece;
} size_rows[] = {
    {"nothing", 0, 1},
    {"one byte", 1, 1},
    {"one piece", 4096, 4096},
    {"many pieces", 100000, 999},
    {"beyond a stride", (9 << 20) + 3, 131072},
};

START_TEST(what_was_written_stands_in_the_spool)
{
    const struct size_row *row = &size_rows[_i];
    char receipt[RECEIPT_SIZE];
    deposit_begin(deposit, &meta);
    write_pieces(row->size, row->piece);
    ck_assert_int_eq(deposit_bytes(deposit), (int64_t)row->size);
    AUTO(memory_free) char *promised = memory_string(deposit_receipt(deposit));
    ck_assert_msg(deposit_finish(deposit, receipt) == 0, "%s", row->label);
    ck_assert_str_eq(receipt, promised);
    ck_assert_str_eq(deposit_receipt(deposit), "");

    AUTO(fd_close) int fd = -1;
    ck_assert_int_eq(spool_open_file(spool, SPOOL_INCOMING, receipt, &fd), 0);
    struct file_meta read_back;
    int64_t offset = 0;
    ck_assert_int_eq(file_meta_read(fd, &read_back, &offset), 0);
    ck_assert_str_eq(read_back.calling_aet, "CT01");
    ck_assert_str_eq(read_back.source_address, "127.0.0.1");
    ck_assert_int_eq(read_back.priority, FILE_META_HIGH);
    ck_assert_int_eq(lseek(fd, 0, SEEK_END), offset + (int64_t)row->size);
    for (size_t at = 0; at < row->size; at += 1 + row->size / 97) {
        char byte;
        ck_assert_int_eq(pread(fd, &byte, 1, offset + (off_t)at), 1);
        ck_assert_msg(byte == (char)(at % row->piece * 7), "%s: byte %zu", row->label, at);
    }
    ck_assert_uint_eq(files_in_spool(), 1);
}
END_TEST

START_TEST(one_after_the_other_get_receipts_of_their_own)
{
    char receipts[2][RECEIPT_SIZE];
    for (int i = 0; i < 2; i++) {
        deposit_begin(deposit, &meta);
        write_pieces(1000, 1000);
        ck_assert_int_eq(deposit_finish(deposit, receipts[i]), 0);
        ck_assert_int_eq(deposit_bytes(deposit), 0);
    }
    ck_assert_str_ne(receipts[0], receipts[1]);
    ck_assert_uint_eq(files_in_spool(), 2);
}
END_TEST

START_TEST(what_is_abandoned_leaves_nothing)
{
    deposit_begin(deposit, &meta);
    write_pieces(1000, 100);
    ck_assert_uint_eq(files_in_spool(), 1);
    deposit_abandon(deposit);
    ck_assert_uint_eq(files_in_spool(), 0);
    deposit_begin(deposit, &meta);
    deposit_begin(deposit, &meta);
    ck_assert_uint_eq(files_in_spool(), 1);
    deposit_destroy(&deposit);
    ck_assert_uint_eq(files_in_spool(), 0);
}
END_TEST

static int keep_one(char *ret_receipt)
{
    deposit_begin(deposit, &meta);
    write_pieces(1000, 1000);
    return deposit_finish(deposit, ret_receipt);
}

static int keep_one_of(const char *calling_aet, char *ret_receipt)
{
    struct file_meta its = meta;
    (void)snprintf(its.calling_aet, sizeof its.calling_aet, "%s", calling_aet);
    deposit_begin(deposit, &its);
    write_pieces(1000, 1000);
    return deposit_finish(deposit, ret_receipt);
}

START_TEST(a_prepared_file_is_used_once)
{
    char receipts[2][RECEIPT_SIZE];
    deposit_prepare(deposit);
    deposit_prepare(deposit);
    ck_assert_uint_eq(files_in_spool(), 1);
    ck_assert_int_eq(keep_one(receipts[0]), 0);
    ck_assert_uint_eq(files_in_spool(), 1);
    ck_assert_int_eq(keep_one(receipts[1]), 0);
    ck_assert_str_ne(receipts[0], receipts[1]);
    deposit_prepare(deposit);
    ck_assert_uint_eq(files_in_spool(), 3);
    deposit_destroy(&deposit);
    ck_assert_uint_eq(files_in_spool(), 2);
}
END_TEST

static bool time_is(void *context)
{
    return clock_wall_ms() >= *(int64_t *)context;
}

/* A receipt tells when its instance came, not when the association became idle. */
START_TEST(a_file_prepared_long_ago_is_not_used)
{
    char receipt[RECEIPT_SIZE];
    deposit_prepare(deposit);
    int64_t later_ms = clock_wall_ms() + 1500;
    ck_assert(wait_until(time_is, &later_ms, 10000));
    ck_assert_int_eq(keep_one(receipt), 0);
    ck_assert_int_ge(receipt_time(receipt), later_ms);
    ck_assert_uint_eq(files_in_spool(), 1);
}
END_TEST

/* The router says so in a file of the spool; nobody else is concerned. */
START_TEST(source_that_fills_the_quarantine_is_refused)
{
    static const struct text titles = {(char *)"MR01\nCT01\n", 10, 0}, none = TEXT_EMPTY;
    static const char *const refused[] = {"CT01", "MR01"}, *const others[] = {"CT0", "CT011", "T01", ""};
    char receipt[RECEIPT_SIZE];
    ck_assert_int_eq(overfull_write(spool, &titles), 0);
    for (size_t i = 0; i < ROWS(refused); i++)
        ck_assert_int_eq(keep_one_of(refused[i], receipt), ERR_OVERFULL);
    for (size_t i = 0; i < ROWS(others); i++)
        ck_assert_int_eq(keep_one_of(others[i], receipt), 0);
    ck_assert_int_eq(overfull_write(spool, &none), 0);
    ck_assert_int_eq(keep_one_of("CT01", receipt), 0);
}
END_TEST

/* A peer may call itself any bytes, or nothing; the router knows it as text. */
START_TEST(source_with_an_odd_title_is_refused)
{
    static const struct text titles = {(char *)"KLINIK_M\xEF\xBF\xBDNCHEN\n\n", 18, 0};
    char receipt[RECEIPT_SIZE];
    ck_assert_int_eq(overfull_write(spool, &titles), 0);
    ck_assert_int_eq(keep_one_of("KLINIK_M\xDCNCHEN", receipt), ERR_OVERFULL);
    ck_assert_int_eq(keep_one_of("", receipt), ERR_OVERFULL);
    ck_assert_int_eq(keep_one_of("KLINIK_MNCHEN", receipt), 0);
}
END_TEST

START_TEST(nothing_finishes_that_has_not_begun)
{
    char receipt[RECEIPT_SIZE] = "untouched";
    ck_assert_int_eq(deposit_finish(deposit, receipt), ERR_ABSENT);
    ck_assert_str_eq(receipt, "untouched");
}
END_TEST

/* Each row breaks one thing before or after an instance arrives, and may mend it afterwards. */
static void below_the_floor(void)
{
    struct spool_room room;
    ck_assert_int_eq(spool_room(spool, &room), 0);
    deposit_destroy(&deposit);
    deposit = deposit_create(spool, room.bytes + ((int64_t)1 << 40));
}

static void limit_file_size(void)
{
    ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    const struct rlimit limit = {.rlim_cur = 50000, .rlim_max = RLIM_INFINITY};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void lift_limit(void)
{
    const struct rlimit limit = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void cut(const char *path)
{
    ck_assert_int_eq(truncate(path, 100), 0);
}

static void cut_each(void *context, const char *path)
{
    (void)context;
    cut(path);
}

static void cut_partial(void)
{
    folder_walk(sandbox_path(sandbox, "state/spool/incoming"), cut_each, NULL);
}

static void remove_each(void *context, const char *path)
{
    (void)context;
    ck_assert_int_eq(unlink(path), 0);
}

static void remove_partial(void)
{
    folder_walk(sandbox_path(sandbox, "state/spool/incoming"), remove_each, NULL);
}

static const struct trouble_row {
    const char *label;
    void (*before)(void), (*at_end)(void), (*after)(void);
    int rc;
} trouble_rows[] = {
    {"free space below the floor", below_the_floor, NULL, NULL, ERR_NOSPACE},
    {"the disk takes no more", limit_file_size, NULL, lift_limit, ERR_NOSPACE},
    {"the file is shorter than what was written", NULL, cut_partial, NULL, ERR_IO},
    {"the file lost its name", NULL, remove_partial, NULL, ERR_ABSENT},
};

START_TEST(trouble_is_told_at_the_end_and_leaves_nothing)
{
    const struct trouble_row *row = &trouble_rows[_i];
    char receipt[RECEIPT_SIZE] = "untouched";
    if (row->before)
        row->before();
    deposit_begin(deposit, &meta);
    write_pieces(80000, 1000);
    ck_assert_int_eq(deposit_bytes(deposit), 80000);
    write_pieces(1000, 1000);
    ck_assert_int_eq(deposit_bytes(deposit), 81000);
    if (row->at_end)
        row->at_end();
    int rc = deposit_finish(deposit, receipt);
    if (row->after)
        row->after();
    ck_assert_msg(rc == row->rc, "%s: %s", row->label, err_text(rc));
    ck_assert_str_eq(receipt, "untouched");
    ck_assert_msg(files_in_spool() == 0, "%s", row->label);

    if (row->before == below_the_floor)
        return;
    deposit_begin(deposit, &meta);
    write_pieces(1000, 1000);
    ck_assert_msg(deposit_finish(deposit, receipt) == 0, "%s: the next instance", row->label);
    ck_assert_uint_eq(files_in_spool(), 1);
}
END_TEST

static int remove_received(void *context, const char *receipt)
{
    return spool_remove(context, receipt, SPOOL_INCOMING);
}

static int receive_on(struct deposit *own, size_t size)
{
    static const char bytes[700 << 10];
    char receipt[RECEIPT_SIZE];
    deposit_begin(own, &meta);
    deposit_write(own, bytes, size);
    return deposit_finish(own, receipt);
}

/* Where the test may mount: a disk of its own that is really full. Elsewhere the rows above have to do. */
START_TEST(a_full_disk_refuses_and_recovers)
{
    const char *folder = sandbox_make_folder(sandbox, "small");
    if (mount("none", folder, "tmpfs", 0, "size=1m") != 0)
        return;
    struct spool *small = NULL;
    ck_assert_int_eq(spool_create(folder, &small), 0);
    struct deposit *own = deposit_create(small, 0);
    int first = receive_on(own, 700 << 10), full = receive_on(own, 700 << 10), fits = receive_on(own, 1000);
    size_t partial = folder_count(folder, ".part"), whole = folder_count(folder, ".dcm");
    int emptied = spool_scan(small, SPOOL_INCOMING, remove_received, small);
    int again = receive_on(own, 700 << 10);
    deposit_destroy(&own);
    spool_destroy(&small);
    ck_assert_int_eq(umount(folder), 0);
    ck_assert_int_eq(first, 0);
    ck_assert_int_eq(full, ERR_NOSPACE);
    ck_assert_int_eq(fits, 0);
    ck_assert_uint_eq(partial, 0);
    ck_assert_uint_eq(whole, 2);
    ck_assert_int_eq(emptied, 0);
    ck_assert_int_eq(again, 0);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("deposit");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, what_was_written_stands_in_the_spool, ROWS(size_rows));
    tests_add(tests, one_after_the_other_get_receipts_of_their_own);
    tests_add(tests, what_is_abandoned_leaves_nothing);
    tests_add(tests, a_prepared_file_is_used_once);
    tests_add(tests, source_that_fills_the_quarantine_is_refused);
    tests_add(tests, source_with_an_odd_title_is_refused);
    tests_add(tests, a_file_prepared_long_ago_is_not_used);
    tests_add(tests, nothing_finishes_that_has_not_begun);
    tests_rows(tests, trouble_is_told_at_the_end_and_leaves_nothing, ROWS(trouble_rows));
    tests_add(tests, a_full_disk_refuses_and_recovers);
    return tests_run(tests);
}
