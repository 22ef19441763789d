/* Which deliveries go out next, and how many together. */
#include "common/jobs/batch.h"
#include "common/jobs/connection.h"
#include "common/jobs/dispatch.h"
#include "common/jobs/outcome.h"
#include "tests/support/jobs_world.h"
#include "tests/support/suite.h"

START_TEST(unknown_series_come_first)
{
    struct jobdb_batch batch;
    struct jobdb_lane lane;
    world_take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert(jobdb_pick_lane(world.db, world.main_id, &lane));
    ck_assert(!lane.known);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    world_end(&batch, CAUSE_STORED, 0);
    world_take_in("1", "1.1", "1.1.2", 0, false);
    world_take_in("1", "1.2", "1.2.1", 0, false);
    ck_assert(jobdb_pick_lane(world.db, world.main_id, &lane));
    ck_assert_msg(lane.known, "the study is, whatever series it gets");
    ck_assert(world_pick(WORLD_NOW, 1, &batch));
    ck_assert_int_eq(batch.items[0].series_id, 2);
    world_end(&batch, CAUSE_STORED, 0);
    jobdb_series_unknown(world.db, 1);
    ck_assert(jobdb_pick_lane(world.db, world.main_id, &lane));
    ck_assert_msg(lane.known, "by its other series");
    jobdb_series_unknown(world.db, 2);
    ck_assert(jobdb_pick_lane(world.db, world.main_id, &lane));
    ck_assert_msg(!lane.known, "what KHEOPS could not put into the album is unknown again");
    world_take_in("1", "1.1", "1.1.3", world.ct_album, false);
    ck_assert_msg(world_status("ct").queued == 1, "but an instance of it is there: its shares need not wait");
}
END_TEST

START_TEST(a_closed_lane_waits_for_its_study)
{
    struct jobdb_lane lane;
    world_take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert(jobdb_pick_lane(world.db, world.main_id, &lane));
    jobdb_close_lane(world.db, lane.id);
    world_take_in("1", "1.1", "1.1.2", 0, false);
    ck_assert(!jobdb_pick_lane(world.db, world.main_id, &lane));
    jobdb_open_lanes(world.db, "1", WORLD_NOW);
    ck_assert(jobdb_pick_lane(world.db, world.main_id, &lane));
    ck_assert_int_eq(jobdb_commit(world.db), 0);
}
END_TEST

START_TEST(lanes_take_turns_and_urgent_ones_go_first)
{
    struct jobdb_batch batch;
    world_take_in("big", "1.1", "1.1.1", 0, false);
    world_take_in("big", "1.2", "1.2.1", 0, false);
    world_take_in("small", "2.1", "2.1.1", 0, false);
    ck_assert(world_pick(WORLD_NOW, 1, &batch));
    ck_assert_str_eq(batch.study, "big");
    jobdb_batch_release(&batch);
    ck_assert(world_pick(WORLD_NOW, 1, &batch));
    ck_assert_str_eq(batch.study, "small");
    jobdb_batch_release(&batch);
    world_take_in("urgent", "3.1", "3.1.1", 0, true);
    ck_assert(world_pick(WORLD_NOW, 1, &batch));
    ck_assert_str_eq(batch.study, "urgent");
    jobdb_batch_release(&batch);
    ck_assert(world_pick(WORLD_NOW, 1, &batch));
    ck_assert_str_eq(batch.study, "big");
    jobdb_batch_release(&batch);
    ck_assert(!world_pick(WORLD_NOW, 1, &batch));
    jobdb_batch_release(&batch);
}
END_TEST

START_TEST(what_is_deferred_waits_and_comes_back)
{
    struct jobdb_batch batch;
    world_take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    world_end(&batch, CAUSE_TROUBLE, WORLD_NOW + 5000);
    ck_assert_int_eq(world_status(NULL).deferred, 1);
    ck_assert(!world_pick(WORLD_NOW + 4999, 50, &batch));
    jobdb_batch_release(&batch);
    ck_assert(!jobdb_wake_lanes(world.db, WORLD_NOW));
    ck_assert_int_eq(jobdb_next_lane(world.db), WORLD_NOW + 5000);
    ck_assert(world_pick(WORLD_NOW + 5000, 50, &batch));
    ck_assert_int_eq(batch.items[0].tries, 2);
    world_end(&batch, CAUSE_STORED, 0);
    ck_assert_int_eq(world_status(NULL).deferred, 0);
}
END_TEST

START_TEST(a_batch_limit_keeps_batches_small)
{
    struct jobdb_batch batch;
    for (int i = 0; i < 4; i++) {
        char sop[16];
        (void)snprintf(sop, sizeof sop, "1.1.%d", i);
        world_take_in("1", "1.1", sop, 0, false);
    }
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    ck_assert_uint_eq(batch.item_count, 4);
    for (size_t i = 0; i < 4; i++) {
        struct jobdb_outcome outcome = {
            .cause = CAUSE_TROUBLE, .now = WORLD_NOW, .due_at = WORLD_NOW, .batch_limit = 2};
        ck_assert(jobdb_move_delivery(world.db, &batch, &batch.items[i], &outcome, NULL, NULL));
    }
    jobdb_end_batch(world.db, &batch, WORLD_NOW);
    jobdb_batch_release(&batch);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    ck_assert_uint_eq(batch.item_count, 2);
    jobdb_batch_release(&batch);
}
END_TEST

START_TEST(a_limit_that_trouble_made_ends_with_the_trouble)
{
    struct jobdb_batch batch;
    for (int i = 0; i < 4; i++) {
        char sop[16];
        (void)snprintf(sop, sizeof sop, "1.1.%d", i);
        world_take_in("1", "1.1", sop, 0, false);
    }
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    for (size_t i = 0; i < 4; i++) {
        struct jobdb_outcome outcome = {
            .cause = CAUSE_TROUBLE, .now = WORLD_NOW, .due_at = WORLD_NOW, .batch_limit = -1};
        ck_assert(jobdb_move_delivery(world.db, &batch, &batch.items[i], &outcome, NULL, NULL));
    }
    jobdb_end_batch(world.db, &batch, WORLD_NOW);
    jobdb_batch_release(&batch);
    world.wary = true;
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    ck_assert_uint_eq(batch.item_count, 1);
    world_end(&batch, CAUSE_STORED, 0);
    world.wary = false;
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    ck_assert_uint_eq(batch.item_count, 3);
    jobdb_batch_release(&batch);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("jobdb_batch");
    tests_fixture(tests, world_set_up, world_tear_down);
    tests_add(tests, unknown_series_come_first);
    tests_add(tests, a_closed_lane_waits_for_its_study);
    tests_add(tests, lanes_take_turns_and_urgent_ones_go_first);
    tests_add(tests, what_is_deferred_waits_and_comes_back);
    tests_add(tests, a_batch_limit_keeps_batches_small);
    tests_add(tests, a_limit_that_trouble_made_ends_with_the_trouble);
    return tests_run(tests);
}
