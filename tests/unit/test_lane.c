/* What may be in flight at once: one request of a series until the destination has it, at all destinations of one
 * origin; as many as one likes afterwards. */
#include "common/base/cleanup.h"
#include "common/jobs/batch.h"
#include "common/jobs/check.h"
#include "common/jobs/dispatch.h"
#include "common/jobs/intake.h"
#include "common/jobs/jobdb.h"
#include "common/jobs/outcome.h"
#include "common/jobs/target.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <string.h>

enum { NOW = 1800000000 };

static struct sandbox *sandbox;
static struct jobdb *db;
static int64_t main_id, near_id, far_id; /* near is another destination of main's origin */
static int receipts, works;

static void learn_id(void *context, struct jobdb_target *target)
{
    (void)context;
    *(strcmp(target->destination, "main") == 0   ? &main_id
      : strcmp(target->destination, "near") == 0 ? &near_id
                                                 : &far_id) = target->destination_id;
    jobdb_target_release(target);
}

static void open_database(void)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_msg(jobdb_open(sandbox_folder(sandbox), &db, &reason) == 0, "%s", text_string(&reason));
}

static void set_up(void)
{
    sandbox = sandbox_create();
    receipts = works = 0;
    open_database();
    jobdb_configure(db, "main", NULL, "https://a:443");
    jobdb_configure(db, "near", NULL, "https://a:443");
    jobdb_configure(db, "far", NULL, "https://b:443");
    ck_assert_int_eq(jobdb_commit(db), 0);
    jobdb_each_target(db, learn_id, NULL);
}

static void show_problem(void *context, const char *problem)
{
    (void)context;
    (void)fprintf(stderr, "%s\n", problem);
}

static void check_rows(void)
{
    ck_assert_int_eq(jobdb_commit(db), 0);
    ck_assert_int_eq(jobdb_check(db, show_problem, NULL), 0);
}

static void tear_down(void)
{
    check_rows();
    jobdb_destroy(&db);
    sandbox_destroy(&sandbox);
}

static void take_in_for(int64_t destination_id, const char *series, const char *sop)
{
    char receipt[RECEIPT_SIZE];
    (void)snprintf(receipt, sizeof receipt, "%032x", ++receipts);
    const struct jobdb_decision decision = {.destination_id = destination_id, .takes = true};
    const struct jobdb_instance instance = {.receipt = receipt,
                                            .study = "1",
                                            .series = series,
                                            .sop_instance = sop,
                                            .size = 1000,
                                            .received_at = NOW};
    jobdb_take_in(db, &instance, &decision, 1, NOW + receipts, 0);
    check_rows();
}

static void take_in(const char *series, const char *sop)
{
    take_in_for(main_id, series, sop);
}

/* A request of that destination; it has no item when nothing may go. */
static struct jobdb_batch pick_for(int64_t destination_id, size_t most)
{
    struct jobdb_lane lane;
    struct jobdb_batch batch = {0};
    const struct jobdb_appetite appetite = {most, 1 << 20, false};
    (void)snprintf(batch.work, sizeof batch.work, "w-%d", ++works);
    if (jobdb_pick_lane(db, destination_id, &lane))
        (void)jobdb_pick_batch(db, &lane, destination_id, &appetite, NOW + 1000, &batch);
    check_rows();
    return batch;
}

static struct jobdb_batch pick(size_t most)
{
    return pick_for(main_id, most);
}

/* It answers; the lanes of its study are looked at again, as the router does. */
static void end(struct jobdb_batch *batch, enum cause cause)
{
    for (size_t i = 0; i < batch->item_count; i++) {
        const struct jobdb_outcome outcome = {
            .cause = cause, .now = NOW + 1000, .due_at = NOW + 1000, .keep_until = NOW};
        ck_assert(jobdb_move_delivery(db, batch, &batch->items[i], &outcome, NULL, NULL));
    }
    jobdb_end_batch(db, batch, NOW + 1000);
    jobdb_open_lanes(db, "1", NOW + 1000);
    check_rows();
    jobdb_batch_release(batch);
}

/* "1.1 1.2": the series of its items, in order, with a star for each further item. */
static void check_holds(const struct jobdb_batch *batch, const char *series)
{
    AUTO(text_release) struct text holds = TEXT_EMPTY;
    for (size_t i = 0; i < batch->item_count; i++) {
        bool further = i > 0 && strcmp(batch->items[i].series, batch->items[i - 1].series) == 0;
        text_format(&holds, "%s%s", further || i == 0 ? "" : " ", further ? "*" : batch->items[i].series);
    }
    ck_assert_str_eq(text_string(&holds), series);
}

