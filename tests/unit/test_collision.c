/* When an attempt that failed as one does that met another request is spared. */
#include "router/collision.h"
#include "tests/support/suite.h"

#define NOW        INT64_C(1700000000000)
#define HOUR       ((int64_t)3600 * 1000)
#define ALMOST(ms) ((ms)-1)

static const struct collision_row {
    const char *label;
    int64_t since, stored_at;
    bool spared;
    bool others;
} rows[] = {
    {"the first time, of a series that is not there", 0, 0, true, false},
    {"for almost two hours", NOW - ALMOST(COLLISION_PATIENCE_MS), 0, true, false},
    {"for two hours: it counts", NOW - COLLISION_PATIENCE_MS, 0, false, false},
    {"of a series that came a moment ago", 0, NOW - 1, true, false},
    {"of one that came almost an hour ago", NOW - HOUR / 2, NOW - ALMOST(COLLISION_NEW_MS), true, false},
    {"of one that came an hour ago: nothing makes its rows any more", 0, NOW - COLLISION_NEW_MS, false,
     false},
    {"of one from before this was recorded", 0, 1, false, false},
    {"of one that came long ago, and another cell is configured", 0, 1, true, true},
    {"that, for two hours", NOW - COLLISION_PATIENCE_MS, 1, false, true},
    {"the clock was set back", NOW + HOUR, NOW + HOUR, true, false},
};

START_TEST(a_new_series_is_spared_for_two_hours)
{
    const struct collision_row *row = &rows[_i];
    const struct collision collision = {NOW, row->since, row->stored_at, row->others};
    ck_assert_msg(collision_is_spared(&collision) == row->spared, "%s", row->label);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("collision");
    tests_rows(tests, a_new_series_is_spared_for_two_hours, ROWS(rows));
    return tests_run(tests);
}
