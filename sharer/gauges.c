#include "sharer/gauges.h"

#include "common/base/memory.h"

#include <stdio.h>

struct sharer_gauges {
    struct metric *requests, *seconds, *shares, *in_flight, *router, *tokens;
};

struct sharer_gauges *sharer_gauges_create(struct metrics *metrics)
{
    static const char *const by_status[] = {"destination", "album", "status", NULL};
    static const char *const by_destination[] = {"destination", NULL};
    static const char *const by_outcome[] = {"destination", "album", "outcome", NULL};
    static const char *const by_nothing[] = {NULL}, *const by_answer[] = {"destination", "album", "result",
                                                                          NULL};
    struct sharer_gauges *gauges = memory_new(1, sizeof *gauges);
    gauges->requests = metrics_add(metrics, METRIC_COUNTER, "share_requests_total",
                                   "Requests to share a series by HTTP status (none: no answer).", by_status);
    gauges->seconds = metrics_add(metrics, METRIC_HISTOGRAM, "share_request_seconds",
                                  "How long a request to share a series took.", by_destination);
    gauges->shares =
        metrics_add(metrics, METRIC_COUNTER, "shares_total", "Shares by what came of them.", by_outcome);
    gauges->in_flight = metrics_add(metrics, METRIC_GAUGE, "sharer_requests_in_flight",
                                    "HTTP requests under way now.", by_nothing);
    gauges->router = metrics_add(metrics, METRIC_GAUGE, "router_connected",
                                 "Whether the router answers this process.", by_nothing);
    gauges->tokens = metrics_add(metrics, METRIC_COUNTER, "token_checks_total",
                                 "Answers of KHEOPS about a token.", by_answer);
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

void sharer_gauges_in_flight(struct sharer_gauges *gauges, size_t requests)
{
    metric_set(gauges->in_flight, NULL, (double)requests);
}

void sharer_gauges_router(struct sharer_gauges *gauges, bool connected)
{
    metric_set(gauges->router, NULL, connected);
}

void sharer_gauges_token(struct sharer_gauges *gauges, const struct work_token *token)
{
    const char *labels[] = {token->destination, token->album, token->active ? "active" : "inactive"};
    metric_add(gauges->tokens, labels, 1);
}
