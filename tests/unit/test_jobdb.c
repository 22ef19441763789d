#include "common/jobs/batch.h"
#include "common/jobs/check.h"
#include "common/jobs/clean.h"
#include "common/jobs/connection.h"
#include "common/jobs/dispatch.h"
#include "common/jobs/times.h"
#include "common/jobs/fetch.h"
#include "common/jobs/history.h"
#include "common/jobs/intake.h"
#include "common/jobs/jobdb.h"
#include "common/jobs/outcome.h"
#include "common/jobs/place.h"
#include "common/jobs/read.h"
#include "common/jobs/row.h"
#include "common/jobs/target.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

enum { NOW = 1800000000 };

static struct sandbox *sandbox;
static struct jobdb *db;
static int64_t main_id, other_id, ct_album, mr_album;
static int receipts;

/* ---- a small world: two destinations, two albums of the first ---- */

static void learn_ids(void *context, struct jobdb_target *target)
{
    (void)context;
    if (target->album)
        *(strcmp(target->album, "ct") == 0 ? &ct_album : &mr_album) = target->album_id;
    else
        *(strcmp(target->destination, "main") == 0 ? &main_id : &other_id) = target->destination_id;
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
    receipts = 0;
    open_database();
    jobdb_configure(db, "main", NULL, "https://a:443");
    jobdb_configure(db, "other", NULL, "https://b:443");
    jobdb_configure(db, "main", "ct", NULL);
    jobdb_configure(db, "main", "mr", NULL);
    ck_assert_int_eq(jobdb_commit(db), 0);
    jobdb_each_target(db, learn_ids, NULL);
}

static void show_problem(void *context, const char *problem)
{
    (void)context;
    (void)fprintf(stderr, "%s\n", problem);
}

/* Whatever a test did: rows and counters agree, as far as it was committed. */
static void tear_down(void)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    jobdb_destroy(&db);
    if (jobdb_open_reader(sandbox_folder(sandbox), &db, &reason) == 0)
        ck_assert_int_eq(jobdb_check(db, show_problem, NULL), 0);
    jobdb_destroy(&db);
    sandbox_destroy(&sandbox);
}

static const char *next_receipt(char *buffer)
{
    (void)snprintf(buffer, RECEIPT_SIZE, "%032x", ++receipts);
    return buffer;
}

/* Takes in one instance for the main destination; album 0: no share. */
static void take_in(const char *study, const char *series, const char *sop, int64_t album, bool urgent)
{
    char receipt[RECEIPT_SIZE];
    struct jobdb_decision decision = {
        .destination_id = main_id, .takes = true, .albums = &album, .album_count = album ? 1 : 0};
    struct jobdb_instance instance = {.receipt = next_receipt(receipt),
                                      .study = study,
                                      .series = series,
                                      .sop_instance = sop,
                                      .sop_class = "1.2",
                                      .transfer_syntax = "1.2.840.10008.1.2",
                                      .size = 1000,
                                      .received_at = NOW,
                                      .urgent = urgent};
    jobdb_take_in(db, &instance, &decision, 1, NOW, 0);
    ck_assert_int_eq(jobdb_commit(db), 0);
}

static bool wary;

static bool pick(int64_t now, size_t most, struct jobdb_batch *batch)
{
    struct jobdb_lane lane;
    static int works;
    *batch = (struct jobdb_batch){0};
    (void)snprintf(batch->work, sizeof batch->work, "w-%d", ++works);
    (void)jobdb_wake_lanes(db, now);
    return jobdb_pick_lane(db, main_id, &lane) &&
           jobdb_pick_batch(db, &lane, main_id, &(struct jobdb_appetite){most, 1 << 20, wary}, now, batch);
}

static void end(struct jobdb_batch *batch, enum cause cause, int64_t due_at)
{
    for (size_t i = 0; i < batch->item_count; i++) {
        struct jobdb_outcome outcome = {.cause = cause, .now = NOW, .due_at = due_at, .keep_until = NOW};
        ck_assert(jobdb_move_delivery(db, batch, &batch->items[i], &outcome, NULL, NULL));
    }
    jobdb_end_batch(db, batch, NOW);
    ck_assert_int_eq(jobdb_commit(db), 0);
    jobdb_batch_release(batch);
}

struct status {
    int64_t waiting, queued, deferred, in_flight, failed;
};

static struct status found;
static const char *wanted_album;

static void find_status(void *context, const struct jobdb_status_row *row)
{
    (void)context;
    if (strcmp(row->destination, "main") != 0 || !row->album != !wanted_album ||
        (wanted_album && strcmp(row->album, wanted_album) != 0))
        return;
    found = (struct status){row->waiting, row->queued, row->deferred, row->in_flight, row->failed};
}

/* The counters of the main destination, or of one of its albums. */
static struct status status_of(const char *album)
{
    found = (struct status){-1, -1, -1, -1, -1};
    wanted_album = album;
    ck_assert_int_eq(jobdb_read_status(db, find_status, NULL), 0);
    return found;
}

static int jobs_found;

static void count_job(void *context, const struct jobdb_job_row *row)
{
    jobs_found += strcmp(row->kind, context) == 0;
}

