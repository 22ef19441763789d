/* Commitments in the job database: what is asked for, decided and reported. */
#include "common/jobs/commitment.h"

#include "common/base/cleanup.h"
#include "common/jobs/connection.h"
#include "common/jobs/history.h"
#include "common/jobs/row.h"
#include "tests/support/jobs_world.h"
#include "tests/support/suite.h"

#include <sqlite3.h>
#include <stdio.h>

enum { DAY_MS = 24 * 3600 * 1000 };

static int64_t number(const char *question)
{
    AUTO(row_end) struct row row = row_ask(world.db->sql, question, NULL);
    return row_next(&row) ? row_number(&row) : -1;
}

static int64_t add(const char *transaction, const char *calling, const char *const *instances)
{
    char receipt[RECEIPT_SIZE];
    struct jobdb_commitment commitment = {.receipt = world_next_receipt(receipt),
                                          .transaction = transaction,
                                          .calling = calling,
                                          .called = "FELUCCA",
                                          .address = "10.1.2.3",
                                          .asked_at = WORLD_NOW,
                                          .patience_until = WORLD_NOW + DAY_MS};
    while (instances[commitment.instances])
        commitment.instances++;
    int64_t id = jobdb_add_commitment(world.db, &commitment);
    for (; *instances; instances++)
        jobdb_add_referenced(world.db, id, "1.2", *instances);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    return id;
}

static const char *const two[] = {"1.1", "1.2", NULL}, *const one[] = {"1.1", NULL};

/* All that are not decided become this. */
static size_t decide_all(int outcome)
{
    struct jobdb_referenced list[10];
    size_t count = jobdb_each_referenced(world.db, 0, list, 10);
    for (size_t i = 0; i < count; i++)
        (void)jobdb_decide_referenced(world.db, &list[i], outcome, WORLD_NOW);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    return count;
}

static bool pick(const char *calling, const char *work, struct jobdb_batch *batch,
                 struct work_report **ret_report)
{
    *batch = (struct jobdb_batch){.stage = WORK_COMMIT};
    (void)snprintf(batch->work, sizeof batch->work, "%s", work);
    return jobdb_pick_report(world.db, calling, "FELUCCA", batch, ret_report);
}

START_TEST(it_waits_until_all_are_decided)
{
    struct jobdb_referenced list[10];
    struct jobdb_batch batch = {0};
    AUTO(work_report_destroy) struct work_report *report = NULL;
    (void)add("9.1", "CT01", two);
    ck_assert(!pick("CT01", "w1", &batch, &report));
    ck_assert_uint_eq(jobdb_each_referenced(world.db, 0, list, 10), 2);
    ck_assert_str_eq(list[0].sop_instance, "1.1");
    ck_assert_str_eq(list[0].calling, "CT01");
    ck_assert(!jobdb_decide_referenced(world.db, &list[0], 0, WORLD_NOW));
    ck_assert(!jobdb_decide_referenced(world.db, &list[0], 0x0112, WORLD_NOW)); /* it was */
    ck_assert(jobdb_decide_referenced(world.db, &list[1], 0x0112, WORLD_NOW));
    ck_assert(pick("CT01", "w1", &batch, &report));
    ck_assert_str_eq(report->transaction, "9.1");
    ck_assert_str_eq(report->address, "10.1.2.3");
    ck_assert_uint_eq(report->count, 2);
    ck_assert_int_eq(report->list[0].reason, 0);
    ck_assert_int_eq(report->list[1].reason, 0x0112);
    ck_assert_int_eq(number("SELECT denied FROM commitment"), 1);
    jobdb_batch_release(&batch);
}
END_TEST

