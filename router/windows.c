#include "router/windows.h"

#include "common/base/cleanup.h"
#include "common/base/hours.h"
#include "common/base/log.h"
#include "router/outcome.h"
#include "router/shared.h"
#include "router/targets.h"

static void tell(const struct router *router, const struct target *target)
{
    AUTO(text_release) struct text until = TEXT_EMPTY;
    if (target->album)
        return;
    hours_append_time(target->destination->hours, target->hours_until, router->now, &until);
    log_info(target->closed ? "the window of a destination is closed" : "the window of a destination is open",
             LOG_S("destination", target->row.destination), LOG_S("until", text_string(&until)));
}

/* Whether it was closed just now. */
static bool look(struct router *router, struct target *target)
{
    bool was_closed = target->closed;
    const struct hours *hours = target->destination ? target->destination->hours : NULL;
    if (!hours) {
        target->closed = false;
        target->hours_from = 0;
        target->hours_until = INT64_MAX;
        return false;
    }
    if (router->now >= target->hours_from && router->now < target->hours_until)
        return false;
    target->closed = !hours_look(hours, router->now, &target->hours_from, &target->hours_until);
    if (target->closed != was_closed || target->row.album_id == 0)
        tell(router, target);
    if (!target->closed)
        target->look_at = target->fetch_at = target->inquire_at = 0;
    return target->closed;
}

void windows_turn(struct router *router)
{
    bool is_any_closed = false;
    for (size_t i = 0; i < targets_count(router->targets); i++)
        is_any_closed = look(router, targets_at(router->targets, i)) || is_any_closed;
    if (is_any_closed)
        outcome_take_back_held(router);
}

int64_t windows_wakes_at(struct router *router)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < targets_count(router->targets); i++) {
        const struct target *target = targets_at(router->targets, i);
        if (target->hours_until > router->now && target->hours_until < next)
            next = target->hours_until;
    }
    return next == INT64_MAX ? next : next - router->now + router->monotonic;
}

int64_t windows_waiting_since(const struct target *target, int64_t since, int64_t now)
{
    if (!target->closed)
        return since > target->hours_from ? since : target->hours_from;
    return now;
}
