/* What is kept of instances, jobs and files: over a commit, a restart, a reader, a broken file. */
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/jobs/batch.h"
#include "common/jobs/clean.h"
#include "common/jobs/connection.h"
#include "common/jobs/dispatch.h"
#include "common/jobs/history.h"
#include "common/jobs/intake.h"
#include "common/jobs/outcome.h"
#include "common/jobs/row.h"
#include "common/jobs/times.h"
#include "tests/support/jobs_world.h"
#include "tests/support/suite.h"

#include <string.h>

START_TEST(a_receipt_is_taken_once)
{
    char receipt[RECEIPT_SIZE];
    struct jobdb_decision decision = {.destination_id = world.main_id, .takes = true};
    struct jobdb_instance instance = {
        .receipt = world_next_receipt(receipt), .study = "1", .series = "1.1", .sop_instance = "1.1.1"};
    for (int i = 0; i < 3; i++)
        jobdb_take_in(world.db, &instance, &decision, 1, WORLD_NOW, 0);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    ck_assert_int_eq(world_status(NULL).queued, 1);
}
END_TEST

START_TEST(what_is_delivered_finishes_its_instance)
{
    struct jobdb_batch batch;
    enum instance_state state;
    enum spool_place place;
    bool gone;
    world_take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    ck_assert_int_eq(world_status(NULL).in_flight, 0); /* counters are written at commit */
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    ck_assert_int_eq(world_status(NULL).in_flight, 1);
    world_end(&batch, CAUSE_STORED, 0);
    ck_assert_int_eq(world_status(NULL).in_flight, 0);
    ck_assert(jobdb_knows(world.db, "00000000000000000000000000000001", &state, &place, &gone));
    ck_assert_int_eq(state, INSTANCE_DONE);
}
END_TEST

START_TEST(late_answers_only_count_when_they_say_stored)
{
    struct jobdb_batch first, second, found_batch;
    world_take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert(world_pick(WORLD_NOW, 50, &first));
    struct jobdb_outcome lost = {.cause = CAUSE_LEASE_LOST, .now = WORLD_NOW, .due_at = WORLD_NOW};
    ck_assert(jobdb_move_delivery(world.db, &first, first.items, &lost, NULL, NULL));
    jobdb_end_batch(world.db, &first, WORLD_NOW);
    ck_assert(world_pick(WORLD_NOW, 50, &second));
    struct jobdb_outcome refused = {.cause = CAUSE_REFUSED, .now = WORLD_NOW};
    ck_assert_msg(!jobdb_move_delivery(world.db, &first, first.items, &refused, NULL, NULL),
                  "it is another's now");
    ck_assert(jobdb_find_delivery(world.db, first.items[0].receipt, "main", &found_batch));
    struct jobdb_outcome stored = {.cause = CAUSE_STORED, .now = WORLD_NOW};
    ck_assert(jobdb_move_delivery(world.db, &found_batch, found_batch.items, &stored, NULL, NULL));
    ck_assert_msg(!jobdb_move_delivery(world.db, &second, second.items, &lost, NULL, NULL), "sent is final");
    jobdb_end_batch(world.db, &second, WORLD_NOW);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    ck_assert_int_eq(world_status(NULL).in_flight, 0);
    ck_assert_int_eq(world_status(NULL).queued, 0);
    ck_assert(!jobdb_find_delivery(world.db, first.items[0].receipt, "nowhere", &found_batch));
    jobdb_batch_release(&first);
    jobdb_batch_release(&second);
    jobdb_batch_release(&found_batch);
}
END_TEST

START_TEST(waiting_for_a_wrong_time_ends)
{
    static const int64_t YEARS = 100000000000;
    struct jobdb_batch batch, share = {.work = "s-1"};
    int64_t next_due;
    world_take_in("1", "1.1", "1.1.1", world.ct_album, false);
    world_take_in("2", "2.1", "2.1.1", world.ct_album, false);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    world_end(&batch, CAUSE_STORED, 0);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    world_end(&batch, CAUSE_TROUBLE, WORLD_NOW + YEARS);
    ck_assert(jobdb_pick_share(world.db, world.ct_album, false, WORLD_NOW, &share, &next_due));
    struct jobdb_outcome outcome = {.cause = CAUSE_TROUBLE, .now = WORLD_NOW, .due_at = WORLD_NOW + YEARS};
    ck_assert(jobdb_move_share(world.db, &share, share.items, &outcome));
    jobdb_batch_release(&share);
    jobdb_hurry(world.db, WORLD_NOW, WORLD_NOW + YEARS);
    ck_assert(!world_pick(WORLD_NOW + 1000, 50, &batch));
    jobdb_batch_release(&batch);
    jobdb_hurry(world.db, WORLD_NOW, WORLD_NOW + 60000);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    world_end(&batch, CAUSE_STORED, 0);
    ck_assert(jobdb_pick_share(world.db, world.ct_album, false, WORLD_NOW, &share, &next_due));
    jobdb_batch_release(&share);
}
END_TEST

