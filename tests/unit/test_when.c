#include "cli/when.h"

#include "tests/support/suite.h"

#include <stdlib.h>
#include <time.h>

/* 2026-03-10T12:00:00Z; the zone of the tests is an hour ahead of UTC all year. */
static const int64_t now = 1773144000000;

static const struct row {
    const char *text;
    int64_t ms; /* -1: not a time */
} rows[] = {
    {"90s", 1773144000000 - 90000},
    {"15m", 1773144000000 - 900000},
    {"2h", 1773144000000 - 7200000},
    {"7d", 1773144000000 - 604800000},
    {"10:00", 1773133200000},
    {"13:00", 1773144000000},
    {"13:01", 1773144060000 - 86400000},
    {"00:00", 1773097200000},
    {"today", 1773097200000},
    {"yesterday", 1773010800000},
    {"2026-03-10", 1773097200000},
    {"2026-03-10Z", 1773100800000},
    {"2026-03-10T08:15", 1773126900000},
    {"2026-03-10T08:15:30Z", 1773130530000},
    {"", -1},
    {"2", -1},
    {"1:00", -1},
    {"24:00", -1},
    {"10:60", -1},
    {"10:00x", -1},
    {"2x", -1},
    {"2hh", -1},
    {"-2h", -1},
    {"tomorrow", -1},
    {"2026-13-10", -1},
    {"2026-03-10T08:15+01", -1},
    {"1e3d", -1},
};

START_TEST(text_is_a_time)
{
    const struct row *row = &rows[_i];
    int64_t ms = -1;
    (void)setenv("TZ", "TST-1", 1);
    tzset();
    ck_assert_msg(when_parse(row->text, now, &ms) == (row->ms >= 0), "\"%s\"", row->text);
    ck_assert_msg(ms == row->ms, "\"%s\": %lld", row->text, (long long)ms);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("when");
    tests_rows(tests, text_is_a_time, ROWS(rows));
    return tests_run(tests);
}
