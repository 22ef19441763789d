#include "common/jobs/operator.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/jobs/connection.h"
#include "common/jobs/counts.h"
#include "common/jobs/dispatch.h"
#include "common/jobs/fetch.h"
#include "common/jobs/inquiry.h"
#include "common/jobs/item.h"
#include "common/jobs/line.h"
#include "common/jobs/move.h"
#include "common/jobs/outcome.h"
#include "common/jobs/row.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
/* A job with all that an operator's change needs. */
#define DELIVERY_CANDIDATE \
    "SELECT " DELIVERY_ITEM ", w.state, w.destination_id, 0, e.lane_id, i.study, i.series," \
    " w.http_status, w.reason, coalesce(w.retried_at, i.received_at), w.finished_at" \
    " FROM delivery w JOIN instance i ON i.id = w.instance_id LEFT JOIN series e ON e.id = w.series_id"
#define SHARE_CANDIDATE \
    "SELECT " SHARE_ITEM "," \
    " s.state, s.destination_id, s.album_id, 0, s.study, s.series, s.http_status, s.reason," \
    " coalesce(s.retried_at, s.created_at), s.finished_at FROM share s"
#define FETCH_CANDIDATE \
    "SELECT " FETCH_ITEM ", f.state," \
    " f.destination_id, 0, 0, f.study, '', f.http_status, f.reason, f.created_at," \
    " coalesce(f.finished_at, f.due_at) FROM fetch f"
#define INQUIRY_CANDIDATE \
    "SELECT " INQUIRY_ITEM ", q.state, q.destination_id, q.album_id, 0, q.study, q.series, q.http_status, q.reason," \
    " q.created_at, coalesce(q.finished_at, q.due_at) FROM inquiry q"
