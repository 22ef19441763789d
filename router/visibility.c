#include "router/visibility.h"

#include "common/base/log.h"
#include "common/base/random.h"
#include "common/config/config.h"
#include "common/jobs/batch.h"
#include "common/jobs/fetch.h"
#include "common/jobs/history.h"
#include "router/counters.h"
#include "router/shared.h"
#include "router/targets.h"

/* A study is quiet when nothing of it was stored for so long: six times the first wait of a retry, by default
 * half a minute. */
enum { QUIET_WAITS = 6 };

static int64_t quiet_ms(const struct router *router)
{
    return QUIET_WAITS * router->config->retry.first_ms;
}

void visibility_wanted(struct router *router, struct target *target, const char *study)
{
    int64_t due_at = router->now + quiet_ms(router);
    if (!target->destination || !target->destination->ensure_visible)
        return;
    jobdb_want_fetch(router->db, target->row.destination_id, study, router->now, due_at);
    if (target->fetch_at > due_at)
        target->fetch_at = due_at;
}

bool visibility_move(struct router *router, const struct jobdb_batch *batch, const struct jobdb_item *item,
                     const struct jobdb_outcome *outcome)
{
    struct target *target = targets_find(router->targets, batch->destination_id, 0);
    int64_t due_at;
    if (!jobdb_move_fetch(router->db, batch, item, outcome, &due_at))
        return false;
    if (target && target->fetch_at > due_at)
        target->fetch_at = due_at;
    return true;
}

static void tell_fetch_trouble(struct router *router, const struct target *target,
                               const struct jobdb_batch *batch, const struct work_answer *answer)
{
    struct jobdb_event event = {.at = router->now,
                                .kind = "trouble",
                                .destination_id = batch->destination_id,
                                .http_status = answer->http_status,
                                .detail = answer->reason};
    jobdb_add_event(router->db, &event);
    log_warning("KHEOPS could not be asked to look at studies again, trying later",
                LOG_S("destination", target->row.destination), LOG_S("study", batch->study),
                LOG_I("status", answer->http_status), LOG_S("reason", answer->reason));
}

/* The first trouble of several in a row is told. What came of a study is in its row. */
void visibility_learn(struct router *router, struct target *target, const struct jobdb_batch *batch,
                      const struct work_result *result)
{
    const struct work_answer *answer = &result->answers[0];
    struct target_retry retry = target_retry_of(router->config);
    count_fetch(router->counters, target->row.destination, work_outcome_name(answer->outcome));
    if (answer->outcome == WORK_DONE_OUTCOME || answer->outcome == WORK_REJECT_OUTCOME) {
        target_fetched(target);
        return;
    }
    if (target->fetch_failures == 0)
        tell_fetch_trouble(router, target, batch, answer);
    target_fetch_failed(target, &retry, result->not_before_ms, random_below(UINT64_MAX), router->now);
}
