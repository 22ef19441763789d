#include "committer/committer.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/crash.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/config/config.h"
#include "common/worker/worker.h"
#include "committer/confinement.h"
#include "committer/errand.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* The router gives each source one report at a time, so a slow one holds one slot. */
enum { SLOTS = 16, LONGEST_WAIT_MS = 1000 };

/* One work in hand. */
struct task {
    struct work *work;
    struct work_result *result;
    struct errand *errand;
    int64_t began_at; /* monotonic */
};

struct committer {
    struct service *service;
    const struct config *config; /* the one in force */
    struct worker *worker;
    struct task tasks[SLOTS];
    struct metric *in_flight, *connected, *reports;
    bool was_connected, was_refused; /* as the log has it */
};

/* ---- one report ---- */

static void release(struct task *task)
{
    errand_destroy(&task->errand);
    work_result_destroy(&task->result);
    work_destroy(&task->work);
}

static void finish(struct committer *committer, struct task *task, enum report_end end, const char *reason)
{
    bool taken = end != REPORT_NOT_TAKEN;
    task->result->milliseconds = clock_monotonic_ms() - task->began_at;
    work_answer_set(&task->result->answers[0], taken ? WORK_DONE_OUTCOME : WORK_RETRY_OUTCOME, BLAME_NOBODY,
                    0, *reason ? reason : NULL);
    LOG_AT(end == REPORT_TAKEN ? LOG_INFO : LOG_WARNING,
           taken ? "commitment report acknowledged" : "commitment report not taken",
           LOG_S("calling", task->work->destination), LOG_S("called", task->work->report->called),
           LOG_S("transaction", task->work->report->transaction),
           LOG_I("instances", task->work->report->count), LOG_I("ms", task->result->milliseconds),
           LOG_S("answer", *reason ? reason : "-"));
    metric_add(committer->reports,
               (const char *const[]){task->work->destination, taken ? "acknowledged" : "retry"}, 1);
    CRASH_POINT(COMMITTER_RESULT_DUE);
    worker_finish(committer->worker, &task->result);
    release(task);
    CRASH_POINT(COMMITTER_RESULT_SENT);
}

/* A host that is a network, or none, tells no address: then the one that it asked from counts. */
static const char *host_of(const struct config_source *source, const struct work_report *report)
{
    bool tells = source->host && !strchr(source->host, '/');
    return tells ? source->host : report->address;
}

static void begin(struct committer *committer, struct task *task)
{
    const struct work_report *report = task->work->report;
    const struct config_node *node = config_find_node(committer->config, report->called);
    const struct config_source *source = node ? config_find_requester(node, task->work->destination) : NULL;
    CRASH_POINT(COMMITTER_TOOK_WORK);
    if (!source) {
        finish(committer, task, REPORT_NOT_TAKEN,
               "the committer's configuration names no port of this source at this node");
        return;
    }
    const struct report_to to = {host_of(source, report), source->port, report->called,
                                 task->work->destination};
    task->errand = errand_start(&to, report, committer->config->sandbox != CONFIG_OFF);
    if (!task->errand)
        finish(committer, task, REPORT_NOT_TAKEN, "no process can be made for it at the moment");
}

static void look_at_errands(struct committer *committer, const struct pollfd *fds)
{
    for (size_t i = 0; i < SLOTS; i++) {
        struct task *task = &committer->tasks[i];
        char reason[REPORT_REASON_SIZE];
        if (!task->errand || fds[i].fd != errand_fd(task->errand) || fds[i].revents == 0)
            continue;
        enum report_end end = errand_take(task->errand, reason);
        CRASH_POINT_IF(end == REPORT_TAKEN, COMMITTER_ANSWERED);
        finish(committer, task, end, reason);
    }
}

/* ---- what the router wants ---- */

static void start_work(void *context, struct work *work)
{
    struct committer *committer = context;
    struct task *task = committer->tasks;
    while (task < committer->tasks + SLOTS && task->work)
        task++;
    if (task == committer->tasks + SLOTS ||
        !work->report) { /* more than it has slots for, or of another stage */
        struct work_result *result = work_result_create(work);
        worker_finish(committer->worker, &result);
        work_destroy(&work);
        return;
    }
    task->work = work;
    task->result = work_result_create(work);
    task->began_at = clock_monotonic_ms();
    begin(committer, task);
}

static void give_up(void *context, const char *work_id)
{
    struct committer *committer = context;
    for (size_t i = 0; i < SLOTS; i++)
        if (committer->tasks[i].work && strcmp(committer->tasks[i].work->id, work_id) == 0)
            release(&committer->tasks[i]);
    log_warning("others have this work now, stopping it", LOG_S("work", work_id));
}

