#include "router/router.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/exposed.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/config/config.h"
#include "common/jobs/jobdb.h"
#include "common/jobs/volume.h"
#include "common/spool/spool.h"
#include "common/wire/bus.h"
#include "router/asked.h"
#include "router/changes.h"
#include "router/clocks.h"
#include "router/commit.h"
#include "router/commitments.h"
#include "router/control.h"
#include "router/conversation.h"
#include "router/counters.h"
#include "router/crew.h"
#include "router/dispatch.h"
#include "router/gauges.h"
#include "router/explain.h"
#include "router/fence.h"
#include "router/give_up.h"
#include "router/headers.h"
#include "router/inquiries.h"
#include "router/intake.h"
#include "router/janitor.h"
#include "router/notices.h"
#include "router/outbox.h"
#include "router/own_trouble.h"
#include "router/posting.h"
#include "router/quarantine.h"
#include "router/pulsing.h"
#include "router/readers.h"
#include "router/readiness.h"
#include "router/recover.h"
#include "router/reporting.h"
#include "router/shared.h"
#include "router/sockets.h"
#include "router/takeover.h"
#include "router/trials.h"
#include "router/targets.h"
#include "router/wanted.h"
#include "router/windows.h"
#include "router/tokens.h"

#include <poll.h>

enum {
    LONGEST_WAIT_MS = 1000,
    OWN_FDS = 5 /* signals, hints, work, control, who judges a trial */
};

/* ---- creation ---- */

static void open_spool(struct router *router)
{
    int code = spool_create(router->config->state_dir, &router->spool);
    if (code != 0)
        give_up("cannot open the state directory", err_text(code));
}

static void start_readers(struct router *router)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    bool sandbox = router->config->sandbox == CONFIG_ON;
    if (!sandbox)
        log_warning("sandbox: off: a file that takes over its reader has all that the router has");
    if (readers_create(wanted(router), sandbox, &router->readers, &reason) != 0)
        give_up("cannot start what reads headers", text_string(&reason));
}

/* It names studies and who sent them. */
static void warn_if_exposed(const char *state_dir)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    text_format(&path, "%s/jobs.db", state_dir);
    if (exposed_to_all(text_string(&path)))
        log_warning(
            "every user of this machine may read the job database: chmod 640, or the state folder 750",
            LOG_S("file", text_string(&path)));
}

static void open_database(struct router *router)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(text_release) struct text aside = TEXT_EMPTY;
    const char *state_dir = router->config->state_dir;
    int code = jobdb_open(state_dir, &router->db, &reason);
    if (code == ERR_DAMAGED && jobdb_set_aside(state_dir, clock_wall_ms(), &aside) == 0) {
        log_error(
            "the job database is damaged: set aside, making a new one from the spool; what it knew as delivered may be delivered again",
            LOG_S("file", text_string(&aside)), LOG_S("error", text_string(&reason)));
        text_clear(&reason);
        code = jobdb_open(state_dir, &router->db, &reason);
    }
    if (code != 0)
        give_up("cannot open the job database", text_string(&reason));
    warn_if_exposed(state_dir);
}

static void reload_router(void *context, const struct config *old, const struct config *new)
{
    struct router *router = context;
    (void)old;
    router->config = new;
    readers_configure(router->readers, wanted(router));
    targets_configure(router->targets, router->db, new);
    asked_configure(router);
    asked_clear(router->asked);
    gauges_clear(router->gauges);
    targets_wake(router->targets);
    intake_reload(router);
    tokens_configure(router);
    conversation_read_keys(router);
    notices_configure(router);
    reporting_wake_all(router);
}

static void create_parts(struct router *router)
{
    struct metrics *metrics = service_metrics(router->service);
    router->counters = counters_create(metrics);
    router->gauges = gauges_create(metrics);
    router->asked = asked_create(metrics);
    router->conversation = conversation_create(metrics);
    router->tokens = tokens_create();
    router->outbox = outbox_create();
    router->changes = changes_create();
    router->explains = explains_create();
    router->trials = trials_create();
    router->clocks = clocks_create();
    router->crew = crew_create();
    router->targets = targets_create();
    router->janitor = janitor_create();
    router->headers = headers_create(router->config->state_dir);
    router->intake = intake_create();
    router->quarantine = quarantine_create();
    router->notices = notices_create();
    router->posting = posting_create();
    router->inquiries = inquiries_create();
    router->commitments = commitments_create(router);
    router->reporting = reporting_create();
}

