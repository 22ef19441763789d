#include "common/worker/process.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/config/proxy.h"
#include "common/kheops/token_verdict.h"
#include "common/worker/behind.h"
#include "common/worker/readiness.h"
#include "common/worker/task.h"

#include <poll.h>
#include <stdlib.h>

enum { LONGEST_WAIT_MS = 1000 };

/* ---- what the router wants ---- */

static void process_start_work(void *context, struct work *work)
{
    struct worker_process *process = context;
    if (task_is_in_hand(process, work->after))
        behind_keep(process, work);
    else if (worker_ended_badly(process->worker, work->after)) /* and the router had not heard of it */
        behind_give_back(process, work);
    else
        task_start(process, work);
}

static void process_give_up(void *context, const char *work_id)
{
    if (!behind_forget(context, work_id))
        task_give_up(context, work_id);
    log_warning("others have this work now, stopping it", LOG_S("work", work_id));
}

/* The router, as far as this process sees it. */
static void tell_router(struct worker_process *process, bool connected)
{
    const char *refusal = worker_refusal(process->worker);
    if (refusal && !process->was_refused)
        log_error("the router gives no work to this process, asking again every 30 s",
                  LOG_S("reason", refusal));
    else if (!connected && process->was_connected && !refusal)
        log_warning("the router is silent: no new work until it answers, what is in hand goes on",
                    LOG_I("requests", http_active(process->http)));
    else if (connected && !process->was_connected)
        log_info("the router answers");
    process->was_connected = connected;
    process->was_refused = refusal != NULL;
}

/* ---- what is learned about tokens ---- */

static void log_token(const struct token_place *place, const struct introspection *introspection)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    /* A field without key ends the line: a destination's own token has no album. */
    const struct log_field album = {place->album ? "album" : NULL, place->album, 0};
    if (introspection_explain(introspection, token_name(place->kind), token_permissions(place->kind),
                              &reason))
        log_warning("token is no good", LOG_S("destination", place->destination),
                    LOG_S("reason", text_string(&reason)), album);
    else
        log_debug("token is good", LOG_S("destination", place->destination),
                  LOG_S("token", token_name(place->kind)), LOG_S("scope", introspection->scope), album);
}

static enum work_token_state token_state_of(const struct introspection *introspection)
{
    static const enum work_token_state states[INTROSPECTION_STATES] = {
        [INTROSPECTION_ACTIVE] = WORK_TOKEN_ACTIVE,
        [INTROSPECTION_INACTIVE] = WORK_TOKEN_INACTIVE,
        [INTROSPECTION_PERSON] = WORK_TOKEN_PERSON,
        [INTROSPECTION_OUTAGE] = WORK_TOKEN_UNTOLD,
        [INTROSPECTION_UNKNOWN] = WORK_TOKEN_UNTOLD};
    return states[introspection->state];
}

static void process_learned(void *context, const struct token_report *report)
{
    struct worker_process *process = context;
    const struct work_token token = {.serial = report->serial,
                                     .destination = (char *)report->place.destination,
                                     .album = (char *)report->place.album,
                                     .kind = report->place.kind,
                                     .state = token_state_of(report->introspection),
                                     .replaced = report->replaced,
                                     .scope = report->introspection->scope,
                                     .album_id = report->introspection->album_id,
                                     .expires_at = report->introspection->expires_at};
    const char *labels[] = {token.destination, token.album,
                            token.state == WORK_TOKEN_ACTIVE ? "active" : "inactive"};
    worker_report_token(process->worker, &token);
    if (token.state == WORK_TOKEN_UNTOLD)
        return;
    metric_add(process->checks, labels, 1);
    log_token(&report->place, report->introspection);
}

static void process_permitted(void *context, const struct work_permit *permit)
{
    struct worker_process *process = context;
    token_watch_permit(process->tokens, permit);
}

static void process_look(void *context, const struct work_look *look)
{
    readiness_look(context, look);
}

/* ---- configuration ---- */

static void process_configure(struct worker_process *process)
{
    AUTO(text_release) struct text ignored = TEXT_EMPTY;
    if (config_proxy_tell_ignored(process->config, &ignored))
        log_warning("a proxy of the environment is not used", LOG_S("reason", text_string(&ignored)));
    token_watch_configure(process->tokens, process->config, process->kind->stage);
    if (process->kind->configured)
        process->kind->configured(process);
}

