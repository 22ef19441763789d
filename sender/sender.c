#include "sender/sender.h"

#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "sender/before.h"
#include "sender/fetching.h"
#include "sender/parts.h"
#include "sender/sending.h"

#include <sys/resource.h>

static int sender_slots(const struct config *config)
{
    return config->sender.slots;
}

/* Every instance of a batch is open while it is sent. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int sender_open(struct worker_process *process, struct text *ret_reason)
{
    struct sender *sender = process->own = memory_new(1, sizeof *sender);
    sender->gauges = sender_gauges_create(service_metrics(process->service));
    sender->mutes = before_mutes_create();
    sender->certificates = client_certificates_create(service_metrics(process->service));
    sender->logins = logins_create(process->http);
    raise_file_limit();
    int code = spool_open(process->config->state_dir, &sender->spool);
    if (code != 0)
        text_format(ret_reason, "no spool in %s: %s", process->config->state_dir, err_text(code));
    return code;
}

static void sender_close(struct worker_process *process)
{
    struct sender *sender = process->own;
    spool_destroy(&sender->spool);
    sender_gauges_destroy(&sender->gauges);
    before_mutes_destroy(&sender->mutes);
    client_certificates_destroy(&sender->certificates);
    logins_destroy(&sender->logins);
    memory_free(&process->own);
}

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

static void configured(struct worker_process *process)
{
    const struct sender *sender = process->own;
    logins_configure(sender->logins, process->config);
    warn_of_insecure(process->config);
}

static void turn(struct worker_process *process)
{
    const struct sender *sender = process->own;
    logins_turn(sender->logins);
}

static bool ready(struct worker_process *process, const struct config_destination *destination)
{
    const struct sender *sender = process->own;
    const struct login_place place = login_place_of(destination);
    return login_is_well(sender->logins, &place);
}

static void show(const struct worker_process *process)
{
    const struct sender *sender = process->own;
    client_certificates_show(sender->certificates, process->config, clock_monotonic_ms(), clock_wall_ms());
}

const struct worker_kind sender_kind = {
    .stage = WORK_SEND,
    .name = "sender",
    .tasks = {[WORK_SEND] = &sending_kind, [WORK_FETCH] = &fetching_kind},
    .slots = sender_slots,
    .open = sender_open,
    .close = sender_close,
    .configured = configured,
    .turn = turn,
    .ready = ready,
    .show = show,
};