#define STATEMENTS(X) \
    X(DELIVERIES_QUEUED, "", DELIVERY_CANDIDATE \
      " WHERE w.destination_id = ?1 AND w.state = 'queued' AND w.id > ?2 ORDER BY w.id LIMIT ?3") \
    X(DELIVERIES_FAILED, "", DELIVERY_CANDIDATE \
      " WHERE w.destination_id = ?1 AND w.state = 'failed' AND (w.finished_at, w.id) > (?2, ?3)" \
      " ORDER BY w.finished_at, w.id LIMIT ?4") \
    X(DELIVERIES_UNDECIDED, "", DELIVERY_CANDIDATE \
      " WHERE w.destination_id = ?1 AND w.state = 'undecided' AND w.id > ?2 ORDER BY w.id LIMIT ?3") \
    X(DELIVERIES_APART, "", DELIVERY_CANDIDATE \
      " WHERE w.destination_id = ?1 AND w.state IN ('excluded', 'dropped') AND w.state = ?4 AND w.id > ?2" \
      " ORDER BY w.id LIMIT ?3") \
    X(DELIVERY_BY_ID, "", DELIVERY_CANDIDATE " WHERE w.id = ?1") \
    X(SHARES_OPEN, "", SHARE_CANDIDATE \
      " WHERE s.album_id = ?1 AND s.state IN ('waiting', 'queued') AND s.id > ?2 ORDER BY s.id LIMIT ?3") \
    X(SHARES_FAILED, "", SHARE_CANDIDATE \
      " WHERE s.album_id = ?1 AND s.state = 'failed' AND (s.finished_at, s.id) > (?2, ?3)" \
      " ORDER BY s.finished_at, s.id LIMIT ?4") \
    X(SHARES_APART, "", SHARE_CANDIDATE \
      " WHERE s.album_id = ?1 AND s.state IN ('undecided', 'dropped') AND s.state = ?4 AND s.id > ?2" \
      " ORDER BY s.id LIMIT ?3") \
    X(SHARE_BY_ID, "", SHARE_CANDIDATE " WHERE s.id = ?1") \
    X(FETCHES_QUEUED, "", FETCH_CANDIDATE \
      " WHERE f.destination_id = ?1 AND f.state = 'queued' AND (f.due_at, f.id) > (?2, ?3)" \
      " ORDER BY f.due_at, f.id LIMIT ?4") \
    X(FETCHES_FAILED, "", FETCH_CANDIDATE \
      " WHERE f.destination_id = ?1 AND f.state = 'failed' AND (f.finished_at, f.id) > (?2, ?3)" \
      " ORDER BY f.finished_at, f.id LIMIT ?4") \
    X(FETCH_BY_ID, "", FETCH_CANDIDATE " WHERE f.id = ?1") \
    X(INQUIRIES_QUEUED, "", INQUIRY_CANDIDATE \
      " WHERE q.album_id = ?1 AND q.state = 'queued' AND (q.due_at, q.id) > (?2, ?3)" \
      " ORDER BY q.due_at, q.id LIMIT ?4") \
    X(INQUIRIES_FAILED, "", INQUIRY_CANDIDATE \
      " WHERE q.album_id = ?1 AND q.state = 'failed' AND (q.finished_at, q.id) > (?2, ?3)" \
      " ORDER BY q.finished_at, q.id LIMIT ?4") \
    X(INQUIRY_BY_ID, "", INQUIRY_CANDIDATE " WHERE q.id = ?1") \
    X(EACH_TARGET_NAME, CONFIG_ONLY, \
      "SELECT id, 0, name, NULL FROM destination UNION ALL SELECT a.destination_id, a.id, d.name, a.name" \
      " FROM album a JOIN destination d ON d.id = a.destination_id ORDER BY 2, 1") \
    X(DELIVERY_RETRIED, "", "UPDATE delivery SET retried_at = ?2 WHERE id = ?1") \
    X(SHARE_RETRIED, "", "UPDATE share SET retried_at = ?2 WHERE id = ?1") \
    X(DELIVERY_WAITING_SINCE, "", "SELECT retried_at FROM delivery WHERE id = ?1") \
    X(SHARE_WAITING_SINCE, "", "SELECT retried_at FROM share WHERE id = ?1") \
    X(SERIES_HAS_HOPE, "", \
      "SELECT 1 FROM series e JOIN lane l ON l.id = e.lane_id" \
      " JOIN instance i ON i.study = l.study AND i.series = e.series" \
      " JOIN delivery w ON w.instance_id = i.id AND w.destination_id = l.destination_id" \
      " WHERE e.id = ?1 AND w.state IN ('queued', 'sending', 'sent', 'failed', 'undecided') LIMIT 1") \
    X(UNSHARED, "", \
      "SELECT id, destination_id, album_id, witness_id FROM share WHERE series_id = ?1 AND state = 'waiting'")
/* clang-format on */
JOBDB_STATEMENTS(operator)

/* Deliveries of a destination, or shares of an album; then what is beside them: the destination's fetches, the album's
 * inquiries. */
enum {
    PHASE_QUEUED,
    PHASE_FAILED,
    PHASE_UNDECIDED,
    PHASE_EXCLUDED,
    PHASE_DROPPED,
    PHASE_BESIDE_QUEUED,
    PHASE_BESIDE_FAILED,
    PHASES
};

/* What a phase finds, and the state of those that are found by it. */
static const struct {
    unsigned meant;
    const char *state;
} phases[PHASES] = {[PHASE_QUEUED] = {JOBDB_DEFERRED | JOBDB_FRESH | JOBDB_WAITING, NULL},
                    [PHASE_FAILED] = {JOBDB_FAILED, NULL},
                    [PHASE_UNDECIDED] = {JOBDB_UNDECIDED, "undecided"},
                    [PHASE_EXCLUDED] = {JOBDB_EXCLUDED, "excluded"},
                    [PHASE_DROPPED] = {JOBDB_DROPPED, "dropped"},
                    [PHASE_BESIDE_QUEUED] = {JOBDB_DEFERRED | JOBDB_FRESH, NULL},
                    [PHASE_BESIDE_FAILED] = {JOBDB_FAILED, NULL}};

