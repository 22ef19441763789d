#include "router/own_trouble.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/json.h"
#include "common/base/log.h"
#include "common/base/random.h"
#include "common/config/config.h"
#include "common/jobs/target.h"
#include "common/spool/resting.h"
#include "common/spool/spool.h"
#include "router/crew.h"
#include "router/shared.h"
#include "router/target.h"
#include "router/targets.h"

enum { WRITE_AGAIN_MS = 5 * 1000 };

/* A file that the worker did not find, and that is where it should be: its spool is not ours. */
static bool is_in_queue(struct router *router, const struct work_answer *answer)
{
    enum spool_place place;
    return spool_find(router->spool, answer->receipt, &place) == 0 && place == SPOOL_QUEUE;
}

/* What is a fact about the worker, or may be one: its token, its way there. */
static bool may_be_own(struct router *router, const struct work_answer *answer)
{
    if (work_answer_is_done(answer))
        return false;
    if (answer->blame == BLAME_TOKEN)
        return true;
    return answer->blame == BLAME_WORKER &&
           (answer->outcome != WORK_MISSING_OUTCOME || is_in_queue(router, answer));
}

/* The target's as well as the worker's, for all that one worker sees. */
static bool may_be_targets(const struct work_answer *answer)
{
    return answer->blame == BLAME_TOKEN || answer->outcome == WORK_RETRY_OUTCOME;
}

/* The reason, where every answer may speak of the worker; else NULL. */
static const char *own_reason(struct router *router, const struct lease *lease,
                              const struct work_result *result)
{
    const char *reason = NULL;
    bool alone = lease->seat && crew_is_alone(router->crew, lease->seat, router->awake);
    for (size_t i = 0; i < result->answer_count; i++) {
        const struct work_answer *answer = &result->answers[i];
        if (!may_be_own(router, answer) || (alone && may_be_targets(answer)))
            return NULL;
        if (answer->reason)
            reason = answer->reason;
    }
    return reason;
}

static struct crew_duty duty_of(const struct lease *lease)
{
    return (struct crew_duty){lease->batch.stage, lease->batch.destination_id, lease->batch.album_id};
}

/* The target is up for all that others know: its last error tells. */
static void say_in_status(struct router *router, const struct lease *lease, const struct target *target,
                          const char *reason)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    text_format(&sentence, "%s rests for it: %s", seat_name(lease->seat), reason);
    jobdb_save_target(router->db, &target->row, text_string(&sentence), router->now);
}

static void let_rest(struct router *router, const struct lease *lease, const struct target *target,
                     const char *reason)
{
    const struct jobdb_target *row = &target->row;
    const struct target_retry retry = target_retry_of(router->config);
    const struct crew_duty duty = duty_of(lease);
    int times = crew_rest(router->crew, lease->seat, &duty, reason);
    crew_rest_until(lease->seat, &duty,
                    router->awake + target_delay(&retry, times, random_below(UINT64_MAX)));
    say_in_status(router, lease, target, reason);
    if (times == 1)
        log_warning("worker cannot serve a target, for a reason of its own",
                    LOG_S("worker", seat_name(lease->seat)), LOG_S("destination", row->destination),
                    LOG_S("album", row->album ? row->album : "-"), LOG_S("reason", reason));
}

/* Whether nothing but workers may be to blame for what the result says. */
static bool is_lack(struct router *router, const struct work_result *result)
{
    for (size_t i = 0; i < result->answer_count; i++) {
        if (!may_be_own(router, &result->answers[i]))
            return false;
    }
    return result->answer_count > 0;
}

bool own_trouble_take(struct router *router, const struct lease *lease, struct target *target,
                      const struct work_result *result, int64_t stored)
{
    const struct jobdb_target *row = &target->row;
    const struct crew_duty duty = duty_of(lease);
    const char *reason = target->barred ? NULL : own_reason(router, lease, result);
    target->lacking = is_lack(router, result);
    if (!lease->seat)
        return reason != NULL; /* whoever gets the work next tells more */
    if (stored > 0 && crew_rest_over(router->crew, lease->seat, &duty))
        log_info("worker serves a target again", LOG_S("worker", seat_name(lease->seat)),
                 LOG_S("destination", row->destination), LOG_S("album", row->album ? row->album : "-"));
    if (!reason)
        return false;
    let_rest(router, lease, target, reason);
    return crew_has_other(router->crew, lease->seat, &duty, router->awake);
}

void own_trouble_retry(struct router *router, enum work_stage stage)
{
    for (size_t i = 0; i < targets_count(router->targets); i++) {
        struct target *target = targets_at(router->targets, i);
        bool its = (target->row.album_id ? WORK_SHARE : WORK_SEND) == stage;
        if (its && target->lacking && target->row.state != TARGET_UP && target->row.until > router->now) {
            target->row.until = router->now;
            target->look_at = 0;
        }
    }
}

/* ---- who lacks what, for `felucca status` ---- */

struct telling {
    struct router *router;
    json_t *list;
};

static void tell_rest(void *context, const struct seat *seat, const struct rest *rest)
{
    struct telling *telling = context;
    const struct crew_duty *duty = &rest->duty;
    const struct target *target =
        targets_find(telling->router->targets, duty->destination_id, duty->album_id);
    if (!target)
        return;
    json_t *object =
        json_pack("{s:o, s:s, s:s, s:s?, s:o}", "worker", json_from_text(seat_name(seat)), "stage",
                  work_stage_name(duty->stage), "destination", target->row.destination, "album",
                  target->row.album, "reason", json_from_text(text_string(&rest->reason)));
    (void)json_array_append_new(telling->list, object);
}

/* The file is what it was before: it is written again a little later, and the log is told once. */
static void not_written(struct router *router, int code)
{
    if (router->resting_again_at == 0)
        log_warning("cannot write who lacks what, so `felucca status` does not tell",
                    LOG_S("error", err_text(code)));
    router->resting_again_at = router->monotonic + WRITE_AGAIN_MS;
}

void own_trouble_tell(struct router *router)
{
    bool again = router->resting_again_at != 0 && router->monotonic >= router->resting_again_at;
    if (!crew_rests_changed(router->crew) && !again)
        return;
    AUTO(json_release) json_t *list = json_array();
    struct telling telling = {router, list};
    crew_each_rest(router->crew, tell_rest, &telling);
    int code = resting_write(router->config->state_dir, list);
    if (code != 0)
        not_written(router, code);
    else
        router->resting_again_at = 0;
}
