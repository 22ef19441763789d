#include "receiver/refusals.h"

#include "common/base/cleanup.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MINUTE_MS = 60000 };

START_TEST(one_line_a_minute_says_how_often)
{
    AUTO(refusals_destroy) struct refusals *refusals = refusals_create();
    ck_assert_uint_eq(refusals_note(refusals, "limit", "10.1.2.3", "A", 1000), 1);
    for (int i = 1; i <= 500; i++)
        ck_assert_uint_eq(refusals_note(refusals, "limit", "10.1.2.3", "A", 1000 + i * 100), 0);
    ck_assert_uint_eq(refusals_note(refusals, "limit", "10.1.2.3", "A", 1000 + MINUTE_MS), 501);
    ck_assert_uint_eq(refusals_note(refusals, "limit", "10.1.2.3", "A", 1001 + MINUTE_MS), 0);
}
END_TEST

START_TEST(who_and_why_are_told_apart)
{
    AUTO(refusals_destroy) struct refusals *refusals = refusals_create();
    ck_assert_uint_eq(refusals_note(refusals, "limit", "10.1.2.3", "A", 1000), 1);
    ck_assert_uint_eq(refusals_note(refusals, "limit", "10.1.2.4", "A", 1000), 1);
    ck_assert_uint_eq(refusals_note(refusals, "address", "10.1.2.3", "A", 1000), 1);
    ck_assert_uint_eq(refusals_note(refusals, "limit", "10.1.2.3", "B", 1000), 1);
    ck_assert_uint_eq(refusals_note(refusals, "limit", "10.1.2.3", NULL, 1000), 1);
}
END_TEST

/* Nobody's line is silenced by another's, whatever their hashes have in common. */
START_TEST(many_are_each_told)
{
    AUTO(refusals_destroy) struct refusals *refusals = refusals_create();
    for (int minute = 0; minute < 2; minute++)
        for (int i = 0; i < 200; i++) {
            char name[16];
            (void)snprintf(name, sizeof name, "10.%d.%d.1", minute, i);
            ck_assert_msg(refusals_note(refusals, "limit", name, "A", 1000 + minute * MINUTE_MS) == 1,
                          "%s is not told", name);
        }
}
END_TEST

START_TEST(what_never_comes_again_is_told_as_a_sum)
{
    AUTO(refusals_destroy) struct refusals *refusals = refusals_create();
    for (int i = 0; i < 10; i++)
        (void)refusals_note(refusals, "limit", "10.1.2.3", NULL, 1000);
    ck_assert_uint_eq(refusals_rest(refusals, 999 + MINUTE_MS), 0);
    ck_assert_uint_eq(refusals_rest(refusals, 1000 + MINUTE_MS), 9);
    ck_assert_uint_eq(refusals_rest(refusals, 1000 + MINUTE_MS), 0);
}
END_TEST

START_TEST(names_without_end_make_few_lines)
{
    AUTO(refusals_destroy) struct refusals *refusals = refusals_create();
    unsigned lines = 0;
    for (int i = 0; i < 100000; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%d", i);
        lines += refusals_note(refusals, "limit", name, name, 1000 + i / 10) > 0;
    }
    ck_assert_uint_gt(lines, 100);
    ck_assert_uint_le(lines, 256);
}
END_TEST

START_TEST(forked_processes_share_it)
{
    AUTO(refusals_destroy) struct refusals *refusals = refusals_create();
    (void)refusals_note(refusals, "limit", "10.1.2.3", NULL, 1000);
    pid_t pid = fork();
    if (pid == 0)
        _exit(refusals_note(refusals, "limit", "10.1.2.3", NULL, 2000) == 0 ? 0 : 1);
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ck_assert_uint_eq(refusals_rest(refusals, 1000 + MINUTE_MS), 1);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("refusals");
    tests_add(tests, one_line_a_minute_says_how_often);
    tests_add(tests, who_and_why_are_told_apart);
    tests_add(tests, many_are_each_told);
    tests_add(tests, what_never_comes_again_is_told_as_a_sum);
    tests_add(tests, names_without_end_make_few_lines);
    tests_add(tests, forked_processes_share_it);
    return tests_run(tests);
}