static void store_one(const char *series, const char *sop)
{
    take_in(series, sop);
    struct jobdb_batch batch = pick(50);
    check_holds(&batch, series);
    end(&batch, CAUSE_STORED);
}

/* How many series of how many instances wait, and what two requests of 8 at once hold. */
static const struct whole_row {
    const char *label;
    int instances[4];
    const char *first, *second;
} whole_rows[] = {
    {"a quarter of a request stays free", {3, 3, 3}, "1.1** 1.2**", "1.3**"},
    {"... or is filled by what fits", {3, 3, 3, 1}, "1.1** 1.2** 1.4", "1.3**"},
    {"more than a quarter is used", {5, 4, 3}, "1.1**** 1.2**", "1.3**"},
    {"what is in no request whole goes in parts", {6, 9}, "1.1***** 1.2*", ""},
    {"the first one takes what there is", {9, 3}, "1.1*******", "1.2**"},
};

START_TEST(a_new_series_is_whole_in_a_request)
{
    const struct whole_row *row = &whole_rows[_i];
    store_one("1.0", "1.0.1");
    for (int series = 0; series < 4; series++) {
        for (int i = 0; i < row->instances[series]; i++) {
            char uid[16], sop[32];
            (void)snprintf(uid, sizeof uid, "1.%d", series + 1);
            (void)snprintf(sop, sizeof sop, "%s.%d", uid, i + 1);
            take_in(uid, sop);
        }
    }
    struct jobdb_batch first = pick(8), second = pick(8);
    check_holds(&first, row->first);
    check_holds(&second, row->second);
    end(&first, CAUSE_STORED);
    end(&second, CAUSE_STORED);
}
END_TEST

START_TEST(a_series_that_is_not_there_is_in_one_request)
{
    store_one("1.0", "1.0.1");
    for (int i = 0; i < 3; i++)
        take_in("1.1", (const char *const[]){"1.1.1", "1.1.2", "1.1.3"}[i]);
    take_in("1.2", "1.2.1");
    struct jobdb_batch first = pick(2), second = pick(2), third = pick(2);
    check_holds(&first, "1.1*");
    check_holds(&second, "1.2");
    check_holds(&third, "");
    take_in("1.1", "1.1.4");
    take_in("1.3", "1.3.1");
    struct jobdb_batch fourth = pick(2);
    check_holds(&fourth, "1.3");
    end(&second, CAUSE_STORED);
    struct jobdb_batch fifth = pick(2);
    check_holds(&fifth, "");
    end(&first, CAUSE_STORED);
    struct jobdb_batch sixth = pick(1), seventh = pick(1);
    check_holds(&sixth, "1.1");
    check_holds(&seventh, "1.1");
    end(&fourth, CAUSE_STORED);
    end(&sixth, CAUSE_STORED);
    end(&seventh, CAUSE_STORED);
}
END_TEST

START_TEST(what_failed_goes_behind_what_waits)
{
    store_one("1.0", "1.0.1");
    take_in("1.1", "1.1.1");
    take_in("1.2", "1.2.1");
    struct jobdb_batch first = pick(1);
    check_holds(&first, "1.1");
    end(&first, CAUSE_TROUBLE);
    struct jobdb_batch second = pick(1), third = pick(1);
    check_holds(&second, "1.2");
    check_holds(&third, "1.1");
    end(&second, CAUSE_STORED);
    end(&third, CAUSE_STORED);
}
END_TEST

/* Known when they went out: the destination says in between that it does not have the series. */
START_TEST(a_series_that_is_unknown_again_waits_for_all_that_hold_it)
{
    store_one("1.1", "1.1.1");
    store_one("1.0", "1.0.1");
    for (int i = 0; i < 3; i++)
        take_in("1.1", (const char *const[]){"1.1.2", "1.1.3", "1.1.4"}[i]);
    struct jobdb_batch first = pick(1), second = pick(1);
    check_holds(&first, "1.1");
    check_holds(&second, "1.1");
    jobdb_series_unknown(db, first.items[0].series_id);
    end(&first, CAUSE_TROUBLE);
    struct jobdb_batch third = pick(1);
    check_holds(&third, "");
    end(&second, CAUSE_STORED);
    struct jobdb_batch fourth = pick(1);
    check_holds(&fourth, "1.1");
    end(&fourth, CAUSE_STORED);
}
END_TEST