static int count_jobs(const char *kind)
{
    struct jobdb_filter filter = {0};
    jobs_found = 0;
    ck_assert_int_eq(jobdb_read_jobs(db, &filter, count_job, (void *)kind), 0);
    return jobs_found;
}

/* ---- tests ---- */

START_TEST(a_receipt_is_taken_once)
{
    char receipt[RECEIPT_SIZE];
    struct jobdb_decision decision = {.destination_id = main_id, .takes = true};
    struct jobdb_instance instance = {
        .receipt = next_receipt(receipt), .study = "1", .series = "1.1", .sop_instance = "1.1.1"};
    for (int i = 0; i < 3; i++)
        jobdb_take_in(db, &instance, &decision, 1, NOW, 0);
    ck_assert_int_eq(jobdb_commit(db), 0);
    ck_assert_int_eq(status_of(NULL).queued, 1);
}
END_TEST

START_TEST(what_is_delivered_finishes_its_instance)
{
    struct jobdb_batch batch;
    enum instance_state state;
    enum spool_place place;
    bool gone;
    take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert(pick(NOW, 50, &batch));
    ck_assert_int_eq(status_of(NULL).in_flight, 0); /* counters are written at commit */
    ck_assert_int_eq(jobdb_commit(db), 0);
    ck_assert_int_eq(status_of(NULL).in_flight, 1);
    end(&batch, CAUSE_STORED, 0);
    ck_assert_int_eq(status_of(NULL).in_flight, 0);
    ck_assert(jobdb_knows(db, "00000000000000000000000000000001", &state, &place, &gone));
    ck_assert_int_eq(state, INSTANCE_DONE);
}
END_TEST

START_TEST(a_share_waits_for_its_series_and_holds_the_instance)
{
    struct jobdb_batch batch, share = {.work = "s-1"};
    enum instance_state state;
    enum spool_place place;
    int64_t next_due;
    bool gone;
    take_in("1", "1.1", "1.1.1", ct_album, false);
    ck_assert_int_eq(status_of("ct").waiting, 1);
    ck_assert(!jobdb_pick_share(db, ct_album, false, NOW, &share, &next_due));
    ck_assert(pick(NOW, 50, &batch));
    end(&batch, CAUSE_STORED, 0);
    ck_assert_int_eq(status_of("ct").waiting, 0);
    ck_assert_int_eq(status_of("ct").queued, 1);
    ck_assert(jobdb_knows(db, "00000000000000000000000000000001", &state, &place, &gone));
    ck_assert_int_eq(state, INSTANCE_ACTIVE);
    ck_assert(jobdb_pick_share(db, ct_album, false, NOW, &share, &next_due));
    ck_assert_str_eq(share.series, "1.1");
    struct jobdb_outcome outcome = {.cause = CAUSE_STORED, .now = NOW, .keep_until = NOW};
    ck_assert(jobdb_move_share(db, &share, share.items, &outcome));
    jobdb_batch_release(&share);
    ck_assert_int_eq(jobdb_commit(db), 0);
    ck_assert(jobdb_knows(db, "00000000000000000000000000000001", &state, &place, &gone));
    ck_assert_int_eq(state, INSTANCE_DONE);
    ck_assert_int_eq(status_of("ct").in_flight, 0);
}
END_TEST

START_TEST(one_share_a_series_and_album_however_many_instances_match)
{
    struct jobdb_batch batch;
    for (int i = 0; i < 5; i++) {
        char sop[16];
        (void)snprintf(sop, sizeof sop, "1.1.%d", i);
        take_in("1", "1.1", sop, ct_album, false);
    }
    take_in("1", "1.2", "1.2.1", ct_album, false);
    ck_assert_int_eq(status_of("ct").waiting, 2);
    ck_assert(pick(NOW, 50, &batch));
    end(&batch, CAUSE_STORED, 0);
    take_in("1", "1.1", "1.1.9", ct_album, false);
    take_in("1", "1.1", "1.1.10", mr_album, false);
    ck_assert_int_eq(status_of("ct").queued, 2);
    ck_assert_msg(status_of("mr").queued == 1, "the series is stored already: due at once");
}
END_TEST

START_TEST(unknown_series_come_first)
{
    struct jobdb_batch batch;
    struct jobdb_lane lane;
    take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert(jobdb_pick_lane(db, main_id, &lane));
    ck_assert(!lane.known);
    ck_assert(pick(NOW, 50, &batch));
    end(&batch, CAUSE_STORED, 0);
    take_in("1", "1.1", "1.1.2", 0, false);
    take_in("1", "1.2", "1.2.1", 0, false);
    ck_assert(jobdb_pick_lane(db, main_id, &lane));
    ck_assert_msg(lane.known, "the study is, whatever series it gets");
    ck_assert(pick(NOW, 1, &batch));
    ck_assert_int_eq(batch.items[0].series_id, 2);
    end(&batch, CAUSE_STORED, 0);
    jobdb_series_unknown(db, 1);
    ck_assert(jobdb_pick_lane(db, main_id, &lane));
    ck_assert_msg(lane.known, "by its other series");
    jobdb_series_unknown(db, 2);
    ck_assert(jobdb_pick_lane(db, main_id, &lane));
    ck_assert_msg(!lane.known, "what KHEOPS could not put into the album is unknown again");
    take_in("1", "1.1", "1.1.3", ct_album, false);
    ck_assert_msg(status_of("ct").queued == 1, "but an instance of it is there: its shares need not wait");
}
END_TEST

