/* What an import has brought already: kept over processes, torn lines and all. */
#include "common/import/ledger.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MANY = 5000, LINE = 118 };

static struct sandbox *sandbox;
static const char *state;

static void set_up(void)
{
    sandbox = sandbox_create();
    state = sandbox_make_folder(sandbox, "state");
}

static void tear_down(void)
{
    sandbox_destroy(&sandbox);
}

static struct ledger *open_ledger(void)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct ledger *ledger = NULL;
    int rc = ledger_open(state, "IMPORT", &ledger, &reason);
    ck_assert_msg(rc == 0, "%s", text_string(&reason));
    return ledger;
}

static void digest_of(unsigned number, uint8_t digest[SHA256_SIZE])
{
    sha256(&number, sizeof number, digest);
}

static void receipt_of(unsigned number, char receipt[RECEIPT_SIZE])
{
    (void)snprintf(receipt, RECEIPT_SIZE, "%032x", number);
}

static void add(struct ledger *ledger, unsigned number, int64_t bytes)
{
    char receipt[RECEIPT_SIZE];
    uint8_t digest[SHA256_SIZE];
    receipt_of(number, receipt);
    digest_of(number, digest);
    ck_assert_int_eq(ledger_add(ledger, receipt, digest, bytes), 0);
}

static bool is_wanted(void *context, const char *receipt)
{
    return strcmp(context, receipt) == 0;
}

static bool has(const struct ledger *ledger, unsigned number, int64_t bytes)
{
    char receipt[RECEIPT_SIZE];
    uint8_t digest[SHA256_SIZE];
    receipt_of(number, receipt);
    digest_of(number, digest);
    return ledger_find(ledger, digest, bytes, is_wanted, receipt);
}

static const char *path(void)
{
    return sandbox_path(sandbox, "state/imports/IMPORT.list");
}

START_TEST(entries_are_there_for_the_next_process)
{
    struct ledger *ledger = open_ledger();
    ck_assert(!ledger_has_length(ledger, 100));
    for (unsigned i = 0; i < MANY; i++)
        add(ledger, i, 100 + i);
    ck_assert(has(ledger, 17, 117));
    ledger_close(&ledger);
    ck_assert_int_eq(file_size(path()), (int64_t)MANY * LINE);
    ledger = open_ledger();
    for (unsigned i = 0; i < MANY; i++)
        ck_assert_msg(ledger_has_length(ledger, 100 + i) && has(ledger, i, 100 + i), "%u", i);
    ck_assert(!has(ledger, 17, 118));
    ck_assert(!has(ledger, MANY, 100 + MANY));
    ck_assert(!ledger_has_length(ledger, 99));
    ledger_close(&ledger);
}
END_TEST

/* One data set may have been imported more than once: each of its receipts is asked for. */
START_TEST(a_data_set_may_have_several_receipts)
{
    struct ledger *ledger = open_ledger();
    char receipt[RECEIPT_SIZE];
    uint8_t digest[SHA256_SIZE];
    digest_of(1, digest);
    for (unsigned i = 0; i < 3; i++) {
        receipt_of(70 + i, receipt);
        ck_assert_int_eq(ledger_add(ledger, receipt, digest, 5), 0);
    }
    for (unsigned i = 0; i < 3; i++) {
        receipt_of(70 + i, receipt);
        ck_assert(ledger_find(ledger, digest, 5, is_wanted, receipt));
    }
    ledger_close(&ledger);
}
END_TEST

/* A process died in the middle of a line, at any byte. */
START_TEST(a_torn_line_is_written_over)
{
    struct ledger *ledger = open_ledger();
    add(ledger, 1, 10);
    add(ledger, 2, 20);
    ledger_close(&ledger);
    ck_assert_int_eq(truncate(path(), LINE + _i), 0);
    ledger = open_ledger();
    ck_assert(has(ledger, 1, 10));
    ck_assert(!has(ledger, 2, 20));
    add(ledger, 3, 30);
    ledger_close(&ledger);
    ledger = open_ledger();
    ck_assert(has(ledger, 1, 10) && has(ledger, 3, 30));
    ledger_close(&ledger);
}
END_TEST