static int64_t number(const char *question)
{
    return row_first(row_ask(world.db->sql, question, NULL), -1);
}

static void quarantine_at(int64_t now)
{
    char receipt[RECEIPT_SIZE];
    const struct jobdb_instance instance = {.receipt = world_next_receipt(receipt), .received_at = now};
    jobdb_quarantine(world.db, &instance, "no node", now);
}

/* A study that no destination took is found by two equal times; they must stay so, and others become so by no means. */
START_TEST(what_was_written_ahead_of_time_is_pulled_back)
{
    static const int64_t YEARS = 100000000000;
    char receipt[RECEIPT_SIZE];
    const struct jobdb_decision no = {.destination_id = world.main_id, .why = "not wanted"};
    const struct jobdb_instance left_out = {.receipt = world_next_receipt(receipt), .study = "1"};
    quarantine_at(WORLD_NOW + YEARS);
    quarantine_at(WORLD_NOW - 5);
    jobdb_take_in(world.db, &left_out, &no, 1, WORLD_NOW + YEARS, 0);
    jobdb_file_gone(world.db, 3);
    world.db->served = (WORLD_NOW + YEARS) * 1000;
    jobdb_clock_is_back(world.db, WORLD_NOW, WORLD_NOW + 1000);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    ck_assert_int_eq(number("SELECT decided_at FROM instance WHERE id = 1"), WORLD_NOW);
    ck_assert_int_eq(number("SELECT decided_at FROM instance WHERE id = 2"), WORLD_NOW - 5);
    ck_assert_int_eq(number("SELECT done_at FROM instance WHERE id = 3"), WORLD_NOW);
    ck_assert_int_eq(number("SELECT decided_at FROM instance WHERE id = 3"), WORLD_NOW);
    ck_assert_int_le(world.db->served, (int64_t)WORLD_NOW * 1000);
}
END_TEST

START_TEST(a_header_that_must_not_be_read_again_says_why)
{
    static const char why[] = "its header takes more than 2 s to read";
    world_take_in("1", "1.1", "1.1.1", 0, false);
    jobdb_poison(world.db, "00000000000000000000000000000001", why);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    AUTO(row_end)
    struct row row = row_ask(world.db->sql, "SELECT reason FROM instance WHERE id = 1", NULL);
    ck_assert(row_next(&row));
    ck_assert_str_eq(row_text(&row), why);
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
    world_take_in("1", "1.1", "1.1.1", 0, false);
    world_take_in("1", "1.1", "1.1.2", 0, false);
    world_take_in("2", "2.1", "2.1.1", 0, false);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    jobdb_batch_release(&batch);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    jobdb_destroy(&world.db);
    world_open();
    works_found = items_found = 0;
    jobdb_each_work(world.db, count_work, NULL);
    ck_assert_uint_eq(works_found, 1);
    ck_assert_uint_eq(items_found, 2);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    ck_assert_str_eq(batch.study, "2");
    jobdb_batch_release(&batch);
}
END_TEST

START_TEST(what_is_not_committed_never_was)
{
    struct jobdb_batch batch;
    world_take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    ck_assert(jobdb_is_dirty(world.db));
    jobdb_destroy(&world.db);
    jobdb_batch_release(&batch);
    world_open();
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    ck_assert_int_eq(batch.items[0].tries, 1);
    jobdb_batch_release(&batch);
}
END_TEST

static void count_files(void *context, const struct jobdb_file *file, enum jobdb_fate fate)
{
    int *counts = context;
    counts[fate]++;
    if (fate == JOBDB_REMOVE)
        jobdb_file_gone(world.db, file->instance_id);
}

START_TEST(finished_files_go_or_are_kept)
{
    int counts[3] = {0, 0, 0};
    struct jobdb_batch batch;
    char receipt[RECEIPT_SIZE];
    struct jobdb_decision no = {.destination_id = world.main_id,
                                .why = "the destination's condition is false"};
    struct jobdb_instance excluded = {
        .receipt = world_next_receipt(receipt), .study = "1", .series = "1.1", .sop_instance = "1.1.1"};
    jobdb_take_in(world.db, &excluded, &no, 1, WORLD_NOW, WORLD_NOW + 7000);
    world_take_in("1", "1.1", "1.1.2", 0, false);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    world_end(&batch, CAUSE_STORED, 0);
    ck_assert_uint_eq(jobdb_each_finished(world.db, WORLD_NOW, WORLD_NOW, 10, count_files, counts), 2);
    ck_assert_int_eq(counts[JOBDB_REMOVE], 1);
    ck_assert_int_eq(counts[JOBDB_KEEP], 1);
    ck_assert_uint_eq(jobdb_each_finished(world.db, WORLD_NOW, WORLD_NOW, 10, count_files, counts), 0);
    ck_assert_uint_eq(jobdb_forget(world.db, WORLD_NOW + 1, 10), 1);
}
END_TEST