static int64_t end_fetch(struct jobdb_batch *batch, enum cause cause, int64_t due_at)
{
    const struct jobdb_outcome outcome = {.cause = cause, .now = NOW, .due_at = due_at};
    int64_t next = -1;
    ck_assert(jobdb_move_fetch(db, batch, batch->items, &outcome, &next));
    jobdb_batch_release(batch);
    *batch = (struct jobdb_batch){.work = "w-2"};
    return next;
}

START_TEST(a_study_is_fetched_when_quiet_and_again_when_more_came)
{
    struct jobdb_batch batch = {.work = "w-1"};
    int64_t next;
    jobdb_want_fetch(db, main_id, "1", NOW, NOW + 30);
    jobdb_want_fetch(db, main_id, "1", NOW + 10, NOW + 40);
    ck_assert(!jobdb_pick_fetch(db, main_id, NOW + 39, &batch, &next));
    ck_assert_int_eq(next, NOW + 40);
    ck_assert(jobdb_pick_fetch(db, main_id, NOW + 40, &batch, &next));
    ck_assert_str_eq(batch.study, "1");
    ck_assert(batch.stage == WORK_FETCH && batch.item_count == 1);
    jobdb_want_fetch(db, main_id, "1", NOW + 41, NOW + 71); /* while it is out */
    ck_assert_int_eq(end_fetch(&batch, CAUSE_STORED, 0), NOW + 71);
    ck_assert(jobdb_pick_fetch(db, main_id, NOW + 71, &batch, &next));
    ck_assert_int_eq(end_fetch(&batch, CAUSE_TROUBLE, NOW + 80), NOW + 80);
    ck_assert(jobdb_pick_fetch(db, main_id, NOW + 80, &batch, &next));
    ck_assert_int_eq(batch.items[0].tries, 2);
    ck_assert_int_eq(end_fetch(&batch, CAUSE_STORED, 0), INT64_MAX);
    ck_assert(!jobdb_pick_fetch(db, main_id, INT64_MAX, &batch, &next));
    ck_assert_int_eq(next, INT64_MAX);
    ck_assert_int_eq(jobdb_commit(db), 0);
}
END_TEST

START_TEST(a_closed_lane_waits_for_its_study)
{
    struct jobdb_lane lane;
    take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert(jobdb_pick_lane(db, main_id, &lane));
    jobdb_close_lane(db, lane.id);
    take_in("1", "1.1", "1.1.2", 0, false);
    ck_assert(!jobdb_pick_lane(db, main_id, &lane));
    jobdb_open_lanes(db, "1", NOW);
    ck_assert(jobdb_pick_lane(db, main_id, &lane));
    ck_assert_int_eq(jobdb_commit(db), 0);
}
END_TEST

START_TEST(lanes_take_turns_and_urgent_ones_go_first)
{
    struct jobdb_batch batch;
    take_in("big", "1.1", "1.1.1", 0, false);
    take_in("big", "1.2", "1.2.1", 0, false);
    take_in("small", "2.1", "2.1.1", 0, false);
    ck_assert(pick(NOW, 1, &batch));
    ck_assert_str_eq(batch.study, "big");
    jobdb_batch_release(&batch);
    ck_assert(pick(NOW, 1, &batch));
    ck_assert_str_eq(batch.study, "small");
    jobdb_batch_release(&batch);
    take_in("urgent", "3.1", "3.1.1", 0, true);
    ck_assert(pick(NOW, 1, &batch));
    ck_assert_str_eq(batch.study, "urgent");
    jobdb_batch_release(&batch);
    ck_assert(pick(NOW, 1, &batch));
    ck_assert_str_eq(batch.study, "big");
    jobdb_batch_release(&batch);
    ck_assert(!pick(NOW, 1, &batch));
    jobdb_batch_release(&batch);
}
END_TEST

/* Of the delivery of an instance. Borrowed until the next call. */
static const char *state_of(int64_t instance_id)
{
    static char state[16];
    char question[80];
    (void)snprintf(question, sizeof question, "SELECT state FROM delivery WHERE instance_id = %lld",
                   (long long)instance_id);
    AUTO(row_end) struct row row = row_ask(db->sql, question, NULL);
    ck_assert(row_next(&row));
    row_copy(&row, state, sizeof state);
    return state;
}

START_TEST(never_two_receipts_of_one_instance_at_once)
{
    struct jobdb_batch batch, second;
    take_in("1", "1.1", "1.1.1", 0, false);
    take_in("1", "1.1", "1.1.1", 0, false);
    take_in("1", "1.1", "1.1.2", 0, false);
    ck_assert(pick(NOW, 50, &batch));
    ck_assert_uint_eq(batch.item_count, 2);
    ck_assert_msg(!pick(NOW + 60000, 50, &second), "while the first is on its way");
    jobdb_batch_release(&second);
    end(&batch, CAUSE_STORED, 0);
    ck_assert(pick(NOW + 400000, 50, &batch));
    ck_assert_int_eq(batch.items[0].instance_id, 2);
    jobdb_batch_release(&batch);
}
END_TEST

