#include "router/change_jobs.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/config/config.h"
#include "common/jobs/commitment.h"
#include "common/jobs/operator.h"
#include "common/jobs/target.h"
#include "router/event.h"
#include "router/redecide.h"
#include "router/refusal.h"
#include "router/reporting.h"
#include "router/shared.h"
#include "router/targets.h"

#include <stdlib.h>
#include <string.h>

enum { PORTION = 100, HEADERS_A_PORTION = 20 };

struct job_portion {
    struct router *router;
    struct change *change;
    int64_t *series; /* whose jobs were changed, each once */
    size_t series_count, series_capacity;
};

static void job_portion_release(struct job_portion *portion)
{
    free(portion->series);
}

static void add_operator_event(const struct job_portion *portion, const struct jobdb_candidate *job)
{
    struct jobdb_event event = event_of_job(job->stage, &job->item, job->destination_id, job->album_id);
    AUTO(text_release) struct text study = TEXT_EMPTY;
    if (job->stage == WORK_FETCH)
        text_format(&study, "the fetch of study %s", job->study);
    if (job->stage == WORK_INQUIRE)
        text_format(&study, "the inquiry about series %s", job->series);
    change_event(portion->router, portion->change, &event, study.length > 0 ? text_string(&study) : NULL);
    portion->change->row.changed++;
}

static void remember_series(struct job_portion *portion, int64_t series_id)
{
    for (size_t i = portion->series_count; i > 0; i--) {
        if (portion->series[i - 1] == series_id)
            return;
    }
    portion->series = memory_grow(portion->series, &portion->series_capacity, portion->series_count + 1,
                                  sizeof *portion->series);
    portion->series[portion->series_count++] = series_id;
}

/* ---- retry ---- */

/* target NULL: not even the database names it. */
static void append_not_configured(const struct target *target, struct text *out)
{
    text_append(out, "the configuration does not name ");
    if (target)
        target_append_name(target, out);
    else
        text_append(out, "their destination");
    text_append(out, " any more: its jobs wait until it does; drop them if it will not");
}

/* A destination that backs off or is blocked is asked at once; the rest follows when that goes well. */
static void wake_target(struct router *router, struct target *target)
{
    target->look_at = target->fetch_at = target->fetch_until = 0;
    target->inquire_at = target->inquire_until = 0;
    if (target->row.state == TARGET_UP || target->row.until <= router->now)
        return;
    target->row.until = router->now;
    jobdb_save_target(router->db, &target->row, NULL, router->now);
}

static void retry_job(struct job_portion *portion, const struct jobdb_candidate *job)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    struct router *router = portion->router;
    struct target *target = targets_find(router->targets, job->destination_id, job->album_id);
    if (!target || !target->destination) {
        append_not_configured(target, &sentence);
        change_skip(portion->change, "%s", text_string(&sentence));
        return;
    }
    if (redecide_is_due(job) ? !redecide(router, portion->change, target, job)
                             : !jobdb_retry_job(router->db, job, router->now))
        return;
    if (portion->change->request.dry_run) {
        portion->change->row.changed++;
        return;
    }
    add_operator_event(portion, job);
    wake_target(router, target);
    if (job->stage == WORK_SEND || job->stage == WORK_SHARE)
        remember_series(portion, job->item.series_id);
}

/* ---- drop ---- */

static void drop_job(struct job_portion *portion, const struct jobdb_candidate *job)
{
    struct router *router = portion->router;
    if (!jobdb_drop_job(router->db, job, router->now, router->now + router->config->retention_ms))
        return;
    add_operator_event(portion, job);
    if (job->stage == WORK_SEND)
        remember_series(portion, job->item.series_id);
}

static void add_settled_event(void *context, const struct jobdb_settled *share)
{
    const struct job_portion *portion = context;
    struct jobdb_event event = {.instance_id = share->witness_id,
                                .destination_id = share->destination_id,
                                .album_id = share->album_id};
    change_event(
        portion->router, portion->change, &event,
        "the share waited for deliveries that were dropped or left out; nothing of its series is left");
}

static void settle_series(struct job_portion *portion)
{
    struct router *router = portion->router;
    for (size_t i = 0; i < portion->series_count; i++)
        (void)jobdb_settle_series(router->db, portion->series[i], router->now,
                                  router->now + router->config->retention_ms, add_settled_event, portion);
}