/* When it came there first is kept, also when the destination says later that it does not have it. */
START_TEST(when_a_series_was_first_stored_stays)
{
    take_in("1.1", "1.1.1");
    struct jobdb_batch first = pick(1);
    int64_t series = first.items[0].series_id;
    ck_assert_int_eq(jobdb_series_stored_at(db, series), 0);
    end(&first, CAUSE_TROUBLE);
    ck_assert_int_eq(jobdb_series_stored_at(db, series), 0);
    struct jobdb_batch second = pick(1);
    end(&second, CAUSE_STORED);
    ck_assert_int_eq(jobdb_series_stored_at(db, series), NOW + 1000);
    jobdb_series_unknown(db, series);
    take_in("1.1", "1.1.2");
    struct jobdb_batch third = pick(1);
    const struct jobdb_outcome later = {.cause = CAUSE_STORED, .now = NOW + 5000, .keep_until = NOW};
    ck_assert(jobdb_move_delivery(db, &third, &third.items[0], &later, NULL, NULL));
    jobdb_batch_release(&third);
    ck_assert_int_eq(jobdb_series_stored_at(db, series), NOW + 1000);
}
END_TEST

START_TEST(another_destination_of_its_origin_waits_too)
{
    store_one("1.0", "1.0.1");
    take_in("1.1", "1.1.1");
    take_in_for(near_id, "1.1", "1.1.2");
    take_in_for(far_id, "1.1", "1.1.3");
    struct jobdb_batch here = pick(50), far = pick_for(far_id, 50), near = pick_for(near_id, 50);
    check_holds(&here, "1.1");
    check_holds(&far, "1.1");
    check_holds(&near, "");
    end(&here, CAUSE_STORED);
    struct jobdb_batch now = pick_for(near_id, 50);
    check_holds(&now, "1.1");
    end(&now, CAUSE_STORED);
    end(&far, CAUSE_STORED);
}
END_TEST

START_TEST(a_study_is_known_by_origin)
{
    struct jobdb_lane lane;
    store_one("1.0", "1.0.1");
    take_in_for(near_id, "1.1", "1.1.1");
    take_in_for(far_id, "1.1", "1.1.2");
    ck_assert(jobdb_pick_lane(db, near_id, &lane));
    ck_assert(lane.known);
    ck_assert(jobdb_pick_lane(db, far_id, &lane));
    ck_assert(!lane.known);
}
END_TEST

START_TEST(a_restart_knows_what_is_in_flight)
{
    store_one("1.0", "1.0.1");
    take_in("1.1", "1.1.1");
    take_in("1.1", "1.1.2");
    struct jobdb_batch first = pick(1);
    check_holds(&first, "1.1");
    jobdb_destroy(&db);
    open_database();
    struct jobdb_batch second = pick(1);
    check_holds(&second, "");
    end(&first, CAUSE_LEASE_LOST);
    struct jobdb_batch third = pick(50);
    check_holds(&third, "1.1*");
    end(&third, CAUSE_STORED);
}
END_TEST

static void no_work(void *context, struct jobdb_batch *batch)
{
    (void)context, (void)batch;
    ck_abort_msg("nothing is handed out");
}

/* All that a request held has ended otherwise; then the router dies before the request has. */
START_TEST(a_restart_forgets_what_is_not_in_flight)
{
    store_one("1.0", "1.0.1");
    take_in("1.1", "1.1.1");
    struct jobdb_batch first = pick(1);
    const struct jobdb_outcome failed = {.cause = CAUSE_FILE_MISSING, .now = NOW};
    ck_assert(jobdb_move_delivery(db, &first, first.items, &failed, NULL, NULL));
    check_rows();
    jobdb_destroy(&db);
    open_database();
    jobdb_each_work(db, no_work, NULL);
    take_in("1.1", "1.1.2");
    struct jobdb_batch second = pick(1);
    check_holds(&second, "1.1");
    end(&second, CAUSE_STORED);
    jobdb_batch_release(&first);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("lane");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, a_new_series_is_whole_in_a_request, ROWS(whole_rows));
    tests_add(tests, a_series_that_is_not_there_is_in_one_request);
    tests_add(tests, what_failed_goes_behind_what_waits);
    tests_add(tests, a_series_that_is_unknown_again_waits_for_all_that_hold_it);
    tests_add(tests, when_a_series_was_first_stored_stays);
    tests_add(tests, another_destination_of_its_origin_waits_too);
    tests_add(tests, a_study_is_known_by_origin);
    tests_add(tests, a_restart_knows_what_is_in_flight);
    tests_add(tests, a_restart_forgets_what_is_not_in_flight);
    return tests_run(tests);
}
