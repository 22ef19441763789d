#include "sharer/gauges.h"

#include "common/base/memory.h"

#include <stdio.h>

struct sharer_gauges {
    struct metric *requests, *seconds, *shares;
};

struct sharer_gauges *sharer_gauges_create(struct metrics *metrics)
{
    static const char *const by_status[] = {"destination", "album", "status", NULL};
    static const char *const by_destination[] = {"destination", NULL};
    static const char *const by_outcome[] = {"destination", "album", "outcome", NULL};
    struct sharer_gauges *gauges = memory_new(1, sizeof *gauges);
    gauges->requests = metrics_add(metrics, METRIC_COUNTER, "share_requests_total",
                                   "Requests to share a series by HTTP status (none: no answer).", by_status);
    gauges->seconds = metrics_add(metrics, METRIC_HISTOGRAM, "share_request_seconds",
                                  "How long a request to share a series took.", by_destination);
    gauges->shares =
        metrics_add(metrics, METRIC_COUNTER, "shares_total", "Shares by what came of them.", by_outcome);
    return gauges;
}

void sharer_gauges_destroy(struct sharer_gauges **gauges)
{
    memory_free(gauges);
}

void sharer_gauges_result(struct sharer_gauges *gauges, const struct work_result *result, bool no_request)
{
    const struct work_answer *answer = &result->answers[0];
    char status[16] = "none";
    if (answer->http_status != 0)
        (void)snprintf(status, sizeof status, "%d", answer->http_status);
    metric_add(gauges->shares,
               (const char *const[]){result->destination, result->album, work_outcome_name(answer->outcome)},
               1);
    if (no_request)
        return;
    metric_add(gauges->requests, (const char *const[]){result->destination, result->album, status}, 1);
    metric_observe(gauges->seconds, (const char *const[]){result->destination},
                   (double)result->milliseconds / 1000);
}
