#include "common/jobs/operator.h"

#include "common/base/memory.h"
#include "common/jobs/dispatch.h"
#include "common/jobs/fetch.h"
#include "common/jobs/outcome.h"
#include "common/jobs/sql.h"

#include <stdlib.h>
#include <string.h>

enum {
    PHASE_QUEUED,
    PHASE_FAILED,
    ALBUM_PHASES,
    PHASE_FETCH_QUEUED = ALBUM_PHASES,
    PHASE_FETCH_FAILED,
    PHASES
};

/* ---- which jobs are meant ---- */

bool jobdb_meant_by(const char *state, unsigned *ret_meant)
{
    static const struct {
        const char *state;
        unsigned meant;
    } states[] = {{"failed", JOBDB_FAILED},
                  {"deferred", JOBDB_DEFERRED},
                  {"queued", JOBDB_DEFERRED | JOBDB_FRESH},
                  {"waiting", JOBDB_WAITING}};
    if (!state) {
        *ret_meant = JOBDB_FAILED | JOBDB_DEFERRED;
        return true;
    }
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        if (strcmp(states[i].state, state) == 0) {
            *ret_meant = states[i].meant;
            return true;
        }
    }
    return false;
}

static unsigned meaning_of(const struct jobdb_candidate *job)
{
    if (strcmp(job->state, "failed") == 0)
        return JOBDB_FAILED;
    if (strcmp(job->state, "waiting") == 0)
        return JOBDB_WAITING;
    if (strcmp(job->state, "queued") == 0)
        return job->item.tries > 0 ? JOBDB_DEFERRED : JOBDB_FRESH;
    return 0;
}

static bool is_equal(const char *wanted, const char *value)
{
    return !wanted || strcmp(wanted, value) == 0;
}

static bool is_meant(const struct jobdb_selection *selection, const struct jobdb_candidate *job)
{
    const struct jobdb_filter *filter = &selection->filter;
    return (meaning_of(job) & selection->meant) != 0 && is_equal(filter->study, job->study) &&
           is_equal(filter->series, job->series) && job->item.received_at >= filter->since &&
           (selection->before == 0 || job->item.received_at <= selection->before);
}

/* ---- reading one job ---- */

static void copy_text(char *ret_buffer, size_t size, const char *text)
{
    (void)snprintf(ret_buffer, size, "%s", text);
}

static void read_candidate(sqlite3_stmt *row, enum work_stage stage, struct jobdb_candidate *ret_job)
{
    *ret_job = (struct jobdb_candidate){.stage = stage};
    jobdb_read_item(row, 0, &ret_job->item);
    copy_text(ret_job->state, sizeof ret_job->state, jobdb_text(row, 11));
    ret_job->destination_id = sqlite3_column_int64(row, 12);
    ret_job->album_id = sqlite3_column_int64(row, 13);
    ret_job->lane_id = sqlite3_column_int64(row, 14);
    copy_text(ret_job->study, sizeof ret_job->study, jobdb_text(row, 15));
    copy_text(ret_job->series, sizeof ret_job->series, jobdb_text(row, 16));
    ret_job->http_status = sqlite3_column_int(row, 17);
    ret_job->reason = memory_string(jobdb_text_or_null(row, 18));
    ret_job->waiting_since = sqlite3_column_int64(row, 19);
    ret_job->due_at = stage == WORK_FETCH ? sqlite3_column_int64(row, 20) : 0;
}

void jobdb_candidate_release(struct jobdb_candidate *job)
{
    free(job->reason);
    job->reason = NULL;
}

bool jobdb_find_job(struct jobdb *db, enum work_stage stage, int64_t id, struct jobdb_candidate *ret_job)
{
    static const enum jobdb_statement by_id[] = {
        [WORK_SEND] = SQL_DELIVERY_BY_ID, [WORK_SHARE] = SQL_SHARE_BY_ID, [WORK_FETCH] = SQL_FETCH_BY_ID};
    sqlite3_stmt *row = jobdb_query(db, by_id[stage], "i", id);
    if (!jobdb_row(db, row))
        return false;
    read_candidate(row, stage, ret_job);
    jobdb_end(row);
    return true;
}

/* ---- the walk: target by target, each in its phases ---- */

/* The first target from the walk's place on that the filter names. */
static bool find_place(struct jobdb *db, const struct jobdb_filter *filter, struct jobdb_walk *walk)
{
    bool found = false;
    struct jobdb_walk place = {0};
    sqlite3_stmt *row = jobdb_query(db, SQL_EACH_TARGET, "");
    while (jobdb_row(db, row)) {
        int64_t destination_id = sqlite3_column_int64(row, 0), album_id = sqlite3_column_int64(row, 1);
        bool ahead = album_id > walk->album_id ||
                     (album_id == walk->album_id && destination_id >= walk->destination_id);
        if (found || !ahead || !is_equal(filter->destination, jobdb_text(row, 2)) ||
            !is_equal(filter->album, jobdb_text(row, 3)))
            continue;
        found = true;
        place.album_id = album_id;
        place.destination_id = destination_id;
    }
    if (found && (place.album_id != walk->album_id || place.destination_id != walk->destination_id))
        *walk = place;
    return found;
}