static const char *const kinds[] = {
    [WORK_SEND] = "delivery", [WORK_SHARE] = "share", [WORK_FETCH] = "fetch", [WORK_INQUIRE] = "inquiry"};

/* ---- which jobs are meant ---- */

bool jobdb_kind_is_known(const char *job_kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i] && strcmp(kinds[i], job_kind) == 0)
            return true;
    }
    return false;
}

bool jobdb_meant_by(const char *state, unsigned *ret_meant)
{
    static const struct {
        const char *state;
        unsigned meant;
    } states[] = {
        {"failed", JOBDB_FAILED},   {"deferred", JOBDB_DEFERRED},   {"queued", JOBDB_DEFERRED | JOBDB_FRESH},
        {"waiting", JOBDB_WAITING}, {"undecided", JOBDB_UNDECIDED}, {"excluded", JOBDB_EXCLUDED},
        {"dropped", JOBDB_DROPPED}};
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
    for (int phase = PHASE_UNDECIDED; phase <= PHASE_DROPPED; phase++) {
        if (strcmp(job->state, phases[phase].state) == 0)
            return phases[phase].meant;
    }
    return 0;
}

static bool is_equal(const char *wanted, const char *value)
{
    return !wanted || strcmp(wanted, value) == 0;
}

/* Whether it came after the question. A time that is still to come was written before the clock was set back. */
static bool came_later(const struct jobdb_selection *selection, int64_t time)
{
    return selection->before > 0 && time > selection->before && time <= selection->now;
}

static bool has_cause(const struct jobdb_selection *selection, const struct jobdb_candidate *job)
{
    const char *reason = selection->filter.reason;
    if (selection->is_line) /* what is undecided is of one line, whatever was answered before */
        return line_is_reason(reason, job->reason) &&
               (job->http_status == selection->http_status || meaning_of(job) != JOBDB_FAILED);
    return (!reason || (job->reason && strstr(job->reason, reason))) &&
           (selection->http_status == 0 || job->http_status == selection->http_status);
}

static bool is_meant(const struct jobdb_selection *selection, const struct jobdb_candidate *job)
{
    const struct jobdb_filter *filter = &selection->filter;
    return (meaning_of(job) & selection->meant) != 0 && is_equal(filter->study, job->study) &&
           is_equal(filter->series, job->series) && job->item.received_at >= filter->since &&
           has_cause(selection, job) && !came_later(selection, job->item.received_at) &&
           !came_later(selection, job->failed_at);
}

/* ---- reading one job ---- */

/* ret_time: what orders jobs of its kind, besides their ids. */
static void read_candidate(struct row *row, enum work_stage stage, struct jobdb_candidate *ret_job,
                           int64_t *ret_time)
{
    *ret_job = (struct jobdb_candidate){.stage = stage};
    item_read(row, &ret_job->item);
    row_copy(row, ret_job->state, sizeof ret_job->state);
    ret_job->destination_id = row_number(row);
    ret_job->album_id = row_number(row);
    ret_job->lane_id = row_number(row);
    row_copy(row, ret_job->study, sizeof ret_job->study);
    row_copy(row, ret_job->series, sizeof ret_job->series);
    ret_job->http_status = row_int(row);
    ret_job->reason = memory_string(row_text_or_null(row));
    ret_job->waiting_since = row_number(row);
    *ret_time = row_number(row);
    ret_job->due_at = stage == WORK_FETCH || stage == WORK_INQUIRE ? *ret_time : 0;
}

void jobdb_candidate_release(struct jobdb_candidate *job)
{
    free(job->reason);
    job->reason = NULL;
}

bool jobdb_find_job(struct jobdb *db, enum work_stage stage, int64_t id, struct jobdb_candidate *ret_job)
{
    static const int by_id[] = {[WORK_SEND] = SQL_DELIVERY_BY_ID,
                                [WORK_SHARE] = SQL_SHARE_BY_ID,
                                [WORK_FETCH] = SQL_FETCH_BY_ID,
                                [WORK_INQUIRE] = SQL_INQUIRY_BY_ID};
    int64_t time;
    AUTO(row_end) struct row row = jobdb_query(db, by_id[stage], "i", id);
    if (!row_next(&row))
        return false;
    read_candidate(&row, stage, ret_job, &time);
    return true;
}

