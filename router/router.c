#include "router/router.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/base/random.h"
#include "common/jobs/dispatch.h"
#include "common/jobs/gauge.h"
#include "router/lock.h"
#include "router/parts.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

enum {
    SCAN_MS = 10 * 1000,
    LONGEST_WAIT_MS = 1000,
    LOCK_POLL_MS = 500,
    CLEANING_PAUSE_MS = 10 * 1000,
    CLOCK_STEP_MS = 60 * 1000
};

/* A broken environment: say so and be restarted by the supervisor. */
static _Noreturn void give_up(const char *doing, const char *why)
{
    log_error(doing, LOG_S("error", why));
    exit(EX_TEMPFAIL);
}

/* ---- creation ---- */

static void open_spool(struct router *router)
{
    int code = spool_create(router->config->state_dir, &router->spool);
    if (code == 0)
        code = guard_create(router->config->state_dir, &router->guard);
    if (code != 0)
        give_up("cannot open the state directory", err_text(code));
}

/* Waits until no other router has the state directory. False: told to stop meanwhile. */
static bool take_lock(struct router *router)
{
    int code = lock_open(router->config->state_dir, &router->lock_fd);
    if (code == ERR_LOCKED) {
        log_info("another router holds the state directory, standing by");
        service_serve_metrics(router->service);
    }
    while (code == ERR_LOCKED && !service_stopping(router->service)) {
        struct pollfd signal = {.fd = service_signal_fd(router->service), .events = POLLIN};
        (void)poll(&signal, 1, LOCK_POLL_MS);
        service_turn(router->service);
        metrics_progress(service_metrics(router->service), false);
        code = lock_try(router->lock_fd);
    }
    if (code != 0 && code != ERR_LOCKED)
        give_up("cannot lock the state directory", err_text(code));
    metrics_rest(service_metrics(router->service)); /* recovery may fork */
    return code == 0;
}

static void open_database(struct router *router)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(text_release) struct text aside = TEXT_EMPTY;
    const char *state_dir = router->config->state_dir;
    int code = jobdb_open(state_dir, &router->db, &reason);
    if (code == ERR_DAMAGED && jobdb_set_aside(state_dir, clock_wall_ms(), &aside) == 0) {
        log_error("the job database is damaged: set aside, making a new one from the spool; "
                  "what it knew as delivered may be delivered again",
                  LOG_S("file", text_string(&aside)), LOG_S("error", text_string(&reason)));
        text_clear(&reason);
        code = jobdb_open(state_dir, &router->db, &reason);
    }
    if (code != 0)
        give_up("cannot open the job database", text_string(&reason));
}

static void open_socket(struct router *router, enum bus_kind kind, const char *endpoint, struct bus **ret_bus)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (bus_create(router->config, kind, endpoint, ret_bus, &reason) != 0)
        give_up("cannot open a socket", text_string(&reason));
}

/* Whoever may open this socket may change things: the user of the state folder, and its group where that may
 * write there. */
static void open_control(struct router *router)
{
    struct stat state;
    bool group = stat(router->config->state_dir, &state) == 0 && (state.st_mode & S_IWGRP) != 0;
    mode_t before = umask(group ? 0117 : 0177);
    open_socket(router, BUS_ROUTER, router->config->endpoints.control, &router->control);
    (void)umask(before);
}

static void reload(void *context, const struct config *old, const struct config *new)
{
    struct router *router = context;
    (void)old;
    router->config = new;
    targets_configure(router->targets, router->db, new);
    targets_wake(router->targets);
    conversation_read_keys(router);
}

