/* What operators change in the job database: whatever is done, counters and rows agree (jobdb_check). */
#include "common/jobs/batch.h"
#include "common/jobs/check.h"
#include "common/jobs/clean.h"
#include "common/jobs/dispatch.h"
#include "common/jobs/fetch.h"
#include "common/jobs/history.h"
#include "common/jobs/intake.h"
#include "common/jobs/jobdb.h"
#include "common/jobs/operator.h"
#include "common/jobs/outcome.h"
#include "common/jobs/quarantine.h"
#include "common/jobs/request.h"
#include "common/jobs/target.h"

#include "common/base/cleanup.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <string.h>

enum { NOW = 1800000000, LATER = NOW + 1000 };

static struct sandbox *sandbox;
static struct jobdb *db;
static int64_t main_id, other_id, ct_album;
static unsigned receipts;

static void learn_ids(void *context, struct jobdb_target *target)
{
    (void)context;
    if (target->album)
        ct_album = target->album_id;
    else
        *(strcmp(target->destination, "main") == 0 ? &main_id : &other_id) = target->destination_id;
    jobdb_target_release(target);
}

static void take_in(const char *study, const char *series, int64_t destination_id, int64_t received_at)
{
    char receipt[RECEIPT_SIZE], sop[JOBDB_UID_SIZE];
    struct jobdb_decision decision = {.destination_id = destination_id,
                                      .takes = true,
                                      .albums = &ct_album,
                                      .album_count = destination_id == main_id};
    (void)snprintf(receipt, sizeof receipt, "%032x", ++receipts);
    (void)snprintf(sop, sizeof sop, "2.25.%u", receipts);
    struct jobdb_instance instance = {.receipt = receipt,
                                      .study = study,
                                      .series = series,
                                      .sop_instance = sop,
                                      .sop_class = "1.2",
                                      .transfer_syntax = "1.2.840.10008.1.2",
                                      .size = 1000,
                                      .received_at = received_at};
    jobdb_take_in(db, &instance, &decision, 1, received_at, 0);
}

/* One batch of a destination goes out and comes to this end. */
static void work(int64_t destination_id, enum cause cause, int64_t now)
{
    static int works;
    struct jobdb_lane lane;
    struct jobdb_batch batch = {0};
    (void)snprintf(batch.work, sizeof batch.work, "w-%d", ++works);
    (void)jobdb_wake_lanes(db, now);
    ck_assert(jobdb_pick_lane(db, destination_id, &lane));
    ck_assert(jobdb_pick_batch(db, &lane, destination_id, &(struct jobdb_appetite){50, 1 << 20, false}, now,
                               &batch));
    for (size_t i = 0; i < batch.item_count; i++) {
        struct jobdb_outcome outcome = {.cause = cause,
                                        .now = now,
                                        .due_at = now + 500,
                                        .attempts = 3,
                                        .batch_limit = 1,
                                        .http_status = 409,
                                        .reason = "why"};
        ck_assert(jobdb_move_delivery(db, &batch, &batch.items[i], &outcome, NULL, NULL));
    }
    jobdb_end_batch(db, &batch, now);
    jobdb_batch_release(&batch);
}

/* main: study 1 has two failed jobs in series 1.1, one that is deferred in 1.2 and one that is fresh in study
 * 2; all shares wait. other: one failed job of study 3, received later. */
static void set_up(void)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    sandbox = sandbox_create();
    receipts = 0;
    ck_assert_int_eq(jobdb_open(sandbox_folder(sandbox), &db, &reason), 0);
    jobdb_configure(db, "main", NULL, "https://a:443");
    jobdb_configure(db, "other", NULL, "https://b:443");
    jobdb_configure(db, "main", "ct", NULL);
    jobdb_each_target(db, learn_ids, NULL);
    take_in("1", "1.1", main_id, NOW);
    take_in("1", "1.1", main_id, NOW);
    work(main_id, CAUSE_REFUSED, NOW);
    take_in("1", "1.2", main_id, NOW);
    work(main_id, CAUSE_TROUBLE, NOW);
    take_in("2", "2.1", main_id, NOW);
    take_in("3", "3.1", other_id, NOW + 100);
    work(other_id, CAUSE_REFUSED, NOW + 200);
    ck_assert_int_eq(jobdb_commit(db), 0);
}