/* Of one instance there are three versions. */
START_TEST(a_newer_version_goes_before_one_that_was_refused_and_replaces_it)
{
    struct jobdb_batch batch;
    take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert(pick(NOW, 50, &batch));
    end(&batch, CAUSE_TROUBLE, NOW + 5000); /* refused; it would be tried again */
    take_in("1", "1.1", "1.1.1", 0, false);
    take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert_msg(pick(NOW, 50, &batch), "the newer ones wait for the one that rests");
    ck_assert_uint_eq(batch.item_count, 1);
    ck_assert_int_eq(batch.items[0].instance_id, 2); /* untried ones go in their order */
    end(&batch, CAUSE_TROUBLE, NOW + 5000);
    ck_assert(pick(NOW + 400000, 50, &batch)); /* all are due */
    ck_assert_uint_eq(batch.item_count, 1);
    ck_assert_int_eq(batch.items[0].instance_id, 3);
    ck_assert_str_eq(state_of(1), "queued");
    end(&batch, CAUSE_STORED, 0);
    ck_assert_str_eq(state_of(1), "excluded");
    ck_assert_str_eq(state_of(2), "excluded");
    ck_assert_str_eq(state_of(3), "sent");
    ck_assert_msg(!pick(NOW + 800000, 50, &batch), "an older version goes out after the newer one");
    jobdb_batch_release(&batch);
    ck_assert_int_eq(status_of(NULL).queued, 0);
}
END_TEST

/* A late answer says that the newer one is stored, while the older one is under way again. */
START_TEST(a_version_that_comes_back_yields_to_a_newer_one)
{
    struct jobdb_batch newer, older, late;
    struct jobdb_outcome stored = {.cause = CAUSE_STORED, .now = NOW, .keep_until = NOW};
    take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert(pick(NOW, 50, &older));
    end(&older, CAUSE_TROUBLE, NOW);
    take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert(pick(NOW, 50, &newer));
    char receipt[RECEIPT_SIZE];
    memcpy(receipt, newer.items[0].receipt, sizeof receipt);
    end(&newer, CAUSE_REFUSED, 0);
    ck_assert(pick(NOW + 400000, 50, &older));
    ck_assert_int_eq(older.items[0].instance_id, 1);
    ck_assert(jobdb_find_delivery(db, receipt, "main", &late));
    ck_assert(jobdb_move_delivery(db, &late, late.items, &stored, NULL, NULL));
    jobdb_batch_release(&late);
    ck_assert_str_eq(state_of(2), "sent");
    ck_assert_str_eq(state_of(1), "sending"); /* its answer decides */
    end(&older, CAUSE_TROUBLE, NOW);
    ck_assert_str_eq(state_of(1), "excluded");
}
END_TEST

START_TEST(twins_of_old_deliveries_cost_nothing_and_wait_for_nobody)
{
    struct jobdb_batch batch;
    take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert(pick(NOW, 50, &batch));
    ck_assert(!batch.items[0].twin);
    end(&batch, CAUSE_STORED, 0);
    take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert(pick(NOW, 50, &batch));
    ck_assert_msg(batch.items[0].twin, "one that was sent before is not told of");
    end(&batch, CAUSE_REFUSED, 0);
    take_in("1", "1.1", "1.1.2", 0, false);
    ck_assert(pick(NOW, 50, &batch));
    ck_assert(!batch.items[0].twin);
    end(&batch, CAUSE_STORED, 0);
    take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert_msg(pick(NOW, 50, &batch), "neither for one that is sent nor for one that failed");
    end(&batch, CAUSE_STORED, 0);
}
END_TEST

START_TEST(what_is_deferred_waits_and_comes_back)
{
    struct jobdb_batch batch;
    take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert(pick(NOW, 50, &batch));
    end(&batch, CAUSE_TROUBLE, NOW + 5000);
    ck_assert_int_eq(status_of(NULL).deferred, 1);
    ck_assert(!pick(NOW + 4999, 50, &batch));
    jobdb_batch_release(&batch);
    ck_assert(!jobdb_wake_lanes(db, NOW));
    ck_assert_int_eq(jobdb_next_lane(db), NOW + 5000);
    ck_assert(pick(NOW + 5000, 50, &batch));
    ck_assert_int_eq(batch.items[0].tries, 2);
    end(&batch, CAUSE_STORED, 0);
    ck_assert_int_eq(status_of(NULL).deferred, 0);
}
END_TEST

