/* An instance that comes again, under the same SOP Instance UID. */
#include "common/base/cleanup.h"
#include "common/jobs/batch.h"
#include "common/jobs/connection.h"
#include "common/jobs/outcome.h"
#include "common/jobs/row.h"
#include "tests/support/jobs_world.h"
#include "tests/support/suite.h"

#include <string.h>

/* Of the delivery of an instance. Borrowed until the next call. */
static const char *state_of(int64_t instance_id)
{
    static char state[16];
    char question[80];
    (void)snprintf(question, sizeof question, "SELECT state FROM delivery WHERE instance_id = %lld",
                   (long long)instance_id);
    AUTO(row_end) struct row row = row_ask(world.db->sql, question, NULL);
    ck_assert(row_next(&row));
    row_copy(&row, state, sizeof state);
    return state;
}

START_TEST(never_two_receipts_of_one_instance_at_once)
{
    struct jobdb_batch batch, second;
    world_take_in("1", "1.1", "1.1.1", 0, false);
    world_take_in("1", "1.1", "1.1.1", 0, false);
    world_take_in("1", "1.1", "1.1.2", 0, false);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    ck_assert_uint_eq(batch.item_count, 2);
    ck_assert_msg(!world_pick(WORLD_NOW + 60000, 50, &second), "while the first is on its way");
    jobdb_batch_release(&second);
    world_end(&batch, CAUSE_STORED, 0);
    ck_assert(world_pick(WORLD_NOW + 400000, 50, &batch));
    ck_assert_int_eq(batch.items[0].instance_id, 2);
    jobdb_batch_release(&batch);
}
END_TEST

/* Of one instance there are three versions. */
START_TEST(a_newer_version_goes_before_one_that_was_refused_and_replaces_it)
{
    struct jobdb_batch batch;
    world_take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    world_end(&batch, CAUSE_TROUBLE, WORLD_NOW + 5000); /* refused; it would be tried again */
    world_take_in("1", "1.1", "1.1.1", 0, false);
    world_take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert_msg(world_pick(WORLD_NOW, 50, &batch), "the newer ones wait for the one that rests");
    ck_assert_uint_eq(batch.item_count, 1);
    ck_assert_int_eq(batch.items[0].instance_id, 2); /* untried ones go in their order */
    world_end(&batch, CAUSE_TROUBLE, WORLD_NOW + 5000);
    ck_assert(world_pick(WORLD_NOW + 400000, 50, &batch)); /* all are due */
    ck_assert_uint_eq(batch.item_count, 1);
    ck_assert_int_eq(batch.items[0].instance_id, 3);
    ck_assert_str_eq(state_of(1), "queued");
    world_end(&batch, CAUSE_STORED, 0);
    ck_assert_str_eq(state_of(1), "excluded");
    ck_assert_str_eq(state_of(2), "excluded");
    ck_assert_str_eq(state_of(3), "sent");
    ck_assert_msg(!world_pick(WORLD_NOW + 800000, 50, &batch),
                  "an older version goes out after the newer one");
    jobdb_batch_release(&batch);
    ck_assert_int_eq(world_status(NULL).queued, 0);
}
END_TEST

/* A late answer says that the newer one is stored, while the older one is under way again. */
START_TEST(a_version_that_comes_back_yields_to_a_newer_one)
{
    struct jobdb_batch newer, older, late;
    struct jobdb_outcome stored = {.cause = CAUSE_STORED, .now = WORLD_NOW, .keep_until = WORLD_NOW};
    world_take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert(world_pick(WORLD_NOW, 50, &older));
    world_end(&older, CAUSE_TROUBLE, WORLD_NOW);
    world_take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert(world_pick(WORLD_NOW, 50, &newer));
    char receipt[RECEIPT_SIZE];
    memcpy(receipt, newer.items[0].receipt, sizeof receipt);
    world_end(&newer, CAUSE_REFUSED, 0);
    ck_assert(world_pick(WORLD_NOW + 400000, 50, &older));
    ck_assert_int_eq(older.items[0].instance_id, 1);
    ck_assert(jobdb_find_delivery(world.db, receipt, "main", &late));
    ck_assert(jobdb_move_delivery(world.db, &late, late.items, &stored, NULL, NULL));
    jobdb_batch_release(&late);
    ck_assert_str_eq(state_of(2), "sent");
    ck_assert_str_eq(state_of(1), "sending"); /* its answer decides */
    world_end(&older, CAUSE_TROUBLE, WORLD_NOW);
    ck_assert_str_eq(state_of(1), "excluded");
}
END_TEST

START_TEST(twins_of_old_deliveries_cost_nothing_and_wait_for_nobody)
{
    struct jobdb_batch batch;
    world_take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    ck_assert(!batch.items[0].twin);
    world_end(&batch, CAUSE_STORED, 0);
    world_take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    ck_assert_msg(batch.items[0].twin, "one that was sent before is not told of");
    world_end(&batch, CAUSE_REFUSED, 0);
    world_take_in("1", "1.1", "1.1.2", 0, false);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    ck_assert(!batch.items[0].twin);
    world_end(&batch, CAUSE_STORED, 0);
    world_take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert_msg(world_pick(WORLD_NOW, 50, &batch), "neither for one that is sent nor for one that failed");
    world_end(&batch, CAUSE_STORED, 0);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("jobdb_versions");
    tests_fixture(tests, world_set_up, world_tear_down);
    tests_add(tests, never_two_receipts_of_one_instance_at_once);
    tests_add(tests, a_newer_version_goes_before_one_that_was_refused_and_replaces_it);
    tests_add(tests, a_version_that_comes_back_yields_to_a_newer_one);
    tests_add(tests, twins_of_old_deliveries_cost_nothing_and_wait_for_nobody);
    return tests_run(tests);
}