static void show_problem(void *context, const char *problem)
{
    (void)context;
    (void)fprintf(stderr, "%s\n", problem);
}

static void tear_down(void)
{
    ck_assert_int_eq(jobdb_commit(db), 0);
    ck_assert_int_eq(jobdb_check(db, show_problem, NULL), 0);
    jobdb_destroy(&db);
    sandbox_destroy(&sandbox);
}

/* ---- which jobs are meant ---- */

static const struct meant_row {
    const char *label;
    struct jobdb_selection selection;
    int64_t count;
} meant_rows[] = {
    {"failed", {.meant = JOBDB_FAILED}, 3},
    {"deferred", {.meant = JOBDB_DEFERRED}, 1},
    {"queued", {.meant = JOBDB_DEFERRED | JOBDB_FRESH}, 2},
    {"waiting shares", {.meant = JOBDB_WAITING}, 3},
    {"everything", {.meant = JOBDB_FAILED | JOBDB_DEFERRED | JOBDB_FRESH | JOBDB_WAITING}, 8},
    {"nothing", {.meant = 0}, 0},
    {"of a destination", {.filter = {.destination = "other"}, .meant = JOBDB_FAILED}, 1},
    {"of an album", {.filter = {.album = "ct"}, .meant = JOBDB_FAILED | JOBDB_WAITING}, 3},
    {"of no destination", {.filter = {.destination = "x"}, .meant = JOBDB_FAILED}, 0},
    {"of a study", {.filter = {.study = "1"}, .meant = JOBDB_FAILED | JOBDB_DEFERRED}, 3},
    {"of a series", {.filter = {.series = "1.2"}, .meant = JOBDB_FAILED | JOBDB_DEFERRED}, 1},
    {"of a reason", {.filter = {.reason = "hy"}, .meant = JOBDB_FAILED | JOBDB_DEFERRED}, 4},
    {"never failed, of a reason", {.filter = {.reason = "hy"}, .meant = JOBDB_FRESH}, 0},
    {"of another reason", {.filter = {.reason = "whyever"}, .meant = JOBDB_FAILED}, 0},
    {"received since", {.filter = {.since = NOW + 1}, .meant = JOBDB_FAILED}, 1},
    {"until before the last", {.meant = JOBDB_FAILED, .before = NOW + 150, .now = NOW + 1000}, 2},
    {"received before, failed later", {.meant = JOBDB_FAILED, .before = NOW + 199, .now = NOW + 1000}, 2},
    {"the clock was set back after the last",
     {.meant = JOBDB_FAILED, .before = NOW + 150, .now = NOW + 160},
     3},
    {"the clock was set back after all", {.meant = JOBDB_FAILED, .before = NOW - 9000, .now = NOW - 8000}, 3},
    {"queued, the clock was set back", {.meant = JOBDB_DEFERRED, .before = NOW - 9000, .now = NOW - 8000}, 1},
};

static void count_one(void *context, struct jobdb_candidate *job)
{
    ck_assert_int_gt(job->item.id, 0);
    *(int64_t *)context += 1;
}

START_TEST(jobs_that_are_meant)
{
    const struct meant_row *row = &meant_rows[_i];
    ck_assert_msg(jobdb_count_meant(db, &row->selection) == row->count, "%s: %lld", row->label,
                  (long long)jobdb_count_meant(db, &row->selection));
    /* However small the portions are. */
    for (size_t most = 1; most <= 3; most++) {
        struct jobdb_walk walk = {0};
        int64_t count = 0;
        for (int steps = 0; !walk.over && steps < 100; steps++)
            (void)jobdb_walk_on(db, &row->selection, &walk, most, count_one, &count);
        ck_assert_msg(walk.over && count == row->count, "%s in portions of %zu: %lld", row->label, most,
                      (long long)count);
    }
}
END_TEST

