/* What conditions have said on each day: the turn of a day, restarts, what is forgotten, and what an older database knows. */
#include "common/jobs/conditions.h"

#include "common/base/cleanup.h"
#include "common/base/text.h"
#include "common/jobs/connection.h"
#include "common/jobs/history.h"
#include "common/jobs/show.h"
#include "common/jobs/times.h"
#include "tests/support/jobs_world.h"
#include "tests/support/suite.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <time.h>

/* 30 November 2026, 23:59:59 in Zurich, which is 22:59:59 UTC. */
#define EVENING 1796079599000LL

enum { SECOND_MS = 1000, HOUR_MS = 3600 * SECOND_MS };

#define DAY_MS ((int64_t)24 * HOUR_MS)

static void set_up(void)
{
    (void)setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    world_set_up();
    jobdb_condition_in_force(world.db, world.main_id, world.ct_album, "ct", EVENING - DAY_MS);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
}

static void count(int64_t album, enum jobdb_said said, int64_t at)
{
    jobdb_count_condition(world.db, world.main_id, album, said, true, at);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
}

static void take_day(void *context, const struct jobdb_field *fields, size_t width)
{
    struct text *days = context;
    ck_assert_uint_eq(width, 6);
    text_format(days, "%s/%s %s %lld %lld %lld\n", fields[0].text, fields[1].text ? fields[1].text : "",
                fields[2].text, (long long)fields[3].number, (long long)fields[4].number,
                (long long)fields[5].number);
}

static void ck_days(const char *since, const char *expected)
{
    AUTO(text_release) struct text days = TEXT_EMPTY;
    ck_assert_int_eq(jobdb_ask(world.db, JOBDB_ASK_CONDITION_DAYS, since, NULL, 0, take_day, &days), 0);
    ck_assert_str_eq(text_string(&days), expected);
}

START_TEST(a_day_turns_by_the_gateways_own_zone)
{
    count(world.ct_album, JOBDB_SAID_YES, EVENING);
    count(world.ct_album, JOBDB_SAID_NO, EVENING + 999);
    count(world.ct_album, JOBDB_SAID_NO, EVENING + SECOND_MS);
    count(world.ct_album, JOBDB_SAID_UNDECIDED, EVENING + 2 * HOUR_MS);
    count(0, JOBDB_SAID_YES, EVENING);
    ck_days("2026-11-30", "main/ 2026-11-30 1 0 0\nmain/ct 2026-11-30 1 1 0\nmain/ct 2026-12-01 0 1 1\n");
    ck_days("2026-12-01", "main/ct 2026-12-01 0 1 1\n");
    ck_days("2026-12-02", "");
}
END_TEST

START_TEST(many_of_one_transaction_are_one_row)
{
    for (int i = 0; i < 1000; i++)
        jobdb_count_condition(world.db, world.main_id, world.ct_album, JOBDB_SAID_YES, false, EVENING);
    ck_days("2026-01-01", "");
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    ck_days("2026-01-01", "main/ct 2026-11-30 1000 0 0\n");
}
END_TEST

START_TEST(a_restart_goes_on_counting)
{
    count(world.ct_album, JOBDB_SAID_YES, EVENING);
    jobdb_destroy(&world.db);
    world_open();
    count(world.ct_album, JOBDB_SAID_YES, EVENING);
    ck_days("2026-01-01", "main/ct 2026-11-30 2 0 0\n");
}
END_TEST

/* Another condition, or none: what was said before stays said. */
START_TEST(another_condition_takes_nothing_away)
{
    count(world.ct_album, JOBDB_SAID_NO, EVENING);
    jobdb_condition_in_force(world.db, world.main_id, world.ct_album, "another", EVENING);
    count(world.ct_album, JOBDB_SAID_YES, EVENING);
    jobdb_condition_in_force(world.db, world.main_id, world.ct_album, NULL, EVENING);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    ck_days("2026-01-01", "main/ct 2026-11-30 1 1 0\n");
}
END_TEST

/* However long it runs, also of albums that are gone from the configuration. */
START_TEST(days_are_forgotten_with_the_history)
{
    for (int day = 0; day < 100; day++) {
        count(day < 50 ? world.mr_album : world.ct_album, JOBDB_SAID_YES, EVENING + day * DAY_MS);
        (void)jobdb_forget(world.db, EVENING + day * DAY_MS - 2 * DAY_MS, 10);
    }
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    ck_days("2026-01-01", "main/ct 2027-03-07 1 0 0\nmain/ct 2027-03-08 1 0 0\nmain/ct 2027-03-09 1 0 0\n");
}
END_TEST

START_TEST(days_that_never_were_go_when_the_clock_is_right)
{
    count(world.ct_album, JOBDB_SAID_YES, EVENING);
    count(world.ct_album, JOBDB_SAID_YES, EVENING + 400 * DAY_MS);
    jobdb_clock_is_back(world.db, EVENING, EVENING + DAY_MS);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    ck_days("2026-01-01", "main/ct 2026-11-30 1 0 0\n");
}
END_TEST

/* One of version 22, which had the sums of five minutes alone. */
START_TEST(an_older_database_brings_its_days)
{
    AUTO(text_release) struct text sql = TEXT_EMPTY;
    text_format(
        &sql,
        "DROP TABLE matching_day; PRAGMA user_version = 22;"
        "INSERT INTO tally (destination_id, album_id, started_at, yes, no) VALUES"
        " (1, %lld, 1796079300000, 3, 1), (1, %lld, 1796079000000, 2, 0), (1, %lld, 1796079600000, 0, 7);"
        "INSERT INTO tally (destination_id, album_id, started_at, done) VALUES (1, 0, 1796079300000, 5)",
        (long long)world.ct_album, (long long)world.ct_album, (long long)world.ct_album);
    ck_assert_int_eq(sqlite3_exec(world.db->sql, text_string(&sql), NULL, NULL, NULL), SQLITE_OK);
    jobdb_destroy(&world.db);
    world_open();
    ck_days("2026-01-01", "main/ct 2026-11-30 5 1 0\nmain/ct 2026-12-01 0 7 0\n");
    count(world.ct_album, JOBDB_SAID_YES, EVENING);
    ck_days("2026-01-01", "main/ct 2026-11-30 6 1 0\nmain/ct 2026-12-01 0 7 0\n");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("jobdb conditions");
    tests_fixture(tests, set_up, world_tear_down);
    tests_add(tests, a_day_turns_by_the_gateways_own_zone);
    tests_add(tests, many_of_one_transaction_are_one_row);
    tests_add(tests, a_restart_goes_on_counting);
    tests_add(tests, another_condition_takes_nothing_away);
    tests_add(tests, days_are_forgotten_with_the_history);
    tests_add(tests, days_that_never_were_go_when_the_clock_is_right);
    tests_add(tests, an_older_database_brings_its_days);
    return tests_run(tests);
}
