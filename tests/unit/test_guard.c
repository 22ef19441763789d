#include "router/guard.h"

#include "common/base/cleanup.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

static const char receipt[] = "0123456789abcdef0123456789abcdef";

static struct sandbox *sandbox;
static struct guard *guard;

static void set_up(void)
{
    sandbox = sandbox_create();
    ck_assert_int_eq(guard_create(sandbox_folder(sandbox), &guard), 0);
}

static void tear_down(void)
{
    guard_destroy(&guard);
    sandbox_destroy(&sandbox);
}

START_TEST(a_note_outlives_the_process_and_ends_when_cleared)
{
    char left[RECEIPT_SIZE];
    ck_assert(!guard_left(guard, left));
    guard_note(guard, receipt);
    guard_destroy(&guard);
    ck_assert_int_eq(guard_create(sandbox_folder(sandbox), &guard), 0);
    ck_assert(guard_left(guard, left));
    ck_assert_str_eq(left, receipt);
    guard_note(guard, receipt);
    guard_clear(guard);
    ck_assert(!guard_left(guard, left));
}
END_TEST

START_TEST(a_note_that_is_none_is_not_believed)
{
    char left[RECEIPT_SIZE];
    file_write_string(sandbox_path(sandbox, "run/parsing"), "../../../../../../../../etc/passwd");
    ck_assert(!guard_left(guard, left));
}
END_TEST

static void use_processor(double seconds)
{
    clock_t end = clock() + (clock_t)(seconds * CLOCKS_PER_SEC);
    while (clock() < end)
        continue;
}

/* Many headers of one turn that are slow each, but not too slow, condemn nobody. */
START_TEST(each_note_has_the_whole_time)
{
    struct itimerval left;
    guard_note(guard, receipt);
    use_processor(0.5);
    guard_note(guard, receipt);
    ck_assert_int_eq(getitimer(ITIMER_PROF, &left), 0);
    guard_clear(guard);
    ck_assert_double_ge((double)left.it_value.tv_sec + (double)left.it_value.tv_usec / 1e6,
                        GUARD_SECONDS - 0.25);
}
END_TEST

static void do_nothing(void *context)

{
    (void)context;
}

static void crash(void *context)
{
    (void)context;
    abort();
}

static void never_end(void *context)
{
    for (volatile int *number = context;;)
        ++*number;
}

static const struct parse_row {
    const char *label;
    void (*parse)(void *context);
    bool survives;
} parse_rows[] = {
    {"what comes back has survived", do_nothing, true},
    {"what crashes has not", crash, false},
    {"what never comes back has not", never_end, false},
};

START_TEST(parsing)
{
    const struct parse_row *row = &parse_rows[_i];
    int number = 0;
    ck_assert_msg(guard_survives(row->parse, &number, 1) == row->survives, "%s", row->label);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("guard");
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, a_note_outlives_the_process_and_ends_when_cleared);
    tests_add(tests, a_note_that_is_none_is_not_believed);
    tests_add(tests, each_note_has_the_whole_time);
    tests_rows(tests, parsing, ROWS(parse_rows));
    return tests_run(tests);
}