static void process_reload(void *context, const struct config *old, const struct config *new)
{
    struct worker_process *process = context;
    AUTO(text_release) struct text key = TEXT_EMPTY;
    process->config = new;
    process_configure(process);
    worker_greet(process->worker);
    if (process->kind->slots(old) == process->kind->slots(new))
        return;
    text_format(&key, "%s.slots", process->kind->name);
    log_warning("a new number of slots needs a restart, ignoring it until then",
                LOG_S("key", text_string(&key)));
}

/* ---- life ---- */

static void process_add_metrics(struct worker_process *process)
{
    static const char *const by_answer[] = {"destination", "album", "result", NULL};
    static const char *const by_nothing[] = {NULL};
    struct metrics *metrics = service_metrics(process->service);
    AUTO(text_release) struct text in_flight = TEXT_EMPTY;
    text_format(&in_flight, "%s_requests_in_flight", process->kind->name);
    process->in_flight = metrics_add(metrics, METRIC_GAUGE, text_string(&in_flight),
                                     "HTTP requests under way now.", by_nothing);
    process->connected = metrics_add(metrics, METRIC_GAUGE, "router_connected",
                                     "Whether the router answers this process.", by_nothing);
    process->checks = metrics_add(metrics, METRIC_COUNTER, "token_checks_total",
                                  "Answers of KHEOPS about a token.", by_answer);
}

static int process_open(struct worker_process *process, struct text *reason)
{
    const struct worker_handler handler = {process, process_start_work, process_give_up, process_permitted,
                                           process_look};
    int code = http_create(&process->http);
    if (code == 0)
        code = process->kind->open(process, reason);
    if (code != 0)
        return code;
    process->tokens = token_watch_create(process->http, process_learned, process);
    return worker_create(process->config, process->kind->stage, process->kind->slots(process->config),
                         &handler, &process->worker, reason);
}

struct worker_process *worker_process_create(struct service *service, const struct worker_kind *kind)
{
    AUTO(worker_process_destroy) struct worker_process *process = memory_new(1, sizeof *process);
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    process->kind = kind;
    process->service = service;
    process->config = service_config(service);
    int code = process_open(process, &reason);
    if (code != 0) {
        log_error("cannot start", LOG_S("error", err_text(code)), LOG_S("reason", text_string(&reason)));
        return NULL;
    }
    process_add_metrics(process);
    process_configure(process);
    service_on_reload(service, process_reload, process);
    log_info("worker starts", LOG_I("slots", kind->slots(process->config)));
    struct worker_process *created = process;
    process = NULL;
    return created;
}

void worker_process_destroy(struct worker_process **process)
{
    struct worker_process *gone = *process;
    if (!gone)
        return;
    behind_destroy(gone);
    task_give_up_all(gone);
    readiness_give_up(gone);
    token_watch_destroy(&gone->tokens);
    worker_destroy(&gone->worker);
    if (gone->http) /* else it was not opened */
        gone->kind->close(gone);
    http_destroy(&gone->http);
    memory_free(process);
}

/* ---- the turn ---- */

static void process_wait(struct worker_process *process)
{
    bool stopping = service_stopping(process->service);
    bool nothing_left = stopping && !worker_busy(process->worker);
    int64_t wait = nothing_left ? 0 : worker_wait_ms(process->worker);
    struct pollfd fds[] = {{.fd = worker_fd(process->worker), .events = POLLIN},
                           {.fd = service_signal_fd(process->service), .events = POLLIN}};
    http_poll(process->http, fds, sizeof fds / sizeof *fds, wait < LONGEST_WAIT_MS ? wait : LONGEST_WAIT_MS);
}

static void process_show(struct worker_process *process)
{
    bool connected = worker_connected(process->worker);
    tell_router(process, connected);
    metric_set(process->in_flight, NULL, (double)http_active(process->http));
    metric_set(process->connected, NULL, connected);
    metrics_progress(service_metrics(process->service), connected);
    if (process->kind->show)
        process->kind->show(process);
}

bool worker_process_turn(void *context)
{
    struct worker_process *process = context;
    if (!service_stopping(process->service)) {
        token_watch_turn(process->tokens);
        if (process->kind->turn)
            process->kind->turn(process);
    }
    worker_turn(process->worker);
    process_wait(process);
    service_turn(process->service);
    if (service_stopping(process->service)) {
        behind_give_back_all(process);
        worker_leave(process->worker);
    }
    process_show(process);
    return worker_busy(process->worker);
}
