#include "router/redecide.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/config/config.h"
#include "common/jobs/decision.h"
#include "common/jobs/reshare.h"
#include "common/jobs/version.h"
#include "router/decide.h"
#include "router/outbox.h"
#include "router/past.h"
#include "router/shared.h"
#include "router/targets.h"

#include <string.h>

enum { HEADERS_A_SHARE = 200 }; /* of one series */

bool redecide_is_due(const struct jobdb_candidate *job)
{
    return strcmp(job->state, "undecided") == 0 || strcmp(job->state, "excluded") == 0 ||
           strcmp(job->state, "dropped") == 0;
}

static bool is_undecided(const struct jobdb_candidate *job)
{
    return strcmp(job->state, "undecided") == 0;
}

/* It is not, or not any more: what the operator is told. False, for the caller to return. */
static bool stays(struct change *change, const struct jobdb_candidate *job, const char *why)
{
    change_skip(change, "stays %s: %s", job->state, why);
    return false;
}

/* ---- deliveries ---- */

/* The janitor has not been here, and will not come. */
static bool file_stays(const struct router *router, const struct jobdb_candidate *job,
                       const struct jobdb_past *past)
{
    bool is_kept = past->keep_until > router->expires_by;
    bool will_be = strcmp(job->state, "dropped") == 0 && past->place == SPOOL_QUEUE &&
                   router->config->retention_excluded_ms > 0;
    return !past->gone && (past->active || is_kept || will_be);
}

static struct jobdb_instance instance_of(const struct router *router, const struct jobdb_past *past)
{
    return (struct jobdb_instance){.receipt = past->receipt,
                                   .study = past->study,
                                   .series = past->series,
                                   .sop_instance = past->sop_instance,
                                   .sop_class = past->sop_class,
                                   .transfer_syntax = past->transfer_syntax,
                                   .calling_aet = past->calling_aet,
                                   .called_aet = past->called_aet,
                                   .source_address = past->source_address,
                                   .urgent = past->urgent,
                                   .keep_until = router->now + router->config->retention_ms};
}

/* Its instance is active again: the file goes where those of active ones are. */
static bool bring_back(struct router *router, const struct change *change, const struct jobdb_candidate *job,
                       const struct jobdb_past *past, enum spool_place place, const char *why)
{
    if (!jobdb_bring_back(router->db, job, why, change->row.id))
        return false;
    if (past && !past->active && place != SPOOL_QUEUE)
        outbox_move(router->outbox, past->receipt, place, SPOOL_QUEUE);
    return true;
}

static bool leave_out(struct router *router, struct change *change, const struct jobdb_candidate *job,
                      const char *why)
{
    if (!is_undecided(job))
        return stays(change, job, why);
    return change->request.dry_run || jobdb_leave_out(router->db, job, why, router->now,
                                                      router->now + router->config->retention_excluded_ms);
}

static bool apply(struct router *router, struct change *change, const struct jobdb_candidate *job,
                  const struct jobdb_past *past, enum spool_place place,
                  const struct jobdb_decision *decision)
{
    const struct jobdb_instance instance = instance_of(router, past);
    if (!decision->takes && !decision->undecided)
        return leave_out(router, change, job, decision->why);
    if (change->request.dry_run)
        return decision->takes || stays(change, job, decision->why);
    if ((!is_undecided(job) || decision->undecided) &&
        !bring_back(router, change, job, past, place, decision->why))
        return false;
    if (decision->undecided) {
        change_skip(change, "%s", decision->why);
        return false;
    }
    targets_wake(router->targets);
    return jobdb_admit_delivery(router->db, job, &instance, decision, router->now);
}

/* Nothing goes over a newer version that is stored unless an operator names it. */
static bool yields(struct router *router, struct change *change, const struct jobdb_candidate *job,
                   const struct jobdb_past *row)
{
    char newer[RECEIPT_SIZE];
    if (change->request.job_count > 0 || is_undecided(job) ||
        !jobdb_find_newer(router->db, row->sop_instance, row->receipt, row->id, job->destination_id, newer))
        return false;
    change_skip(
        change,
        "stays %s: a newer version of it is stored, receipt %s; felucca retry delivery:%lld sends it over that",
        job->state, newer, (long long)job->item.id);
    return true;
}

static bool redecide_delivery(struct router *router, struct change *change, const struct target *target,
                              const struct jobdb_candidate *job)
{
    AUTO(past_close) struct past past = {.facts = NULL};
    AUTO(decisions_release) struct decisions decisions = {0};
    struct jobdb_past row;
    enum spool_place place;
    if (!jobdb_find_past(router->db, job->item.instance_id, &row) || !file_stays(router, job, &row) ||
        !past_find_file(router, &row, &place))
        return stays(change, job, "its file is gone: ask the sender of the study to send it again");
    if (yields(router, change, job, &row))
        return false;
    change->waits = past_open(router, &row, &past) == ERR_AGAIN;
    if (change->waits)
        return false;
    const struct jobdb_instance instance = instance_of(router, &row);
    decide_destination(target->destination, change->request.anyway, router->targets, &instance, past.facts,
                       &decisions);
    return decisions.count == 1 && apply(router, change, job, &row, place, &decisions.list[0]);
}

/* ---- shares ---- */

