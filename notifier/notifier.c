#include "notifier/notifier.h"

#include "common/base/memory.h"
#include "notifier/parts.h"
#include "notifier/telling.h"

/* The router gives each target one message at a time, so a slow one holds one slot. */
enum { SLOTS = 32 };

static int notifier_slots(const struct config *config)
{
    (void)config;
    return SLOTS;
}

static int notifier_open(struct worker_process *process, struct text *ret_reason)
{
    struct notifier *notifier = process->own = memory_new(1, sizeof *notifier);
    (void)ret_reason;
    notifier->gauges = notifier_gauges_create(service_metrics(process->service));
    notifier->silence = silence_create(process->config->state_dir);
    notifier->logins = logins_create(process->http);
    return 0;
}

static void notifier_close(struct worker_process *process)
{
    struct notifier *notifier = process->own;
    silence_destroy(&notifier->silence);
    logins_destroy(&notifier->logins);
    notifier_gauges_destroy(&notifier->gauges);
    memory_free(&process->own);
}

struct sending_means notifier_means(const struct worker_process *process)
{
    const struct notifier *notifier = process->own;
    return (struct sending_means){process->http, notifier->logins, process->config};
}

static void notifier_configured(struct worker_process *process)
{
    const struct notifier *notifier = process->own;
    logins_configure(notifier->logins, process->config);
}

static void notifier_renew(struct worker_process *process)
{
    const struct notifier *notifier = process->own;
    logins_turn(notifier->logins);
}

bool notifier_turn(void *context)
{
    struct worker_process *process = context;
    struct notifier *notifier = process->own;
    bool busy = worker_process_turn(process);
    const struct sending_means means = notifier_means(process);
    bool heard = worker_connected(process->worker) || worker_refusal(process->worker);
    if (!service_stopping(process->service))
        silence_turn(notifier->silence, &means, notifier->gauges, heard);
    return busy;
}

const struct worker_kind notifier_kind = {
    .stage = WORK_NOTIFY,
    .name = "notifier",
    .tasks = {[WORK_NOTIFY] = &telling_kind},
    .slots = notifier_slots,
    .open = notifier_open,
    .close = notifier_close,
    .configured = notifier_configured,
    .turn = notifier_renew,
};