static sqlite3_stmt *query_place(struct jobdb *db, const struct jobdb_walk *walk, size_t most)
{
    bool share = walk->album_id != 0;
    int64_t id = share ? walk->album_id : walk->destination_id;
    static const enum jobdb_statement by_time[] = {[PHASE_FAILED] = SQL_DELIVERIES_FAILED,
                                                   [PHASE_FETCH_QUEUED] = SQL_FETCHES_QUEUED,
                                                   [PHASE_FETCH_FAILED] = SQL_FETCHES_FAILED};
    if (walk->phase == PHASE_QUEUED)
        return jobdb_query(db, share ? SQL_SHARES_OPEN : SQL_DELIVERIES_QUEUED, "iii", id, walk->id,
                           (int64_t)most);
    return jobdb_query(db, share ? SQL_SHARES_FAILED : by_time[walk->phase], "iiii", id, walk->time, walk->id,
                       (int64_t)most);
}

static bool phase_is_failed(int phase)
{
    return phase == PHASE_FAILED || phase == PHASE_FETCH_FAILED;
}

/* What of the phase is not meant at all is not read. */
static bool phase_is_meant(const struct jobdb_selection *selection, int phase)
{
    return (selection->meant & (phase_is_failed(phase) ? JOBDB_FAILED : ~(unsigned)JOBDB_FAILED)) != 0;
}

static void next_phase(struct jobdb_walk *walk)
{
    walk->time = walk->id = 0;
    if (++walk->phase < (walk->album_id ? (int)ALBUM_PHASES : (int)PHASES))
        return;
    walk->phase = 0;
    walk->destination_id++; /* the next one that there is */
}

/* Rows must not change under their own query: they are read first. */
static size_t read_jobs(struct jobdb *db, const struct jobdb_selection *selection, struct jobdb_walk *walk,
                        size_t most, struct jobdb_candidate *jobs)
{
    size_t count = 0;
    bool late = false;
    enum work_stage stage = walk->album_id                     ? WORK_SHARE
                            : walk->phase < PHASE_FETCH_QUEUED ? WORK_SEND
                                                               : WORK_FETCH;
    sqlite3_stmt *row = query_place(db, walk, most);
    while (jobdb_row(db, row)) {
        int64_t finished_at = sqlite3_column_int64(row, 20);
        late = late ||
               (selection->before > 0 && phase_is_failed(walk->phase) && finished_at > selection->before);
        if (late)
            continue;
        read_candidate(row, stage, &jobs[count++]);
        walk->id = jobs[count - 1].item.id;
        walk->time = finished_at;
    }
    return count;
}

size_t jobdb_walk_on(struct jobdb *db, const struct jobdb_selection *selection, struct jobdb_walk *walk,
                     size_t most, void (*each)(void *context, struct jobdb_candidate *job), void *context)
{
    if (!find_place(db, &selection->filter, walk)) {
        walk->over = true;
        return 0;
    }
    struct jobdb_candidate *jobs = memory_new(most, sizeof *jobs);
    size_t count = phase_is_meant(selection, walk->phase) ? read_jobs(db, selection, walk, most, jobs) : 0;
    if (count < most)
        next_phase(walk);
    for (size_t i = 0; i < count; i++) {
        if (is_meant(selection, &jobs[i]))
            each(context, &jobs[i]);
        jobdb_candidate_release(&jobs[i]);
    }
    free(jobs);
    return count;
}

static void count_job(void *context, struct jobdb_candidate *job)
{
    (void)job;
    *(int64_t *)context += 1;
}

int64_t jobdb_count_meant(struct jobdb *db, const struct jobdb_selection *selection)
{
    enum { AT_ONCE = 1000 };
    struct jobdb_walk walk = {0};
    int64_t count = 0;
    while (!walk.over && !db->error)
        (void)jobdb_walk_on(db, selection, &walk, AT_ONCE, count_job, &count);
    return count;
}

/* ---- moves ---- */

static bool move(struct jobdb *db, const struct jobdb_candidate *job, const struct jobdb_outcome *outcome)
{
    struct jobdb_item item = job->item;
    struct jobdb_batch batch = {.stage = job->stage,
                                .destination_id = job->destination_id,
                                .album_id = job->album_id,
                                .lane_id = job->lane_id,
                                .items = &item,
                                .item_count = 1};
    int64_t due_at;
    if (job->stage == WORK_SHARE)
        return jobdb_move_share(db, &batch, &item, outcome);
    if (job->stage == WORK_FETCH)
        return jobdb_move_fetch(db, &batch, &item, outcome, &due_at);
    if (!jobdb_move_delivery(db, &batch, &item, outcome, NULL, NULL))
        return false;
    jobdb_refresh_lane(db, job->lane_id, outcome->now);
    return true;
}

