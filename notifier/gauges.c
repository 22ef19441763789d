#include "notifier/gauges.h"

#include "common/base/memory.h"

struct notifier_gauges {
    struct metric *notices;
};

struct notifier_gauges *notifier_gauges_create(struct metrics *metrics)
{
    static const char *const by_outcome[] = {"target", "outcome", NULL};
    struct notifier_gauges *gauges = memory_new(1, sizeof *gauges);
    gauges->notices = metrics_add(metrics, METRIC_COUNTER, "notices_total",
                                  "Messages to a target by what came of them: taken, or retry.", by_outcome);
    return gauges;
}

void notifier_gauges_destroy(struct notifier_gauges **gauges)
{
    memory_free(gauges);
}

void notifier_gauges_told(struct notifier_gauges *gauges, const char *target, bool taken)
{
    metric_add(gauges->notices, (const char *const[]){target, taken ? "taken" : "retry"}, 1);
}
