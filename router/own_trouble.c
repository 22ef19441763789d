#include "router/own_trouble.h"

#include "common/base/log.h"
#include "common/base/random.h"
#include "common/spool/spool.h"
#include "router/crew.h"
#include "router/shared.h"
#include "router/target.h"

/* A file that the worker did not find, and that is where it should be: its spool is not ours. */
static bool is_in_queue(struct router *router, const struct work_answer *answer)
{
    enum spool_place place;
    return spool_find(router->spool, answer->receipt, &place) == 0 && place == SPOOL_QUEUE;
}

/* The reason, where every answer blames the worker; else NULL. */
static const char *own_reason(struct router *router, const struct work_result *result)
{
    const char *reason = NULL;
    for (size_t i = 0; i < result->answer_count; i++) {
        const struct work_answer *answer = &result->answers[i];
        if (answer->blame != BLAME_WORKER || work_answer_is_done(answer))
            return NULL;
        if (answer->outcome == WORK_MISSING_OUTCOME && !is_in_queue(router, answer))
            return NULL;
        if (answer->reason)
            reason = answer->reason;
    }
    return reason;
}

static void let_rest(struct router *router, const struct lease *lease, const struct target *target,
                     const char *reason)
{
    const struct jobdb_target *row = &target->row;
    const struct target_retry retry = target_retry_of(router->config);
    int times = crew_rest(lease->seat, row->destination_id, row->album_id, reason);
    crew_rest_until(lease->seat, row->destination_id, row->album_id,
                    router->awake + target_delay(&retry, times, random_below(UINT64_MAX)));
    if (times == 1)
        log_warning("worker cannot serve a target, for a reason of its own",
                    LOG_S("worker", seat_name(lease->seat)), LOG_S("destination", row->destination),
                    LOG_S("album", row->album ? row->album : "-"), LOG_S("reason", reason));
}

bool own_trouble_take(struct router *router, const struct lease *lease, const struct target *target,
                      const struct work_result *result, int64_t stored)
{
    const struct jobdb_target *row = &target->row;
    const char *reason = own_reason(router, result);
    if (!lease->seat)
        return false;
    if (stored > 0 && crew_rest_over(lease->seat, row->destination_id, row->album_id))
        log_info("worker serves a target again", LOG_S("worker", seat_name(lease->seat)),
                 LOG_S("destination", row->destination), LOG_S("album", row->album ? row->album : "-"));
    if (!reason)
        return false;
    let_rest(router, lease, target, reason);
    return crew_has_other(router->crew, lease->seat, lease->batch.stage, row->destination_id, row->album_id,
                          router->awake);
}
