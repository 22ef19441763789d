#include "router/counters.h"

#include "common/base/clock.h"
#include "common/base/memory.h"

struct counters {
    struct metric *instances, *outcomes, *delivered, *shared, *leases_lost, *fetches, *inquiries;
    struct metric *parse, *decide, *commit;
};

static void add_counters(struct counters *counters, struct metrics *metrics)
{
    static const char *const how[] = {"result", NULL};
    static const char *const target[] = {"destination", "album", NULL};
    static const char *const outcome[] = {"destination", "album", "outcome", NULL};
    static const char *const fetch[] = {"destination", "outcome", NULL};
    static const char *const destination[] = {"destination", NULL};
    counters->instances = metrics_add(metrics, METRIC_COUNTER, "router_instances_total",
                                      "Instances taken in, by what was decided.", how);
    counters->outcomes = metrics_add(metrics, METRIC_COUNTER, "job_outcomes_total",
                                     "What came of deliveries and shares.", outcome);
    counters->delivered = metrics_add(metrics, METRIC_HISTOGRAM, "received_to_delivered_seconds",
                                      "Time from reception to the destination's confirmation.", destination);
    counters->shared = metrics_add(
        metrics, METRIC_HISTOGRAM, "received_to_shared_seconds",
        "Time from the intake of the instance that asked for it to the album's confirmation.", target);
    counters->leases_lost = metrics_add(metrics, METRIC_COUNTER, "leases_lost_total",
                                        "Works taken back from workers that went away.", NULL);
    counters->inquiries = metrics_add(metrics, METRIC_COUNTER, "inquiry_outcomes_total",
                                      "What came of asking KHEOPS about series for reshare.", outcome);
    counters->fetches = metrics_add(metrics, METRIC_COUNTER, "fetch_outcomes_total",
                                    "What came of asking KHEOPS to look at studies again.", fetch);
    counters->parse = metrics_add(metrics, METRIC_QUICK_HISTOGRAM, "header_parse_seconds",
                                  "Time to read and parse the header of a file.", NULL);
    counters->decide = metrics_add(metrics, METRIC_QUICK_HISTOGRAM, "decision_seconds",
                                   "Time to evaluate all conditions on an instance.", NULL);
    counters->commit = metrics_add(metrics, METRIC_QUICK_HISTOGRAM, "commit_seconds",
                                   "Time that a commit of the job database took.", NULL);
}

struct counters *counters_create(struct metrics *metrics)
{
    struct counters *counters = memory_new(1, sizeof *counters);
    add_counters(counters, metrics);
    /* There from the start, so that the first increase can be seen. */
    static const char *const results[] = {"taken", "undecided", "excluded", "quarantined"};
    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        metric_add(counters->instances, &results[i], 0);
    return counters;
}

void counters_destroy(struct counters **counters)
{
    memory_free(counters);
}

void count_taken(struct counters *counters, const char *how)
{
    metric_add(counters->instances, (const char *const[]){how}, 1);
}

static void observe_time_since(struct metric *metric, int64_t began_ns)
{
    metric_observe(metric, NULL, (double)(clock_monotonic_ns() - began_ns) / 1e9);
}

void count_parsed(struct counters *counters, int64_t began_ns)
{
    observe_time_since(counters->parse, began_ns);
}

void count_decided(struct counters *counters, int64_t began_ns)
{
    observe_time_since(counters->decide, began_ns);
}

void count_committed(struct counters *counters, int64_t began_ns)
{
    observe_time_since(counters->commit, began_ns);
}

void count_outcome(struct counters *counters, const char *destination, const char *album, const char *outcome)
{
    metric_add(counters->outcomes, (const char *const[]){destination, album ? album : "", outcome}, 1);
}

void count_done(struct counters *counters, const char *destination, const char *album, int64_t milliseconds)
{
    metric_observe(album ? counters->shared : counters->delivered, (const char *const[]){destination, album},
                   (double)milliseconds / 1000);
}

void count_lease_lost(struct counters *counters)
{
    metric_add(counters->leases_lost, NULL, 1);
}

void count_inquiry(struct counters *counters, const char *destination, const char *album, const char *outcome)
{
    metric_add(counters->inquiries, (const char *const[]){destination, album, outcome}, 1);
}

void count_fetch(struct counters *counters, const char *destination, const char *outcome)
{
    metric_add(counters->fetches, (const char *const[]){destination, outcome}, 1);
}