/* ---- chosen by a filter ---- */

static void change_job(void *context, struct jobdb_candidate *job)
{
    struct job_portion *portion = context;
    if (change_left(portion->change) <= 0)
        return;
    if (portion->change->request.verb == CONTROL_RETRY)
        retry_job(portion, job);
    else
        drop_job(portion, job);
}

static struct jobdb_selection selection_of(const struct router *router, const struct change *change)
{
    const struct control_request *request = &change->request;
    struct jobdb_selection selection = {.filter = {.destination = request->destination,
                                                   .album = request->album,
                                                   .study = request->study,
                                                   .series = request->series,
                                                   .since = request->since,
                                                   .reason = request->reason},
                                        .job_kind = request->job_kind,
                                        .http_status = (int)request->http_status,
                                        .is_line = request->line,
                                        .before = change->row.asked_at,
                                        .now = router->now};
    (void)jobdb_meant_by(request->state, &selection.meant);
    return selection;
}

/* Jobs that are decided again are looked at one by one: the one whose header has not been read yet is looked at once more
 * in the next step. */
static void change_chosen_jobs(struct job_portion *portion)
{
    struct change *change = portion->change;
    struct jobdb_walk *walk = &change->row.walk;
    struct jobdb_selection selection = selection_of(portion->router, change);
    bool headers = (selection.meant & JOBDB_DECIDED_AGAIN) != 0 && change->request.verb == CONTROL_RETRY;
    for (int i = 0;
         i < (headers ? HEADERS_A_PORTION : 1) && !walk->over && (i == 0 || change_has_time(change)); i++) {
        const struct jobdb_walk before = *walk;
        (void)jobdb_walk_on(portion->router->db, &selection, walk, headers ? 1 : PORTION, change_job,
                            portion);
        if (change_holds(change)) {
            *walk = before;
            return;
        }
    }
}

/* ---- given by their numbers ---- */

/* Why a job in this state can be neither retried nor dropped, or NULL. */
static const char *objection_to_job(const struct jobdb_candidate *job, enum control_verb verb)
{
    static const struct {
        const char *state, *why;
    } reasons[] = {{"sending", "is under way right now: its answer decides"},
                   {"sharing", "is under way right now: its answer decides"},
                   {"asking", "is under way right now: its answer decides"},
                   {"answered", "is done: ask again with felucca reshare --from-kheops"},
                   {"fetching", "is under way right now: its answer decides"},
                   {"fetched", "is done: nothing is left to be done"},
                   {"sent", "is sent: nothing is left to be done"},
                   {"shared", "is shared: nothing is left to be done"},
                   {"excluded", "is excluded by a condition or filter: nothing is left to be done"},
                   {"dropped", "is dropped already"}};
    for (size_t i = 0;
         i < sizeof reasons / sizeof *reasons && (verb == CONTROL_DROP || !redecide_is_due(job)); i++) {
        if (strcmp(job->state, reasons[i].state) == 0)
            return reasons[i].why;
    }
    if (verb == CONTROL_RETRY && strcmp(job->state, "waiting") == 0)
        return "waits for an instance of its series to be stored: retry that delivery";
    if (verb == CONTROL_RETRY && strcmp(job->state, "queued") == 0 && job->item.tries == 0)
        return "has not been tried yet: it goes as soon as it can";
    return NULL;
}

/* A report that is due is made now, and of one that is given up no file is left. */
static void take_up(struct router *router, int64_t id, bool is_over)
{
    struct jobdb_reported reported;
    if (!jobdb_find_commitment(router->db, id, &reported))
        return;
    if (is_over)
        reporting_remove(router, reported.receipt);
    else
        reporting_wake(router, reported.calling, reported.called);
}

/* A report on storage commitment: no destination's job. */
static void change_commitment(struct job_portion *portion, int64_t id)
{
    struct router *router = portion->router;
    struct change *change = portion->change;
    AUTO(text_release) struct text name = TEXT_EMPTY;
    struct jobdb_event event = {.detail = NULL};
    bool drop = change->request.verb == CONTROL_DROP;
    text_format(&name, "commitment:%lld", (long long)id);
    if (change->request.dry_run)
        change_skip(change, "%s is not decided again: --dry-run tells nothing of it", text_string(&name));
    else if (drop ? !jobdb_drop_commitment(router->db, id, router->now)
                  : !jobdb_retry_commitment(router->db, id, router->now))
        change_skip(change,
                    drop ? "%s is not there, under way right now, or over"
                         : "%s is not there, waits for its instances, is under way right now, or over",
                    text_string(&name));
    else {
        change->row.changed++;
        change_event(router, change, &event, text_string(&name));
        take_up(router, id, drop);
    }
}

