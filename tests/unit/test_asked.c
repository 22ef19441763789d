#include "common/spool/asked.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/receipt.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

static struct sandbox *sandbox;
static struct spool *spool;
static int folder = -1;

static void set_up(void)
{
    sandbox = sandbox_create();
    ck_assert_int_eq(spool_create(sandbox_folder(sandbox), &spool), 0);
    ck_assert_int_eq(asked_make(spool), 0);
    ck_assert_int_eq(asked_open(spool, &folder), 0);
}

static void tear_down(void)
{
    fd_close(&folder);
    spool_destroy(&spool);
    sandbox_destroy(&sandbox);
}

struct seen {
    char receipt[RECEIPT_SIZE];
    int count;
};

static int see(void *context, const char *receipt)
{
    struct seen *seen = context;
    (void)snprintf(seen->receipt, sizeof seen->receipt, "%s", receipt);
    seen->count++;
    return 0;
}

START_TEST(what_is_written_is_found_read_and_removed)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    AUTO(text_release) struct text read = TEXT_EMPTY;
    char receipt[RECEIPT_SIZE];
    struct seen seen = {.count = 0};
    text_append(&bytes, "something");
    ck_assert_int_eq(asked_write(folder, &bytes, receipt, NULL), 0);
    ck_assert_int_eq(asked_scan(folder, see, &seen), 0);
    ck_assert_int_eq(seen.count, 1);
    ck_assert_str_eq(seen.receipt, receipt);
    ck_assert_int_eq(asked_read(folder, receipt, &read), 0);
    ck_assert_str_eq(text_string(&read), "something");
    ck_assert_int_eq(asked_remove(folder, receipt), 0);
    ck_assert_int_eq(asked_remove(folder, receipt), 0);
    ck_assert_int_eq(asked_read(folder, receipt, &read), ERR_ABSENT);
}
END_TEST

/* A new one that is being written stays; one of an hour ago was left by a crash. */
START_TEST(old_parts_are_swept)
{
    char new[RECEIPT_SIZE];
    struct seen seen = {.count = 0};
    ck_assert_int_eq(receipt_make(new), 0);
    const char *fresh = sandbox_path(sandbox, "spool/commitments/%s.part", new);
    const char *old = sandbox_path(sandbox, "spool/commitments/%032d.part", 0);
    const char *strange = sandbox_path(sandbox, "spool/commitments/notes.txt");
    file_write(fresh, "x", 1);
    file_write(old, "x", 1);
    file_write(strange, "x", 1);
    ck_assert_int_eq(asked_scan(folder, see, &seen), 0);
    ck_assert_int_eq(seen.count, 0);
    ck_assert(file_exists(fresh) && file_exists(strange) && !file_exists(old));
}
END_TEST

START_TEST(one_that_is_none_of_ours_is_put_aside)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    char receipt[RECEIPT_SIZE];
    struct seen seen = {.count = 0};
    text_append(&bytes, "x");
    ck_assert_int_eq(asked_write(folder, &bytes, receipt, NULL), 0);
    ck_assert_int_eq(asked_park(folder, receipt), 0);
    ck_assert_int_eq(asked_scan(folder, see, &seen), 0);
    ck_assert_int_eq(seen.count, 0);
    ck_assert(file_exists(sandbox_path(sandbox, "spool/commitments/%s.unreadable", receipt)));
}
END_TEST

START_TEST(only_a_receipt_names_a_file)
{
    AUTO(text_release) struct text read = TEXT_EMPTY;
    ck_assert_int_eq(asked_read(folder, "../../jobs", &read), ERR_SYNTAX);
    ck_assert_int_eq(asked_remove(folder, "../../jobs"), ERR_SYNTAX);
    ck_assert_int_eq(asked_park(folder, "../../jobs"), ERR_SYNTAX);
}
END_TEST

/* Its writer lives for as long as it holds the descriptor; who looks does not take that from it. */
START_TEST(a_request_is_kept_while_its_writer_lives)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    char kept[RECEIPT_SIZE], plain[RECEIPT_SIZE];
    int lock = -1;
    text_append(&bytes, "something");
    ck_assert_int_eq(asked_write(folder, &bytes, kept, &lock), 0);
    ck_assert_int_eq(asked_write(folder, &bytes, plain, NULL), 0);
    ck_assert_int_ge(lock, 0);
    for (int i = 0; i < 2; i++)
        ck_assert(asked_is_kept(folder, kept) && !asked_is_kept(folder, plain));
    fd_close(&lock);
    ck_assert(!asked_is_kept(folder, kept));
    ck_assert(!asked_is_kept(folder, "00000000000000000000000000000000"));
}
END_TEST

START_TEST(what_is_beside_a_request_goes_with_it)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    AUTO(text_release) struct text read = TEXT_EMPTY;
    char receipt[RECEIPT_SIZE];
    struct seen seen = {.count = 0};
    text_append(&bytes, "one");
    ck_assert_int_eq(asked_write(folder, &bytes, receipt, NULL), 0);
    ck_assert_int_eq(asked_read_part(folder, receipt, ASKED_REPORT, &read), ERR_ABSENT);
    ck_assert_int_eq(asked_write_part(folder, receipt, ASKED_REPORT, &bytes), 0);
    text_append(&bytes, " and another");
    ck_assert_int_ne(asked_write_part(folder, receipt, ASKED_REPORT, &bytes), 0);
    ck_assert_int_eq(asked_write_part(folder, receipt, ASKED_OUTCOME, &bytes), 0);
    ck_assert_int_eq(asked_read_part(folder, receipt, ASKED_REPORT, &read), 0);
    ck_assert_str_eq(text_string(&read), "one");
    ck_assert_int_eq(asked_scan(folder, see, &seen), 0);
    ck_assert_int_eq(seen.count, 1);
    ck_assert_int_eq(asked_remove(folder, receipt), 0);
    ck_assert_uint_eq(folder_count(sandbox_path(sandbox, "spool/commitments"), ""), 0);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("asked");
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, what_is_written_is_found_read_and_removed);
    tests_add(tests, old_parts_are_swept);
    tests_add(tests, one_that_is_none_of_ours_is_put_aside);
    tests_add(tests, only_a_receipt_names_a_file);
    tests_add(tests, a_request_is_kept_while_its_writer_lives);
    tests_add(tests, what_is_beside_a_request_goes_with_it);
    return tests_run(tests);
}
