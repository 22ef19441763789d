/* An instance that comes again, under the same SOP Instance UID. */
#include "common/base/cleanup.h"
#include "common/jobs/batch.h"
#include "common/jobs/connection.h"
#include "common/jobs/decision.h"
#include "common/jobs/dispatch.h"
#include "common/jobs/operator.h"
#include "common/jobs/outcome.h"
#include "common/jobs/place.h"
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

/* ---- what was there before ---- */

/* Picks what is due, says what was found out of it, and ends it as trouble. Whether the question was still open. */
static bool ask_and_fail(bool vacant, bool absent, bool *ret_absent, bool *ret_fresh)
{
    struct jobdb_batch batch;
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    ck_assert_uint_eq(batch.item_count, 1);
    bool unasked = batch.unasked;
    *ret_absent = batch.items[0].absent;
    *ret_fresh = batch.items[0].fresh;
    if (vacant)
        jobdb_lane_is_vacant(world.db, batch.lane_id);
    if (absent)
        jobdb_delivery_is_absent(world.db, batch.items[0].id);
    world_end(&batch, CAUSE_TROUBLE, WORLD_NOW);
    return unasked;
}

START_TEST(what_a_worker_found_out_before_the_first_request_is_kept)
{
    bool absent, fresh;
    world_take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert(ask_and_fail(true, false, &absent, &fresh) && fresh && !absent);
    ck_assert(!ask_and_fail(false, false, &absent, &fresh) && !fresh);
    ck_assert_msg(absent, "forgotten of the study");
    world_take_in("2", "2.1", "2.1.1", 0, false);
    ck_assert(ask_and_fail(false, true, &absent, &fresh) && fresh && !absent);
    world_take_in("3", "3.1", "3.1.1", 0, false); /* what was told of one study or instance is of no other */
    ck_assert(ask_and_fail(false, false, &absent, &fresh) && fresh && !absent);
}
END_TEST

START_TEST(of_what_was_out_before_nothing_can_be_found_out)
{
    struct jobdb_batch batch;
    bool absent, fresh;
    world_take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert(world_pick(WORLD_NOW, 50, &batch)); /* its worker is killed */
    world_end(&batch, CAUSE_LEASE_LOST, WORLD_NOW);
    ck_assert_msg(!ask_and_fail(false, false, &absent, &fresh), "the study went out, and is asked about");
    ck_assert(!fresh && !absent);
}
END_TEST

START_TEST(elsewhere_nothing_is_known)
{
    bool absent, fresh;
    world_take_in("1", "1.1", "1.1.1", 0, false);
    (void)ask_and_fail(true, true, &absent, &fresh);
    jobdb_destination_moved(world.db, world.main_id, WORLD_NOW);
    ck_assert_msg(ask_and_fail(false, false, &absent, &fresh), "of another place nothing was asked");
    ck_assert(!absent);
}
END_TEST

