/* The clock that stands still while nobody turns the loop. */
#include "common/base/loop_clock.h"

#include "tests/support/suite.h"

enum { START = 500000 };

static const struct reading_row {
    const char *label;
    int64_t passes, counts;
} reading_rows[] = {
    {"nothing", 0, 0},
    {"a short turn", 3, 3},
    {"the longest turn of a loop with nothing to do", 1000, 1000},
    {"the longest that counts whole", LOOP_TURN_MS, LOOP_TURN_MS},
    {"it was stopped for seven seconds", 7000, LOOP_TURN_MS},
    {"it was stopped for a night", 12LL * 3600 * 1000, LOOP_TURN_MS},
};

START_TEST(only_the_time_of_turns_counts)
{
    const struct reading_row *row = &reading_rows[_i];
    struct loop_clock clock = {0};
    ck_assert_int_eq(loop_clock_read(&clock, START), START);
    ck_assert_int_eq(loop_clock_read(&clock, START + row->passes), START + row->counts);
    ck_assert_int_eq(loop_clock_read(&clock, START + row->passes + 10), START + row->counts + 10);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("loop_clock");
    tests_rows(tests, only_the_time_of_turns_counts, ROWS(reading_rows));
    return tests_run(tests);
}
