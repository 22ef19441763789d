#include "sharer/sharer.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/kheops/token_verdict.h"
#include "sharer/parts.h"
#include "sharer/sharing.h"

#include <poll.h>
#include <stdlib.h>

enum { LONGEST_WAIT_MS = 1000 };

/* ---- what the worker asks for ---- */

static void start_work(void *context, struct work *work)
{
    sharing_start(context, work);
}

static void abort_all(void *context)
{
    struct sharer *sharer = context;
    size_t count = 0;
    for (; sharer->sharings; count++)
        sharing_abort(&(struct sharing *){sharer->sharings});
    log_warning("the router is silent, its work is given up: others may do it now", LOG_I("requests", count));
}

/* ---- what is learned about tokens ---- */

static void token_learned(void *context, const struct token_place *place,
                          const struct introspection *introspection, bool replaced)
{
    struct sharer *sharer = context;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    bool source = place->kind == WORK_TOKEN_SOURCE;
    const struct work_token token = {.destination = (char *)place->destination,
                                     .album = (char *)place->album,
                                     .kind = place->kind,
                                     .active = introspection->state == INTROSPECTION_ACTIVE,
                                     .replaced = replaced,
                                     .scope = introspection->scope,
                                     .album_id = introspection->album_id};
    worker_report_token(sharer->worker, &token);
    sharer_gauges_token(sharer->gauges, &token);
    if (introspection_explain(introspection, token_name(place->kind), token_permissions(place->kind),
                              &reason))
        log_warning("token is no good", LOG_S("destination", place->destination),
                    LOG_S("album", place->album), LOG_S("reason", text_string(&reason)));
    else
        log_debug("token is good", LOG_S("destination", place->destination), LOG_S("album", place->album),
                  LOG_S("kind", source ? "source" : "destination"), LOG_S("scope", introspection->scope));
}

/* ---- configuration ---- */

static void reload(void *context, const struct config *old, const struct config *new)
{
    struct sharer *sharer = context;
    sharer->config = new;
    token_watch_configure(sharer->tokens, new, WORK_SHARE);
    if (old->sharer.slots != new->sharer.slots)
        log_warning("sharer.slots needs a restart, ignoring the change");
}

/* ---- life ---- */

static int open_parts(struct sharer *sharer, struct text *reason)
{
    const struct worker_handler handler = {sharer, start_work, abort_all};
    int code = http_create(&sharer->http);
    if (code != 0)
        return code;
    sharer->tokens = token_watch_create(sharer->http, token_learned, sharer);
    return worker_create(sharer->config, WORK_SHARE, sharer->config->sharer.slots, &handler, &sharer->worker,
                         reason);
}

struct sharer *sharer_create(struct service *service)
{
    AUTO(sharer_destroy) struct sharer *sharer = memory_new(1, sizeof *sharer);
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    sharer->service = service;
    sharer->config = service_config(service);
    int code = open_parts(sharer, &reason);
    if (code != 0) {
        log_error("sharer cannot start", LOG_S("error", err_text(code)),
                  LOG_S("reason", text_string(&reason)));
        return NULL;
    }
    sharer->misses = misses_create();
    sharer->gauges = sharer_gauges_create(service_metrics(service));
    token_watch_configure(sharer->tokens, sharer->config, WORK_SHARE);
    service_on_reload(service, reload, sharer);
    log_info("sharer starts", LOG_I("slots", sharer->config->sharer.slots));
    struct sharer *created = sharer;
    sharer = NULL;
    return created;
}

void sharer_destroy(struct sharer **sharer)
{
    struct sharer *gone = *sharer;
    if (!gone)
        return;
    while (gone->sharings)
        sharing_abort(&(struct sharing *){gone->sharings});
    token_watch_destroy(&gone->tokens);
    worker_destroy(&gone->worker);
    http_destroy(&gone->http);
    misses_destroy(&gone->misses);
    sharer_gauges_destroy(&gone->gauges);
    memory_free(sharer);
}

/* ---- the turn ---- */

bool sharer_turn(void *context)
{
    struct sharer *sharer = context;
    if (!service_stopping(sharer->service))
        token_watch_turn(sharer->tokens);
    worker_turn(sharer->worker);
    bool idle_end =
        service_stopping(sharer->service) && !worker_busy(sharer->worker); /* nothing to wait for */
    int64_t wait = idle_end ? 0 : worker_wait_ms(sharer->worker);
    struct pollfd fds[] = {{.fd = worker_fd(sharer->worker), .events = POLLIN},
                           {.fd = service_signal_fd(sharer->service), .events = POLLIN}};
    http_poll(sharer->http, fds, sizeof fds / sizeof *fds, wait < LONGEST_WAIT_MS ? wait : LONGEST_WAIT_MS);
    sharer_gauges_in_flight(sharer->gauges, http_active(sharer->http));
    service_turn(sharer->service);
    if (service_stopping(sharer->service))
        worker_leave(sharer->worker);
    sharer_gauges_router(sharer->gauges, worker_connected(sharer->worker));
    metrics_progress(service_metrics(sharer->service), worker_connected(sharer->worker));
    return worker_busy(sharer->worker);
}