START_TEST(a_study_is_forgotten_with_its_last_instance)
{
    struct jobdb_batch batch, share = {.work = "s-1"};
    int64_t next_due;
    world_take_in("1", "1.1", "1.1.1", world.ct_album, false);
    world_take_in("1", "1.1", "1.1.2", 0, false);
    ck_assert(world_pick(WORLD_NOW, 1, &batch));
    world_end(&batch, CAUSE_STORED, 0);
    ck_assert(jobdb_pick_share(world.db, world.ct_album, false, WORLD_NOW, &share, &next_due));
    struct jobdb_outcome outcome = {.cause = CAUSE_STORED, .now = WORLD_NOW, .keep_until = WORLD_NOW};
    ck_assert(jobdb_move_share(world.db, &share, share.items, &outcome));
    jobdb_batch_release(&share);
    jobdb_file_gone(world.db, 1);
    ck_assert_uint_eq(jobdb_forget(world.db, WORLD_NOW + 1, 10), 1);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    ck_assert_int_eq(world_count_jobs("share"), 1);
    ck_assert(world_pick(WORLD_NOW, 1, &batch));
    world_end(&batch, CAUSE_STORED, 0);
    jobdb_file_gone(world.db, 2);
    ck_assert_uint_eq(jobdb_forget(world.db, WORLD_NOW + 1, 10), 1);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    ck_assert_int_eq(world_count_jobs("share"), 0);
    ck_assert_int_eq(world_count_jobs("delivery"), 0);
    world_take_in("1", "1.1", "1.1.3", world.ct_album, false);
    ck_assert_int_eq(world_status("ct").waiting, 1);
}
END_TEST

START_TEST(a_lost_file_fails_its_deliveries_with_a_sentence)
{
    world_take_in("1", "1.1", "1.1.1", 0, false);
    jobdb_fail_instance(world.db, 1, "its spool file is gone", WORLD_NOW);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    ck_assert_int_eq(world_status(NULL).queued, 0);
    ck_assert_int_eq(world_status(NULL).failed, 1);
}
END_TEST

START_TEST(a_reader_sees_what_is_committed)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct jobdb *writer = world.db, *reader = NULL;
    world_take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert_int_eq(jobdb_open_reader(world_folder(), &reader, &reason), 0);
    world.db = reader;
    ck_assert_int_eq(world_status(NULL).queued, 1);
    jobdb_add_event(world.db, &(struct jobdb_event){.at = WORLD_NOW, .kind = "no"});
    ck_assert_int_ne(jobdb_commit(world.db), 0);
    world.db = writer;
    jobdb_destroy(&reader);
}
END_TEST

START_TEST(a_newer_database_is_refused_and_a_damaged_one_can_be_set_aside)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(text_release) struct text name = TEXT_EMPTY;
    const char *dir = world_folder();
    char path[512];
    jobdb_destroy(&world.db);
    (void)snprintf(path, sizeof path, "%s/jobs.db", dir);
    FILE *file = fopen(path, "r+");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, 60, SEEK_SET), 0); /* user_version is there, big endian */
    ck_assert_uint_eq(fwrite("\0\0\0\x63", 1, 4, file), 4);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(jobdb_open(dir, &world.db, &reason), ERR_VERSION);
    ck_assert_msg(strstr(text_string(&reason), "newer Felucca") != NULL, "%s", text_string(&reason));
    file = fopen(path, "w");
    ck_assert_uint_eq(
        fwrite("this is no database, but a text that is long enough to be one ...................."
               "...............................................................................",
               1, 150, file),
        150);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(jobdb_open(dir, &world.db, &reason), ERR_DAMAGED);
    ck_assert_int_eq(jobdb_set_aside(dir, WORLD_NOW, &name), 0);
    world_open();
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("jobdb");
    tests_fixture(tests, world_set_up, world_tear_down);
    tests_add(tests, a_receipt_is_taken_once);
    tests_add(tests, what_is_delivered_finishes_its_instance);
    tests_add(tests, late_answers_only_count_when_they_say_stored);
    tests_add(tests, waiting_for_a_wrong_time_ends);
    tests_add(tests, what_was_written_ahead_of_time_is_pulled_back);
    tests_add(tests, a_header_that_must_not_be_read_again_says_why);
    tests_add(tests, a_restart_finds_what_was_handed_out_and_what_waits);
    tests_add(tests, what_is_not_committed_never_was);
    tests_add(tests, finished_files_go_or_are_kept);
    tests_add(tests, a_study_is_forgotten_with_its_last_instance);
    tests_add(tests, a_lost_file_fails_its_deliveries_with_a_sentence);
    tests_add(tests, a_reader_sees_what_is_committed);
    tests_add(tests, a_newer_database_is_refused_and_a_damaged_one_can_be_set_aside);
    return tests_run(tests);
}