struct router *router_create(struct service *service)
{
    AUTO(router_destroy) struct router *router = memory_new(1, sizeof *router);
    router->service = service;
    router->config = service_config(service);
    router->lock_fd = -1;
    if (dispatch_create(&router->dispatch) != 0)
        give_up("cannot start", "the kernel gives no random bytes");
    open_spool(router);
    if (!takeover(router))
        return NULL;
    router->config = service_config(service); /* it may have been read again meanwhile */
    open_database(router);
    create_parts(router);
    targets_configure(router->targets, router->db, router->config);
    asked_configure(router);
    start_readers(router);
    sockets_open(router);
    service_on_reload(service, reload_router, router);
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
    explains_destroy(&r->explains);
    trials_destroy(&r->trials);
    clocks_destroy(&r->clocks);
    conversation_destroy(&r->conversation);
    tokens_destroy(&r->tokens);
    janitor_destroy(&r->janitor);
    headers_destroy(&r->headers);
    quarantine_destroy(&r->quarantine);
    notices_destroy(&r->notices);
    posting_destroy(&r->posting);
    inquiries_destroy(&r->inquiries);
    commitments_destroy(&r->commitments);
    reporting_destroy(&r->reporting);
    dispatch_destroy(&r->dispatch);
    intake_destroy(&r->intake);
    readers_destroy(&r->readers);
    gauges_destroy(&r->gauges);
    asked_destroy(&r->asked);
    counters_destroy(&r->counters);
    if (r->db)
        fence_hold(r->fence); /* to close the database is to write */
    pulsing_end(r);
    jobdb_destroy(&r->db);
    spool_destroy(&r->spool);
    fence_destroy(&r->fence);
    fd_close(&r->lock_fd); /* last: the next router may start now */
    memory_free(router);
}

/* ---- the start ---- */

void router_recover(struct router *router)
{
    size_t files = 0;
    if (!router)
        return;
    clocks_start(router);
    tokens_configure(router);
    if (recover(router, &files) != 0)
        give_up("cannot recover", "see the line before");
    jobdb_count_spool(router->db);
    notices_load(router);
    router->recovered = true;
    changes_load(router);
    commit(router);
    log_info("recovered", LOG_I("files", files), LOG_I("works_held", crew_held(router->crew)));
}

/* ---- the turn ---- */

/* The parts in the order of their turns. wakes_at NULL: it can wait for the next turn. */
static const struct part {
    void (*turn)(struct router *router);
    int64_t (*wakes_at)(struct router *router);
} parts[] = {
    {conversation_turn, conversation_wakes_at}, /* what receiver and workers say, or do not say */
    {tokens_turn, NULL},                        /* which tokens may be used */
    {control_turn, control_wakes_at},           /* what operators want, */
    {changes_turn, changes_wakes_at},           /* and a portion of it where it is about many jobs */
    {explains_turn, explains_wakes_at},         /* or what they only want to know, */
    {trials_turn, trials_wakes_at},             /* or to try */
    {conversation_look_at_door, NULL},          /* who was turned away at the sockets */
    {inquiries_turn, NULL},                     /* what KHEOPS knows of series, too */
    {intake_turn, intake_wakes_at},             /* receipts become jobs */
    {clocks_turn, NULL},                        /* which time it is, for the next start */
    {quarantine_turn, NULL},                    /* what lies there too long, or is too much */
    {janitor_turn, janitor_wakes_at},           /* what is finished goes */
    {headers_turn, NULL},                       /* kept headers whose time is over */
    {windows_turn, windows_wakes_at},           /* whose hours are these? */
    {dispatch_turn, dispatch_wakes_at},         /* jobs become work */
    {readiness_turn, readiness_wakes_at},       /* is who was away there again? */
    {notices_turn, NULL},                       /* what people should know */
    {posting_turn, NULL},                       /* and who is told next */
    {commitments_turn, commitments_wakes_at},   /* what was asked to be committed, and what became of it */
    {reporting_turn, reporting_wakes_at},       /* who hears of it next */
    {commit, NULL},                             /* all of that is durable; then it is said and done */
    {reporting_clean, NULL},                    /* what is over leaves no file */
    {intake_tell, NULL},                        /* what was taken in, for the log */
    {own_trouble_tell, NULL},                   /* which worker lacks what, for operators */
    {pulsing_turn, NULL},                       /* that it works, for receivers */
    {gauges_turn, NULL},                        /* what waits, for the metrics port */
};
enum { PARTS = sizeof parts / sizeof *parts };

/* How long nothing will happen by itself. */
static int wait_ms(struct router *router)
{
    int64_t soonest = service_stopping(router->service) ? 0 : INT64_MAX;
    for (size_t i = 0; i < PARTS && soonest > 0; i++) {
        int64_t at = parts[i].wakes_at ? parts[i].wakes_at(router) : INT64_MAX;
        soonest = at < soonest ? at : soonest;
    }
    int64_t now = clock_monotonic_ms();
    if (soonest <= now)
        return 0;
    return soonest - now < LONGEST_WAIT_MS ? (int)(soonest - now) : LONGEST_WAIT_MS;
}

static void wait_for_input(struct router *router)
{
    struct pollfd fds[] = {{.fd = service_signal_fd(router->service), .events = POLLIN},
                           {.fd = bus_fd(router->hints), .events = POLLIN},
                           {.fd = bus_fd(router->work), .events = POLLIN},
                           {.fd = bus_fd(router->control), .events = POLLIN},
                           {.fd = trials_fd(router), .events = POLLIN},
                           [OWN_FDS + READERS - 1] = {.fd = -1}};
    size_t count = OWN_FDS + readers_fds(router->readers, fds + OWN_FDS);
    (void)poll(fds, count, wait_ms(router));
}

bool router_turn(void *context)
{
    struct router *router = context;
    if (!router)
        return false;
    wait_for_input(router);
    fence_hold_lately(router->fence); /* it may have been frozen meanwhile */
    service_turn(router->service);
    clocks_read(router);
    for (size_t i = 0; i < PARTS; i++)
        parts[i].turn(router);
    return false;
}
