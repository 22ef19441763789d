#include "router/notice.h"

#include "tests/support/suite.h"

enum { WALL = 1000000, MONOTONIC = 5000 };

/* One look after a telling of 3. */
static const struct row {
    const char *label;
    int64_t count, wall_later, gone_since; /* gone_since: ms, 0: it was there */
    enum notice_says says;
    int64_t more, told;
} rows[] = {
    {"nothing new", 3, 2 * NOTICE_MORE_MS, 0, NOTICE_SAYS_NOTHING, 0, 3},
    {"more, but it was told a moment ago", 5, NOTICE_MORE_MS - 1, 0, NOTICE_SAYS_NOTHING, 0, 3},
    {"more, an hour later", 5, NOTICE_MORE_MS, 0, NOTICE_SAYS_MORE, 2, 5},
    {"more, and the clock went back", 5, -1000, 0, NOTICE_SAYS_MORE, 2, 5},
    {"fewer: what comes next is new", 1, NOTICE_MORE_MS, 0, NOTICE_SAYS_NOTHING, 0, 1},
    {"gone, not for long", 0, 1000, NOTICE_GONE_MS - 1, NOTICE_SAYS_NOTHING, 0, 3},
    {"gone", 0, 1000, NOTICE_GONE_MS, NOTICE_SAYS_OVER, 0, 3},
    {"it came back", 3, 1000, NOTICE_GONE_MS - 1, NOTICE_SAYS_NOTHING, 0, 3},
};

START_TEST(a_notice_says)
{
    const struct row *row = &rows[_i];
    struct notice notice = {.count = 3, .told = 3, .told_at = WALL};
    int64_t more = 0;
    if (row->gone_since > 0)
        notice.gone_at = MONOTONIC;
    enum notice_says says =
        notice_look(&notice, row->count, WALL + row->wall_later, MONOTONIC + row->gone_since, &more);
    ck_assert_msg(says == row->says && more == row->more && notice.told == row->told,
                  "%s: says %d, more %lld, told %lld", row->label, says, (long long)more,
                  (long long)notice.told);
    ck_assert(row->count == 0 || notice.gone_at == 0);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("notice");
    tests_rows(tests, a_notice_says, ROWS(rows));
    return tests_run(tests);
}
