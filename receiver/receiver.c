#include "receiver/receiver.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/spool/asked.h"
#include "common/spool/spool.h"
#include "receiver/association.h"
#include "receiver/confinement.h"
#include "receiver/hints.h"
#include "receiver/listener.h"
#include "receiver/names.h"

#include <stdlib.h>
#include <string.h>

enum { DRAIN_MS = 30000 };

struct receiver {
    struct service *service;
    struct spool *spool;
    struct hints *hints;
    struct names *names;
    struct listener *listener;
};

static bool differs(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") != 0;
}

static bool helper_is_concerned(const struct config *old, const struct config *new)
{
    return differs(old->endpoints.hints, new->endpoints.hints) ||
           differs(old->curve.secret_key, new->curve.secret_key) ||
           differs(old->curve.server_key, new->curve.server_key) ||
           differs(old->metrics.bind, new->metrics.bind) || old->metrics.port != new->metrics.port ||
           old->receiver.min_free_space != new->receiver.min_free_space ||
           old->receiver.max_associations != new->receiver.max_associations;
}

/* Associations in progress keep the configuration that they began with: each has its own copy. */
static void reload(void *context, const struct config *old, const struct config *new)
{
    struct receiver *receiver = context;
    listener_set_config(receiver->listener, new);
    if (helper_is_concerned(old, new))
        hints_restart_helper(receiver->hints);
    if (old->receiver.port != new->receiver.port || old->receiver.tls.port != new->receiver.tls.port ||
        differs(old->receiver.bind, new->receiver.bind) || differs(old->state_dir, new->state_dir))
        log_warning(
            "receiver.port, receiver.tls.port, receiver.bind and state_dir need a restart, ignoring the change");
}

static int open_spool(struct receiver *receiver, const struct config *config)
{
    unsigned swept = 0;
    int rc = spool_create(config->state_dir, &receiver->spool);
    int asked = rc == 0 ? asked_make(receiver->spool) : 0;
    if (asked < 0)
        log_warning("no folder for requests for storage commitment: these are refused, the rest is received",
                    LOG_S("because", err_text(asked)));
    if (rc == 0)
        rc = spool_sweep_partial(receiver->spool, &swept);
    if (rc < 0)
        log_error("no spool", LOG_S("state_dir", config->state_dir), LOG_S("because", err_text(rc)));
    if (swept > 0)
        log_info("partial files of an earlier run removed", LOG_I("files", swept));
    return rc;
}

static int start(struct receiver *receiver, const struct config *config)
{
    if (association_prepare() < 0) {
        log_error("DCMTK found no DICOM dictionary, DCMDICTPATH can name one");
        return ERR_ABSENT;
    }
    int rc = open_spool(receiver, config);
    if (rc < 0)
        return rc;
    rc = hints_create(config, &receiver->hints);
    if (rc < 0) {
        log_error("no helper process", LOG_S("because", err_text(rc)));
        return rc;
    }
    confinement_announce(config, receiver->spool);
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    receiver->names = names_create();
    rc = listener_create(config, receiver->spool, receiver->hints, receiver->names, &receiver->listener,
                         &reason);
    if (rc < 0)
        log_error("receiver cannot start", LOG_S("because", text_string(&reason)));
    return rc;
}

struct receiver *receiver_create(struct service *service)
{
    AUTO(receiver_destroy) struct receiver *receiver = memory_new(1, sizeof *receiver);
    receiver->service = service;
    const struct config *config = service_config(service);
    if (start(receiver, config) < 0)
        return NULL;
    service_on_reload(service, reload, receiver);
    log_info("receiver listens", LOG_S("bind", config->receiver.bind),
             LOG_I("port", listener_port(receiver->listener)),
             LOG_I("tls_port", listener_tls_port(receiver->listener)), LOG_I("nodes", config->node_count));
    struct receiver *result = receiver;
    receiver = NULL;
    return result;
}

void receiver_destroy(struct receiver **receiver)
{
    if (!*receiver)
        return;
    listener_destroy(&(*receiver)->listener);
    names_destroy(&(*receiver)->names);
    hints_destroy(&(*receiver)->hints);
    spool_destroy(&(*receiver)->spool);
    free(*receiver);
    *receiver = NULL;
}

static void turn(struct receiver *receiver)
{
    listener_turn(receiver->listener, service_signal_fd(receiver->service));
    service_turn(receiver->service);
}

int receiver_run(struct receiver *receiver)
{
    while (!service_stopping(receiver->service))
        turn(receiver);
    log_info("receiver stops", LOG_I("associations", listener_children(receiver->listener)));
    listener_drain(receiver->listener);
    int64_t deadline_ms = clock_monotonic_ms() + DRAIN_MS;
    while (listener_children(receiver->listener) > 0 && clock_monotonic_ms() < deadline_ms)
        turn(receiver);
    size_t left = listener_children(receiver->listener);
    if (left > 0)
        log_warning("associations did not finish in time, ending them", LOG_I("associations", left));
    return EXIT_OK;
}
