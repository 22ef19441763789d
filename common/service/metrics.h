/* metrics - counters of one process and the small HTTP server that shows them.
 *
 * GET /metrics (Prometheus text), /healthz (200 while the process makes progress), /readyz (200 when it can
 * work), of a receiver /readyz/cell (200 when a router works as well). Names start with felucca_; label values must be of bounded number (destination, album, outcome).
 * Updates are safe from several threads. The server has a thread of its own: start it after the last fork. */
#ifndef FELUCCA_SERVICE_METRICS_H
#define FELUCCA_SERVICE_METRICS_H

#include "common/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM, METRIC_QUICK_HISTOGRAM };

enum {
    METRIC_LABELS_MAX = 3,
    METRIC_SAMPLES_MAX = 10000,     /* label combinations of a family; further ones are dropped */
    METRICS_PATIENCE_MS = 30 * 1000 /* without progress for so long, a process is not healthy */
};

struct metrics;
struct metric;

struct metrics *metrics_create(void);
void metrics_destroy(struct metrics **metrics);

/* A family: name without "felucca_", help, and up to three label names (NULL ends them). Borrowed from
 * metrics. A histogram's bounds follow from the end of its name: _seconds (5 ms to 2 h; quick: 50 us to 5 s),
 * _bytes (1 KiB to 4 GiB), else counts (1 to 1,000). A name that is there already is the same family. */
struct metric *metrics_add(struct metrics *metrics, enum metric_kind kind, const char *name, const char *help,
                           const char *const *labels);

/* values: as many as the family has labels; NULL where it has none. A counter never falls: negative amounts
 * are ignored. */
void metric_add(struct metric *metric, const char *const *values, double amount);
void metric_set(struct metric *metric, const char *const *values, double value);
void metric_observe(struct metric *metric, const char *const *values, double value);
/* Forgets every label combination of the family (before refreshing gauges). */
void metric_clear(struct metric *metric);

/* Everything in Prometheus' text format, appended. */
void metrics_print(struct metrics *metrics, struct text *out);

/* The process is alive: call at least every ten seconds; ready says whether it can work. */
void metrics_progress(struct metrics *metrics, bool ready);
/* How long a process is still healthy without progress: METRICS_PATIENCE_MS unless it is set. */
void metrics_set_patience(struct metrics *metrics, int64_t milliseconds);
/* For GET /readyz/cell, which is there from the first call on: whether what this process takes is worked on, too. */
void metrics_set_cell(struct metrics *metrics, bool works);
bool metrics_is_healthy(struct metrics *metrics);
bool metrics_is_ready(struct metrics *metrics);

/* Listens on bind:port (0: a free one). 0 or ERR_NETWORK. metrics_port() tells the port, 0 while it does not
 * listen. metrics_rest() ends the server and its thread, before a fork; it may be served again. */
int metrics_serve(struct metrics *metrics, const char *bind, int port);
void metrics_rest(struct metrics *metrics);
int metrics_port(const struct metrics *metrics);

#endif
