/* gauges - what the router measures. */
#include "common/base/memory.h"
#include "router/parts.h"

#include <stdlib.h>

struct gauges {
    struct metric *instances, *outcomes, *delivered, *leases_lost, *fetches;
};

struct gauges *gauges_create(struct metrics *metrics)
{
    static const char *const none[] = {NULL};
    static const char *const how[] = {"result", NULL};
    static const char *const outcome[] = {"destination", "album", "outcome", NULL};
    static const char *const fetch[] = {"destination", "outcome", NULL};
    static const char *const destination[] = {"destination", NULL};
    struct gauges *gauges = memory_new(1, sizeof *gauges);
    gauges->instances = metrics_add(metrics, METRIC_COUNTER, "router_instances_total",
                                    "Instances taken in, by what was decided.", how);
    gauges->outcomes = metrics_add(metrics, METRIC_COUNTER, "job_outcomes_total",
                                   "What came of deliveries and shares.", outcome);
    gauges->delivered = metrics_add(metrics, METRIC_HISTOGRAM, "received_to_delivered_seconds",
                                    "Time from reception to the destination's confirmation.", destination);
    gauges->leases_lost = metrics_add(metrics, METRIC_COUNTER, "leases_lost_total",
                                      "Works taken back from workers that went away.", none);
    gauges->fetches = metrics_add(metrics, METRIC_COUNTER, "fetch_outcomes_total",
                                  "What came of asking KHEOPS to look at studies again.", fetch);
    return gauges;
}

void gauges_destroy(struct gauges **gauges)
{
    memory_free(gauges);
}

void gauge_taken(struct gauges *gauges, const char *how)
{
    metric_add(gauges->instances, (const char *const[]){how}, 1);
}

void gauge_outcome(struct gauges *gauges, const char *destination, const char *album, const char *outcome)
{
    metric_add(gauges->outcomes, (const char *const[]){destination, album ? album : "", outcome}, 1);
}

void gauge_delivered(struct gauges *gauges, const char *destination, int64_t milliseconds)
{
    metric_observe(gauges->delivered, (const char *const[]){destination}, (double)milliseconds / 1000);
}

void gauge_lease_lost(struct gauges *gauges)
{
    metric_add(gauges->leases_lost, NULL, 1);
}

void gauge_fetch(struct gauges *gauges, const char *destination, const char *outcome)
{
    metric_add(gauges->fetches, (const char *const[]){destination, outcome}, 1);
}
