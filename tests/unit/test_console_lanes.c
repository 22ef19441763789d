/* A study's line of time: all of its moments, or none and why. */
#include "console/lanes.h"

#include "common/base/cleanup.h"
#include "common/jobs/connection.h"
#include "console/line.h"
#include "tests/support/jobs_world.h"
#include "tests/support/suite.h"

#include <sqlite3.h>

static void ck_sql(const char *sql)
{
    ck_assert_msg(sqlite3_exec(world.db->sql, sql, NULL, NULL, NULL) == SQLITE_OK, "%s",
                  sqlite3_errmsg(world.db->sql));
}

/* Each is received at one moment and decided at another; until the transaction is rolled back. */
static void add_instances(int count)
{
    AUTO(text_release) struct text sql = TEXT_EMPTY;
    text_format(&sql,
                "BEGIN;"
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
                " INSERT INTO instance (receipt, state, place, study, size, received_at, decided_at, done_at)"
                " SELECT 'r' || i, 'done', 'gone', '9', 1, 1000 * i, 1000 * i + 1, 1 FROM n",
                count);
    ck_sql(text_string(&sql));
}

START_TEST(all_moments_are_drawn)
{
    AUTO(json_release) json_t *goals = json_array();
    struct lanes lanes = {.count = 0};
    add_instances(LANES_MOMENTS_MOST / 2);
    lanes_read(&lanes, world.db, "9", goals);
    ck_assert_uint_eq(lanes.moments, LANES_MOMENTS_MOST);
    ck_assert_int_eq(lanes.list[LANES_RECEIVED].counts[LANES_TAKEN], LANES_MOMENTS_MOST / 2);
    ck_assert_int_eq(lanes.list[LANES_DECIDED].counts[LANES_TAKEN], LANES_MOMENTS_MOST / 2);
    lanes_release(&lanes);
    ck_sql("ROLLBACK");
}
END_TEST

START_TEST(of_too_many_none_is_drawn)
{
    AUTO(json_release) json_t *goals = json_array();
    add_instances(LANES_MOMENTS_MOST / 2 + 1);
    AUTO(json_release) json_t *line = line_of(world.db, "9", goals, WORLD_NOW);
    ck_assert(json_is_true(json_object_get(line, "is_cut")));
    ck_assert_ptr_null(json_object_get(line, "drawings"));
    ck_assert_str_eq(json_text(line, "most"), "200,000");
    ck_sql("ROLLBACK");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("console lanes");
    tests_timeout(tests, 60);
    tests_fixture(tests, world_set_up, world_tear_down);
    tests_add(tests, all_moments_are_drawn);
    tests_add(tests, of_too_many_none_is_drawn);
    return tests_run(tests);
}
