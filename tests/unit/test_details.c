/* What is told of a study: each series with its own jobs, however many there are. */
#include "common/view/details.h"

#include "common/base/cleanup.h"
#include "common/jobs/connection.h"
#include "tests/support/jobs_world.h"
#include "tests/support/suite.h"

#include <sqlite3.h>
#include <string.h>

enum { SERIES = 40000 };

static void ck_sql(const char *sql)
{
    ck_assert_msg(sqlite3_exec(world.db->sql, sql, NULL, NULL, NULL) == SQLITE_OK, "%s",
                  sqlite3_errmsg(world.db->sql));
}

static const json_t *row_of(const json_t *study, const char *series)
{
    json_t *row;
    size_t index;
    json_array_foreach(json_object_get(study, "series"), index, row)
    {
        const char *name = json_text_or_null(row, "series");
        if (name && series ? strcmp(name, series) == 0 : !name && !series)
            return row;
    }
    ck_abort_msg("there is no series %s", series ? series : "without a name");
    return NULL;
}

static size_t count_of(const json_t *row, const char *list)
{
    ck_assert(json_is_array(json_object_get(row, list)));
    return json_array_size(json_object_get(row, list));
}

START_TEST(each_series_has_its_own_jobs)
{
    const struct config config = {0};
    world_take_in("1", "1.1", "1.1.1", world.ct_album, false);
    world_take_in("1", "1.1", "1.1.2", world.ct_album, false);
    world_take_in("1", "1.2", "1.2.1", 0, false);
    ck_sql("INSERT INTO instance (receipt, state, place, study, size, received_at, decided_at)"
           " VALUES ('x', 'quarantined', 'quarantine', '1', 0, 0, 0)");
    AUTO(json_release) json_t *study = details_of_study(world.db, &config, "1", NULL);
    const json_t *first = row_of(study, "1.1"), *second = row_of(study, "1.2"), *none = row_of(study, NULL);
    ck_assert_uint_eq(count_of(first, "deliveries"), 1);
    ck_assert_int_eq(
        json_integer_value(json_object_get(json_array_get(json_object_get(first, "deliveries"), 0), "count")),
        2);
    ck_assert_uint_eq(count_of(first, "shares"), 1);
    ck_assert_uint_eq(count_of(second, "deliveries"), 1);
    ck_assert_uint_eq(count_of(second, "shares"), 0);
    ck_assert_uint_eq(count_of(none, "deliveries"), 0);
    ck_assert_uint_eq(count_of(none, "shares"), 0);
    ck_sql("DELETE FROM instance WHERE receipt = 'x'");
}
END_TEST

/* The work grows with them, not with their square, which this test's time would not be enough for. */
START_TEST(many_series_are_told)
{
    const struct config config = {0};
    AUTO(text_release) struct text sql = TEXT_EMPTY;
    text_format(
        &sql,
        "BEGIN;"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
        " INSERT INTO instance (receipt, state, place, study, series, sop_instance, size, received_at,"
        " decided_at, done_at) SELECT 'r' || i, 'done', 'gone', '9', '9.' || i, '9.9.' || i, 1, 1, 1, 1 FROM n;"
        "INSERT INTO delivery (instance_id, destination_id, state, due_at, finished_at)"
        " SELECT i.id, d.id, 'excluded', 0, 1 FROM instance i, destination d WHERE i.study = '9'",
        SERIES);
    ck_sql(text_string(&sql));
    AUTO(json_release) json_t *study = details_of_study(world.db, &config, "9", NULL);
    const json_t *all = json_object_get(study, "series"), *row;
    size_t index;
    ck_assert_uint_eq(json_array_size(all), SERIES);
    json_array_foreach(all, index, row)
    {
        const json_t *deliveries = json_object_get(row, "deliveries");
        ck_assert_uint_eq(json_array_size(deliveries), 2);
        ck_assert_str_eq(json_text(json_array_get(deliveries, 1), "series"), json_text(row, "series"));
    }
    ck_sql("ROLLBACK");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("details");
    tests_timeout(tests, 60);
    tests_fixture(tests, world_set_up, world_tear_down);
    tests_add(tests, each_series_has_its_own_jobs);
    tests_add(tests, many_series_are_told);
    return tests_run(tests);
}
