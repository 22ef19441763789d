/* service - the skeleton of every process: options, configuration, log, signals, metrics, the end.
 *
 *     int main(int argc, char **argv)
 *     {
 *         AUTO(service_stop) struct service *service = service_start("router", argc, argv);
 *         AUTO(router_destroy) struct router *router = router_create(service);
 *         return service_run(service, router_turn, router);
 *     }
 *
 * Options: --config FILE, --log-level LEVEL, --log-format text|json, --check, --help, --version. Signals are
 * blocked and read from a descriptor, so nothing runs in a handler: SIGTERM and SIGINT stop, SIGHUP reads the
 * configuration again (a broken one is logged and the old one stays in force), SIGUSR1 and SIGUSR2 make the
 * log more and less detailed. The one part of common/ that exits; it and the skeleton of the workers
 * (common/worker/process.h) log above debug. */
#ifndef FELUCCA_SERVICE_SERVICE_H
#define FELUCCA_SERVICE_SERVICE_H

#include "common/config/config.h"
#include "common/service/metrics.h"

#include <stdbool.h>

enum service_exit { EXIT_OK = 0, EXIT_NO = 1, EXIT_USAGE = 2, EXIT_CONFIG = 3, EXIT_UNREACHABLE = 4 };

struct service;

/* Reads options and configuration; exits by itself after --help, --version, --check, and on errors (2, 3).
 * name is one of common/config/processes.h. Ignores SIGPIPE. */
struct service *service_start(const char *name, int argc, char **argv);
void service_stop(struct service **service);

/* The configuration in force; borrowed until the next reload. */
const struct config *service_config(const struct service *service);
struct metrics *service_metrics(struct service *service);
/* Adds version, cell and start time, which every process shows. */
void service_describe(const struct config *config, struct metrics *metrics);

/* Readable when a signal waits: put it into the process's poll, and call service_turn() after it. */
int service_signal_fd(const struct service *service);
/* Takes pending signals. */
void service_turn(struct service *service);
bool service_stopping(const struct service *service);

/* Called by service_turn() after a good reload, before the old configuration is released; may be NULL. */
void service_on_reload(struct service *service,
                       void (*reload)(void *context, const struct config *old, const struct config *new),
                       void *context);

/* Starts the health server, if one is configured and it does not run yet; service_run() does so too. Only a
 * process that does much before calls it itself. The server has a thread: metrics_rest() before a fork. */
void service_serve_metrics(struct service *service);

/* Starts the health server, then calls turn(context) again and again; each turn waits for
 * input itself, including service_signal_fd(), and returns true while it has work in hand. After SIGTERM it
 * goes on until turn returns false, at most drain_ms (30 s by default). Returns main's exit status, 0. */
int service_run(struct service *service, bool (*turn)(void *context), void *context);
void service_set_drain(struct service *service, int64_t drain_ms);

/* "configuration OK: 2 nodes, 3 destinations, 7 albums" and a line's end, appended. */
void service_print_summary(const struct config *config, struct text *out);

#endif