/* An operator drops one that was out, and brings it back: its tries begin anew, and what is there stays unknown. */
START_TEST(what_is_brought_back_was_out)
{
    const struct jobdb_decision yes = {.destination_id = world.main_id, .takes = true};
    const struct jobdb_instance instance = {.study = "1", .series = "1.1"};
    struct jobdb_candidate job;
    struct jobdb_batch batch;
    bool absent, fresh;
    world_take_in("1", "1.1", "1.1.1", 0, false);
    (void)ask_and_fail(false, false, &absent, &fresh);
    ck_assert(jobdb_find_job(world.db, WORK_SEND, 1, &job));
    ck_assert(jobdb_drop_job(world.db, &job, WORLD_NOW, WORLD_NOW));
    jobdb_candidate_release(&job);
    ck_assert(jobdb_find_job(world.db, WORK_SEND, 1, &job));
    ck_assert(jobdb_bring_back(world.db, &job, "again", 1));
    ck_assert(jobdb_admit_delivery(world.db, &job, &instance, &yes, WORLD_NOW));
    jobdb_candidate_release(&job);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    ck_assert(!batch.items[0].fresh);
    world_end(&batch, CAUSE_STORED, 0);
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

/* ---- which one is newer ---- */

/* A version of the one instance, received then, whatever came before it into the database; for one destination or two. */
static void take_in_of(int64_t received_at, size_t destinations, bool undecided)
{
    static int made;
    char receipt[RECEIPT_SIZE];
    struct jobdb_decision decisions[] = {{.destination_id = world.main_id, .takes = true},
                                         {.destination_id = world.other_id, .takes = true}};
    if (undecided)
        decisions[0] = (struct jobdb_decision){
            .destination_id = world.main_id, .undecided = true, .why = "its header is cut"};
    (void)snprintf(receipt, sizeof receipt, "%012llx%020x", (unsigned long long)received_at,
                   0xfffff - (unsigned)++made);
    const struct jobdb_instance instance = {.receipt = receipt,
                                            .study = "1",
                                            .series = "1.1",
                                            .sop_instance = "1.1.1",
                                            .size = 1000,
                                            .received_at = received_at};
    jobdb_take_in(world.db, &instance, decisions, destinations, WORLD_NOW, 0);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
}

/* The answer about one delivery of the main destination, at a time. */
static void answer_at(int64_t instance_id, enum cause cause, int64_t now)
{
    char question[80];
    struct jobdb_batch batch;
    (void)snprintf(question, sizeof question, "SELECT receipt FROM instance WHERE id = %lld",
                   (long long)instance_id);
    struct row row = row_ask(world.db->sql, question, NULL);
    ck_assert(row_next(&row));
    bool found = jobdb_find_delivery(world.db, row_text(&row), "main", &batch);
    row_end(&row);
    const struct jobdb_outcome outcome = {
        .cause = cause, .now = now, .due_at = now, .keep_until = now, .keep_excluded_until = now + 1000};
    ck_assert(found && jobdb_move_delivery(world.db, &batch, batch.items, &outcome, NULL, NULL));
    jobdb_end_batch(world.db, &batch, now);
    jobdb_batch_release(&batch);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
}

static const struct order_row {
    const char *label;
    int64_t received_at[2]; /* in the order of taking in */
    int newer;
} order_rows[] = {
    {"in the order of receiving", {1000, 2000}, 2},
    {"the other way round: from quarantine, or into a database made again", {2000, 1000}, 1},
    {"within one millisecond", {1000, 1000}, 2},
};

START_TEST(the_version_that_was_received_later_is_the_newer_one)
{
    const struct order_row *row = &order_rows[_i];
    int older = 3 - row->newer;
    struct jobdb_batch batch;
    for (int i = 0; i < 2; i++)
        take_in_of(row->received_at[i], 1, false);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    ck_assert_msg(batch.items[0].instance_id == older, "%s: the newer one goes first", row->label);
    world_end(&batch, CAUSE_TROUBLE, WORLD_NOW);
    ck_assert(world_pick(WORLD_NOW + 400000, 50, &batch));
    ck_assert_msg(batch.items[0].instance_id == row->newer, "%s: it waits for one that was tried",
                  row->label);
    world_end(&batch, CAUSE_STORED, 0);
    ck_assert_msg(strcmp(state_of(older), "excluded") == 0, "%s: %s", row->label, state_of(older));
    ck_assert_str_eq(state_of(row->newer), "sent");
}
END_TEST

START_TEST(the_version_that_was_received_later_is_never_replaced)
{
    const struct order_row *row = &order_rows[_i];
    int older = 3 - row->newer;
    for (int i = 0; i < 2; i++)
        take_in_of(row->received_at[i], 1, false);
    answer_at(older, CAUSE_STORED, WORLD_NOW);
    ck_assert_msg(strcmp(state_of(row->newer), "queued") == 0, "%s: %s", row->label, state_of(row->newer));
    struct jobdb_batch batch;
    ck_assert(world_pick(WORLD_NOW + 400000, 50, &batch));
    world_end(&batch, CAUSE_TROUBLE, WORLD_NOW);
    ck_assert_msg(strcmp(state_of(row->newer), "queued") == 0, "%s: it yields to an older one", row->label);
}
END_TEST

/* ---- what is replaced ---- */

static int64_t keep_until_of(int64_t instance_id)
{
    char question[80];
    (void)snprintf(question, sizeof question, "SELECT keep_until FROM instance WHERE id = %lld",
                   (long long)instance_id);
    AUTO(row_end) struct row row = row_ask(world.db->sql, question, NULL);
    ck_assert(row_next(&row));
    return row_number(&row);
}

/* It is sent to another destination after that: that must not shorten it. */
START_TEST(a_replaced_version_keeps_its_file_as_long_as_what_is_excluded)
{
    struct jobdb_batch batch;
    const struct jobdb_outcome sent = {.cause = CAUSE_STORED, .now = WORLD_NOW, .keep_until = WORLD_NOW};
    char receipt[RECEIPT_SIZE];
    take_in_of(1000, 2, false);
    take_in_of(2000, 1, false);
    answer_at(2, CAUSE_STORED, WORLD_NOW);
    struct row row = row_ask(world.db->sql, "SELECT receipt FROM instance WHERE id = 1", NULL);
    ck_assert(row_next(&row));
    row_copy(&row, receipt, sizeof receipt);
    row_end(&row);
    ck_assert(jobdb_find_delivery(world.db, receipt, "other", &batch));
    ck_assert(jobdb_move_delivery(world.db, &batch, batch.items, &sent, NULL, NULL));
    jobdb_end_batch(world.db, &batch, WORLD_NOW);
    jobdb_batch_release(&batch);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    ck_assert_int_eq(keep_until_of(1), WORLD_NOW + 1000);
}
END_TEST

/* Then no plain `felucca retry` sends it over the newer one. */
START_TEST(a_version_that_was_refused_yields_to_a_newer_one)
{
    struct jobdb_batch batch;
    take_in_of(1000, 1, false);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    world_end(&batch, CAUSE_REFUSED, 0);
    take_in_of(2000, 1, false);
    ck_assert(world_pick(WORLD_NOW + 400000, 50, &batch));
    world_end(&batch, CAUSE_STORED, 0);
    ck_assert_str_eq(state_of(1), "excluded");
    ck_assert_int_eq(world_status(NULL).failed, 0);
}
END_TEST

START_TEST(a_version_that_is_refused_late_yields_to_a_newer_one)
{
    struct jobdb_batch batch;
    take_in_of(1000, 1, false);
    take_in_of(2000, 1, false);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    ck_assert_int_eq(batch.items[0].instance_id, 1);
    answer_at(2, CAUSE_STORED, WORLD_NOW); /* late, from a request before */
    world_end(&batch, CAUSE_REFUSED, 0);
    ck_assert_str_eq(state_of(1), "excluded");
    ck_assert_int_eq(world_status(NULL).failed, 0);
}
END_TEST

START_TEST(an_undecided_version_yields_to_a_newer_one)
{
    take_in_of(1000, 1, true);
    take_in_of(2000, 1, false);
    answer_at(2, CAUSE_STORED, WORLD_NOW);
    ck_assert_str_eq(state_of(1), "excluded");
}
END_TEST

/* An operator wants the older one, over the newer one: trouble does not take that back, a newer one still does. */
START_TEST(what_an_operator_retries_yields_only_to_what_is_stored_later)
{
    struct jobdb_candidate job;
    struct jobdb_batch batch;
    const struct jobdb_decision yes = {.destination_id = world.main_id, .takes = true};
    const struct jobdb_instance instance = {.study = "1", .series = "1.1"};
    take_in_of(1000, 1, false);
    take_in_of(2000, 1, false);
    answer_at(2, CAUSE_STORED, WORLD_NOW);
    ck_assert_str_eq(state_of(1), "excluded");
    ck_assert(jobdb_find_job(world.db, WORK_SEND, 1, &job));
    ck_assert(jobdb_bring_back(world.db, &job, "again", 1));
    ck_assert(jobdb_admit_delivery(world.db, &job, &instance, &yes, WORLD_NOW + 10));
    jobdb_candidate_release(&job);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    ck_assert(world_pick(WORLD_NOW + 20, 50, &batch));
    ck_assert_int_eq(batch.items[0].instance_id, 1);
    world_end(&batch, CAUSE_TROUBLE, WORLD_NOW);
    ck_assert_str_eq(state_of(1), "queued");
    take_in_of(3000, 1, false);
    ck_assert(world_pick(WORLD_NOW + 400000, 50, &batch));
    answer_at(3, CAUSE_STORED, WORLD_NOW + 30);
    jobdb_batch_release(&batch);
    ck_assert_str_eq(state_of(1), "excluded");
}
END_TEST

/* `felucca quarantine deliver` names its file: it is taken in over the newer one that is stored. */
START_TEST(what_is_taken_in_over_a_newer_version_yields_only_to_what_is_stored_later)
{
    struct jobdb_batch batch;
    take_in_of(2000, 1, false);
    answer_at(1, CAUSE_STORED, WORLD_NOW - 10);
    take_in_of(1000, 1, false);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    ck_assert_int_eq(batch.items[0].instance_id, 2);
    world_end(&batch, CAUSE_TROUBLE, WORLD_NOW);
    ck_assert_str_eq(state_of(2), "queued");
    take_in_of(3000, 1, false);
    ck_assert(world_pick(WORLD_NOW + 400000, 50, &batch));
    answer_at(3, CAUSE_STORED, WORLD_NOW + 30);
    jobdb_batch_release(&batch);
    ck_assert_str_eq(state_of(2), "excluded");
}
END_TEST

/* ---- the shares that a replaced version asked for ---- */

static int made_of_share(const char *question)
{
    AUTO(row_end) struct row row = row_ask(world.db->sql, question, NULL);
    return row_next(&row) ? row_int(&row) : -1;
}

/* How the older version stands when the newer one is taken in, and its share. */
enum stand {
    RESTS,
    IS_REFUSED,
    IS_STORED,
    IS_SHARING, /* stored, and its share is under way: with trouble at last */
    IS_SHARING_IN_VAIN,
    IS_WANTED, /* by an operator, as well */
    IS_DOUBTED /* the share is undecided */
};

static const struct follow_row {
    const char *label;
    enum stand stand;
    const char *series; /* of the newer version */
    bool asks;
    const char *state; /* of the share; NULL: it is gone */
    int witness;       /* 0: none */
} follow_rows[] = {
    {"the newer version asks as well", RESTS, "1.1", true, "queued", 2},
    {"the newer version does not ask: a person decides", RESTS, "1.1", false, "undecided", 0},
    {"the newer version is in another series: nothing is left to be shared", RESTS, "1.2", false, NULL, 0},
    {"the older one was refused, and the newer one asks", IS_REFUSED, "1.1", true, "queued", 2},
    {"the older one was refused, and the newer one does not ask", IS_REFUSED, "1.1", false, "undecided", 0},
    {"the older one is there, and the newer one asks", IS_STORED, "1.1", true, "queued", 2},
    {"the older one is there, and the newer one does not ask", IS_STORED, "1.1", false, "undecided", 0},
    {"the older one is there, the newer one in another series", IS_STORED, "1.2", false, "undecided", 0},
    {"under way, and the newer one asks", IS_SHARING, "1.1", true, "queued", 2},
    {"under way, and the newer one does not ask", IS_SHARING, "1.1", false, "undecided", 0},
    {"under way in vain, and the newer one asks", IS_SHARING_IN_VAIN, "1.1", true, "failed", 2},
    {"under way in vain, and the newer one does not ask", IS_SHARING_IN_VAIN, "1.1", false, "undecided", 0},
    {"an operator wants it, whatever versions say", IS_WANTED, "1.1", false, "queued", 0},
    {"it is undecided, and the newer one decides", IS_DOUBTED, "1.1", true, "queued", 2},
    {"it is undecided, and the newer one does not ask", IS_DOUBTED, "1.1", false, "undecided", 0},
};

static void take_in_doubted(void)
{
    char receipt[RECEIPT_SIZE];
    const struct jobdb_doubt doubt = {.album_id = world.ct_album, .why = "its header is cut"};
    const struct jobdb_decision decision = {
        .destination_id = world.main_id, .takes = true, .doubts = &doubt, .doubt_count = 1};
    const struct jobdb_instance instance = {.receipt = world_next_receipt(receipt),
                                            .study = "1",
                                            .series = "1.1",
                                            .sop_instance = "1.1.1",
                                            .size = 1000,
                                            .received_at = WORLD_NOW};
    jobdb_take_in(world.db, &instance, &decision, 1, WORLD_NOW, 0);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
}

static void pick_share(struct jobdb_batch *ret_batch)
{
    int64_t due_at;
    *ret_batch = (struct jobdb_batch){.work = "share"};
    ck_assert(jobdb_pick_share(world.db, world.ct_album, false, WORLD_NOW, ret_batch, &due_at));
}

static void make_older(enum stand stand, struct jobdb_batch *ret_share)
{
    struct jobdb_batch batch;
    if (stand == IS_DOUBTED)
        take_in_doubted();
    else
        world_take_in("1", "1.1", "1.1.1", world.ct_album, false);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    if (stand == RESTS)
        world_end(&batch, CAUSE_TROUBLE, WORLD_NOW + 500000);
    else
        world_end(&batch, stand == IS_REFUSED ? CAUSE_REFUSED : CAUSE_STORED, 0);
    if (stand == IS_SHARING || stand == IS_SHARING_IN_VAIN)
        pick_share(ret_share);
    if (stand == IS_WANTED)
        ck_assert_int_eq(made_of_share("UPDATE share SET request_id = 1 RETURNING request_id"), 1);
}

static void end_share(struct jobdb_batch *share, enum cause cause)
{
    const struct jobdb_outcome outcome = {.cause = cause, .now = WORLD_NOW + 20, .due_at = WORLD_NOW + 20};
    ck_assert(jobdb_move_share(world.db, share, share->items, &outcome));
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    jobdb_batch_release(share);
}

static void check_share(const struct follow_row *row)
{
    char question[160];
    const char *state = row->state ? row->state : "";
    const struct world_status status = world_status("ct");
    (void)snprintf(question, sizeof question,
                   "SELECT count(*) FROM share WHERE state = '%s' AND coalesce(witness_id, 0) = %d", state,
                   row->witness);
    ck_assert_msg(made_of_share("SELECT count(*) FROM share") == (row->state != NULL), "%s", row->label);
    ck_assert_msg(!row->state || made_of_share(question) == 1, "%s", row->label);
    ck_assert_msg(status.queued == (strcmp(state, "queued") == 0), "%s: counted %lld", row->label,
                  (long long)status.queued);
    ck_assert_msg(status.failed == (strcmp(state, "failed") == 0), "%s: failed", row->label);
    ck_assert_msg(status.waiting == 0 && status.in_flight == 0, "%s: waits", row->label);
    ck_assert_msg(made_of_share("SELECT state = 'done' FROM instance WHERE id = 1") == 1,
                  "%s: it is not done", row->label);
}

START_TEST(a_share_follows_the_newer_version_of_its_witness)
{
    const struct follow_row *row = &follow_rows[_i];
    struct jobdb_batch batch, share = {.item_count = 0};
    make_older(row->stand, &share);
    world_take_in("1", row->series, "1.1.1", row->asks ? world.ct_album : 0, false);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    ck_assert_int_eq(batch.items[0].instance_id, 2);
    world_end(&batch, CAUSE_STORED, 0);
    if (row->stand == RESTS || row->stand == IS_REFUSED)
        ck_assert_str_eq(state_of(1), "excluded");
    if (share.item_count > 0)
        end_share(&share, row->stand == IS_SHARING ? CAUSE_TROUBLE : CAUSE_REFUSED);
    check_share(row);
}
END_TEST

/* The newer version is there, in another series: nothing was left of what the older one asked for. */
START_TEST(trouble_of_a_share_does_not_take_back_what_an_operator_named)
{
    struct jobdb_candidate job;
    struct jobdb_batch batch, share;
    const struct jobdb_decision yes = {
        .destination_id = world.main_id, .takes = true, .albums = &world.ct_album, .album_count = 1};
    const struct jobdb_instance instance = {.study = "1", .series = "1.1"};
    make_older(RESTS, &share);
    world_take_in("1", "1.2", "1.1.1", 0, false);
    answer_at(2, CAUSE_STORED, WORLD_NOW - 10);
    ck_assert_int_eq(made_of_share("SELECT count(*) FROM share"), 0);
    ck_assert(jobdb_find_job(world.db, WORK_SEND, 1, &job));
    ck_assert(jobdb_bring_back(world.db, &job, "again", 1));
    ck_assert(jobdb_admit_delivery(world.db, &job, &instance, &yes, WORLD_NOW));
    jobdb_candidate_release(&job);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    world_end(&batch, CAUSE_STORED, 0);
    pick_share(&share);
    end_share(&share, CAUSE_TROUBLE);
    ck_assert_int_eq(made_of_share("SELECT state = 'queued' AND witness_id = 1 FROM share"), 1);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("jobdb_versions");
    tests_fixture(tests, world_set_up, world_tear_down);
    tests_add(tests, never_two_receipts_of_one_instance_at_once);
    tests_add(tests, a_newer_version_goes_before_one_that_was_refused_and_replaces_it);
    tests_add(tests, a_version_that_comes_back_yields_to_a_newer_one);
    tests_add(tests, what_a_worker_found_out_before_the_first_request_is_kept);
    tests_add(tests, of_what_was_out_before_nothing_can_be_found_out);
    tests_add(tests, elsewhere_nothing_is_known);
    tests_add(tests, what_is_brought_back_was_out);
    tests_add(tests, twins_of_old_deliveries_cost_nothing_and_wait_for_nobody);
    tests_rows(tests, the_version_that_was_received_later_is_the_newer_one, ROWS(order_rows));
    tests_rows(tests, the_version_that_was_received_later_is_never_replaced, ROWS(order_rows));
    tests_add(tests, a_replaced_version_keeps_its_file_as_long_as_what_is_excluded);
    tests_add(tests, a_version_that_was_refused_yields_to_a_newer_one);
    tests_add(tests, a_version_that_is_refused_late_yields_to_a_newer_one);
    tests_add(tests, an_undecided_version_yields_to_a_newer_one);
    tests_rows(tests, a_share_follows_the_newer_version_of_its_witness, ROWS(follow_rows));
    tests_add(tests, what_an_operator_retries_yields_only_to_what_is_stored_later);
    tests_add(tests, what_is_taken_in_over_a_newer_version_yields_only_to_what_is_stored_later);
    tests_add(tests, trouble_of_a_share_does_not_take_back_what_an_operator_named);
    return tests_run(tests);
}