static const struct state_row {
    const char *state;
    bool known;
    unsigned meant;
} state_rows[] = {
    {NULL, true, JOBDB_FAILED | JOBDB_DEFERRED},
    {"failed", true, JOBDB_FAILED},
    {"deferred", true, JOBDB_DEFERRED},
    {"queued", true, JOBDB_DEFERRED | JOBDB_FRESH},
    {"waiting", true, JOBDB_WAITING},
    {"sending", false, 0},
    {"sent", false, 0},
    {"", false, 0},
};

START_TEST(states_that_can_be_changed)
{
    unsigned meant = 0;
    ck_assert_int_eq(jobdb_meant_by(state_rows[_i].state, &meant), state_rows[_i].known);
    ck_assert_uint_eq(meant, state_rows[_i].meant);
}
END_TEST

/* ---- their moves ---- */

static void retry_one(void *context, struct jobdb_candidate *job)
{
    *(int64_t *)context += jobdb_retry_job(db, job, LATER);
}

START_TEST(retried_jobs_begin_anew)
{
    struct jobdb_selection selection = {.meant = JOBDB_FAILED | JOBDB_DEFERRED};
    struct jobdb_walk walk = {0};
    struct jobdb_candidate job;
    int64_t count = 0;
    while (!walk.over)
        (void)jobdb_walk_on(db, &selection, &walk, 2, retry_one, &count);
    /* Those that failed come behind in the walk: none is changed twice. */
    ck_assert_int_eq(count, 4);
    ck_assert(jobdb_find_job(db, WORK_SEND, 1, &job));
    ck_assert_str_eq(job.state, "queued");
    ck_assert_int_eq(job.item.attempts, 0);
    ck_assert_int_eq(job.item.batch_limit, 0);
    ck_assert_int_eq(job.item.attempt_mark, -1);
    ck_assert_int_eq(job.item.tries, 1);
    ck_assert_int_eq(job.waiting_since, LATER);
    ck_assert_int_eq(jobdb_waiting_since(db, WORK_SEND, &job.item), LATER);
    ck_assert_str_eq(job.reason, "why");
    jobdb_candidate_release(&job);
    work(main_id, CAUSE_STORED, LATER); /* all of them are due at once */
    work(main_id, CAUSE_STORED, LATER);
}
END_TEST

static void drop_one(void *context, struct jobdb_candidate *job)
{
    *(int64_t *)context += jobdb_drop_job(db, job, LATER, LATER);
}

static void count_settled(void *context, const struct jobdb_settled *share)
{
    ck_assert_int_eq(share->album_id, ct_album);
    *(int64_t *)context += 1;
}

static void count_file(void *context, const struct jobdb_file *file, enum jobdb_fate fate)
{
    (void)file;
    ((int *)context)[fate]++;
}

START_TEST(dropped_deliveries_take_their_shares_with_them)
{
    struct jobdb_selection selection = {.filter = {.series = "1.1"}, .meant = JOBDB_FAILED};
    struct jobdb_walk walk = {0};
    struct jobdb_candidate job;
    int64_t dropped = 0, settled = 0;
    int fates[3] = {0, 0, 0};
    ck_assert(jobdb_find_job(db, WORK_SEND, 1, &job));
    int64_t series_id = job.item.series_id;
    jobdb_candidate_release(&job);
    ck_assert_uint_eq(jobdb_settle_series(db, series_id, LATER, LATER, count_settled, &settled), 0);
    while (!walk.over)
        (void)jobdb_walk_on(db, &selection, &walk, 10, drop_one, &dropped);
    ck_assert_int_eq(dropped, 2);
    ck_assert_int_eq(jobdb_commit(db), 0);
    ck_assert_uint_eq(jobdb_each_finished(db, LATER, LATER + 5000, 10, count_file, fates), 1);
    ck_assert_uint_eq(jobdb_settle_series(db, series_id, LATER, LATER, count_settled, &settled), 1);
    ck_assert_int_eq(settled, 1);
    ck_assert_uint_eq(jobdb_each_finished(db, LATER, LATER + 5000, 10, count_file, fates), 1);
    ck_assert_int_eq(fates[JOBDB_DROP], 2);
    /* A later instance asks for the share anew. */
    take_in("1", "1.1", main_id, LATER);
    ck_assert_int_eq(jobdb_count_meant(db, &(struct jobdb_selection){.meant = JOBDB_WAITING}), 3);
}
END_TEST