START_TEST(an_acknowledged_one_never_goes_out_again)
{
    struct jobdb_batch batch = {0};
    AUTO(work_report_destroy) struct work_report *report = NULL, *again = NULL;
    struct jobdb_reported reported;
    int64_t id = add("9.1", "CT01", one);
    (void)decide_all(0);
    ck_assert(pick("CT01", "w1", &batch, &report));
    jobdb_batch_release(&batch);
    ck_assert(!pick("CT01", "w2", &batch, &again)); /* it is out */
    jobdb_report_again(world.db, id, "nobody answered");
    ck_assert(pick("CT01", "w2", &batch, &again));
    jobdb_batch_release(&batch);
    ck_assert(!jobdb_find_report(world.db, id, "w1", &reported)); /* others have it */
    ck_assert(jobdb_find_report(world.db, id, "w2", &reported));
    ck_assert_str_eq(reported.transaction, "9.1");
    jobdb_report_taken(world.db, id, WORLD_NOW);
    jobdb_report_again(world.db, id, "too late");
    ck_assert(!jobdb_retry_commitment(world.db, id, WORLD_NOW));
    ck_assert(!jobdb_drop_commitment(world.db, id, WORLD_NOW));
    ck_assert_int_eq(number("SELECT count(*) FROM commitment WHERE state = 'reported'"), 1);
    ck_assert(!pick("CT01", "w3", &batch, &again));
}
END_TEST

START_TEST(what_was_out_at_a_restart_is_known)
{
    struct jobdb_batch batch = {0};
    AUTO(work_report_destroy) struct work_report *report = NULL;
    bool over;
    char receipt[RECEIPT_SIZE];
    (void)add("9.1", "CT01", one);
    (void)decide_all(0);
    ck_assert(pick("CT01", "w1", &batch, &report));
    jobdb_batch_release(&batch);
    ck_assert_int_eq(number("SELECT count(*) FROM commitment WHERE state = 'reporting' AND work = 'w1'"), 1);
    ck_assert(!jobdb_knows_commitment(world.db, world_next_receipt(receipt), &over));
}
END_TEST

START_TEST(patience_denies_the_rest)
{
    struct jobdb_referenced list[10];
    AUTO(text_release) struct text calling = TEXT_EMPTY, called = TEXT_EMPTY;
    int64_t id = add("9.1", "CT01", two);
    ck_assert_uint_eq(jobdb_each_referenced(world.db, 0, list, 10), 2);
    (void)jobdb_decide_referenced(world.db, &list[0], 0, WORLD_NOW);
    ck_assert_int_eq(jobdb_next_impatient(world.db, WORLD_NOW, &calling, &called), 0);
    ck_assert_int_eq(jobdb_next_impatient(world.db, WORLD_NOW + DAY_MS, &calling, &called), id);
    ck_assert_str_eq(text_string(&calling), "CT01");
    jobdb_decide_rest(world.db, id, 0x0110, WORLD_NOW);
    ck_assert_int_eq(jobdb_next_impatient(world.db, WORLD_NOW + DAY_MS, &calling, &called), 0);
    ck_assert_int_eq(number("SELECT count(*) FROM referenced WHERE outcome = 272"), 1);
    ck_assert_int_eq(number("SELECT open + 10 * denied FROM commitment WHERE state = 'queued'"), 10);
}
END_TEST

START_TEST(the_newest_version_counts)
{
    struct jobdb_fate_of fate;
    world_take_in("1.5", "1.5.1", "1.5.1.1", 0, false);
    world_take_in("1.5", "1.5.1", "1.5.1.1", 0, false);
    int64_t newest = number("SELECT max(id) FROM instance");
    const char *called = "FELUCCA";
    ck_assert_int_ge(number("SELECT count(*) FROM instance"), 2);
    ck_assert_int_eq(
        sqlite3_exec(world.db->sql, "UPDATE instance SET called_aet = 'FELUCCA'", NULL, NULL, NULL), 0);
    jobdb_find_newest(world.db, "1.5.1.1", called, &fate);
    ck_assert_int_eq(fate.instance_id, newest);
    ck_assert(!fate.quarantined);
    jobdb_find_newest(world.db, "1.5.1.1", "OTHER", &fate);
    ck_assert_int_eq(fate.instance_id, 0);
    jobdb_find_newest(world.db, "1.9", called, &fate);
    ck_assert_int_eq(fate.instance_id, 0);
}
END_TEST

