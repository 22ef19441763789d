#include "sender/sender.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "sender/fetching.h"
#include "sender/parts.h"
#include "common/kheops/token_verdict.h"
#include "sender/sending.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { LONGEST_WAIT_MS = 1000 };

/* ---- what the worker asks for ---- */

static void start_work(void *context, struct work *work)
{
    if (work->stage == WORK_FETCH)
        fetching_start(context, work);
    else
        sending_start(context, work);
}

static size_t give_up_all(struct sender *sender)
{
    size_t count = 0;
    for (; sender->sendings; count++)
        sending_abort(&(struct sending *){sender->sendings});
    for (; sender->fetchings; count++)
        fetching_abort(&(struct fetching *){sender->fetchings});
    return count;
}

static void abort_all(void *context)
{
    struct sender *sender = context;
    size_t count = give_up_all(sender);
    log_warning("the router is silent, its work is given up: others may do it now", LOG_I("requests", count));
}

/* ---- what is learned about tokens ---- */

static void token_learned(void *context, const struct token_place *place,
                          const struct introspection *introspection, bool replaced)
{
    struct sender *sender = context;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const struct work_token token = {.destination = (char *)place->destination,
                                     .kind = place->kind,
                                     .active = introspection->state == INTROSPECTION_ACTIVE,
                                     .replaced = replaced,
                                     .scope = introspection->scope,
                                     .album_id = introspection->album_id};
    worker_report_token(sender->worker, &token);
    sender_gauges_token(sender->gauges, &token);
    if (introspection_explain(introspection, token_name(place->kind), token_permissions(place->kind),
                              &reason))
        log_warning("token is no good", LOG_S("destination", place->destination),
                    LOG_S("reason", text_string(&reason)));
    else
        log_debug("token is good", LOG_S("destination", place->destination),
                  LOG_S("scope", introspection->scope));
}

/* ---- configuration ---- */

static void warn_of_insecure(const struct config *config)
{
    for (size_t i = 0; i < config->node_count; i++) {
        for (size_t j = 0; j < config->nodes[i].destination_count; j++) {
            const struct config_destination *destination = &config->nodes[i].destinations[j];
            if (destination->insecure)
                log_warning("insecure: true, the server's certificate is not checked: anybody on the way can "
                            "read the images and the token",
                            LOG_S("destination", destination->name));
        }
    }
}

static void reload(void *context, const struct config *old, const struct config *new)
{
    struct sender *sender = context;
    sender->config = new;
    token_watch_configure(sender->tokens, new, WORK_SEND);
    warn_of_insecure(new);
    if (old->sender.slots != new->sender.slots)
        log_warning("sender.slots needs a restart, ignoring the change");
}

/* ---- life ---- */

/* Every instance of a batch is open while it is sent. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int open_parts(struct sender *sender, struct text *reason)
{
    const struct worker_handler handler = {sender, start_work, abort_all};
    int code = spool_open(sender->config->state_dir, &sender->spool);
    if (code != 0) {
        text_format(reason, "no spool in %s: %s", sender->config->state_dir, err_text(code));
        return code;
    }
    code = http_create(&sender->http);
    if (code != 0)
        return code;
    sender->tokens = token_watch_create(sender->http, token_learned, sender);
    return worker_create(sender->config, WORK_SEND, sender->config->sender.slots, &handler, &sender->worker,
                         reason);
}

struct sender *sender_create(struct service *service)
{
    AUTO(sender_destroy) struct sender *sender = memory_new(1, sizeof *sender);
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    sender->service = service;
    sender->config = service_config(service);
    raise_file_limit();
    int code = open_parts(sender, &reason);
    if (code != 0) {
        log_error("sender cannot start", LOG_S("error", err_text(code)),
                  LOG_S("reason", text_string(&reason)));
        return NULL;
    }
    sender->gauges = sender_gauges_create(service_metrics(service));
    token_watch_configure(sender->tokens, sender->config, WORK_SEND);
    warn_of_insecure(sender->config);
    service_on_reload(service, reload, sender);
    log_info("sender starts", LOG_I("slots", sender->config->sender.slots));
    struct sender *created = sender;
    sender = NULL;
    return created;
}

void sender_destroy(struct sender **sender)
{
    struct sender *gone = *sender;
    if (!gone)
        return;
    (void)give_up_all(gone);
    token_watch_destroy(&gone->tokens);
    worker_destroy(&gone->worker);
    http_destroy(&gone->http);
    spool_destroy(&gone->spool);
    sender_gauges_destroy(&gone->gauges);
    memory_free(sender);
}

/* ---- the turn ---- */

bool sender_turn(void *context)
{
    struct sender *sender = context;
    if (!service_stopping(sender->service))
        token_watch_turn(sender->tokens);
    worker_turn(sender->worker);
    bool idle_end =
        service_stopping(sender->service) && !worker_busy(sender->worker); /* nothing to wait for */
    int64_t wait = idle_end ? 0 : worker_wait_ms(sender->worker);
    struct pollfd fds[] = {{.fd = worker_fd(sender->worker), .events = POLLIN},
                           {.fd = service_signal_fd(sender->service), .events = POLLIN}};
    http_poll(sender->http, fds, sizeof fds / sizeof *fds, wait < LONGEST_WAIT_MS ? wait : LONGEST_WAIT_MS);
    sender_gauges_in_flight(sender->gauges, http_active(sender->http));
    service_turn(sender->service);
    if (service_stopping(sender->service))
        worker_leave(sender->worker);
    sender_gauges_router(sender->gauges, worker_connected(sender->worker));
    metrics_progress(service_metrics(sender->service), worker_connected(sender->worker));
    return worker_busy(sender->worker);
}
