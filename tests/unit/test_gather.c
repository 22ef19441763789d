#include "router/gather.h"

#include "tests/support/suite.h"

enum { NOW = 1800000000 };

static const struct row {
    const char *label;
    int64_t queued, since;
    bool urgent, in_flight, waits;
} rows[] = {
    {"it is still arriving", 10, NOW, false, true, true},
    {"there is enough for a request", 50, NOW, false, true, false},
    {"no request of it is on its way", 10, NOW, false, false, false},
    {"it is urgent", 10, NOW, true, true, false},
    {"it waits for a while", 10, NOW - GATHER_MS + 1, false, true, true},
    {"it has waited enough", 10, NOW - GATHER_MS, false, true, false},
    {"the clock went back", 10, NOW + 1000, false, true, false},
};

START_TEST(a_lane_waits_for_more)
{
    const struct row *row = &rows[_i];
    const struct jobdb_lane lane = {
        .known = true, .urgent = row->urgent, .queued = row->queued, .since = row->since};
    ck_assert_msg(gather_wants(&lane, 50, row->in_flight, NOW) == row->waits, "%s", row->label);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("gather");
    tests_rows(tests, a_lane_waits_for_more, ROWS(rows));
    return tests_run(tests);
}
