/* Shares and fetches: when they are due, and which goes first. */
#include "common/base/cleanup.h"
#include "common/jobs/batch.h"
#include "common/jobs/connection.h"
#include "common/jobs/decision.h"
#include "common/jobs/dispatch.h"
#include "common/jobs/fetch.h"
#include "common/jobs/inquiry.h"
#include "common/jobs/intake.h"
#include "common/jobs/operator.h"
#include "common/jobs/outcome.h"
#include "common/jobs/place.h"
#include "common/jobs/reshare.h"
#include "common/jobs/row.h"
#include "tests/support/jobs_world.h"
#include "tests/support/suite.h"

START_TEST(a_share_waits_for_its_series_and_holds_the_instance)
{
    struct jobdb_batch batch, share = {.work = "s-1"};
    enum instance_state state;
    enum spool_place place;
    int64_t next_due;
    bool gone;
    world_take_in("1", "1.1", "1.1.1", world.ct_album, false);
    ck_assert_int_eq(world_status("ct").waiting, 1);
    ck_assert(!jobdb_pick_share(world.db, world.ct_album, false, WORLD_NOW, &share, &next_due));
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    world_end(&batch, CAUSE_STORED, 0);
    ck_assert_int_eq(world_status("ct").waiting, 0);
    ck_assert_int_eq(world_status("ct").queued, 1);
    ck_assert(jobdb_knows(world.db, "00000000000000000000000000000001", &state, &place, &gone));
    ck_assert_int_eq(state, INSTANCE_ACTIVE);
    ck_assert(jobdb_pick_share(world.db, world.ct_album, false, WORLD_NOW, &share, &next_due));
    ck_assert_str_eq(share.series, "1.1");
    struct jobdb_outcome outcome = {.cause = CAUSE_STORED, .now = WORLD_NOW, .keep_until = WORLD_NOW};
    ck_assert(jobdb_move_share(world.db, &share, share.items, &outcome));
    jobdb_batch_release(&share);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    ck_assert(jobdb_knows(world.db, "00000000000000000000000000000001", &state, &place, &gone));
    ck_assert_int_eq(state, INSTANCE_DONE);
    ck_assert_int_eq(world_status("ct").in_flight, 0);
}
END_TEST

START_TEST(one_share_a_series_and_album_however_many_instances_match)
{
    struct jobdb_batch batch;
    for (int i = 0; i < 5; i++) {
        char sop[16];
        (void)snprintf(sop, sizeof sop, "1.1.%d", i);
        world_take_in("1", "1.1", sop, world.ct_album, false);
    }
    world_take_in("1", "1.2", "1.2.1", world.ct_album, false);
    ck_assert_int_eq(world_status("ct").waiting, 2);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    world_end(&batch, CAUSE_STORED, 0);
    world_take_in("1", "1.1", "1.1.9", world.ct_album, false);
    world_take_in("1", "1.1", "1.1.10", world.mr_album, false);
    ck_assert_int_eq(world_status("ct").queued, 2);
    ck_assert_msg(world_status("mr").queued == 1, "the series is stored already: due at once");
}
END_TEST

START_TEST(a_probe_is_what_was_tried_least_and_of_those_the_newest)
{
    static const int64_t wanted[] = {3, 2, 1, 3};
    struct jobdb_batch batch, share = {.work = "s-1"};
    int64_t next_due;
    world_take_in("1", "1.1", "1.1.1", world.ct_album, false);
    world_take_in("2", "2.1", "2.1.1", world.ct_album, false);
    world_take_in("3", "3.1", "3.1.1", world.ct_album, false);
    for (int i = 0; i < 3; i++) {
        ck_assert(world_pick(WORLD_NOW, 50, &batch));
        world_end(&batch, CAUSE_STORED, 0);
    }
    for (size_t i = 0; i < ROWS(wanted); i++) {
        struct jobdb_outcome outcome = {.cause = CAUSE_TROUBLE, .now = WORLD_NOW, .due_at = WORLD_NOW};
        ck_assert(jobdb_pick_share(world.db, world.ct_album, true, WORLD_NOW, &share, &next_due));
        ck_assert_int_eq(share.items[0].id, wanted[i]);
        ck_assert(jobdb_move_share(world.db, &share, share.items, &outcome));
        jobdb_batch_release(&share);
        share = (struct jobdb_batch){.work = "s-1"};
    }
}
END_TEST

/* ---- witnesses ---- */

static int64_t number(const char *question)
{
    return row_first(row_ask(world.db->sql, question, NULL), -1);
}

static void end_share(enum cause cause)
{
    struct jobdb_batch share = {.work = "s-1"};
    const struct jobdb_outcome outcome = {.cause = cause, .now = WORLD_NOW, .keep_until = WORLD_NOW};
    int64_t next_due;
    ck_assert(jobdb_pick_share(world.db, world.ct_album, false, WORLD_NOW, &share, &next_due));
    ck_assert(jobdb_move_share(world.db, &share, share.items, &outcome));
    jobdb_batch_release(&share);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
}

