#include "tray/trays.h"

#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "tray/tray.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { TURN_MS = 250 };

struct trays {
    struct service *service;
    struct tray **list;
    int64_t *told_at; /* monotonic ms, of each */
    size_t count;
    const struct config *config; /* of the list */
    bool is_told_unwritable;
};

static void start(struct trays *trays, const struct config *config)
{
    trays->config = config;
    trays->count = config->tray_count;
    trays->list = memory_new(trays->count, sizeof *trays->list);
    trays->told_at = memory_new(trays->count, sizeof *trays->told_at);
    for (size_t i = 0; i < trays->count; i++)
        trays->list[i] = tray_create(config, &config->trays[i], service_metrics(trays->service));
    log_info("watches trays", LOG_I("trays", (int64_t)trays->count));
}

static void end(struct trays *trays)
{
    for (size_t i = 0; i < trays->count; i++)
        tray_stop(trays->list[i]);
    for (size_t i = 0; i < trays->count; i++) {
        if (tray_destroy(&trays->list[i]))
            continue;
        log_error("a tray does not end, its file system hangs: exiting",
                  LOG_S("tray", tray_name(trays->list[i])));
        _exit(EXIT_FAILURE);
    }
    memory_free(&trays->list);
    memory_free(&trays->told_at);
    trays->count = 0;
}

static void reload(void *context, const struct config *old, const struct config *new)
{
    (void)old;
    end(context);
    start(context, new);
}

struct trays *trays_create(struct service *service)
{
    struct trays *trays = memory_new(1, sizeof *trays);
    trays->service = service;
    start(trays, service_config(service));
    service_on_reload(service, reload, trays);
    return trays;
}

void trays_destroy(struct trays **trays)
{
    if (!*trays)
        return;
    for (size_t i = 0; i < (*trays)->count; i++)
        tray_report_remove((*trays)->config->state_dir, tray_name((*trays)->list[i]));
    end(*trays);
    memory_free(trays);
}

/* What a report cannot be written of is in the log, once. */
static void tell(struct trays *trays, size_t i, bool *works)
{
    struct tray_report report;
    int64_t now = clock_monotonic_ms();
    bool is_new = tray_look(trays->list[i], &report);
    *works = *works && report.trouble_since == 0;
    if (!is_new && trays->told_at[i] != 0 && now - trays->told_at[i] < TRAY_REPORT_MS)
        return;
    trays->told_at[i] = now;
    report.at = clock_wall_ms();
    int rc = tray_report_write(trays->config->state_dir, tray_name(trays->list[i]), &report);
    if (rc < 0 && rc != ERR_ABSENT && !trays->is_told_unwritable)
        log_warning("how a tray is cannot be written", LOG_S("tray", tray_name(trays->list[i])),
                    LOG_S("error", err_text(rc)));
    trays->is_told_unwritable = rc < 0 && rc != ERR_ABSENT;
}

bool trays_turn(void *context)
{
    struct trays *trays = context;
    struct pollfd signals = {.fd = service_signal_fd(trays->service), .events = POLLIN};
    bool works = true, lives = false;
    (void)poll(&signals, 1, TURN_MS);
    for (size_t i = 0; i < trays->count; i++) {
        if (service_stopping(trays->service))
            tray_stop(trays->list[i]);
        tell(trays, i, &works);
        lives = lives || !tray_has_ended(trays->list[i]);
    }
    metrics_progress(service_metrics(trays->service), works);
    return lives;
}