struct router *router_create(struct service *service)
{
    AUTO(router_destroy) struct router *router = memory_new(1, sizeof *router);
    router->service = service;
    router->config = service_config(service);
    router->lock_fd = -1;
    if (random_hex(router->epoch, sizeof router->epoch - 1) != 0)
        give_up("cannot start", "the kernel gives no random bytes");
    open_spool(router);
    if (!take_lock(router))
        return NULL;
    router->config = service_config(service); /* it may have been read again meanwhile */
    open_database(router);
    router->gauges = gauges_create(service_metrics(service));
    router->arrivals = arrivals_create();
    router->door = door_create(service_metrics(service));
    router->pending = pending_create();
    router->outbox = outbox_create();
    router->changes = changes_create();
    router->crew = crew_create();
    router->targets = targets_create();
    targets_configure(router->targets, router->db, router->config);
    open_socket(router, BUS_PULL, router->config->endpoints.hints, &router->hints);
    open_socket(router, BUS_ROUTER, router->config->endpoints.work, &router->work);
    open_control(router);
    service_on_reload(service, reload, router);
    struct router *created = router;
    router = NULL;
    return created;
}

void router_destroy(struct router **router)
{
    struct router *r = *router;
    if (!r)
        return;
    bus_destroy(&r->hints);
    bus_destroy(&r->work);
    bus_destroy(&r->control);
    crew_destroy(&r->crew);
    targets_destroy(&r->targets);
    outbox_destroy(&r->outbox);
    changes_destroy(&r->changes);
    pending_destroy(&r->pending);
    gauges_destroy(&r->gauges);
    arrivals_destroy(&r->arrivals);
    door_destroy(&r->door);
    jobdb_destroy(&r->db);
    guard_destroy(&r->guard);
    spool_destroy(&r->spool);
    free(r->gone);
    free(r->undelivered);
    fd_close(&r->lock_fd); /* last: the next router may start now */
    memory_free(router);
}

/* ---- the turn ---- */

static void file_is_gone(void *context, int64_t instance_id)
{
    struct router *router = context;
    if (instance_id == 0)
        return;
    router->gone =
        memory_grow(router->gone, &router->gone_capacity, router->gone_count + 1, sizeof *router->gone);
    router->gone[router->gone_count++] = instance_id;
}

/* Nobody has this work, and this worker is gone. */
static void work_undelivered(void *context, const struct bus_peer *peer, const char *work)
{
    struct router *router = context;
    crew_bye(router->crew, peer);
    router->undelivered = memory_grow(router->undelivered, &router->undelivered_capacity,
                                      router->undelivered_count + 1, sizeof *router->undelivered);
    memcpy(router->undelivered[router->undelivered_count++], work, WORK_ID_SIZE);
}

/* What is in incoming/ is found by the next scan, what the janitor wanted by its next round. */
static void file_failed(void *context, const char *receipt, enum spool_place place, int code)
{
    struct router *router = context;
    router->next_finishing = router->monotonic + CLEANING_PAUSE_MS;
    log_error("cannot move or remove a spool file, trying it again later", LOG_S("receipt", receipt),
              LOG_S("place", spool_place_name(place)), LOG_S("error", err_text(code)));
}

/* The database shows its damage only where it is read: the next start makes a new one. */
static _Noreturn void give_up_database(struct router *router, int code)
{
    AUTO(text_release) struct text aside = TEXT_EMPTY;
    const char *sentence = jobdb_error(router->db);
    if (code == ERR_DAMAGED && jobdb_set_aside(router->config->state_dir, router->now, &aside) == 0) {
        log_error("the job database is damaged: set aside, the next start makes a new one from the spool",
                  LOG_S("file", text_string(&aside)), LOG_S("error", sentence));
        exit(EX_TEMPFAIL);
    }
    give_up("cannot use the job database: stopping, to recover at the next start", sentence);
}

/* Removing files costs as much processor and disk as sending them: while work is out it has a fifth of the
 * time. */
static void let_workers_go_first(struct router *router)
{
    int64_t rested = clock_monotonic_ms() + 4 * outbox_removing_ms(router->outbox);
    if (crew_leases(router->crew) && rested > router->next_finishing)
        router->next_finishing = rested;
}

