#include "cli/rates.h"

#include "common/base/cleanup.h"
#include "tests/support/suite.h"

#include <string.h>

static const struct rates_row {
    const char *label;
    struct rates_sample samples[3];
    size_t count;
    const char *says;
} rows[] = {
    {"one look", {{1000, 5, 500, 40}}, 1, "backlog 40"},
    {"it goes",
     {{1000, 0, 0, 100}, {3000, 20, 2048, 80}},
     2,
     "10.0 instances/s, 1.0 KiB/s; backlog 80, empty in about 8 s"},
    {"it grows",
     {{1000, 0, 0, 100}, {3000, 20, 2048, 120}},
     2,
     "10.0 instances/s, 1.0 KiB/s; backlog 120, growing by 10.0/s"},
    {"it stands", {{1000, 0, 0, 7}, {3000, 0, 0, 7}}, 2, "0.0 instances/s, 0 B/s; backlog 7, not shrinking"},
    {"it is empty",
     {{1000, 0, 0, 9}, {2000, 4, 0, 5}, {3000, 9, 0, 0}},
     3,
     "4.5 instances/s, 0 B/s; backlog 0"},
};

START_TEST(rate_is_said)
{
    const struct rates_row *row = &rows[_i];
    AUTO(text_release) struct text line = TEXT_EMPTY;
    struct rates rates = {.count = 0};
    for (size_t i = 0; i < row->count; i++)
        rates_add(&rates, &row->samples[i]);
    rates_append(&rates, &line);
    ck_assert_msg(strcmp(text_string(&line), row->says) == 0, "%s: %s", row->label, text_string(&line));
}
END_TEST

/* What was before the last samples counts no more. */
START_TEST(old_looks_are_forgotten)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    struct rates rates = {.count = 0};
    for (int64_t i = 0; i < 10 * RATES_SAMPLES; i++)
        rates_add(&rates, &(struct rates_sample){.at = i * 1000, .done = i < 100 ? i * 50 : 5000 + i});
    rates_append(&rates, &line);
    ck_assert_str_eq(text_string(&line), "1.0 instances/s, 0 B/s; backlog 0");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("rates");
    tests_rows(tests, rate_is_said, ROWS(rows));
    tests_add(tests, old_looks_are_forgotten);
    return tests_run(tests);
}
