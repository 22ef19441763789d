#include "router/pending.h"

#include "common/base/cleanup.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <stdlib.h>

static struct pending *pending;

static void set_up(void)
{
    pending = pending_create();
}

static void tear_down(void)
{
    pending_destroy(&pending);
}

/* Receipt number. */
static const char *name(unsigned number)
{
    static char receipt[RECEIPT_SIZE];
    (void)snprintf(receipt, sizeof receipt, "%012x%020x", 1000, number);
    return receipt;
}

START_TEST(the_first_one_in_is_the_first_one_out)
{
    ck_assert_ptr_null(pending_take(pending));
    pending_add(pending, name(2));
    pending_add(pending, name(1));
    ck_assert_uint_eq(pending_count(pending), 2);
    ck_assert_str_eq(pending_take(pending), name(2));
    pending_add(pending, name(3));
    ck_assert_str_eq(pending_take(pending), name(1));
    ck_assert_str_eq(pending_take(pending), name(3));
    ck_assert_ptr_null(pending_take(pending));
}
END_TEST

START_TEST(what_is_no_receipt_is_ignored)
{
    pending_add(pending, "../../etc/passwd");
    ck_assert_uint_eq(pending_count(pending), 0);
    ck_assert(!pending_is_missing_some(pending));
}
END_TEST

START_TEST(a_receipt_without_room_is_missed_until_the_next_scan)
{
    AUTO(sandbox_destroy) struct sandbox *sandbox = sandbox_create();
    AUTO(spool_destroy) struct spool *spool = NULL;
    ck_assert_int_eq(spool_create(sandbox_folder(sandbox), &spool), 0);
    for (unsigned i = 0; i < PENDING_MAX; i++)
        pending_add(pending, name(i));
    ck_assert(!pending_is_missing_some(pending));
    pending_add(pending, name(PENDING_MAX));
    ck_assert(pending_is_missing_some(pending));
    ck_assert_uint_eq(pending_count(pending), PENDING_MAX);
    /* The ring goes round: the last one in is the last one out. */
    ck_assert_str_eq(pending_take(pending), name(0));
    pending_add(pending, name(7));
    for (unsigned i = 1; i < PENDING_MAX; i++)
        ck_assert_str_eq(pending_take(pending), name(i));
    ck_assert_str_eq(pending_take(pending), name(7));
    ck_assert_int_eq(pending_scan(pending, spool), 0);
    ck_assert(!pending_is_missing_some(pending));
    ck_assert_ptr_null(pending_take(pending));
}
END_TEST

static void put_into_incoming(struct spool *spool, const char *receipt)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    spool_append_path(spool, SPOOL_INCOMING, receipt, &path);
    AUTO(fd_close) int fd = open(text_string(&path), O_WRONLY | O_CREAT | O_EXCL, 0640);
    ck_assert_int_ge(fd, 0);
}

START_TEST(a_scan_finds_what_is_in_incoming_oldest_first)
{
    AUTO(sandbox_destroy) struct sandbox *sandbox = sandbox_create();
    AUTO(spool_destroy) struct spool *spool = NULL;
    static const unsigned order[] = {5, 1, 4, 2, 3};
    ck_assert_int_eq(spool_create(sandbox_folder(sandbox), &spool), 0);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        put_into_incoming(spool, name(order[i]));
    pending_add(pending, name(2)); /* a hint came, too */
    ck_assert_int_eq(pending_scan(pending, spool), 0);
    ck_assert_uint_eq(pending_count(pending), 5);
    for (unsigned i = 1; i <= 5; i++)
        ck_assert_str_eq(pending_take(pending), name(i));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("pending");
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, the_first_one_in_is_the_first_one_out);
    tests_add(tests, what_is_no_receipt_is_ignored);
    tests_add(tests, a_receipt_without_room_is_missed_until_the_next_scan);
    tests_add(tests, a_scan_finds_what_is_in_incoming_oldest_first);
    return tests_run(tests);
}
