/* The series that a destination was asked about last, among many images of which it was not asked. */
#include "router/latest.h"

#include "common/jobs/connection.h"
#include "common/jobs/intake.h"
#include "tests/support/jobs_world.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

enum { STRANGERS = 10000, A_CALL_MOST = 1024 /* images, which is some milliseconds */ };

static void take_in(int64_t destination_id, const char *series)
{
    char receipt[RECEIPT_SIZE];
    const struct jobdb_decision decision = {.destination_id = destination_id, .takes = true};
    const struct jobdb_instance instance = {
        .receipt = world_next_receipt(receipt), .study = "1", .series = series, .sop_instance = receipt};
    jobdb_take_in(world.db, &instance, &decision, 1, WORLD_NOW, 0);
}

/* One series of the main destination, and then only what others were asked for. */
static void take_in_many(void)
{
    take_in(world.main_id, "1.1");
    take_in(world.main_id, "1.1");
    for (int i = 0; i < STRANGERS; i++)
        take_in(world.other_id, "1.9");
    ck_assert_int_eq(jobdb_commit(world.db), 0);
}

START_TEST(a_call_looks_at_few_images)
{
    struct latest latest = {.destination_id = world.main_id};
    struct jobdb_past row;
    enum latest_step step;
    take_in_many();
    do {
        int64_t before = latest.looked;
        step = latest_next(&latest, world.db, &row);
        ck_assert_int_le(latest.looked - before, A_CALL_MOST);
    } while (step == LATEST_NOT_YET);
    ck_assert_int_eq(step, LATEST_FOUND);
    ck_assert_str_eq(row.series, "1.1");
    ck_assert_int_eq(row.id, 2);
    ck_assert_int_eq(latest.before, 1); /* its run was passed at once */
    ck_assert_int_eq(latest.looked, STRANGERS + 1);
    ck_assert_int_eq(latest_next(&latest, world.db, &row), LATEST_OVER);
    ck_assert(!latest.more);
}
END_TEST

/* However few of them the destination was asked for. */
START_TEST(images_are_counted_and_not_questions)
{
    struct latest latest = {.destination_id = world.main_id, .looked = LATEST_LOOKED - STRANGERS / 2};
    struct jobdb_past row;
    enum latest_step step;
    take_in_many();
    while ((step = latest_next(&latest, world.db, &row)) == LATEST_NOT_YET)
        continue;
    ck_assert_int_eq(step, LATEST_OVER);
    ck_assert(latest.more);
    ck_assert_int_lt(latest.looked, LATEST_LOOKED + A_CALL_MOST);
}
END_TEST

/* Images of two series that came by turns are looked at one by one, and counted so. */
START_TEST(series_that_came_by_turns_are_given_once)
{
    enum { TURNS = 50 };
    struct latest latest = {.destination_id = world.main_id};
    struct jobdb_past row;
    enum latest_step step;
    size_t found = 0;
    for (int i = 0; i < TURNS; i++) {
        take_in(world.main_id, "1.1");
        take_in(world.main_id, "1.2");
    }
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    while ((step = latest_next(&latest, world.db, &row)) != LATEST_OVER)
        found += step == LATEST_FOUND;
    ck_assert_uint_eq(found, 2);
    ck_assert_int_eq(latest.looked, 2 * TURNS);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("latest");
    tests_fixture(tests, world_set_up, world_tear_down);
    tests_add(tests, a_call_looks_at_few_images);
    tests_add(tests, images_are_counted_and_not_questions);
    tests_add(tests, series_that_came_by_turns_are_given_once);
    return tests_run(tests);
}
