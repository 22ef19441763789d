/* gauges - what a notifier shows at its metrics port, beside what every worker process shows. */
#ifndef FELUCCA_NOTIFIER_GAUGES_H
#define FELUCCA_NOTIFIER_GAUGES_H

#include "common/service/metrics.h"

#include <stdbool.h>

struct notifier_gauges;

struct notifier_gauges *notifier_gauges_create(struct metrics *metrics);
void notifier_gauges_destroy(struct notifier_gauges **gauges);

/* A target took a notice, or did not. */
void notifier_gauges_told(struct notifier_gauges *gauges, const char *target, bool taken);

#endif