static void reshare(const struct jobdb_past *witness)
{
    struct jobdb_series series;
    ck_assert(jobdb_next_series(world.db, "1", NULL, 0, &series));
    ck_assert(
        jobdb_reshare(world.db, world.ct_album, &series, witness, NULL, 7, WORLD_NOW, WORLD_NOW + 1000));
    ck_assert_int_eq(jobdb_commit(world.db), 0);
}

/* The instance was kept for the failed share alone: with that it is done, and no witness of the new one. */
static const struct anew_row {
    const char *label;
    bool moved; /* the album, and not: the operator says that failed ones are meant */
} anew_rows[] = {{"an operator asks for what failed", false}, {"the album was made again", true}};

START_TEST(a_share_asked_for_anew_has_no_witness_that_is_done)
{
    const struct anew_row *row = &anew_rows[_i];
    struct jobdb_past past;
    world_store("1", "1.1", "1.1.1", world.ct_album);
    end_share(CAUSE_REFUSED);
    ck_assert(jobdb_find_past(world.db, 1, &past) && past.active);
    if (row->moved)
        jobdb_album_moved(world.db, world.ct_album, WORLD_NOW);
    else
        ck_assert(jobdb_forget_share(world.db, world.ct_album, 1, WORLD_NOW, WORLD_NOW + 1000));
    reshare(&past);
    ck_assert(jobdb_find_past(world.db, 1, &past));
    ck_assert_msg(!past.active, "%s: it is not done", row->label);
    ck_assert_msg(past.keep_until == WORLD_NOW + 1000, "%s: its file goes", row->label);
    ck_assert_int_eq(number("SELECT open_jobs FROM instance WHERE id = 1"), 0);
    ck_assert_int_eq(number("SELECT witness_id IS NULL FROM share"), 1);
    ck_assert_int_eq(world_status("ct").queued, 1);
}
END_TEST

/* A share that was undecided has another witness: the first one is done, and its file stays for a while. */
START_TEST(a_witness_that_is_needed_no_more_keeps_its_file_for_a_while)
{
    struct jobdb_past past;
    const struct jobdb_doubt doubt = {world.ct_album, "its header is cut"};
    const struct jobdb_decision decision = {
        .destination_id = world.main_id, .takes = true, .doubts = &doubt, .doubt_count = 1};
    char receipt[RECEIPT_SIZE];
    const struct jobdb_instance instance = {.receipt = world_next_receipt(receipt),
                                            .study = "1",
                                            .series = "1.1",
                                            .sop_instance = "1.1.1",
                                            .received_at = WORLD_NOW};
    struct jobdb_batch batch;
    jobdb_take_in(world.db, &instance, &decision, 1, WORLD_NOW, 0);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    world_end(&batch, CAUSE_STORED, 0);
    world_store("1", "1.1", "1.1.2", 0);
    ck_assert(jobdb_admit_share(world.db, 1, 0, 7, WORLD_NOW, WORLD_NOW + 1000));
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    ck_assert(jobdb_find_past(world.db, 1, &past) && !past.active);
    ck_assert_int_eq(past.keep_until, WORLD_NOW + 1000);
}
END_TEST

/* ---- fetches ---- */

static int64_t end_fetch(struct jobdb_batch *batch, enum cause cause, int64_t due_at)
{
    const struct jobdb_outcome outcome = {.cause = cause, .now = WORLD_NOW, .due_at = due_at};
    int64_t next = -1;
    ck_assert(jobdb_move_fetch(world.db, batch, batch->items, &outcome, &next));
    jobdb_batch_release(batch);
    *batch = (struct jobdb_batch){.work = "w-2"};
    return next;
}

START_TEST(a_study_is_fetched_when_quiet_and_again_when_more_came)
{
    struct jobdb_batch batch = {.work = "w-1"};
    int64_t next;
    jobdb_want_fetch(world.db, world.main_id, "1", WORLD_NOW, WORLD_NOW + 30);
    jobdb_want_fetch(world.db, world.main_id, "1", WORLD_NOW + 10, WORLD_NOW + 40);
    ck_assert(!jobdb_pick_fetch(world.db, world.main_id, WORLD_NOW + 39, &batch, &next));
    ck_assert_int_eq(next, WORLD_NOW + 40);
    ck_assert(jobdb_pick_fetch(world.db, world.main_id, WORLD_NOW + 40, &batch, &next));
    ck_assert_str_eq(batch.study, "1");
    ck_assert(batch.stage == WORK_FETCH && batch.item_count == 1);
    jobdb_want_fetch(world.db, world.main_id, "1", WORLD_NOW + 41, WORLD_NOW + 71); /* while it is out */
    ck_assert_int_eq(end_fetch(&batch, CAUSE_STORED, 0), WORLD_NOW + 71);
    ck_assert(jobdb_pick_fetch(world.db, world.main_id, WORLD_NOW + 71, &batch, &next));
    ck_assert_int_eq(end_fetch(&batch, CAUSE_TROUBLE, WORLD_NOW + 80), WORLD_NOW + 80);
    ck_assert(jobdb_pick_fetch(world.db, world.main_id, WORLD_NOW + 80, &batch, &next));
    ck_assert_int_eq(batch.items[0].tries, 2);
    ck_assert_int_eq(end_fetch(&batch, CAUSE_STORED, 0), INT64_MAX);
    ck_assert(!jobdb_pick_fetch(world.db, world.main_id, INT64_MAX, &batch, &next));
    ck_assert_int_eq(next, INT64_MAX);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
}
END_TEST