/* ---- the walk: target by target, each in its phases ---- */

/* The first target from the walk's place on that the filter names. */
static bool find_place(struct jobdb *db, const struct jobdb_filter *filter, struct jobdb_walk *walk)
{
    bool found = false;
    struct jobdb_walk place = {0};
    AUTO(row_end) struct row row = jobdb_query(db, SQL_EACH_TARGET_NAME, "");
    while (!found && row_next(&row)) {
        place.destination_id = row_number(&row);
        place.album_id = row_number(&row);
        bool ahead = place.album_id > walk->album_id ||
                     (place.album_id == walk->album_id && place.destination_id >= walk->destination_id);
        const char *destination = row_text(&row);
        const char *album = row_text(&row);
        found = ahead && is_equal(filter->destination, destination) && is_equal(filter->album, album);
    }
    if (found && (place.album_id != walk->album_id || place.destination_id != walk->destination_id))
        *walk = place;
    return found;
}

static struct row query_place(struct jobdb *db, const struct jobdb_walk *walk, size_t most)
{
    bool share = walk->album_id != 0;
    int64_t id = share ? walk->album_id : walk->destination_id;
    const char *state = phases[walk->phase].state;
    static const int by_time[][2] = {[PHASE_FAILED] = {SQL_DELIVERIES_FAILED, SQL_SHARES_FAILED},
                                     [PHASE_BESIDE_QUEUED] = {SQL_FETCHES_QUEUED, SQL_INQUIRIES_QUEUED},
                                     [PHASE_BESIDE_FAILED] = {SQL_FETCHES_FAILED, SQL_INQUIRIES_FAILED}};
    if (walk->phase == PHASE_QUEUED)
        return jobdb_query(db, share ? SQL_SHARES_OPEN : SQL_DELIVERIES_QUEUED, "iii", id, walk->id,
                           (int64_t)most);
    if (state && share)
        return jobdb_query(db, SQL_SHARES_APART, "iiis", id, walk->id, (int64_t)most, state);
    if (state)
        return walk->phase == PHASE_UNDECIDED
                   ? jobdb_query(db, SQL_DELIVERIES_UNDECIDED, "iii", id, walk->id, (int64_t)most)
                   : jobdb_query(db, SQL_DELIVERIES_APART, "iiis", id, walk->id, (int64_t)most, state);
    return jobdb_query(db, by_time[walk->phase][share], "iiii", id, walk->time, walk->id, (int64_t)most);
}

static bool phase_is_failed(int phase)
{
    return phase == PHASE_FAILED || phase == PHASE_BESIDE_FAILED;
}

static void next_phase(struct jobdb_walk *walk)
{
    walk->time = walk->id = 0;
    if (++walk->phase < PHASES)
        return;
    walk->phase = 0;
    walk->destination_id++; /* the next one that there is */
}

static enum work_stage stage_of(const struct jobdb_walk *walk)
{
    if (walk->phase < PHASE_BESIDE_QUEUED)
        return walk->album_id ? WORK_SHARE : WORK_SEND;
    return walk->album_id ? WORK_INQUIRE : WORK_FETCH;
}

/* What of the phase is not meant at all is not read. */
static bool phase_is_meant(const struct jobdb_selection *selection, const struct jobdb_walk *walk)
{
    return (selection->meant & phases[walk->phase].meant) != 0 &&
           is_equal(selection->job_kind, kinds[stage_of(walk)]);
}

