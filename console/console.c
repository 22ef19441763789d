#include "console/console.h"

#include "common/base/cleanup.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/service/web_server.h"
#include "console/door.h"

#include <poll.h>
#include <string.h>

enum { TURN_MS = 1000 };

struct console {
    struct service *service;
    struct gauges *gauges;
    struct door *door;
    struct web_server *server;
};

/* Bounds for browsers: each has a few connections, and one that does not read its answer costs others nothing. */
static const struct web_server_rules bounds = {.answer = door_answer,
                                               .connections = 256,
                                               .per_address = 64,
                                               .connection_bytes = (size_t)32 * 1024,
                                               .ask_ms = 10000,
                                               .answer_ms = 30000,
                                               .rest_ms = 30000};

static bool listen_at(struct console *console, const struct config *config)
{
    struct web_server_rules rules = bounds;
    rules.context = console->door;
    web_server_destroy(&console->server);
    if (web_server_create(&rules, config->console.bind, config->console.port, &console->server) != 0) {
        log_error("cannot listen", LOG_S("bind", config->console.bind), LOG_I("port", config->console.port));
        return false;
    }
    log_info("shows its pages", LOG_S("bind", config->console.bind), LOG_I("port", config->console.port));
    return true;
}

/* What it shows counts at once, where it listens from its next start on. */
static void take_config(void *context, const struct config *old, const struct config *new)
{
    struct console *console = context;
    door_configure(console->door, new);
    if (!new->console.is_written)
        log_warning("the configuration has no console any more, ignoring that until the next start");
    else if (strcmp(old->console.bind, new->console.bind) != 0 || old->console.port != new->console.port)
        log_warning("a new console address needs a restart, ignoring it until then");
}

struct console *console_create(struct service *service)
{
    const struct config *config = service_config(service);
    if (!config->console.is_written) {
        log_error("the configuration has no console; write console: {} for one");
        return NULL;
    }
    AUTO(console_destroy) struct console *console = memory_new(1, sizeof *console);
    console->service = service;
    console->gauges = gauges_create(service_metrics(service));
    console->door = door_create(config, console->gauges);
    if (!listen_at(console, config))
        return NULL;
    service_on_reload(service, take_config, console);
    struct console *created = console;
    console = NULL;
    return created;
}

void console_destroy(struct console **console)
{
    if (!*console)
        return;
    web_server_destroy(&(*console)->server);
    door_destroy(&(*console)->door);
    gauges_destroy(&(*console)->gauges);
    memory_free(console);
}

bool console_turn(void *context)
{
    struct console *console = context;
    struct pollfd polled[] = {{.fd = web_server_fd(console->server), .events = POLLIN},
                              {.fd = service_signal_fd(console->service), .events = POLLIN}};
    int64_t wait_ms = web_server_wait_ms(console->server);
    if (service_stopping(console->service))
        wait_ms = 0;
    (void)poll(polled, 2, wait_ms < 0 || wait_ms > TURN_MS ? TURN_MS : (int)wait_ms);
    web_server_turn(console->server);
    metrics_progress(service_metrics(console->service), true);
    return false;
}