/* ---- inquiries ---- */

static void take_sum(void *context, const struct jobdb_inquiry_sum *sum)
{
    *(int64_t *)context += sum->count;
}

static void end_inquiry(struct jobdb_batch *batch, enum cause cause, int64_t due_at)
{
    const struct jobdb_outcome outcome = {
        .cause = cause, .now = WORLD_NOW + 5, .due_at = due_at, .attempt_mark = WORLD_NOW, .reason = "so"};
    ck_assert(jobdb_move_inquiry(world.db, batch, batch->items, &outcome));
    jobdb_batch_release(batch);
    *batch = (struct jobdb_batch){.work = "q-1"};
}

START_TEST(a_series_is_inquired_about_bit_by_bit_and_again_when_asked_again)
{
    struct jobdb_batch batch = {.work = "q-1"};
    struct jobdb_series series;
    struct jobdb_inquiry found, wanted = {.album_id = world.ct_album, .request_id = 1, .until = INT64_MAX};
    int64_t next, sum = 0;
    world_store("1", "1.1", "1.1.1", 0);
    ck_assert(jobdb_find_series(world.db, 1, &series));
    jobdb_want_inquiry(world.db, &series, &wanted, WORLD_NOW);
    ck_assert(!jobdb_pick_inquiry(world.db, world.mr_album, WORLD_NOW, &batch, &next));
    ck_assert(jobdb_pick_inquiry(world.db, world.ct_album, WORLD_NOW, &batch, &next));
    ck_assert(batch.stage == WORK_INQUIRE && batch.item_count == 1 && batch.album_id == world.ct_album);
    ck_assert_str_eq(batch.series, "1.1");
    jobdb_inquiry_heard(world.db, 1, 1, "doubtful");
    end_inquiry(&batch, CAUSE_MORE_TO_ASK, WORLD_NOW + 10);
    ck_assert(!jobdb_pick_inquiry(world.db, world.ct_album, WORLD_NOW + 9, &batch, &next));
    ck_assert_int_eq(next, WORLD_NOW + 10);
    ck_assert(jobdb_find_inquiry(world.db, 1, &found));
    ck_assert_int_eq(found.heard, 1);
    ck_assert_str_eq(text_string(&found.doubt), "doubtful");
    jobdb_inquiry_release(&found);
    ck_assert(jobdb_pick_inquiry(world.db, world.ct_album, WORLD_NOW + 10, &batch, &next));
    jobdb_want_inquiry(world.db, &series, &wanted, WORLD_NOW + 11); /* while it is out: it goes on */
    ck_assert(!jobdb_inquiry_answered_since(world.db, world.ct_album, WORLD_NOW));
    end_inquiry(&batch, CAUSE_ANSWERED, WORLD_NOW + 12);
    ck_assert(jobdb_inquiry_answered_since(world.db, world.ct_album, WORLD_NOW));
    wanted.anew = (char *)"shared";
    jobdb_want_inquiry(world.db, &series, &wanted, WORLD_NOW + 20); /* from its first instance on */
    ck_assert(jobdb_find_inquiry(world.db, 1, &found));
    ck_assert(found.heard == 0 && found.doubt.length == 0);
    ck_assert_str_eq(found.anew, "shared");
    jobdb_inquiry_release(&found);
    ck_assert(jobdb_pick_inquiry(world.db, world.ct_album, WORLD_NOW + 20, &batch, &next));
    ck_assert_int_eq(batch.items[0].tries, 1);
    end_inquiry(&batch, CAUSE_REFUSED, 0);
    ck_assert_int_eq(jobdb_sum_inquiries(world.db, "no such request", take_sum, &sum), 0);
    ck_assert_int_eq(sum, 0);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("jobdb_share");
    tests_fixture(tests, world_set_up, world_tear_down);
    tests_add(tests, a_share_waits_for_its_series_and_holds_the_instance);
    tests_add(tests, one_share_a_series_and_album_however_many_instances_match);
    tests_add(tests, a_probe_is_what_was_tried_least_and_of_those_the_newest);
    tests_rows(tests, a_share_asked_for_anew_has_no_witness_that_is_done, ROWS(anew_rows));
    tests_add(tests, a_witness_that_is_needed_no_more_keeps_its_file_for_a_while);
    tests_add(tests, a_study_is_fetched_when_quiet_and_again_when_more_came);
    tests_add(tests, a_series_is_inquired_about_bit_by_bit_and_again_when_asked_again);
    return tests_run(tests);
}
