#include "sender/gauges.h"

#include "common/base/memory.h"

#include <stdio.h>

struct sender_gauges {
    struct metric *requests, *seconds, *bytes, *instances;
};

struct sender_gauges *sender_gauges_create(struct metrics *metrics)
{
    static const char *const by_status[] = {"destination", "status", NULL};
    static const char *const by_destination[] = {"destination", NULL};
    static const char *const by_outcome[] = {"destination", "outcome", NULL};
    struct sender_gauges *gauges = memory_new(1, sizeof *gauges);
    gauges->requests = metrics_add(metrics, METRIC_COUNTER, "stow_requests_total",
                                   "STOW-RS requests by HTTP status (none: no answer).", by_status);
    gauges->seconds = metrics_add(metrics, METRIC_HISTOGRAM, "stow_request_seconds",
                                  "How long a STOW-RS request took.", by_destination);
    gauges->bytes = metrics_add(metrics, METRIC_COUNTER, "stow_bytes_total", "Bytes of STOW-RS bodies sent.",
                                by_destination);
    gauges->instances = metrics_add(metrics, METRIC_COUNTER, "stow_instances_total",
                                    "Instances by what came of sending them.", by_outcome);
    return gauges;
}

void sender_gauges_destroy(struct sender_gauges **gauges)
{
    memory_free(gauges);
}

void sender_gauges_request(struct sender_gauges *gauges, const char *destination, int status, int64_t bytes,
                           int64_t milliseconds)
{
    char number[16] = "none";
    if (status != 0)
        (void)snprintf(number, sizeof number, "%d", status);
    metric_add(gauges->requests, (const char *const[]){destination, number}, 1);
    metric_add(gauges->bytes, (const char *const[]){destination}, (double)bytes);
    metric_observe(gauges->seconds, (const char *const[]){destination}, (double)milliseconds / 1000);
}

void sender_gauges_result(struct sender_gauges *gauges, const struct work_result *result)
{
    unsigned counts[WORK_OUTCOMES] = {0};
    for (size_t i = 0; i < result->answer_count; i++)
        counts[result->answers[i].outcome]++;
    for (int i = 0; i < WORK_OUTCOMES; i++) {
        const char *labels[] = {result->destination, work_outcome_name((enum work_outcome)i)};
        if (counts[i] > 0)
            metric_add(gauges->instances, labels, counts[i]);
    }
}
