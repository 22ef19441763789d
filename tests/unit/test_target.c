#include "router/target.h"

#include "tests/support/suite.h"

static const struct target_retry retry = {.first_ms = 5000, .ceiling_ms = 60000};
static const struct config_destination configured;

enum { NO_JITTER = 0, NOW = 1000000 };

static struct target up(void)
{
    return (struct target){.destination = &configured, .connections = 2};
}

START_TEST(an_open_target_takes_as_many_as_it_has_connections)
{
    struct target target = up();
    ck_assert(target_is_open(&target, NOW));
    target.in_flight = 2;
    ck_assert(!target_is_open(&target, NOW));
}
END_TEST

START_TEST(a_target_that_is_held_or_not_configured_takes_nothing)
{
    struct target target = up();
    target.row.held = true;
    ck_assert(!target_is_open(&target, NOW));
    target.row.held = false;
    target.destination = NULL;
    ck_assert(!target_is_open(&target, NOW));
    ck_assert_int_eq(target_opens_at(&target, NOW), INT64_MAX);
}
END_TEST

START_TEST(trouble_closes_it_until_one_probe_may_go)
{
    struct target target = up();
    ck_assert(target_troubled(&target, &retry, 0, 0, NO_JITTER, NOW));
    ck_assert_int_eq(target.row.state, TARGET_BACKING_OFF);
    ck_assert_int_eq(target.row.until, NOW + 2500);
    ck_assert(!target_is_open(&target, NOW + 2499));
    ck_assert_int_eq(target_opens_at(&target, NOW), NOW + 2500);
    ck_assert(target_is_open(&target, NOW + 2500));
    target.in_flight = 1;
    ck_assert_msg(!target_is_open(&target, NOW + 2500), "one probe at a time");
}
END_TEST

START_TEST(each_failed_probe_doubles_the_wait_up_to_the_ceiling)
{
    struct target target = up();
    int64_t now = NOW, waits[8];
    for (int i = 0; i < 8; i++) {
        (void)target_troubled(&target, &retry, 0, 0, NO_JITTER, now);
        waits[i] = target.row.until - now;
        now = target.row.until;
    }
    ck_assert_int_eq(waits[0], 2500);
    ck_assert_int_eq(waits[1], 5000);
    ck_assert_int_eq(waits[2], 10000);
    ck_assert_int_eq(waits[7], 30000);
}
END_TEST

START_TEST(requests_that_fail_together_are_one_failure)
{
    struct target target = up();
    (void)target_troubled(&target, &retry, 0, 0, NO_JITTER, NOW);
    int64_t until = target.row.until;
    ck_assert(!target_troubled(&target, &retry, 0, 0, NO_JITTER, NOW + 1));
    ck_assert_int_eq(target.row.until, until);
    ck_assert_int_eq(target.row.failures, 1);
}
END_TEST

START_TEST(trouble_of_one_request_is_its_own_when_others_are_stored_meanwhile)
{
    struct target target = up();
    target.row.stored = 10;
    ck_assert(!target_troubled(&target, &retry, 9, 0, NO_JITTER, NOW));
    ck_assert_int_eq(target.row.state, TARGET_UP);
    ck_assert(target_is_open(&target, NOW));
}
END_TEST

START_TEST(retry_after_is_honoured_when_it_is_longer)
{
    struct target target = up();
    (void)target_troubled(&target, &retry, 0, 120000, NO_JITTER, NOW);
    ck_assert_int_eq(target.row.until, NOW + 120000);
}
END_TEST

START_TEST(retry_after_has_its_limits)
{
    static const struct target_retry patient = {5000, 2 * TARGET_LONGEST_MS};
    struct target target = up();
    (void)target_troubled(&target, &retry, 0, INT64_MAX / 2, NO_JITTER, NOW);
    ck_assert_int_eq(target.row.until, NOW + TARGET_LONGEST_MS);
    target = up();
    (void)target_troubled(&target, &patient, 0, INT64_MAX / 2, NO_JITTER, NOW);
    ck_assert_int_eq(target.row.until, NOW + 2 * TARGET_LONGEST_MS);
}
END_TEST

START_TEST(success_opens_it)
{
    struct target target = up();
    (void)target_troubled(&target, &retry, 0, 0, NO_JITTER, NOW);
    ck_assert(target_succeeded(&target, 3, NOW + 9000));
    ck_assert_int_eq(target.row.state, TARGET_UP);
    ck_assert_int_eq(target.row.stored, 3);
    ck_assert_int_eq(target.row.failures, 0);
    ck_assert(!target_succeeded(&target, 1, NOW + 9001));
}
END_TEST