START_TEST(what_waits_can_be_dropped_and_given_up)
{
    struct jobdb_selection waiting = {.meant = JOBDB_WAITING | JOBDB_FRESH};
    struct jobdb_candidate job;
    struct jobdb_walk walk = {0};
    int64_t dropped = 0;
    while (!walk.over)
        (void)jobdb_walk_on(db, &waiting, &walk, 10, drop_one, &dropped);
    ck_assert_int_eq(dropped, 4); /* three shares, and the delivery that nobody has tried */
    ck_assert(jobdb_find_job(db, WORK_SEND, 3, &job));
    ck_assert(jobdb_give_up_job(db, &job, "given up", LATER));
    ck_assert(!jobdb_give_up_job(db, &job, "given up", LATER));
    jobdb_candidate_release(&job);
    ck_assert(!jobdb_find_job(db, WORK_SEND, 99, &job));
    ck_assert(!jobdb_find_job(db, WORK_SHARE, 99, &job));
}
END_TEST

/* ---- fetches ---- */

static void end_fetch(enum cause cause)
{
    struct jobdb_batch batch = {.work = "f"};
    struct jobdb_outcome outcome = {.cause = cause, .now = NOW, .due_at = NOW + 900000, .reason = "why"};
    int64_t due_at;
    ck_assert(jobdb_pick_fetch(db, main_id, NOW + 100, &batch, &due_at));
    ck_assert(jobdb_move_fetch(db, &batch, batch.items, &outcome, &due_at));
    jobdb_batch_release(&batch);
}

static void retry_fetch(void *context, struct jobdb_candidate *job)
{
    if (job->stage == WORK_FETCH)
        retry_one(context, job);
}

static void drop_fetch(void *context, struct jobdb_candidate *job)
{
    if (job->stage == WORK_FETCH)
        drop_one(context, job);
}

static int64_t walk_fetches(unsigned meant, void (*each)(void *context, struct jobdb_candidate *job))
{
    struct jobdb_selection selection = {.filter = {.destination = "main"}, .meant = meant};
    struct jobdb_walk walk = {0};
    int64_t count = 0;
    for (int steps = 0; !walk.over; steps++) {
        ck_assert_int_lt(steps, 100);
        (void)jobdb_walk_on(db, &selection, &walk, 1, each, &count);
    }
    return count;
}

START_TEST(fetches_are_retried_and_dropped)
{
    static const char *const studies[] = {"1", "2", "3", "4"};
    struct jobdb_candidate job;
    for (size_t i = 0; i < ROWS(studies); i++)
        jobdb_want_fetch(db, main_id, studies[i], NOW, NOW + (int64_t)i);
    end_fetch(CAUSE_REFUSED);
    end_fetch(CAUSE_TROUBLE);
    end_fetch(CAUSE_STORED);
    /* The fourth has not been tried, the third is done. */
    ck_assert_int_eq(walk_fetches(JOBDB_FAILED | JOBDB_DEFERRED, retry_fetch), 2);
    ck_assert(jobdb_find_job(db, WORK_FETCH, 1, &job));
    ck_assert_str_eq(job.state, "queued");
    ck_assert_int_le(job.due_at, LATER);
    jobdb_candidate_release(&job);
    ck_assert_int_eq(walk_fetches(JOBDB_FAILED | JOBDB_DEFERRED | JOBDB_FRESH, drop_fetch), 3);
    ck_assert(!jobdb_find_job(db, WORK_FETCH, 1, &job));
    ck_assert(jobdb_find_job(db, WORK_FETCH, 3, &job));
    ck_assert(!jobdb_drop_job(db, &job, LATER, LATER));
    jobdb_candidate_release(&job);
}
END_TEST

