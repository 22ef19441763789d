#include "router/trust.h"
#include "tests/support/suite.h"

/* Hours after a start at wall time BEGIN, which has the monotonic time 1000. */
#define HOUR  INT64_C(3600000)
#define DAY   (24 * HOUR)
#define YEAR  (365 * DAY)
#define BEGIN INT64_C(1700000000000)

struct look {
    int64_t at;    /* since the start */
    int64_t ahead; /* of the wall clock, of what it would be without any step */
    enum trust_change change;
    int64_t behind; /* the time by which things expire, of that wall clock */
};

static const struct look_row {
    const char *label;
    struct look looks[6]; /* up to one at 0 */
} look_rows[] = {
    {"nothing happens", {{HOUR, 0, TRUST_SAME, 0}, {YEAR, 0, TRUST_SAME, 0}}},
    {"it is slewed",
     {{HOUR, 50000, TRUST_SAME, 0}, {2 * HOUR, 90000, TRUST_SAME, 0}, {3 * HOUR, 40000, TRUST_SAME, 0}}},
    {"it leaps, and is believed after a day",
     {{HOUR, YEAR, TRUST_LEAPT, YEAR},
      {2 * HOUR, YEAR, TRUST_SAME, YEAR},
      {HOUR + DAY - 1, YEAR, TRUST_SAME, YEAR},
      {HOUR + DAY, YEAR, TRUST_BELIEVED, 0},
      {HOUR + 2 * DAY, YEAR, TRUST_SAME, 0}}},
    {"it leaps, and is set right",
     {{HOUR, YEAR, TRUST_LEAPT, YEAR}, {2 * HOUR, 0, TRUST_BACK, 0}, {2 * DAY, 0, TRUST_SAME, 0}}},
    {"it leaps, and is set right but for a minute",
     {{HOUR, YEAR, TRUST_LEAPT, YEAR},
      {2 * HOUR, 60000, TRUST_BACK, 60000},
      {2 * DAY, 60000, TRUST_BELIEVED, 0}}},
    {"it leaps twice: the second one is doubted for a day, too",
     {{HOUR, YEAR, TRUST_LEAPT, YEAR},
      {20 * HOUR, 2 * YEAR, TRUST_LEAPT, 2 * YEAR},
      {HOUR + DAY, 2 * YEAR, TRUST_SAME, 2 * YEAR},
      {20 * HOUR + DAY - 1, 2 * YEAR, TRUST_SAME, 2 * YEAR},
      {20 * HOUR + DAY, 2 * YEAR, TRUST_BELIEVED, 0}}},
    {"it is slewed while it is doubted",
     {{HOUR, YEAR, TRUST_LEAPT, YEAR}, {2 * HOUR, YEAR + 30000, TRUST_SAME, YEAR}}},
    {"it is set back", {{HOUR, -YEAR, TRUST_BACK, 0}, {2 * HOUR, -YEAR, TRUST_SAME, 0}}},
    {"it is set back, and right again",
     {{HOUR, -YEAR, TRUST_BACK, 0},
      {2 * HOUR, 0, TRUST_LEAPT, YEAR},
      {2 * HOUR + DAY, 0, TRUST_BELIEVED, 0}}},
};

START_TEST(step_is_doubted)
{
    const struct look_row *row = &look_rows[_i];
    struct trust trust;
    ck_assert_int_eq(trust_start(&trust, BEGIN, 1000, 0, 0, 0), TRUST_SAME);
    for (const struct look *look = row->looks; look->at; look++) {
        int64_t wall = BEGIN + look->at + look->ahead, monotonic = 1000 + look->at;
        enum trust_change change = trust_look(&trust, wall, monotonic);
        ck_assert_msg(change == look->change, "%s, at %lld: %d", row->label, (long long)look->at, change);
        ck_assert_msg(wall - trust_time(&trust, monotonic) == look->behind, "%s, at %lld: behind by %lld",
                      row->label, (long long)look->at, (long long)(wall - trust_time(&trust, monotonic)));
        ck_assert_msg((look->behind > 0) == (trust_doubt_ms(&trust, monotonic) > 0), "%s: %lld", row->label,
                      (long long)trust_doubt_ms(&trust, monotonic));
    }
}
END_TEST

static const struct start_row {
    const char *label;
    int64_t wall_at, trusted_at, doubt_ms; /* before BEGIN; wall_at 0: never written */
    enum trust_change change;
    int64_t behind, doubt;
} start_rows[] = {
    {"a new database", 0, 0, 0, TRUST_SAME, 0, 0},
    {"a restart", HOUR, HOUR, 0, TRUST_SAME, 0, 0},
    {"a night", 23 * HOUR, 23 * HOUR, 0, TRUST_SAME, 0, 0},
    {"a year: the machine was off, or its clock is wrong", YEAR, YEAR, 0, TRUST_LEAPT, YEAR, DAY},
    {"a restart in doubt", HOUR, YEAR, 5 * HOUR, TRUST_LEAPT, YEAR, 5 * HOUR},
    {"a weekend in doubt", 3 * DAY, YEAR, 5 * HOUR, TRUST_LEAPT, YEAR, 5 * HOUR},
    {"it was set right meanwhile", -YEAR, HOUR, 5 * HOUR, TRUST_BACK, 0, 0},
    {"it was set back meanwhile", -HOUR, -HOUR, 0, TRUST_BACK, 0, 0},
};

START_TEST(start_remembers)
{
    const struct start_row *row = &start_rows[_i];
    struct trust trust;
    enum trust_change change = trust_start(&trust, BEGIN, 1000, row->wall_at ? BEGIN - row->wall_at : 0,
                                           BEGIN - row->trusted_at, row->doubt_ms);
    ck_assert_msg(change == row->change, "%s: %d", row->label, change);
    ck_assert_msg(BEGIN - trust_time(&trust, 1000) == row->behind, "%s: %lld", row->label,
                  (long long)(BEGIN - trust_time(&trust, 1000)));
    ck_assert_msg(trust_doubt_ms(&trust, 1000) == row->doubt, "%s: %lld", row->label,
                  (long long)trust_doubt_ms(&trust, 1000));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("trust");
    tests_rows(tests, step_is_doubted, ROWS(look_rows));
    tests_rows(tests, start_remembers, ROWS(start_rows));
    return tests_run(tests);
}
