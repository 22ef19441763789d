/* How long a part of the loop rests after a portion of its work. */
#include "router/breather.h"

#include "tests/support/suite.h"

static const struct rest_row {
    const char *label;
    int64_t took;
    bool is_busy;
    int64_t rest;
} rest_rows[] = {
    {"less than a millisecond", 0, true, 0},
    {"a portion", 10, false, 10},
    {"a portion, beside others", 10, true, 40},
    {"one that took long", 70, true, 280},
    {"the machine slept", 90000, false, BREATHER_LONGEST_MS},
};

START_TEST(a_portion_is_followed_by_a_rest)
{
    const struct rest_row *row = &rest_rows[_i];
    struct breather breather = {0};
    int64_t now = 5000;
    ck_assert(breather_begin(&breather, now));
    ck_assert_int_eq(breather.rests_until, 0);
    now += row->took;
    breather_end(&breather, now, row->is_busy);
    ck_assert_msg(breather.rests_until == (row->rest ? now + row->rest : 0), "%s: %lld", row->label,
                  (long long)breather.rests_until);
    if (row->rest) {
        ck_assert(!breather_begin(&breather, now) && !breather_begin(&breather, now + row->rest - 1));
        ck_assert_int_eq(breather.rests_until, now + row->rest);
    }
    ck_assert(breather_begin(&breather, now + row->rest));
    ck_assert_int_eq(breather.rests_until, 0);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("breather");
    tests_rows(tests, a_portion_is_followed_by_a_rest, ROWS(rest_rows));
    return tests_run(tests);
}
