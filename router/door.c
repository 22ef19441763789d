#include "router/door.h"

#include "common/base/cleanup.h"
#include "common/base/log.h"
#include "common/base/memory.h"

#include <string.h>

enum { SOCKETS = 3, QUIET_MS = 60 * 1000 };

/* What a stranger did wrong, and what can be done about it. */
static const struct reason {
    const char *name, *sentence;
} reasons[] = {
    {"key", "a peer was turned away: curve.allowed_keys does not list its key"},
    {"handshake", "a peer was turned away: it has no key, or another curve.server_key than ours"},
    {"removed", "a peer is not heard any more: its key was removed from curve.allowed_keys"},
};
enum { REASONS = sizeof reasons / sizeof *reasons };

struct door {
    struct metric *refused;
    struct side {
        const char *socket;
        struct {
            uint64_t silent;  /* not logged yet */
            int64_t speak_at; /* monotonic ms: the next line, at the earliest */
        } of[REASONS];
    } sides[SOCKETS];
};

struct door *door_create(struct metrics *metrics)
{
    static const char *const labels[] = {"socket", "reason", NULL};
    struct door *door = memory_new(1, sizeof *door);
    door->refused = metrics_add(metrics, METRIC_COUNTER, "router_refused_peers_total",
                                "Connections and messages turned away at tcp:// sockets.", labels);
    return door;
}

void door_destroy(struct door **door)
{
    memory_free(door);
}

static struct side *side_of(struct door *door, const char *socket)
{
    size_t i = 0;
    while (i < SOCKETS - 1 && door->sides[i].socket && strcmp(door->sides[i].socket, socket) != 0)
        i++;
    door->sides[i].socket = socket;
    return &door->sides[i];
}

void door_look(struct door *door, struct bus *bus, const char *socket, int64_t now_ms)
{
    struct bus_refusals refusals = {0};
    if (bus)
        (void)bus_take_refusals(bus, &refusals);
    const uint64_t counts[REASONS] = {refusals.unknown, refusals.handshakes, refusals.removed};
    struct side *side = side_of(door, socket);
    for (size_t i = 0; i < REASONS; i++) {
        if (counts[i] > 0)
            metric_add(door->refused, (const char *const[]){socket, reasons[i].name}, (double)counts[i]);
        side->of[i].silent += counts[i];
        if (side->of[i].silent == 0 || now_ms < side->of[i].speak_at)
            continue;
        bool known = counts[i] > 0 && i != 1;
        log_warning(reasons[i].sentence, LOG_S("socket", socket), LOG_S("key", known ? refusals.key : ""),
                    LOG_S("address", known ? refusals.address : ""), LOG_I("times", side->of[i].silent));
        side->of[i].silent = 0;
        side->of[i].speak_at = now_ms + QUIET_MS;
    }
}

void door_read_keys(struct bus *bus, const char *socket, const struct config *config)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (bus && bus_read_keys(bus, config, &reason) != 0)
        log_error("the list of keys is wrong, keeping the old one", LOG_S("socket", socket),
                  LOG_S("error", text_string(&reason)));
}