START_TEST(operators_retry_and_drop)
{
    struct jobdb_batch batch = {0};
    AUTO(work_report_destroy) struct work_report *report = NULL, *again = NULL;
    int64_t id = add("9.1", "CT01", one), waiting = add("9.2", "CT02", one);
    struct jobdb_referenced list[10];
    ck_assert_uint_eq(jobdb_each_referenced(world.db, 0, list, 10), 2);
    (void)jobdb_decide_referenced(world.db, &list[0], 0, WORLD_NOW);
    ck_assert(pick("CT01", "w1", &batch, &report));
    jobdb_batch_release(&batch);
    ck_assert(!jobdb_drop_commitment(world.db, id, WORLD_NOW)); /* it is out */
    jobdb_report_failed(world.db, id, "for days");
    ck_assert(!pick("CT01", "w2", &batch, &again));
    ck_assert(jobdb_retry_commitment(world.db, id, WORLD_NOW + 1));
    ck_assert(pick("CT01", "w2", &batch, &again));
    jobdb_batch_release(&batch);
    ck_assert(!jobdb_retry_commitment(world.db, waiting, WORLD_NOW)); /* it is not decided */
    ck_assert(jobdb_drop_commitment(world.db, waiting, WORLD_NOW));
    ck_assert_uint_eq(jobdb_each_referenced(world.db, 0, list, 10), 0);
}
END_TEST

START_TEST(a_transaction_that_is_open_is_known)
{
    struct jobdb_commitment same = {.transaction = "9.1", .calling = "CT01", .called = "FELUCCA"};
    struct jobdb_commitment other = {.transaction = "9.1", .calling = "CT02", .called = "FELUCCA"};
    bool failed = true;
    int64_t id = add("9.1", "CT01", two);
    ck_assert_int_eq(jobdb_find_open_commitment(world.db, &same, &failed), id);
    ck_assert(!failed);
    ck_assert_int_eq(jobdb_find_open_commitment(world.db, &other, &failed), 0);
    ck_assert_int_eq(jobdb_undecided_of(world.db, "CT01"), 2);
    ck_assert(jobdb_drop_commitment(world.db, id, WORLD_NOW));
    ck_assert_int_eq(jobdb_find_open_commitment(world.db, &same, &failed), 0);
    ck_assert_int_eq(jobdb_undecided_of(world.db, "CT01"), 0);
}
END_TEST

/* Of that one only the file is to go, now or when it can. */
START_TEST(one_that_is_asked_for_again_is_known_and_over)
{
    char receipt[RECEIPT_SIZE];
    bool over = false, failed = false;
    struct jobdb_commitment again = {.receipt = world_next_receipt(receipt),
                                     .transaction = "9.1",
                                     .calling = "CT01",
                                     .called = "FELUCCA",
                                     .address = "10.1.2.3",
                                     .instances = 2};
    int64_t id = add("9.1", "CT01", two);
    jobdb_add_repeated(world.db, &again, WORLD_NOW);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    ck_assert(jobdb_knows_commitment(world.db, receipt, &over) && over);
    ck_assert_int_eq(jobdb_find_open_commitment(world.db, &again, &failed), id);
    ck_assert_int_eq(jobdb_undecided_of(world.db, "CT01"), 2);
    ck_assert_int_eq(number("UPDATE commitment SET state = 'failed' WHERE id = 1 RETURNING id"), id);
    ck_assert_int_eq(jobdb_find_open_commitment(world.db, &again, &failed), id);
    ck_assert(failed);
}
END_TEST

START_TEST(what_is_over_is_forgotten)
{
    int64_t id = add("9.1", "CT01", two);
    (void)add("9.2", "CT01", two);
    ck_assert(jobdb_drop_commitment(world.db, id, WORLD_NOW));
    (void)jobdb_forget(world.db, WORLD_NOW + 1, 100);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    ck_assert_int_eq(number("SELECT count(*) FROM commitment"), 1);
    ck_assert_int_eq(number("SELECT count(*) FROM referenced"), 2);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("jobdb_commitment");
    tests_fixture(tests, world_set_up, world_tear_down);
    tests_add(tests, it_waits_until_all_are_decided);
    tests_add(tests, an_acknowledged_one_never_goes_out_again);
    tests_add(tests, what_was_out_at_a_restart_is_known);
    tests_add(tests, patience_denies_the_rest);
    tests_add(tests, the_newest_version_counts);
    tests_add(tests, operators_retry_and_drop);
    tests_add(tests, a_transaction_that_is_open_is_known);
    tests_add(tests, one_that_is_asked_for_again_is_known_and_over);
    tests_add(tests, what_is_over_is_forgotten);
    return tests_run(tests);
}
