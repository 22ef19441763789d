#include "router/readiness.h"

#include "common/base/log.h"
#include "common/config/config.h"
#include "common/wire/work.h"
#include "router/crew.h"
#include "router/outbox.h"
#include "router/shared.h"
#include "router/targets.h"

#include <string.h>

/* It backs off for longer than a look takes, and time alone would end that. */
static bool is_waited_for(const struct router *router, const struct target *target)
{
    return target->row.state == TARGET_BACKING_OFF && target->destination && !target_is_kept(target) &&
           !target->barred && target->in_flight == 0 && target->row.until > router->now;
}

static int64_t look_at(const struct target *target)
{
    return target->seen_at == 0 ? 0 : target->seen_at + READINESS_LOOK_MS;
}

static void look(struct router *router, struct target *target)
{
    const struct crew_duty duty = {target->album ? WORK_SHARE : WORK_SEND, target->row.destination_id,
                                   target->row.album_id};
    const struct seat *seat = crew_any(router->crew, &duty, target->seen_by, router->awake);
    if (!seat)
        return;
    if (seat_number(seat) != target->seen_by)
        target->seen = TARGET_UNSEEN;
    target->seen_by = seat_number(seat);
    struct work_look said = {.destination = target->row.destination, .album = target->row.album};
    memcpy(said.address, target->address, sizeof said.address);
    const struct work_message message = {.verb = WORK_LOOK, .look = &said};
    outbox_say(router->outbox, seat_peer(seat), &message);
}

void readiness_turn(struct router *router)
{
    for (size_t i = 0; router->recovered && i < targets_count(router->targets); i++) {
        struct target *target = targets_at(router->targets, i);
        if (target->row.state != TARGET_BACKING_OFF)
            target->seen = TARGET_UNSEEN;
        if (!is_waited_for(router, target) || look_at(target) > router->awake)
            continue;
        target->seen_at = router->awake;
        look(router, target);
    }
}

int64_t readiness_wakes_at(struct router *router)
{
    int64_t soonest = INT64_MAX;
    for (size_t i = 0; i < targets_count(router->targets); i++) {
        const struct target *target = targets_at(router->targets, i);
        if (is_waited_for(router, target)) {
            int64_t in = look_at(target) - router->awake, at = router->monotonic + (in > 0 ? in : 0);
            soonest = at < soonest ? at : soonest;
        }
    }
    return soonest;
}

void readiness_take(struct router *router, const struct work_look *seen)
{
    struct target *target = targets_named(router->targets, seen->destination, seen->album);
    if (!target || target->row.state != TARGET_BACKING_OFF || strcmp(target->address, seen->address) != 0)
        return;
    enum target_seen before = target->seen;
    target->seen = seen->ready ? TARGET_THERE : TARGET_AWAY;
    if (target->seen == TARGET_AWAY && before != TARGET_AWAY)
        log_debug("the server is not there, looking every 3 s", LOG_S("destination", seen->destination),
                  LOG_S("album", seen->album ? seen->album : "-"));
    bool is_back = target->seen == TARGET_THERE && before == TARGET_AWAY;
    if (!is_back || !target_end_wait(target, router->now))
        return;
    log_info("the server is there again, trying it now", LOG_S("destination", target->row.destination),
             LOG_S("album", target->row.album ? target->row.album : "-"));
}