START_TEST(a_refusal_blocks_and_is_probed_slowly)
{
    struct target target = up();
    ck_assert(target_refused(&target, &retry, NOW));
    ck_assert_int_eq(target.row.state, TARGET_BLOCKED);
    ck_assert_int_eq(target.row.until, NOW + 60000);
    ck_assert(!target_refused(&target, &retry, NOW + 60000));
    ck_assert_int_eq(target.row.until, NOW + 120000);
}
END_TEST

static const struct delay_row {
    int64_t tries;
    uint64_t jitter;
    int64_t delay;
} delay_rows[] = {
    {1, 0, 2500},  {1, 2500, 5000}, {2, 0, 5000},       {3, 0, 10000},
    {4, 0, 20000}, {5, 0, 30000},   {60, 30000, 60000},
};

START_TEST(delay_is)
{
    const struct delay_row *row = &delay_rows[_i];
    ck_assert_int_eq(target_delay(&retry, row->tries, row->jitter), row->delay);
}
END_TEST

static const struct rest_row {
    const char *label;
    int64_t ceiling_ms, longest;
} rest_rows[] = {
    {"a job that fails alone rests for a day of quarters of an hour", 900000, 96 * INT64_C(900000)},
    {"a short ceiling: what a server was too slow for rests for up to an hour", 1000, TARGET_LONGEST_MS},
};

START_TEST(longest_rest_is)
{
    const struct rest_row *row = &rest_rows[_i];
    ck_assert_msg(target_longest_rest(row->ceiling_ms) == row->longest, "%s: %lld", row->label,
                  (long long)target_longest_rest(row->ceiling_ms));
}
END_TEST

/* ---- what requests without success say ---- */

static const struct target_lesson refused = {.says = BLAME_RESTS, .fresh = true};

START_TEST(many_requests_in_a_row_without_success_make_it_rest)
{
    struct target target = up();
    for (int i = 1; i < TARGET_FRUITLESS; i++)
        ck_assert_msg(!target_learn(&target, &retry, &refused, NOW), "after %d", i);
    ck_assert(target_learn(&target, &retry, &refused, NOW));
    ck_assert_int_eq(target.row.state, TARGET_BACKING_OFF);
    int64_t rest = target.row.until - NOW;
    ck_assert(!target_learn(&target, &retry, &refused, target.row.until));
    ck_assert_msg(target.row.until - NOW > 2 * rest, "each further probe that stores nothing doubles it");
    ck_assert(target_succeeded(&target, 1, NOW));
    ck_assert(!target_learn(&target, &retry, &refused, NOW));
}
END_TEST

START_TEST(who_failed_before_says_nothing_new)
{
    static const struct target_lesson again = {.says = BLAME_RESTS};
    struct target target = up();
    for (int i = 0; i < 10 * TARGET_FRUITLESS; i++)
        ck_assert(!target_learn(&target, &retry, &again, NOW));
    ck_assert_int_eq(target.row.state, TARGET_UP);
    ck_assert(!target_is_wary(&target, &retry, NOW));
}
END_TEST

START_TEST(a_wall_blocks)
{
    static const struct target_lesson wall = {.says = BLAME_RESTS, .walls = true, .fresh = true};
    struct target target = up();
    for (int i = 1; i < TARGET_FRUITLESS; i++)
        ck_assert(!target_learn(&target, &retry, &wall, NOW));
    ck_assert_msg(target_is_wary(&target, &retry, NOW), "its halves stay halves");
    ck_assert(target_learn(&target, &retry, &wall, NOW));
    ck_assert_int_eq(target.row.state, TARGET_BLOCKED);
}
END_TEST

static bool meets_wall(struct target *target, int64_t job)
{
    const struct target_lesson wall = {.says = BLAME_RESTS, .walls = true, .job = job};
    return target_learn(target, &retry, &wall, NOW);
}

START_TEST(a_wall_is_met_by_different_jobs)
{
    struct target target = up();
    for (int i = 0; i < 10 * TARGET_FRUITLESS; i++)
        ck_assert(!meets_wall(&target, 7));
    ck_assert_int_eq(target.row.state, TARGET_UP);
    target = up();
    for (int i = 1; i < TARGET_FRUITLESS; i++)
        ck_assert(!meets_wall(&target, i % 2 + 1));
    ck_assert(meets_wall(&target, 8));
    ck_assert_int_eq(target.row.state, TARGET_BLOCKED);
}
END_TEST

