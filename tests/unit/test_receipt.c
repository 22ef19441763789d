#include "common/base/receipt.h"

#include "common/base/clock.h"
#include "tests/support/suite.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct validity_row {
    const char *label, *text;
    bool valid;
} validity_rows[] = {
    {"of the right form", "0194f0c0ffee0123456789abcdef0123", true},
    {"empty", "", false},
    {"one digit short", "0194f0c0ffee0123456789abcdef012", false},
    {"one digit long", "0194f0c0ffee0123456789abcdef01234", false},
    {"upper case", "0194F0C0FFEE0123456789ABCDEF0123", false},
    {"a path", "../../../../../../../../etc/pass", false},
    {"a slash inside", "0194f0c0ffee012345/789abcdef0123", false},
    {"a file name", "0194f0c0ffee0123456789abcdef0123.dcm", false},
};

START_TEST(validity_is)
{
    const struct validity_row *row = &validity_rows[_i];
    ck_assert_msg(receipt_is_valid(row->text) == row->valid, "%s", row->label);
}
END_TEST

START_TEST(a_new_receipt_is_valid_and_knows_its_time)
{
    char receipt[RECEIPT_SIZE];
    int64_t before = clock_wall_ms();
    ck_assert_int_eq(receipt_make(receipt), 0);
    ck_assert(receipt_is_valid(receipt));
    ck_assert_int_ge(receipt_time(receipt), before);
    ck_assert_int_le(receipt_time(receipt), clock_wall_ms());
}
END_TEST

START_TEST(later_receipts_sort_later)
{
    char first[RECEIPT_SIZE], second[RECEIPT_SIZE];
    ck_assert_int_eq(receipt_make(first), 0);
    while (clock_wall_ms() <= receipt_time(first))
        continue;
    ck_assert_int_eq(receipt_make(second), 0);
    ck_assert_int_lt(strcmp(first, second), 0);
}
END_TEST

START_TEST(a_forked_child_does_not_repeat_its_parent)
{
    enum { CHILDREN = 8 };
    char receipts[CHILDREN][RECEIPT_SIZE];
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    for (int i = 0; i < CHILDREN; i++) {
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
            char receipt[RECEIPT_SIZE];
            bool good = receipt_make(receipt) == 0 && write(ends[1], receipt, sizeof receipt) > 0;
            _exit(good ? 0 : 1);
        }
        ck_assert_int_eq(read(ends[0], receipts[i], RECEIPT_SIZE), RECEIPT_SIZE);
        ck_assert_int_eq(waitpid(child, NULL, 0), child);
        for (int j = 0; j < i; j++)
            ck_assert_str_ne(receipts[i], receipts[j]);
    }
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("receipt");
    tests_rows(tests, validity_is, ROWS(validity_rows));
    tests_add(tests, a_new_receipt_is_valid_and_knows_its_time);
    tests_add(tests, later_receipts_sort_later);
    tests_add(tests, a_forked_child_does_not_repeat_its_parent);
    return tests_run(tests);
}
