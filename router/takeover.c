#include "router/takeover.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/filesystem.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/config/cell.h"
#include "common/service/service.h"
#include "common/spool/standby.h"
#include "router/fence.h"
#include "router/give_up.h"
#include "router/lock.h"
#include "router/shared.h"
#include "router/vigil.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

enum { LOOK_MS = 500 };

/* ALONE: nobody else has it, as far as one can see. */
enum place { PLACE_UNSEEN, PLACE_ALONE, PLACE_LOCKED, PLACE_WATCHED, PLACE_SHARED };

struct wait {
    struct router *router;
    char cell[CONFIG_CELL_SIZE];
    const char *state_dir; /* also when the configuration is read again meanwhile */
    int dir, lock;         /* lock: as lock_try() has it */
    bool local;
    struct vigil vigil;
    struct standby standby;  /* what `felucca status` is shown */
    int64_t written_at;      /* and when, monotonic; 0: it stands nowhere */
    struct metric *standing; /* felucca_router_standby */
    /* What was logged last. */
    enum place told;
    enum vigil_says told_life;
    char told_session[OWNER_ID_SIZE];
};

static enum standby_life standby_life(enum vigil_says life)
{
    return life == VIGIL_LIVES ? STANDBY_LIVES : life == VIGIL_STANDS_STILL ? STANDBY_STILL : STANDBY_UNKNOWN;
}

/* ---- what is said ---- */

static void log_owner(enum log_level level, const char *message, const struct owner *owner,
                      enum vigil_says life)
{
    char buffer[CLOCK_ISO_SIZE];
    const char *since = owner ? clock_iso8601(owner->since, buffer) : "";
    LOG_AT(level, message, LOG_S("owner", owner ? owner->name : "not known"),
           LOG_S("host", owner ? owner->host : ""), LOG_I("generation", owner ? owner->generation : 0),
           LOG_S("since", since), LOG_S("lives", standby_life_text(standby_life(life))));
}

static void tell(struct wait *wait, enum place place, const struct owner *owner, enum vigil_says life)
{
    const char *session = owner ? owner->session : "";
    if (wait->told == place && wait->told_life == life && strcmp(wait->told_session, session) == 0)
        return;
    wait->told = place;
    wait->told_life = life;
    memcpy(wait->told_session, owner ? owner->session : (char[OWNER_ID_SIZE]){""}, OWNER_ID_SIZE);
    if (place == PLACE_LOCKED)
        log_owner(life == VIGIL_STANDS_STILL ? LOG_WARNING : LOG_INFO,
                  "another router holds the state directory, standing by", owner, life);
    else if (place == PLACE_WATCHED)
        log_owner(LOG_INFO, "the router before did not end well: watching whether it lives, standing by",
                  owner, life);
    else if (place == PLACE_SHARED)
        log_owner(
            LOG_ERROR,
            "two hosts have the state directory and its locks do not reach between them, standing by: let one have it",
            owner, life);
}

/* For `felucca status` and the metrics port. */
static void show(struct wait *wait, enum place place, enum vigil_says life)
{
    bool shared = place == PLACE_SHARED;
    int64_t now = clock_monotonic_ms();
    metric_set(wait->standing, NULL, 1);
    bool same = wait->written_at > 0 && wait->standby.shared == shared &&
                wait->standby.owner_lives == standby_life(life);
    if (same && now - wait->written_at < STANDBY_EVERY_MS)
        return;
    wait->written_at = now;
    wait->standby.at = clock_wall_ms();
    wait->standby.shared = shared;
    wait->standby.owner_lives = standby_life(life);
    standby_write(wait->dir, &wait->standby);
}

static void show_end(struct wait *wait)
{
    metric_set(wait->standing, NULL, 0);
    if (wait->written_at > 0)
        standby_remove(wait->dir);
}

/* ---- what is so ---- */

static enum place place_of(const struct wait *wait, const struct owner *owner, enum vigil_says life)
{
    if (wait->lock == ERR_LOCKED)
        return PLACE_LOCKED;
    if (wait->local || !owner || owner->released || life == VIGIL_STANDS_STILL)
        return PLACE_ALONE;
    return life == VIGIL_LIVES ? PLACE_SHARED : PLACE_WATCHED;
}

