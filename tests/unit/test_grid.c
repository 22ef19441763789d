/* A table is as wide as what is in it, and never cuts a number or a state. */
#include "cli/grid.h"

#include "common/base/cleanup.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

static const struct grid_column columns[] = {
    {"NAME", TABLE_LEFT, false}, {"STATE", TABLE_LEFT, true}, {"JOBS", TABLE_RIGHT, false}};

static const struct shape_row {
    const char *label;
    int line;
    const char *table;
} shapes[] = {
    {"wide enough", 54,
     "NAME                       STATE                 JOBS\n"
     "a-destination-of-long-name not configured 119,234,567\n"},
    {"numbers are short", 48,
     "NAME                       STATE           JOBS\n"
     "a-destination-of-long-name not configured 119 M\n"},
    {"the name is cut", 36,
     "NAME            STATE           JOBS\n"
     "a-destination-… not configured 119 M\n"},
    {"the name has its own line", 30,
     "NAME\n"
     "  STATE           JOBS\n"
     "a-destination-of-long-name\n"
     "  not configured 119 M\n"},
};

START_TEST(table_is)
{
    const struct shape_row *row = &shapes[_i];
    ck_assert_int_eq(setenv("LC_ALL", "C.UTF-8", 1), 0);
    AUTO(grid_release) struct grid grid = {.columns = columns, .column_count = 3};
    AUTO(text_release) struct text out = TEXT_EMPTY;
    grid_add(&grid, "a-destination-of-long-name");
    grid_add(&grid, "not configured");
    grid_add_number(&grid, 119234567);
    grid_append(&grid, row->line, &out);
    ck_assert_msg(strcmp(text_string(&out), row->table) == 0, "%s:\n%s", row->label, text_string(&out));
}
END_TEST

static const struct number_row {
    int64_t number;
    const char *full, *brief;
} numbers[] = {
    {0, "0", "0"},
    {999, "999", "999"},
    {1000, "1,000", "1,000"},
    {99999, "99,999", "99,999"},
    {123456, "123,456", "123 k"},
    {1234567, "1,234,567", "1.2 M"},
    {999950, "999,950", "1.0 M"},
    {119234567, "119,234,567", "119 M"},
    {-1234, "-1,234", "-1,234"},
    {INT64_MAX, "9,223,372,036,854,775,807", "9.2 E"},
};

START_TEST(number_is)
{
    const struct number_row *row = &numbers[_i];
    AUTO(text_release) struct text full = TEXT_EMPTY;
    AUTO(text_release) struct text brief = TEXT_EMPTY;
    grid_append_number(row->number, false, &full);
    grid_append_number(row->number, true, &brief);
    ck_assert_str_eq(text_string(&full), row->full);
    ck_assert_str_eq(text_string(&brief), row->brief);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("grid");
    tests_rows(tests, table_is, ROWS(shapes));
    tests_rows(tests, number_is, ROWS(numbers));
    return tests_run(tests);
}