static struct change_hearing *hearing_of(struct router *router, struct change *change,
                                         const struct jobdb_candidate *job)
{
    struct change_hearing *hearing = &change->hearing;
    if (hearing->share_id == job->item.id && hearing->config == router->config)
        return hearing;
    text_release(&hearing->doubt);
    *hearing = (struct change_hearing){
        .share_id = job->item.id, .config = router->config, .verdict = CONDITION_FALSE};
    return hearing;
}

/* False: its header has not been read yet. */
static bool hear(struct router *router, const struct config_album *album, const struct jobdb_past *row,
                 struct change_hearing *hearing)
{
    AUTO(past_close) struct past past = {.facts = NULL};
    AUTO(text_release) struct text doubt = TEXT_EMPTY;
    if (past_open(router, row, &past) == ERR_AGAIN)
        return false;
    enum condition_verdict verdict = decide_album(album, past.facts, &doubt);
    if (verdict <= hearing->verdict)
        return true;
    hearing->verdict = verdict;
    hearing->witness_id = row->active ? row->id : 0;
    text_clear(&hearing->doubt);
    text_append(&hearing->doubt, text_string(&doubt));
    return true;
}

/* What asked for the share is heard first. False: its header has not been read yet. */
static bool hear_witness(struct router *router, const struct config_album *album,
                         const struct jobdb_candidate *job, struct change_hearing *hearing)
{
    struct jobdb_past row;
    if (!hearing->witness_heard && job->item.instance_id &&
        jobdb_find_past(router->db, job->item.instance_id, &row) && !hear(router, album, &row, hearing))
        return false;
    hearing->witness_heard = true;
    return true;
}

/* It has more instances than are asked. */
static void give_up_series(struct change_hearing *hearing)
{
    hearing->over = true;
    if (hearing->verdict == CONDITION_UNDECIDED)
        return;
    hearing->verdict = CONDITION_UNDECIDED;
    text_append(&hearing->doubt, "its series has more instances than are asked at once: felucca reshare asks "
                                 "them all");
}

/* The next instance. False: its header has not been read yet. */
static bool hear_next(struct router *router, const struct config_album *album,
                      const struct jobdb_series *series, struct change_hearing *hearing)
{
    struct jobdb_past row;
    if (hearing->verdict == CONDITION_TRUE ||
        !jobdb_next_past(router->db, series, 0, INT64_MAX, hearing->heard_id, &row)) {
        hearing->over = true;
    } else if (hearing->heard >= HEADERS_A_SHARE) {
        give_up_series(hearing);
    } else {
        if (!hear(router, album, &row, hearing))
            return false;
        hearing->heard_id = row.id;
        hearing->heard++;
    }
    return true;
}

/* False: it is not over yet, the change waits or pauses. */
static bool hear_series(struct router *router, const struct config_album *album, struct change *change,
                        const struct jobdb_candidate *job, struct change_hearing *hearing)
{
    struct jobdb_series series;
    change->waits = !hear_witness(router, album, job, hearing);
    if (!change->waits && !jobdb_find_series(router->db, job->item.series_id, &series))
        return true;
    while (!change->waits && !hearing->over) {
        change->waits = !hear_next(router, album, &series, hearing);
        change->pauses = !change->waits && !hearing->over && !change_has_time(change);
        if (change->pauses)
            break;
    }
    return !change_holds(change);
}

/* It was active when it was heard, some steps ago. */
static int64_t witness_of(struct router *router, const struct change_hearing *hearing)
{
    struct jobdb_past row;
    bool is_active =
        hearing->witness_id && jobdb_find_past(router->db, hearing->witness_id, &row) && row.active;
    return is_active ? hearing->witness_id : 0;
}

static bool admit_share(struct router *router, struct change *change, const struct jobdb_candidate *job,
                        int64_t witness_id)
{
    if (change->request.dry_run)
        return true;
    if (!is_undecided(job) && !bring_back(router, change, job, NULL, SPOOL_QUEUE, NULL))
        return false;
    targets_wake(router->targets);
    return jobdb_admit_share(router->db, job->item.id, witness_id, change->row.id, router->now,
                             router->now + router->config->retention_ms);
}

static bool end_hearing(struct router *router, struct change *change, const struct jobdb_candidate *job,
                        const struct change_hearing *hearing)
{
    if (hearing->verdict == CONDITION_TRUE)
        return admit_share(router, change, job, witness_of(router, hearing));
    if (hearing->verdict == CONDITION_FALSE)
        return leave_out(router, change, job, "the album's condition is false");
    if (change->request.anyway)
        return admit_share(router, change, job, witness_of(router, hearing));
    change_skip(change, "%s", text_string(&hearing->doubt));
    if (!change->request.dry_run)
        (void)bring_back(router, change, job, NULL, SPOOL_QUEUE, text_string(&hearing->doubt));
    return false;
}

static bool redecide_share(struct router *router, struct change *change, const struct target *target,
                           const struct jobdb_candidate *job)
{
    if (!target->album->condition)
        return admit_share(router, change, job, 0);
    struct change_hearing *hearing = hearing_of(router, change, job);
    if (!hear_series(router, target->album, change, job, hearing))
        return false;
    bool is_changed = end_hearing(router, change, job, hearing);
    hearing->share_id = 0;
    return is_changed;
}

bool redecide(struct router *router, struct change *change, const struct target *target,
              const struct jobdb_candidate *job)
{
    return job->stage == WORK_SHARE ? redecide_share(router, change, target, job)
                                    : redecide_delivery(router, change, target, job);
}