/* What its last answer was is still worth knowing. */
static struct jobdb_outcome start_outcome(const struct jobdb_candidate *job, enum cause cause, int64_t now)
{
    return (struct jobdb_outcome){.cause = cause,
                                  .now = now,
                                  .due_at = now,
                                  .attempts = job->item.attempts,
                                  .attempt_mark = job->item.attempt_mark,
                                  .batch_limit = job->item.batch_limit,
                                  .http_status = job->http_status,
                                  .reason = job->reason};
}

bool jobdb_retry_job(struct jobdb *db, const struct jobdb_candidate *job, int64_t now)
{
    struct jobdb_outcome outcome = start_outcome(job, CAUSE_RETRIED, now);
    outcome.attempts = outcome.batch_limit = 0;
    outcome.attempt_mark = -1;
    /* Never later than it was: a walk must not meet it again. */
    if (job->due_at > 0 && job->due_at < now)
        outcome.due_at = job->due_at;
    if (!move(db, job, &outcome))
        return false;
    if (job->stage == WORK_FETCH)
        return true;
    (void)jobdb_change(db, job->stage == WORK_SEND ? SQL_DELIVERY_RETRIED : SQL_SHARE_RETRIED, "ii",
                       job->item.id, now);
    return true;
}

bool jobdb_drop_job(struct jobdb *db, const struct jobdb_candidate *job, int64_t now, int64_t keep_until)
{
    if (job->stage == WORK_FETCH)
        return jobdb_change(db, SQL_DROP_FETCH, "i", job->item.id) > 0;
    struct jobdb_outcome outcome = start_outcome(job, CAUSE_DROPPED, now);
    outcome.keep_until = keep_until;
    return move(db, job, &outcome);
}

bool jobdb_give_up_job(struct jobdb *db, const struct jobdb_candidate *job, const char *reason, int64_t now)
{
    struct jobdb_outcome outcome = start_outcome(job, CAUSE_GIVEN_UP, now);
    outcome.reason = reason;
    return move(db, job, &outcome);
}

int64_t jobdb_waiting_since(struct jobdb *db, enum work_stage stage, const struct jobdb_item *item)
{
    int64_t retried_at = 0;
    if (stage != WORK_SEND && stage != WORK_SHARE)
        return item->received_at;
    sqlite3_stmt *row = jobdb_query(
        db, stage == WORK_SEND ? SQL_DELIVERY_WAITING_SINCE : SQL_SHARE_WAITING_SINCE, "i", item->id);
    if (jobdb_row(db, row)) {
        retried_at = sqlite3_column_int64(row, 0);
        jobdb_end(row);
    }
    return retried_at > 0 ? retried_at : item->received_at;
}

/* ---- shares that would wait for ever ---- */

struct unshared {
    int64_t id;
    struct jobdb_settled share;
};

static bool has_hope(struct jobdb *db, int64_t series_id)
{
    sqlite3_stmt *row = jobdb_query(db, SQL_SERIES_HAS_HOPE, "i", series_id);
    bool hope = jobdb_row(db, row);
    if (hope)
        jobdb_end(row);
    return hope;
}

static struct unshared *read_unshared(struct jobdb *db, int64_t series_id, size_t *ret_count)
{
    struct unshared *list = NULL;
    size_t count = 0, capacity = 0;
    sqlite3_stmt *row = jobdb_query(db, SQL_UNSHARED, "i", series_id);
    while (jobdb_row(db, row)) {
        list = memory_grow(list, &capacity, count + 1, sizeof *list);
        list[count++] = (struct unshared){
            sqlite3_column_int64(row, 0),
            {sqlite3_column_int64(row, 1), sqlite3_column_int64(row, 2), sqlite3_column_int64(row, 3)}};
    }
    *ret_count = count;
    return list;
}

size_t jobdb_settle_series(struct jobdb *db, int64_t series_id, int64_t now, int64_t keep_until,
                           void (*each)(void *context, const struct jobdb_settled *share), void *context)
{
    size_t count;
    struct unshared *list = read_unshared(db, series_id, &count);
    if (count > 0 && has_hope(db, series_id))
        count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct jobdb_settled *share = &list[i].share;
        each(context, share);
        (void)jobdb_change(db, SQL_FORGET_SHARE, "i", list[i].id);
        jobdb_counts_of(db, share->destination_id, share->album_id)->waiting -= 1;
        if (share->witness_id)
            (void)jobdb_change(db, SQL_JOB_IS_FINAL, "iii", share->witness_id, now, keep_until);
    }
    free(list);
    return count;
}