START_TEST(a_batch_limit_keeps_batches_small)
{
    struct jobdb_batch batch;
    for (int i = 0; i < 4; i++) {
        char sop[16];
        (void)snprintf(sop, sizeof sop, "1.1.%d", i);
        take_in("1", "1.1", sop, 0, false);
    }
    ck_assert(pick(NOW, 50, &batch));
    ck_assert_uint_eq(batch.item_count, 4);
    for (size_t i = 0; i < 4; i++) {
        struct jobdb_outcome outcome = {.cause = CAUSE_TROUBLE, .now = NOW, .due_at = NOW, .batch_limit = 2};
        ck_assert(jobdb_move_delivery(db, &batch, &batch.items[i], &outcome, NULL, NULL));
    }
    jobdb_end_batch(db, &batch, NOW);
    jobdb_batch_release(&batch);
    ck_assert(pick(NOW, 50, &batch));
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
        take_in("1", "1.1", sop, 0, false);
    }
    ck_assert(pick(NOW, 50, &batch));
    for (size_t i = 0; i < 4; i++) {
        struct jobdb_outcome outcome = {.cause = CAUSE_TROUBLE, .now = NOW, .due_at = NOW, .batch_limit = -1};
        ck_assert(jobdb_move_delivery(db, &batch, &batch.items[i], &outcome, NULL, NULL));
    }
    jobdb_end_batch(db, &batch, NOW);
    jobdb_batch_release(&batch);
    wary = true;
    ck_assert(pick(NOW, 50, &batch));
    ck_assert_uint_eq(batch.item_count, 1);
    end(&batch, CAUSE_STORED, 0);
    wary = false;
    ck_assert(pick(NOW, 50, &batch));
    ck_assert_uint_eq(batch.item_count, 3);
    jobdb_batch_release(&batch);
}
END_TEST

START_TEST(late_answers_only_count_when_they_say_stored)
{
    struct jobdb_batch first, second, found_batch;
    take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert(pick(NOW, 50, &first));
    struct jobdb_outcome lost = {.cause = CAUSE_LEASE_LOST, .now = NOW, .due_at = NOW};
    ck_assert(jobdb_move_delivery(db, &first, first.items, &lost, NULL, NULL));
    jobdb_end_batch(db, &first, NOW);
    ck_assert(pick(NOW, 50, &second));
    struct jobdb_outcome refused = {.cause = CAUSE_REFUSED, .now = NOW};
    ck_assert_msg(!jobdb_move_delivery(db, &first, first.items, &refused, NULL, NULL), "it is another's now");
    ck_assert(jobdb_find_delivery(db, first.items[0].receipt, "main", &found_batch));
    struct jobdb_outcome stored = {.cause = CAUSE_STORED, .now = NOW};
    ck_assert(jobdb_move_delivery(db, &found_batch, found_batch.items, &stored, NULL, NULL));
    ck_assert_msg(!jobdb_move_delivery(db, &second, second.items, &lost, NULL, NULL), "sent is final");
    jobdb_end_batch(db, &second, NOW);
    ck_assert_int_eq(jobdb_commit(db), 0);
    ck_assert_int_eq(status_of(NULL).in_flight, 0);
    ck_assert_int_eq(status_of(NULL).queued, 0);
    ck_assert(!jobdb_find_delivery(db, first.items[0].receipt, "nowhere", &found_batch));
    jobdb_batch_release(&first);
    jobdb_batch_release(&second);
    jobdb_batch_release(&found_batch);
}
END_TEST

START_TEST(another_server_knows_no_series)
{
    struct jobdb_batch batch;
    struct jobdb_lane lane;
    take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert(pick(NOW, 50, &batch));
    end(&batch, CAUSE_STORED, 0);
    take_in("1", "1.1", "1.1.2", 0, false);
    jobdb_configure(db, "main", NULL, "https://a:443");
    ck_assert(jobdb_pick_lane(db, main_id, &lane));
    ck_assert(lane.known);
    jobdb_configure(db, "main", NULL, "https://elsewhere:443");
    ck_assert(jobdb_pick_lane(db, main_id, &lane));
    ck_assert(!lane.known);
}
END_TEST

static int64_t main_mark, ct_mark;

/* Everything seems to have stored 7, so that a mark can be told from none. */
static void take_mark(void *context, struct jobdb_target *target)
{
    (void)context;
    if (strcmp(target->destination, "main") == 0 && !target->album)
        main_mark = target->fresh_mark;
    if (target->album && strcmp(target->album, "ct") == 0)
        ct_mark = target->fresh_mark;
    target->stored = 7;
    jobdb_save_target(db, target, NULL, NOW);
    jobdb_target_release(target);
}

static void stored_marks(int64_t *ret_destination, int64_t *ret_album)
{
    jobdb_each_target(db, take_mark, NULL);
    *ret_destination = main_mark;
    *ret_album = ct_mark;
}

/* What has worked is forgotten with the address, of a destination and of each album. */
START_TEST(another_address_proves_nothing)
{
    int64_t destination, album;
    ck_assert(jobdb_note_address(db, "main", NULL, "one"));
    ck_assert(jobdb_note_address(db, "main", "ct", "three"));
    stored_marks(&destination, &album);
    ck_assert_msg(destination == 0 && album == 0, "the first address is no change");
    ck_assert(!jobdb_note_address(db, "main", NULL, "one"));
    ck_assert(jobdb_note_address(db, "main", NULL, "two"));
    stored_marks(&destination, &album);
    ck_assert_int_eq(destination, 7);
    ck_assert_int_eq(album, 0);
    ck_assert(jobdb_note_address(db, "main", "ct", "four"));
    stored_marks(&destination, &album);
    ck_assert_int_eq(album, 7);
}
END_TEST

