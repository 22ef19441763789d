#include "console/gauges.h"

#include "common/base/memory.h"

#include <stdio.h>

struct gauges {
    struct metric *requests, *seconds;
};

struct gauges *gauges_create(struct metrics *metrics)
{
    static const char *const status[] = {"status", NULL};
    struct gauges *gauges = memory_new(1, sizeof *gauges);
    gauges->requests = metrics_add(metrics, METRIC_COUNTER, "console_requests_total",
                                   "Requests that were answered.", status);
    gauges->seconds = metrics_add(metrics, METRIC_QUICK_HISTOGRAM, "console_request_seconds",
                                  "How long an answer took to make.", NULL);
    for (const char *const *known = (const char *const[]){"200", "304", "404", "503", NULL}; *known; known++)
        metric_add(gauges->requests, (const char *const[]){*known}, 0);
    return gauges;
}

void gauges_destroy(struct gauges **gauges)
{
    memory_free(gauges);
}

void gauges_answered(struct gauges *gauges, unsigned status, int64_t nanoseconds)
{
    char label[16];
    (void)snprintf(label, sizeof label, "%u", status);
    metric_add(gauges->requests, (const char *const[]){label}, 1);
    metric_observe(gauges->seconds, NULL, (double)nanoseconds / 1e9);
}