START_TEST(one_job_alone_makes_the_wait_no_longer)
{
    static const struct target_lesson new = {.says = BLAME_BACKS_OFF, .fresh = true};
    static const struct target_lesson again = {.says = BLAME_BACKS_OFF};
    struct target target = up();
    ck_assert(target_learn(&target, &retry, &new, NOW));
    int64_t wait = target.row.until - NOW;
    for (int i = 0; i < 10; i++) {
        int64_t now = target.row.until;
        ck_assert(!target_learn(&target, &retry, &again, now));
        ck_assert_int_eq(target.row.until - now, wait);
    }
    int64_t now = target.row.until;
    ck_assert(!target_learn(&target, &retry, &new, now));
    ck_assert_msg(target.row.until - now == 2 * wait, "another one that fails doubles it");
    (void)target_succeeded(&target, 1, now);
    ck_assert(!target_learn(&target, &retry, &again, now));
    ck_assert_msg(target.row.state == TARGET_UP, "where others pass only the job rests");
}
END_TEST

START_TEST(an_album_is_blocked_by_different_series)
{
    static const struct target_lesson miss = {.says = BLAME_BLOCKS, .misses = true, .fresh = true};
    static const struct target_lesson again = {.says = BLAME_BLOCKS, .misses = true};
    struct target target = up();
    for (int i = 1; i < TARGET_MISSED; i++)
        ck_assert(!target_learn(&target, &retry, &miss, NOW));
    ck_assert(!target_learn(&target, &retry, &again, NOW));
    ck_assert(target_learn(&target, &retry, &miss, NOW));
    ck_assert_int_eq(target.row.state, TARGET_BLOCKED);
}
END_TEST

START_TEST(what_worked_proves_it_until_something_changes)
{
    struct target target = up();
    ck_assert(!target_is_proven(&target));
    (void)target_succeeded(&target, 1, NOW);
    ck_assert(target_is_proven(&target));
    target_renewed(&target);
    ck_assert(!target_is_proven(&target));
    (void)target_succeeded(&target, 1, NOW);
    ck_assert(target_is_proven(&target));
}
END_TEST

START_TEST(who_is_there_again_is_tried_at_once_and_waits_begin_anew)
{
    struct target target = up();
    ck_assert(!target_end_wait(&target, NOW));
    for (int i = 0; i < 3; i++)
        (void)target_troubled(&target, &retry, 0, 0, 0, i * 10 * retry.ceiling_ms);
    ck_assert(target_end_wait(&target, target.row.until - 1));
    ck_assert_int_eq(target.row.failures, 0);
    ck_assert(!target_end_wait(&target, target.row.until));
    (void)target_refused(&target, &retry, NOW);
    ck_assert(!target_end_wait(&target, NOW));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("target");
    tests_add(tests, an_open_target_takes_as_many_as_it_has_connections);
    tests_add(tests, a_target_that_is_held_or_not_configured_takes_nothing);
    tests_add(tests, trouble_closes_it_until_one_probe_may_go);
    tests_add(tests, each_failed_probe_doubles_the_wait_up_to_the_ceiling);
    tests_add(tests, requests_that_fail_together_are_one_failure);
    tests_add(tests, trouble_of_one_request_is_its_own_when_others_are_stored_meanwhile);
    tests_add(tests, retry_after_is_honoured_when_it_is_longer);
    tests_add(tests, retry_after_has_its_limits);
    tests_add(tests, success_opens_it);
    tests_add(tests, a_refusal_blocks_and_is_probed_slowly);
    tests_add(tests, many_requests_in_a_row_without_success_make_it_rest);
    tests_add(tests, who_failed_before_says_nothing_new);
    tests_add(tests, a_wall_blocks);
    tests_add(tests, a_wall_is_met_by_different_jobs);
    tests_add(tests, one_job_alone_makes_the_wait_no_longer);
    tests_add(tests, an_album_is_blocked_by_different_series);
    tests_add(tests, what_worked_proves_it_until_something_changes);
    tests_add(tests, who_is_there_again_is_tried_at_once_and_waits_begin_anew);
    tests_rows(tests, delay_is, ROWS(delay_rows));
    tests_rows(tests, longest_rest_is, ROWS(rest_rows));
    return tests_run(tests);
}