/* ---- quarantine, and the record ---- */

static void take_file(void *context, const struct jobdb_quarantined *file)
{
    *(int64_t *)context = file->id;
    ck_assert_str_eq(file->reason, "no node");
}

START_TEST(quarantined_file_is_taken_back_or_dropped)
{
    struct jobdb_instance instance = {.receipt = "00000000000000000000000000000abc", .received_at = NOW};
    int64_t id = 0, cursor = 0;
    jobdb_quarantine(db, &instance, "no node", NOW);
    ck_assert_uint_eq(jobdb_read_quarantine(db, &cursor, 10, take_file, &id), 1);
    ck_assert_int_eq(jobdb_find_instance(db, instance.receipt), id);
    ck_assert_uint_eq(jobdb_read_quarantine(db, &cursor, 10, take_file, &id), 0);
    jobdb_take_back(db, id);
    ck_assert_int_eq(jobdb_find_instance(db, instance.receipt), 0);
    jobdb_quarantine(db, &instance, "no node", NOW);
    id = jobdb_find_instance(db, instance.receipt);
    ck_assert(jobdb_drop_quarantined(db, id, LATER, LATER + 1));
    ck_assert(!jobdb_drop_quarantined(db, id, LATER, LATER + 1));
}
END_TEST

static void compare(void *context, const struct jobdb_request *request)
{
    const struct jobdb_request *wanted = context;
    ck_assert_str_eq(request->user, "anna");
    ck_assert_str_eq(request->asked, "{}");
    ck_assert_int_eq(request->changed, wanted->changed);
    ck_assert_int_eq(request->walk.phase, wanted->walk.phase);
    ck_assert_int_eq(request->walk.destination_id, wanted->walk.destination_id);
    ck_assert_int_eq(request->walk.id, wanted->walk.id);
    ck_assert_int_eq(request->finished_at, wanted->finished_at);
}

START_TEST(request_is_remembered)
{
    struct jobdb_request request = {
        .name = "abc", .verb = "retry", .user = "anna", .asked = "{}", .asked_at = NOW};
    struct jobdb_request found = request;
    request.id = jobdb_add_request(db, &request);
    ck_assert(!jobdb_find_request(db, "abd", compare, &request));
    ck_assert(jobdb_find_request(db, "abc", compare, &request));
    request.changed = 7;
    request.walk = (struct jobdb_walk){.phase = 1, .destination_id = 2, .id = 3};
    jobdb_save_request(db, &request);
    ck_assert(jobdb_find_request(db, "abc", compare, &request));
    found.changed = 0;
    jobdb_each_request(db, compare, &request);
    request.finished_at = NOW + 1;
    jobdb_save_request(db, &request);
    jobdb_each_request(db, compare, &found); /* none is open */
    ck_assert_uint_eq(jobdb_forget(db, NOW + 2, 10), 0);
    ck_assert(!jobdb_find_request(db, "abc", compare, &request));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("jobdb operator");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, jobs_that_are_meant, ROWS(meant_rows));
    tests_rows(tests, states_that_can_be_changed, ROWS(state_rows));
    tests_add(tests, retried_jobs_begin_anew);
    tests_add(tests, dropped_deliveries_take_their_shares_with_them);
    tests_add(tests, what_waits_can_be_dropped_and_given_up);
    tests_add(tests, fetches_are_retried_and_dropped);
    tests_add(tests, quarantined_file_is_taken_back_or_dropped);
    tests_add(tests, request_is_remembered);
    return tests_run(tests);
}