START_TEST(a_probe_is_what_was_tried_least_and_of_those_the_newest)
{
    static const int64_t wanted[] = {3, 2, 1, 3};
    struct jobdb_batch batch, share = {.work = "s-1"};
    int64_t next_due;
    take_in("1", "1.1", "1.1.1", ct_album, false);
    take_in("2", "2.1", "2.1.1", ct_album, false);
    take_in("3", "3.1", "3.1.1", ct_album, false);
    for (int i = 0; i < 3; i++) {
        ck_assert(pick(NOW, 50, &batch));
        end(&batch, CAUSE_STORED, 0);
    }
    for (size_t i = 0; i < ROWS(wanted); i++) {
        struct jobdb_outcome outcome = {.cause = CAUSE_TROUBLE, .now = NOW, .due_at = NOW};
        ck_assert(jobdb_pick_share(db, ct_album, true, NOW, &share, &next_due));
        ck_assert_int_eq(share.items[0].id, wanted[i]);
        ck_assert(jobdb_move_share(db, &share, share.items, &outcome));
        jobdb_batch_release(&share);
        share = (struct jobdb_batch){.work = "s-1"};
    }
}
END_TEST

static bool share_due(int64_t album, struct jobdb_batch *ret_share)
{
    int64_t next_due;
    *ret_share = (struct jobdb_batch){.work = "s-1"};
    return jobdb_pick_share(db, album, false, NOW, ret_share, &next_due);
}

static void end_share(struct jobdb_batch *share)
{
    const struct jobdb_outcome outcome = {.cause = CAUSE_STORED, .now = NOW};
    ck_assert(jobdb_move_share(db, share, share->items, &outcome));
    jobdb_batch_release(share);
}

static void store(const char *study, const char *series, const char *sop, int64_t album)
{
    struct jobdb_batch batch;
    take_in(study, series, sop, album, false);
    ck_assert(pick(NOW, 50, &batch));
    end(&batch, CAUSE_STORED, 0);
}

/* What was stored and shared at another server is not at this one. */
START_TEST(another_server_has_nothing)
{
    struct jobdb_batch share, batch;
    store("1", "1.1", "1.1.1", ct_album);
    ck_assert(share_due(ct_album, &share));
    end_share(&share);
    store("2", "2.1", "2.1.1", ct_album); /* its share is due */
    jobdb_configure(db, "main", NULL, "https://elsewhere:443");
    ck_assert_msg(!share_due(ct_album, &share), "due before its series is there");
    jobdb_batch_release(&share);
    take_in("1", "1.1", "1.1.2", ct_album, false);
    ck_assert_msg(!share_due(ct_album, &share), "asked for anew before its series is there");
    jobdb_batch_release(&share);
    ck_assert(pick(NOW, 50, &batch));
    end(&batch, CAUSE_STORED, 0);
    ck_assert_msg(share_due(ct_album, &share), "what was shared elsewhere is not asked for anew");
    ck_assert_str_eq(share.series, "1.1");
    end_share(&share);
    store("2", "2.1", "2.1.2", ct_album);
    ck_assert(share_due(ct_album, &share));
    ck_assert_str_eq(share.series, "2.1");
    end_share(&share);
    ck_assert_int_eq(jobdb_commit(db), 0);
}
END_TEST

/* Into another main album of the same KHEOPS: what is shared stays shared. */
START_TEST(a_destination_that_moves_keeps_what_is_shared)
{
    struct jobdb_batch share;
    store("1", "1.1", "1.1.1", ct_album);
    ck_assert(share_due(ct_album, &share));
    end_share(&share);
    jobdb_destination_moved(db, main_id, NOW);
    store("1", "1.1", "1.1.2", ct_album);
    ck_assert(!share_due(ct_album, &share));
    jobdb_batch_release(&share);
    ck_assert_int_eq(jobdb_commit(db), 0);
}
END_TEST

/* An album that was made again has none of its series. */
START_TEST(an_album_made_again_is_asked_for_anew)
{
    struct jobdb_batch share;
    store("1", "1.1", "1.1.1", ct_album);
    ck_assert(share_due(ct_album, &share));
    end_share(&share);
    jobdb_album_moved(db, ct_album, NOW);
    store("1", "1.1", "1.1.2", mr_album);
    ck_assert(!share_due(ct_album, &share));
    jobdb_batch_release(&share);
    store("1", "1.1", "1.1.3", ct_album);
    ck_assert(share_due(ct_album, &share));
    end_share(&share);
    ck_assert_int_eq(jobdb_commit(db), 0);
}
END_TEST