/* Rows must not change under their own query: they are read first. */
static size_t read_jobs(struct jobdb *db, struct jobdb_walk *walk, size_t most, struct jobdb_candidate *jobs)
{
    size_t count = 0;
    enum work_stage stage = stage_of(walk);
    AUTO(row_end) struct row row = query_place(db, walk, most);
    while (count < most && row_next(&row)) {
        struct jobdb_candidate *job = &jobs[count++];
        read_candidate(&row, stage, job, &walk->time);
        if (phase_is_failed(walk->phase))
            job->failed_at = walk->time;
        walk->id = job->item.id;
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
    size_t count = phase_is_meant(selection, walk) ? read_jobs(db, walk, most, jobs) : 0;
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

static bool move_candidate(struct jobdb *db, const struct jobdb_candidate *job,
                           const struct jobdb_outcome *outcome)
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
    if (job->stage == WORK_INQUIRE)
        return jobdb_move_inquiry(db, &batch, &item, outcome);
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
    if (!move_candidate(db, job, &outcome))
        return false;
    if (job->stage == WORK_FETCH || job->stage == WORK_INQUIRE)
        return true;
    (void)jobdb_change(db, job->stage == WORK_SEND ? SQL_DELIVERY_RETRIED : SQL_SHARE_RETRIED, "ii",
                       job->item.id, now);
    return true;
}

bool jobdb_drop_job(struct jobdb *db, const struct jobdb_candidate *job, int64_t now, int64_t keep_until)
{
    if (job->stage == WORK_FETCH)
        return move_out(db, MACHINE_FETCH, job->item.id, CAUSE_DROPPED);
    if (job->stage == WORK_INQUIRE)
        return move_out(db, MACHINE_INQUIRY, job->item.id, CAUSE_DROPPED);
    struct jobdb_outcome outcome = start_outcome(job, CAUSE_DROPPED, now);
    outcome.keep_until = keep_until;
    return move_candidate(db, job, &outcome);
}

bool jobdb_give_up_job(struct jobdb *db, const struct jobdb_candidate *job, const char *reason, int64_t now)
{
    struct jobdb_outcome outcome = start_outcome(job, CAUSE_GIVEN_UP, now);
    outcome.reason = reason;
    return move_candidate(db, job, &outcome);
}

int64_t jobdb_waiting_since(struct jobdb *db, enum work_stage stage, const struct jobdb_item *item)
{
    if (stage != WORK_SEND && stage != WORK_SHARE)
        return item->received_at;
    int which = stage == WORK_SEND ? SQL_DELIVERY_WAITING_SINCE : SQL_SHARE_WAITING_SINCE;
    int64_t retried_at = row_first(jobdb_query(db, which, "i", item->id), 0);
    return retried_at > 0 ? retried_at : item->received_at;
}

/* ---- shares that would wait for ever ---- */

struct unshared {
    int64_t id;
    struct jobdb_settled share;
};

static struct unshared *read_unshared(struct jobdb *db, int64_t series_id, size_t *ret_count)
{
    struct unshared *list = NULL;
    size_t count = 0, capacity = 0;
    AUTO(row_end) struct row row = jobdb_query(db, SQL_UNSHARED, "i", series_id);
    while (row_next(&row)) {
        list = memory_grow(list, &capacity, count + 1, sizeof *list);
        struct unshared *one = &list[count++];
        one->id = row_number(&row);
        one->share.destination_id = row_number(&row);
        one->share.album_id = row_number(&row);
        one->share.witness_id = row_number(&row);
    }
    *ret_count = count;
    return list;
}

size_t jobdb_settle_series(struct jobdb *db, int64_t series_id, int64_t now, int64_t keep_until,
                           void (*each)(void *context, const struct jobdb_settled *share), void *context)
{
    size_t count;
    struct unshared *list = read_unshared(db, series_id, &count);
    if (count > 0 && row_exists(jobdb_query(db, SQL_SERIES_HAS_HOPE, "i", series_id)))
        count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct jobdb_settled *share = &list[i].share;
        each(context, share);
        (void)move_out(db, MACHINE_SHARE, list[i].id, CAUSE_HOPELESS);
        counts_share(db, share->destination_id, share->album_id, SHARE_WAITING, 0, -1);
        if (share->witness_id)
            move_job_is_final(db, share->witness_id, now, keep_until);
    }
    free(list);
    return count;
}
