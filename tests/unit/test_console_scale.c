/* The top of a chart's scale: the rest of a day can be seen beside a recovery. */
#include "console/scale.h"
#include "tests/support/suite.h"

static const struct round_row {
    int64_t number, top;
} round_rows[] = {
    {0, 1},   {1, 1},   {2, 2},     {3, 5},      {5, 5},       {6, 10},         {10, 10},
    {11, 20}, {21, 50}, {500, 500}, {501, 1000}, {1284, 2000}, {99999, 100000}, {INT64_MAX, INT64_MAX}};

START_TEST(numbers_are_rounded_up)
{
    ck_assert_int_eq(scale_round_up(round_rows[_i].number), round_rows[_i].top);
}
END_TEST

static const struct top_row {
    const char *label;
    int64_t values[12], top;
} top_rows[] = {
    {"nothing", {0}, 5},
    {"one", {0, 3}, 5},
    {"all alike", {40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 50}, 50},
    {"one far above", {10, 12, 11, 9, 10, 12, 11, 9, 10, 12, 11, 1284}, 20},
    {"two far above", {10, 12, 11, 9, 10, 12, 11, 9, 10, 12, 900, 1284}, 20},
    {"three are no exception", {10, 12, 11, 9, 10, 12, 11, 9, 10, 700, 900, 1284}, 2000},
    {"not so far above", {10, 12, 11, 9, 10, 12, 11, 9, 10, 12, 11, 35}, 50},
    {"too few to tell", {10, 12, 11, 9, 1284}, 2000},
    {"nothing but noughts beside it", {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1284}, 2000},
    {"an outage, and what follows", {10, 12, 11, 9, 10, 0, 0, 0, 0, 12, 11, 1284}, 20},
};

START_TEST(top_is_of_what_is_usual)
{
    const struct top_row *row = &top_rows[_i];
    int64_t top = scale_top(row->values, ROWS(row->values));
    ck_assert_msg(top == row->top, "%s: %lld", row->label, (long long)top);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("console scale");
    tests_rows(tests, numbers_are_rounded_up, ROWS(round_rows));
    tests_rows(tests, top_is_of_what_is_usual, ROWS(top_rows));
    return tests_run(tests);
}