static void change_numbered_job(struct job_portion *portion, const struct control_job *wanted)
{
    if (wanted->kind == CONTROL_COMMITMENT) {
        change_commitment(portion, wanted->id);
        return;
    }
    AUTO(jobdb_candidate_release) struct jobdb_candidate job = {0};
    static const enum work_stage stages[] = {[CONTROL_DELIVERY] = WORK_SEND,
                                             [CONTROL_SHARE] = WORK_SHARE,
                                             [CONTROL_FETCH] = WORK_FETCH,
                                             [CONTROL_INQUIRY] = WORK_INQUIRE};
    const char *kind = control_kind_name(wanted->kind);
    if (!jobdb_find_job(portion->router->db, stages[wanted->kind], wanted->id, &job)) {
        change_skip(portion->change, "there is no %s:%lld", kind, (long long)wanted->id);
        return;
    }
    const char *objection = objection_to_job(&job, portion->change->request.verb);
    if (objection)
        change_skip(portion->change, "%s:%lld %s", kind, (long long)wanted->id, objection);
    else
        change_job(portion, &job);
}

/* walk.id counts them. */
static void change_numbered_jobs(struct job_portion *portion)
{
    struct change *change = portion->change;
    struct jobdb_walk *walk = &change->row.walk;
    for (int i = 0;
         i < PORTION && walk->id < (int64_t)change->request.job_count && (i == 0 || change_has_time(change));
         i++) {
        change_numbered_job(portion, &change->request.jobs[walk->id]);
        if (change_holds(change))
            return;
        walk->id++;
    }
    walk->over = walk->id >= (int64_t)change->request.job_count;
}

/* ---- what change.h asks for ---- */

/* NULL, or what is wrong with the states that the request chooses. */
static const char *objection_to_states(const struct control_request *request)
{
    unsigned meant;
    if (request->job_kind && !jobdb_kind_is_known(request->job_kind))
        return "the kind of a job is delivery, share, fetch or inquiry";
    if (!jobdb_meant_by(request->state, &meant))
        return "only jobs that are failed, deferred, queued, waiting, undecided, excluded or dropped can be changed";
    if (request->verb == CONTROL_RETRY && (meant & (JOBDB_FRESH | JOBDB_WAITING)) != 0)
        return "only failed, deferred, undecided, excluded and dropped jobs can be retried: others go as soon as they can";
    if (request->verb == CONTROL_DROP && (meant & (JOBDB_EXCLUDED | JOBDB_DROPPED)) != 0)
        return "nothing is left to be done with excluded and dropped jobs";
    if ((request->anyway || request->dry_run) && request->job_count == 0 &&
        (meant & JOBDB_DECIDED_AGAIN) == 0)
        return "only undecided, excluded and dropped jobs are decided again";
    return NULL;
}

bool change_jobs_is_sensible(struct router *router, const struct control_request *request,
                             struct control_answer *answer)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    const char *objection = change_objection(request, false);
    if (!objection)
        objection = objection_to_states(request);
    if (objection) {
        refuse(answer, objection);
        return false;
    }
    if (!request->destination)
        return true;
    const struct target *target = refusal_or_target(router->targets, request, answer);
    if (!target || target->destination || request->verb != CONTROL_RETRY)
        return target != NULL;
    append_not_configured(target, &sentence);
    refuse(answer, text_string(&sentence));
    return false;
}

bool change_jobs_step(struct router *router, struct change *change)
{
    AUTO(job_portion_release) struct job_portion portion = {.router = router, .change = change};
    if (change->request.job_count > 0)
        change_numbered_jobs(&portion);
    else
        change_chosen_jobs(&portion);
    settle_series(&portion);
    return !change_holds(change) && (change->row.walk.over || change_left(change) <= 0);
}

void change_jobs_count(const struct change *change, struct text *out)
{
    change_append_count(change, "job", out);
}
