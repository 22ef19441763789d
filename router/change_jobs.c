/* Retry and drop: jobs that are given by their numbers, or chosen by a filter. */
#include "router/change.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/jobs/target.h"

#include <stdlib.h>
#include <string.h>

enum { PORTION = 100 };

struct portion {
    struct router *router;
    struct change *change;
    int64_t *series; /* whose deliveries were dropped, each once */
    size_t series_count, series_capacity;
};

static void portion_release(struct portion *portion)
{
    free(portion->series);
}

static void job_event(const struct portion *portion, const struct jobdb_candidate *job)
{
    struct jobdb_event event = {.instance_id = job->stage == WORK_SEND ? job->item.instance_id : 0,
                                .delivery_id = job->stage == WORK_SEND ? job->item.id : 0,
                                .share_id = job->stage == WORK_SHARE ? job->item.id : 0,
                                .destination_id = job->destination_id,
                                .album_id = job->album_id};
    AUTO(text_release) struct text study = TEXT_EMPTY;
    if (job->stage == WORK_FETCH) /* no event belongs to one */
        text_format(&study, "the fetch of study %s", job->study);
    change_event(portion->router, portion->change, &event, study.length > 0 ? text_string(&study) : NULL);
    portion->change->row.changed++;
}

/* ---- retry ---- */

/* A destination that backs off or is blocked is asked at once; the rest follows when that goes well. */
static void wake(struct router *router, struct target *target)
{
    target->look_at = target->fetch_at = target->fetch_until = 0;
    if (target->row.state == TARGET_UP || target->row.until <= router->now)
        return;
    target->row.until = router->now;
    jobdb_save_target(router->db, &target->row, NULL, router->now);
}

static void retry(const struct portion *portion, const struct jobdb_candidate *job)
{
    struct router *router = portion->router;
    struct target *target = targets_find(router->targets, job->destination_id, job->album_id);
    if (!target || !target->destination) {
        change_skip(portion->change,
                    "the configuration does not name %s%s%s any more: its jobs wait until it does; drop them "
                    "if it will not",
                    target ? target->row.destination : "their destination",
                    target && target->row.album ? "/" : "",
                    target && target->row.album ? target->row.album : "");
        return;
    }
    if (!jobdb_retry_job(router->db, job, router->now))
        return;
    job_event(portion, job);
    wake(router, target);
}

/* ---- drop ---- */

static void remember_series(struct portion *portion, int64_t series_id)
{
    for (size_t i = portion->series_count; i > 0; i--) {
        if (portion->series[i - 1] == series_id)
            return;
    }
    portion->series = memory_grow(portion->series, &portion->series_capacity, portion->series_count + 1,
                                  sizeof *portion->series);
    portion->series[portion->series_count++] = series_id;
}

static void drop(struct portion *portion, const struct jobdb_candidate *job)
{
    struct router *router = portion->router;
    if (!jobdb_drop_job(router->db, job, router->now, router->now + router->config->retention_ms))
        return;
    job_event(portion, job);
    if (job->stage == WORK_SEND)
        remember_series(portion, job->item.series_id);
}

static void tell_settled(void *context, const struct jobdb_settled *share)
{
    const struct portion *portion = context;
    struct jobdb_event event = {.instance_id = share->witness_id,
                                .destination_id = share->destination_id,
                                .album_id = share->album_id};
    change_event(portion->router, portion->change, &event,
                 "the share waited for deliveries that were dropped; nothing of its series is left");
}

static void settle(struct portion *portion)
{
    struct router *router = portion->router;
    for (size_t i = 0; i < portion->series_count; i++)
        (void)jobdb_settle_series(router->db, portion->series[i], router->now,
                                  router->now + router->config->retention_ms, tell_settled, portion);
}

/* ---- chosen by a filter ---- */

static void change_one(void *context, struct jobdb_candidate *job)
{
    struct portion *portion = context;
    if (change_left(portion->change) <= 0)
        return;
    if (portion->change->request.verb == CONTROL_RETRY)
        retry(portion, job);
    else
        drop(portion, job);
}

static struct jobdb_selection selection_of(const struct change *change)
{
    const struct control_request *request = &change->request;
    struct jobdb_selection selection = {.filter = {.destination = request->destination,
                                                   .album = request->album,
                                                   .study = request->study,
                                                   .series = request->series,
                                                   .since = request->since},
                                        .before = change->row.asked_at};
    (void)jobdb_meant_by(request->state, &selection.meant);
    return selection;
}

/* ---- given by their numbers ---- */

/* Why a job in this state can be neither retried nor dropped, or NULL. */
static const char *objection_to_state(const struct jobdb_candidate *job, enum control_verb verb)
{
    static const struct {
        const char *state, *why;
    } reasons[] = {{"sending", "is under way right now: its answer decides"},
                   {"sharing", "is under way right now: its answer decides"},
                   {"fetching", "is under way right now: its answer decides"},
                   {"fetched", "is done: nothing is left to be done"},
                   {"sent", "is sent: nothing is left to be done"},
                   {"shared", "is shared: nothing is left to be done"},
                   {"excluded", "is excluded by a condition or filter: nothing is left to be done"},
                   {"dropped", "is dropped already"}};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (strcmp(job->state, reasons[i].state) == 0)
            return reasons[i].why;
    }
    if (verb == CONTROL_RETRY && strcmp(job->state, "waiting") == 0)
        return "waits for an instance of its series to be stored: retry that delivery";
    if (verb == CONTROL_RETRY && strcmp(job->state, "queued") == 0 && job->item.tries == 0)
        return "has not been tried yet: it goes as soon as it can";
    return NULL;
}

static void change_numbered(struct portion *portion, const struct control_job *wanted)
{
    AUTO(jobdb_candidate_release) struct jobdb_candidate job = {0};
    static const enum work_stage stages[] = {
        [CONTROL_DELIVERY] = WORK_SEND, [CONTROL_SHARE] = WORK_SHARE, [CONTROL_FETCH] = WORK_FETCH};
    const char *kind = control_kind_name(wanted->kind);
    if (!jobdb_find_job(portion->router->db, stages[wanted->kind], wanted->id, &job)) {
        change_skip(portion->change, "there is no %s:%lld", kind, (long long)wanted->id);
        return;
    }
    const char *objection = objection_to_state(&job, portion->change->request.verb);
    if (objection)
        change_skip(portion->change, "%s:%lld %s", kind, (long long)wanted->id, objection);
    else
        change_one(portion, &job);
}

bool change_jobs(struct router *router, struct change *change)
{
    AUTO(portion_release) struct portion portion = {.router = router, .change = change};
    const struct control_request *request = &change->request;
    for (size_t i = 0; i < request->job_count; i++)
        change_numbered(&portion, &request->jobs[i]);
    if (request->job_count == 0) {
        struct jobdb_selection selection = selection_of(change);
        (void)jobdb_walk_on(router->db, &selection, &change->row.walk, PORTION, change_one, &portion);
    }
    settle(&portion);
    return request->job_count > 0 || change->row.walk.over || change_left(change) <= 0;
}
