#include "router/troubles.h"

#include "common/base/cleanup.h"
#include "common/config/config.h"
#include "common/jobs/gauge.h"
#include "common/jobs/volume.h"
#include "common/spool/spool.h"
#include "router/shared.h"
#include "router/targets.h"
#include "router/token_ends.h"
#include "router/windows.h"

struct search {
    struct router *router;
    void (*each)(void *context, const struct trouble *trouble);
    void *context;
};

static bool wants(const struct search *search, enum occasion occasion)
{
    return search->router->config->notify.limits[occasion] != OCCASION_UNWANTED;
}

static int64_t limit_of(const struct search *search, enum occasion occasion)
{
    return search->router->config->notify.limits[occasion];
}

static void found(const struct search *search, enum occasion occasion, const char *destination,
                  const char *album, int64_t count)
{
    const struct trouble trouble = {occasion, destination, album, count};
    if (count > 0 && wants(search, occasion))
        search->each(search->context, &trouble);
}

static void look_at_depth(void *context, const struct jobdb_depth *depth)
{
    const struct search *search = context;
    bool inactive = depth->token_active == 0 || depth->source_active == 0;
    const struct target *target = targets_named(search->router->targets, depth->destination, depth->album);
    if (!target || !target->destination)
        return; /* nobody can mend what the configuration does not name: it is in the status alone */
    int64_t oldest = depth->oldest_queued_at > 0
                         ? windows_waiting_since(target, depth->oldest_queued_at, search->router->now)
                         : 0;
    bool waits = oldest > 0 && !target->closed &&
                 search->router->expires_by - oldest >= limit_of(search, OCCASION_BACKLOG);
    found(search, OCCASION_FAILED, depth->destination, depth->album, depth->failed);
    found(search, OCCASION_BACKLOG, depth->destination, depth->album, waits);
    found(search, OCCASION_TOKEN, depth->destination, depth->album, inactive);
}

static bool ends_soon(const struct search *search, const struct target *target, enum work_token_kind kind)
{
    const struct token_expiry end = token_ends(search->router, target, kind);
    return end.at > 0 && end.at - search->router->now <= limit_of(search, OCCASION_EXPIRY);
}

static void look_at_tokens(const struct search *search, const struct target *target)
{
    bool soon = target->album ? ends_soon(search, target, WORK_TOKEN_DESTINATION) ||
                                    ends_soon(search, target, WORK_TOKEN_SOURCE)
                              : ends_soon(search, target, WORK_TOKEN_STOW);
    found(search, OCCASION_EXPIRY, target->row.destination, target->row.album, soon);
}

static void look_at_targets(const struct search *search)
{
    struct router *router = search->router;
    for (size_t i = 0; i < targets_count(router->targets); i++) {
        const struct target *target = targets_at(router->targets, i);
        bool blocked = target->row.state == TARGET_BLOCKED && target->destination &&
                       !target_is_kept(target) &&
                       router->expires_by - target->row.since >= limit_of(search, OCCASION_BLOCKED);
        found(search, OCCASION_BLOCKED, target->row.destination, target->row.album, blocked);
        if (target->destination && target->destination->kheops && wants(search, OCCASION_EXPIRY))
            look_at_tokens(search, target);
    }
}

static void look_at_disk(const struct search *search)
{
    struct router *router = search->router;
    struct spool_room room;
    bool is_short = spool_room(router->spool, &room) == 0 &&
                    (room.bytes < limit_of(search, OCCASION_DISK) || room.files < 2 * SPOOL_FILES_LEAST);
    found(search, OCCASION_DISK, NULL, NULL, is_short);
}

void troubles_find(struct router *router, void (*each)(void *context, const struct trouble *trouble),
                   void *context)
{
    struct search search = {router, each, context};
    jobdb_each_depth(router->db, look_at_depth, &search);
    look_at_targets(&search);
    found(&search, OCCASION_QUARANTINE, NULL, NULL, jobdb_spool_volume(router->db, SPOOL_QUARANTINE).files);
    look_at_disk(&search);
}

bool troubles_wanted(struct router *router, const char *cause, const char *destination, const char *album)
{
    AUTO(text_release) struct text ignored = TEXT_EMPTY;
    enum occasion occasion;
    int64_t limit;
    if (occasion_parse(cause, &occasion, &limit, &ignored) != 0 ||
        router->config->notify.limits[occasion] == OCCASION_UNWANTED)
        return false;
    const struct target *target = destination ? targets_named(router->targets, destination, album) : NULL;
    return !destination || (target && target->destination);
}
