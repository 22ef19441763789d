#include "router/redecide.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/config/config.h"
#include "common/jobs/decision.h"
#include "common/jobs/reshare.h"
#include "router/decide.h"
#include "router/outbox.h"
#include "router/past.h"
#include "router/shared.h"
#include "router/targets.h"

#include <string.h>

enum { HEADERS_A_SHARE = 200 }; /* of one series: the router waits for them */

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
    change->waits = past_open(router, &row, &past) == ERR_AGAIN;
    if (change->waits)
        return false;
    const struct jobdb_instance instance = instance_of(router, &row);
    decide_destination(target->destination, change->request.anyway, router->targets, &instance, past.facts,
                       &decisions);
    return decisions.count == 1 && apply(router, change, job, &row, place, &decisions.list[0]);
}

/* ---- shares ---- */

/* What is known of a series: the best answer so far. */
struct opinion {
    enum condition_verdict verdict;
    int64_t witness_id; /* active, and of that opinion; 0: none */
    struct text doubt;
};

static void opinion_release(struct opinion *opinion)
{
    text_release(&opinion->doubt);
}

/* False: its header has not been read yet. */
static bool hear(struct router *router, const struct config_album *album, const struct jobdb_past *row,
                 struct opinion *opinion)
{
    AUTO(past_close) struct past past = {.facts = NULL};
    AUTO(text_release) struct text doubt = TEXT_EMPTY;
    if (past_open(router, row, &past) == ERR_AGAIN)
        return false;
    enum condition_verdict verdict = decide_album(album, past.facts, &doubt);
    if (verdict <= opinion->verdict)
        return true;
    opinion->verdict = verdict;
    opinion->witness_id = row->active ? row->id : 0;
    text_clear(&opinion->doubt);
    text_append(&opinion->doubt, text_string(&doubt));
    return true;
}

/* The witness first: it is what asked. False: a header has not been read yet. */
static bool hear_series(struct router *router, const struct config_album *album,
                        const struct jobdb_candidate *job, struct opinion *opinion)
{
    struct jobdb_series series;
    struct jobdb_past row = {.id = 0};
    if (job->item.instance_id && jobdb_find_past(router->db, job->item.instance_id, &row) &&
        !hear(router, album, &row, opinion))
        return false;
    if (!jobdb_find_series(router->db, job->item.series_id, &series))
        return true;
    row.id = 0;
    for (int i = 0; opinion->verdict != CONDITION_TRUE &&
                    jobdb_next_past(router->db, &series, 0, INT64_MAX, row.id, &row);
         i++) {
        if (i < HEADERS_A_SHARE) {
            if (!hear(router, album, &row, opinion))
                return false;
            continue;
        }
        if (opinion->verdict == CONDITION_UNDECIDED)
            return true;
        opinion->verdict = CONDITION_UNDECIDED;
        text_append(&opinion->doubt,
                    "its series has more instances than are asked at once: felucca reshare asks "
                    "them all");
    }
    return true;
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

static bool redecide_share(struct router *router, struct change *change, const struct target *target,
                           const struct jobdb_candidate *job)
{
    AUTO(opinion_release) struct opinion opinion = {CONDITION_FALSE, 0, TEXT_EMPTY};
    if (!target->album->condition)
        return admit_share(router, change, job, 0);
    change->waits = !hear_series(router, target->album, job, &opinion);
    if (change->waits)
        return false;
    if (opinion.verdict == CONDITION_TRUE)
        return admit_share(router, change, job, opinion.witness_id);
    if (opinion.verdict == CONDITION_FALSE)
        return leave_out(router, change, job, "the album's condition is false");
    if (change->request.anyway)
        return admit_share(router, change, job, opinion.witness_id);
    change_skip(change, "%s", text_string(&opinion.doubt));
    if (!change->request.dry_run)
        (void)bring_back(router, change, job, NULL, SPOOL_QUEUE, text_string(&opinion.doubt));
    return false;
}

bool redecide(struct router *router, struct change *change, const struct target *target,
              const struct jobdb_candidate *job)
{
    return job->stage == WORK_SHARE ? redecide_share(router, change, target, job)
                                    : redecide_delivery(router, change, target, job);
}