START_TEST(waiting_for_a_wrong_time_ends)
{
    static const int64_t YEARS = 100000000000;
    struct jobdb_batch batch, share = {.work = "s-1"};
    int64_t next_due;
    take_in("1", "1.1", "1.1.1", ct_album, false);
    take_in("2", "2.1", "2.1.1", ct_album, false);
    ck_assert(pick(NOW, 50, &batch));
    end(&batch, CAUSE_STORED, 0);
    ck_assert(pick(NOW, 50, &batch));
    end(&batch, CAUSE_TROUBLE, NOW + YEARS);
    ck_assert(jobdb_pick_share(db, ct_album, false, NOW, &share, &next_due));
    struct jobdb_outcome outcome = {.cause = CAUSE_TROUBLE, .now = NOW, .due_at = NOW + YEARS};
    ck_assert(jobdb_move_share(db, &share, share.items, &outcome));
    jobdb_batch_release(&share);
    jobdb_hurry(db, NOW, NOW + YEARS);
    ck_assert(!pick(NOW + 1000, 50, &batch));
    jobdb_batch_release(&batch);
    jobdb_hurry(db, NOW, NOW + 60000);
    ck_assert_int_eq(jobdb_commit(db), 0);
    ck_assert(pick(NOW, 50, &batch));
    end(&batch, CAUSE_STORED, 0);
    ck_assert(jobdb_pick_share(db, ct_album, false, NOW, &share, &next_due));
    jobdb_batch_release(&share);
}
END_TEST

static size_t works_found, items_found;

static void count_work(void *context, struct jobdb_batch *batch)
{
    (void)context;
    works_found++;
    items_found += batch->item_count;
    jobdb_batch_release(batch);
}

START_TEST(a_restart_finds_what_was_handed_out_and_what_waits)
{
    struct jobdb_batch batch;
    take_in("1", "1.1", "1.1.1", 0, false);
    take_in("1", "1.1", "1.1.2", 0, false);
    take_in("2", "2.1", "2.1.1", 0, false);
    ck_assert(pick(NOW, 50, &batch));
    jobdb_batch_release(&batch);
    ck_assert_int_eq(jobdb_commit(db), 0);
    jobdb_destroy(&db);
    open_database();
    works_found = items_found = 0;
    jobdb_each_work(db, count_work, NULL);
    ck_assert_uint_eq(works_found, 1);
    ck_assert_uint_eq(items_found, 2);
    ck_assert(pick(NOW, 50, &batch));
    ck_assert_str_eq(batch.study, "2");
    jobdb_batch_release(&batch);
}
END_TEST

START_TEST(what_is_not_committed_never_was)
{
    struct jobdb_batch batch;
    take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert(pick(NOW, 50, &batch));
    ck_assert(jobdb_is_dirty(db));
    jobdb_destroy(&db);
    jobdb_batch_release(&batch);
    open_database();
    ck_assert(pick(NOW, 50, &batch));
    ck_assert_int_eq(batch.items[0].tries, 1);
    jobdb_batch_release(&batch);
}
END_TEST

static void count_files(void *context, const struct jobdb_file *file, enum jobdb_fate fate)
{
    int *counts = context;
    counts[fate]++;
    if (fate == JOBDB_REMOVE)
        jobdb_file_gone(db, file->instance_id);
}

START_TEST(finished_files_go_or_are_kept)
{
    int counts[3] = {0, 0, 0};
    struct jobdb_batch batch;
    char receipt[RECEIPT_SIZE];
    struct jobdb_decision no = {.destination_id = main_id, .why = "the destination's condition is false"};
    struct jobdb_instance excluded = {
        .receipt = next_receipt(receipt), .study = "1", .series = "1.1", .sop_instance = "1.1.1"};
    jobdb_take_in(db, &excluded, &no, 1, NOW, NOW + 7000);
    take_in("1", "1.1", "1.1.2", 0, false);
    ck_assert(pick(NOW, 50, &batch));
    end(&batch, CAUSE_STORED, 0);
    ck_assert_uint_eq(jobdb_each_finished(db, NOW, NOW, 10, count_files, counts), 2);
    ck_assert_int_eq(counts[JOBDB_REMOVE], 1);
    ck_assert_int_eq(counts[JOBDB_KEEP], 1);
    ck_assert_uint_eq(jobdb_each_finished(db, NOW, NOW, 10, count_files, counts), 0);
    ck_assert_uint_eq(jobdb_forget(db, NOW + 1, 10), 1);
}
END_TEST

START_TEST(a_study_is_forgotten_with_its_last_instance)
{
    struct jobdb_batch batch, share = {.work = "s-1"};
    int64_t next_due;
    take_in("1", "1.1", "1.1.1", ct_album, false);
    take_in("1", "1.1", "1.1.2", 0, false);
    ck_assert(pick(NOW, 1, &batch));
    end(&batch, CAUSE_STORED, 0);
    ck_assert(jobdb_pick_share(db, ct_album, false, NOW, &share, &next_due));
    struct jobdb_outcome outcome = {.cause = CAUSE_STORED, .now = NOW, .keep_until = NOW};
    ck_assert(jobdb_move_share(db, &share, share.items, &outcome));
    jobdb_batch_release(&share);
    jobdb_file_gone(db, 1);
    ck_assert_uint_eq(jobdb_forget(db, NOW + 1, 10), 1);
    ck_assert_int_eq(jobdb_commit(db), 0);
    ck_assert_int_eq(count_jobs("share"), 1);
    ck_assert(pick(NOW, 1, &batch));
    end(&batch, CAUSE_STORED, 0);
    jobdb_file_gone(db, 2);
    ck_assert_uint_eq(jobdb_forget(db, NOW + 1, 10), 1);
    ck_assert_int_eq(jobdb_commit(db), 0);
    ck_assert_int_eq(count_jobs("share"), 0);
    ck_assert_int_eq(count_jobs("delivery"), 0);
    take_in("1", "1.1", "1.1.3", ct_album, false);
    ck_assert_int_eq(status_of("ct").waiting, 1);
}
END_TEST