static enum place look(struct wait *wait)
{
    struct owner owner;
    struct router *router = wait->router;
    if (wait->lock == ERR_LOCKED)
        wait->lock = lock_try(router->lock_fd);
    if (wait->lock != 0 && wait->lock != ERR_LOCKED)
        give_up("cannot lock the state directory", err_text(wait->lock));
    int code = owner_read(wait->dir, &owner);
    if (code != 0 && code != ERR_ABSENT && code != ERR_SYNTAX && !wait->local)
        give_up("cannot read whose the state directory is", err_text(code));
    const struct owner *seen = code == 0 ? &owner : NULL;
    enum vigil_says life = vigil_look(&wait->vigil, seen, clock_monotonic_ms());
    enum place place = place_of(wait, seen, life);
    tell(wait, place, seen, life);
    if (place != PLACE_ALONE)
        show(wait, place, life);
    return place;
}

/* ---- waiting ---- */

/* Signals are taken, and the health port answers. False: told to stop. */
static bool wait_a_moment(struct router *router, int milliseconds)
{
    struct pollfd signal = {.fd = service_signal_fd(router->service), .events = POLLIN};
    (void)poll(&signal, 1, milliseconds);
    service_turn(router->service);
    metrics_progress(service_metrics(router->service), false);
    return !service_stopping(router->service);
}

static bool wait_until_alone(struct wait *wait)
{
    while (look(wait) != PLACE_ALONE) {
        service_serve_metrics(wait->router->service);
        if (!wait_a_moment(wait->router, LOOK_MS))
            return false;
    }
    return true;
}

/* Whoever was just committing has ended, and of two that took the folder at once one sees it. */
static bool settle(struct wait *wait)
{
    int64_t until = clock_monotonic_ms() + FENCE_SETTLE_MS, now;
    while (!wait->local && (now = clock_monotonic_ms()) < until) {
        int64_t left = until - now;
        if (!wait_a_moment(wait->router, left < LOOK_MS ? (int)left : LOOK_MS))
            return false;
    }
    return true;
}

/* PLACE_ALONE: it is ours. PLACE_UNSEEN: told to stop. Else somebody was quicker. */
static enum place take(struct wait *wait)
{
    struct router *router = wait->router;
    int code = fence_take(wait->state_dir, wait->cell, &router->fence);
    if (code == ERR_EXISTS)
        return PLACE_SHARED;
    if (code != 0)
        give_up("cannot write cell.owner in the state directory", err_text(code));
    if (!settle(wait))
        return PLACE_UNSEEN;
    if (fence_holds(router->fence))
        return PLACE_ALONE;
    fence_destroy(&router->fence);
    return PLACE_SHARED;
}

static void judge_filesystem(struct wait *wait)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    struct filesystem filesystem;
    filesystem_of(wait->dir, &filesystem);
    wait->local = filesystem.kind == FILESYSTEM_LOCAL;
    enum filesystem_verdict verdict =
        filesystem_judge(&filesystem, wait->router->config->state_dir_is_shared, &sentence);
    if (verdict == FILESYSTEM_WRONG)
        give_up("cannot work in this state directory", text_string(&sentence));
    if (verdict == FILESYSTEM_WARNING)
        log_warning(text_string(&sentence));
}

static enum place wait_and_take(struct wait *wait)
{
    enum place place = PLACE_SHARED;
    while (place == PLACE_SHARED) {
        if (!wait_until_alone(wait))
            return PLACE_UNSEEN;
        place = take(wait);
        wait->vigil = (struct vigil){0};
    }
    return place;
}

bool takeover(struct router *router)
{
    static const char *const none[] = {NULL};
    struct metrics *metrics = service_metrics(router->service);
    AUTO(memory_free) char *state_dir = memory_string(router->config->state_dir);
    struct wait wait = {.router = router, .state_dir = state_dir};
    AUTO(fd_close) int dir = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        give_up("cannot open the state directory", err_text(err_from_errno(errno)));
    wait.dir = dir;
    wait.standing = metrics_add(metrics, METRIC_GAUGE, "router_standby",
                                "1: it stands by, since the state directory is another router's.", none);
    standby_begin(&wait.standby, config_cell(router->config, wait.cell), clock_wall_ms());
    judge_filesystem(&wait);
    wait.lock = lock_open(state_dir, &router->lock_fd);
    enum place place = wait_and_take(&wait);
    show_end(&wait);
    metrics_rest(metrics); /* more of them are to be added */
    if (place != PLACE_ALONE)
        return false;
    fence_start(router->fence);
    log_debug("has the state directory", LOG_I("generation", fence_owner(router->fence)->generation),
              LOG_S("host", fence_owner(router->fence)->host));
    return true;
}