/* The power failed before the last entries were flushed: the file has their length already, and some of their bytes or none. */
START_TEST(zeros_at_the_end_are_written_over)
{
    struct ledger *ledger = open_ledger();
    add(ledger, 1, 10);
    add(ledger, 2, 20);
    ledger_close(&ledger);
    ck_assert_int_eq(truncate(path(), _i), 0);
    ck_assert_int_eq(truncate(path(), 2000 * LINE), 0);
    ledger = open_ledger();
    ck_assert(has(ledger, 1, 10) == (_i >= LINE) && has(ledger, 2, 20) == (_i >= 2 * LINE));
    add(ledger, 3, 30);
    ledger_close(&ledger);
    ck_assert_int_eq(file_size(path()), _i / LINE * LINE + LINE);
    ledger = open_ledger();
    ck_assert(has(ledger, 1, 10) == (_i >= LINE) && has(ledger, 3, 30));
    ledger_close(&ledger);
}
END_TEST

START_TEST(a_damaged_one_is_told_and_left_alone)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct ledger *ledger = open_ledger();
    add(ledger, 1, 10);
    ledger_close(&ledger);
    AUTO(fd_close) int fd = open(path(), O_WRONLY | O_CLOEXEC);
    ck_assert_int_eq(pwrite(fd, "?", 1, 40), 1);
    ck_assert_int_eq(ledger_open(state, "IMPORT", &ledger, &reason), ERR_DAMAGED);
    ck_assert_msg(strstr(text_string(&reason), "IMPORT.list is damaged: move it away"), "%s",
                  text_string(&reason));
    ck_assert_int_eq(file_size(path()), LINE);
}
END_TEST

START_TEST(one_process_at_a_time)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct ledger *ledger = open_ledger(), *second = NULL;
    ck_assert_int_eq(ledger_open(state, "IMPORT", &second, &reason), ERR_LOCKED);
    ck_assert_int_eq(ledger_open(state, "OTHER", &second, &reason), 0);
    ledger_close(&second);
    ledger_close(&ledger);
}
END_TEST

/* The newest stay, in memory, in the file, and for who opened it before and after. */
START_TEST(a_long_one_is_shortened)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct ledger *ledger = open_ledger(), *second = NULL;
    for (unsigned i = 0; i < 200; i++)
        add(ledger, i, 100 + i);
    ck_assert_int_eq(ledger_shorten(ledger, 100), 0);
    ck_assert(has(ledger, 0, 100));
    add(ledger, 200, 300);
    ck_assert_int_eq(ledger_shorten(ledger, 100), 0);
    ck_assert(!has(ledger, 100, 200) && !ledger_has_length(ledger, 200));
    ck_assert(has(ledger, 101, 201) && has(ledger, 200, 300));
    ck_assert_int_eq(ledger_open(state, "IMPORT", &second, &reason), ERR_LOCKED);
    add(ledger, 201, 301);
    ledger_close(&ledger);
    ck_assert_int_eq(file_size(path()), 101 * LINE);
    ledger = open_ledger();
    for (unsigned i = 101; i <= 201; i++)
        ck_assert_msg(has(ledger, i, 100 + i), "%u", i);
    ledger_close(&ledger);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("ledger");
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, entries_are_there_for_the_next_process);
    tests_add(tests, a_data_set_may_have_several_receipts);
    tests_rows(tests, a_torn_line_is_written_over, LINE);
    tests_rows(tests, zeros_at_the_end_are_written_over, 2 * LINE + 1);
    tests_add(tests, a_damaged_one_is_told_and_left_alone);
    tests_add(tests, one_process_at_a_time);
    tests_add(tests, a_long_one_is_shortened);
    return tests_run(tests);
}