START_TEST(a_lost_file_fails_its_deliveries_with_a_sentence)
{
    take_in("1", "1.1", "1.1.1", 0, false);
    jobdb_fail_instance(db, 1, "its spool file is gone", NOW);
    ck_assert_int_eq(jobdb_commit(db), 0);
    ck_assert_int_eq(status_of(NULL).queued, 0);
    ck_assert_int_eq(status_of(NULL).failed, 1);
}
END_TEST

START_TEST(a_reader_sees_what_is_committed)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct jobdb *writer = db, *reader = NULL;
    take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert_int_eq(jobdb_open_reader(sandbox_folder(sandbox), &reader, &reason), 0);
    db = reader;
    ck_assert_int_eq(status_of(NULL).queued, 1);
    jobdb_add_event(db, &(struct jobdb_event){.at = NOW, .kind = "no"});
    ck_assert_int_ne(jobdb_commit(db), 0);
    db = writer;
    jobdb_destroy(&reader);
}
END_TEST

START_TEST(a_newer_database_is_refused_and_a_damaged_one_can_be_set_aside)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(text_release) struct text name = TEXT_EMPTY;
    const char *dir = sandbox_folder(sandbox);
    char path[512];
    jobdb_destroy(&db);
    (void)snprintf(path, sizeof path, "%s/jobs.db", dir);
    FILE *file = fopen(path, "r+");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, 60, SEEK_SET), 0); /* user_version is there, big endian */
    ck_assert_uint_eq(fwrite("\0\0\0\x63", 1, 4, file), 4);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(jobdb_open(dir, &db, &reason), ERR_VERSION);
    ck_assert_msg(strstr(text_string(&reason), "newer Felucca") != NULL, "%s", text_string(&reason));
    file = fopen(path, "w");
    ck_assert_uint_eq(
        fwrite("this is no database, but a text that is long enough to be one ...................."
               "...............................................................................",
               1, 150, file),
        150);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(jobdb_open(dir, &db, &reason), ERR_DAMAGED);
    ck_assert_int_eq(jobdb_set_aside(dir, NOW, &name), 0);
    open_database();
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("jobdb");
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, a_receipt_is_taken_once);
    tests_add(tests, what_is_delivered_finishes_its_instance);
    tests_add(tests, a_share_waits_for_its_series_and_holds_the_instance);
    tests_add(tests, one_share_a_series_and_album_however_many_instances_match);
    tests_add(tests, unknown_series_come_first);
    tests_add(tests, a_study_is_fetched_when_quiet_and_again_when_more_came);
    tests_add(tests, a_closed_lane_waits_for_its_study);
    tests_add(tests, lanes_take_turns_and_urgent_ones_go_first);
    tests_add(tests, never_two_receipts_of_one_instance_at_once);
    tests_add(tests, a_newer_version_goes_before_one_that_was_refused_and_replaces_it);
    tests_add(tests, a_version_that_comes_back_yields_to_a_newer_one);
    tests_add(tests, twins_of_old_deliveries_cost_nothing_and_wait_for_nobody);
    tests_add(tests, what_is_deferred_waits_and_comes_back);
    tests_add(tests, a_batch_limit_keeps_batches_small);
    tests_add(tests, a_limit_that_trouble_made_ends_with_the_trouble);
    tests_add(tests, late_answers_only_count_when_they_say_stored);
    tests_add(tests, another_server_knows_no_series);
    tests_add(tests, another_address_proves_nothing);
    tests_add(tests, a_probe_is_what_was_tried_least_and_of_those_the_newest);
    tests_add(tests, another_server_has_nothing);
    tests_add(tests, a_destination_that_moves_keeps_what_is_shared);
    tests_add(tests, an_album_made_again_is_asked_for_anew);
    tests_add(tests, waiting_for_a_wrong_time_ends);
    tests_add(tests, a_restart_finds_what_was_handed_out_and_what_waits);
    tests_add(tests, what_is_not_committed_never_was);
    tests_add(tests, finished_files_go_or_are_kept);
    tests_add(tests, a_study_is_forgotten_with_its_last_instance);
    tests_add(tests, a_lost_file_fails_its_deliveries_with_a_sentence);
    tests_add(tests, a_reader_sees_what_is_committed);
    tests_add(tests, a_newer_database_is_refused_and_a_damaged_one_can_be_set_aside);
    return tests_run(tests);
}