void router_commit(struct router *router)
{
    struct outbox_hearer hearer = {router, file_is_gone, work_undelivered, file_failed};
    struct outbox_ways ways = {router->work, router->control, router->spool};
    bool dirty = jobdb_is_dirty(router->db);
    int64_t began_ns = clock_monotonic_ns();
    int code = jobdb_commit(router->db);
    if (code != 0)
        give_up_database(router, code);
    if (dirty)
        gauge_committed(router->gauges, began_ns);
    outbox_flush(router->outbox, &ways, &hearer);
    let_workers_go_first(router);
    metrics_progress(service_metrics(router->service), router->recovered);
}

/* Waiting for a time of the wall clock must end although that clock goes back. */
static void hurry(struct router *router)
{
    int64_t ceiling = router->config->retry.ceiling_ms;
    jobdb_hurry(router->db, router->now, router->now + ceiling + CLOCK_STEP_MS);
    targets_hurry(router->targets, router->now, ceiling);
}

static void read_clocks(struct router *router)
{
    router->now = clock_wall_ms();
    router->monotonic = clock_monotonic_ms();
    int64_t offset = router->now - router->monotonic;
    if (offset < router->offset - CLOCK_STEP_MS)
        hurry(router);
    router->offset = offset;
}

void router_recover(struct router *router)
{
    if (!router)
        return;
    read_clocks(router);
    hurry(router);
    if (recover(router) != 0)
        give_up("cannot recover", "see the line before");
    jobdb_count_spool(router->db);
    router->recovered = true;
    changes_load(router);
    router_commit(router);
    log_info("recovered", LOG_I("files", router->adopted), LOG_I("works_held", crew_held(router->crew)));
}

/* How long nothing will happen by itself. */
static int64_t wait_ms(struct router *router)
{
    if (service_stopping(router->service) || intake_waiting(router) > 0 || router->gone_count > 0 ||
        router->undelivered_count > 0 || router->more_to_clean || router->more_to_hand_out ||
        !router->inputs_drained || bus_has_input(router->hints) || bus_has_input(router->work) ||
        bus_has_input(router->control) || changes_wait(router))
        return 0;
    int64_t wait = LONGEST_WAIT_MS;
    int64_t work = dispatch_wakes_at(router) - clock_wall_ms();
    int64_t expiry = crew_next_expiry(router->crew) - clock_monotonic_ms();
    wait = work < wait ? work : wait;
    int64_t rest = router->next_finishing - clock_monotonic_ms();
    wait = expiry < wait ? expiry : wait;
    wait = rest > 0 && rest < wait ? rest : wait;
    return wait < 0 ? 0 : wait;
}

static void wait_for_input(struct router *router)
{
    struct pollfd fds[] = {{.fd = service_signal_fd(router->service), .events = POLLIN},
                           {.fd = bus_fd(router->hints), .events = POLLIN},
                           {.fd = bus_fd(router->work), .events = POLLIN},
                           {.fd = bus_fd(router->control), .events = POLLIN}};
    (void)poll(fds, sizeof fds / sizeof *fds, (int)wait_ms(router));
}

bool router_turn(void *context)
{
    struct router *router = context;
    if (!router)
        return false;
    wait_for_input(router);
    service_turn(router->service);
    read_clocks(router);
    outcome_undelivered(router);
    conversation_take_hints(router);
    conversation_take_work(router);
    control_take(router);
    conversation_look_at_door(router);
    changes_turn(router);
    if (router->monotonic >= router->next_scan ||
        (intake_waiting(router) == 0 && intake_is_missing_some(router))) {
        intake_scan(router);
        router->next_scan = router->monotonic + SCAN_MS;
    }
    intake_turn(router);
    if (router->inputs_drained)
        crew_expire(router->crew, router->monotonic, outcome_lease_lost, router);
    janitor_turn(router);
    dispatch_turn(router);
    router_commit(router);
    arrivals_turn(router->arrivals, router->monotonic);
    gauges_turn(router->gauges, router);
    return false;
}