/* ---- life ---- */

static void reload(void *context, const struct config *old, const struct config *new)
{
    struct committer *committer = context;
    (void)old;
    committer->config = new;
}

static void add_metrics(struct committer *committer)
{
    static const char *const by_outcome[] = {"source", "outcome", NULL}, *const by_nothing[] = {NULL};
    struct metrics *metrics = service_metrics(committer->service);
    committer->in_flight = metrics_add(metrics, METRIC_GAUGE, "committer_reports_in_flight",
                                       "Reports that are being made now.", by_nothing);
    committer->connected = metrics_add(metrics, METRIC_GAUGE, "router_connected",
                                       "Whether the router answers this process.", by_nothing);
    committer->reports =
        metrics_add(metrics, METRIC_COUNTER, "commitment_reports_total",
                    "Reports to a source by what came of them: acknowledged, or retry.", by_outcome);
}

static int connect_router(struct committer *committer, struct text *reason)
{
    const struct worker_handler handler = {committer, start_work, give_up, NULL, NULL};
    if (report_prepare() != 0) {
        text_append(reason, "DCMTK found no DICOM dictionary, DCMDICTPATH can name one");
        return ERR_ABSENT;
    }
    return worker_create(committer->config, WORK_COMMIT, SLOTS, &handler, &committer->worker, reason);
}

struct committer *committer_create(struct service *service)
{
    AUTO(committer_destroy) struct committer *committer = memory_new(1, sizeof *committer);
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    committer->service = service;
    committer->config = service_config(service);
    int code = connect_router(committer, &reason);
    if (code != 0) {
        log_error("cannot start", LOG_S("error", err_text(code)), LOG_S("reason", text_string(&reason)));
        return NULL;
    }
    add_metrics(committer);
    confinement_announce(committer->config);
    service_on_reload(service, reload, committer);
    log_info("worker starts", LOG_I("slots", SLOTS));
    struct committer *created = committer;
    committer = NULL;
    return created;
}

void committer_destroy(struct committer **committer)
{
    if (!*committer)
        return;
    for (size_t i = 0; i < SLOTS; i++)
        release(&(*committer)->tasks[i]);
    worker_destroy(&(*committer)->worker);
    memory_free(committer);
}

/* ---- the turn ---- */

static void wait_and_look(struct committer *committer)
{
    struct pollfd fds[SLOTS + 2];
    bool nothing_left = service_stopping(committer->service) && !worker_busy(committer->worker);
    int64_t wait = nothing_left ? 0 : worker_wait_ms(committer->worker);
    for (size_t i = 0; i < SLOTS; i++)
        fds[i] = (struct pollfd){.fd = committer->tasks[i].errand ? errand_fd(committer->tasks[i].errand)
                                                                  : -1}; /* its end */
    fds[SLOTS] = (struct pollfd){.fd = worker_fd(committer->worker), .events = POLLIN};
    fds[SLOTS + 1] = (struct pollfd){.fd = service_signal_fd(committer->service), .events = POLLIN};
    if (poll(fds, SLOTS + 2, (int)(wait < LONGEST_WAIT_MS ? wait : LONGEST_WAIT_MS)) > 0)
        look_at_errands(committer, fds);
}

/* The router, as far as this process sees it. */
static void tell_router(struct committer *committer, bool connected)
{
    const char *refusal = worker_refusal(committer->worker);
    if (refusal && !committer->was_refused)
        log_error("the router gives no work to this process, asking again every 30 s",
                  LOG_S("reason", refusal));
    else if (!connected && committer->was_connected && !refusal)
        log_warning("the router is silent: no new work until it answers, what is in hand goes on");
    else if (connected && !committer->was_connected)
        log_info("the router answers");
    committer->was_connected = connected;
    committer->was_refused = refusal != NULL;
}

static void show(struct committer *committer)
{
    bool connected = worker_connected(committer->worker);
    size_t in_flight = 0;
    for (size_t i = 0; i < SLOTS; i++)
        in_flight += committer->tasks[i].work != NULL;
    tell_router(committer, connected);
    metric_set(committer->in_flight, NULL, (double)in_flight);
    metric_set(committer->connected, NULL, connected);
    metrics_progress(service_metrics(committer->service), connected);
}

bool committer_turn(void *context)
{
    struct committer *committer = context;
    worker_turn(committer->worker);
    wait_and_look(committer);
    service_turn(committer->service);
    if (service_stopping(committer->service))
        worker_leave(committer->worker);
    show(committer);
    return worker_busy(committer->worker);
}
