/* gauges - what a sharer shows at its metrics port, beside what every worker process shows. */
#ifndef FELUCCA_SHARER_GAUGES_H
#define FELUCCA_SHARER_GAUGES_H

#include "common/service/metrics.h"
#include "common/wire/work.h"

struct sharer_gauges;

struct sharer_gauges *sharer_gauges_create(struct metrics *metrics);
void sharer_gauges_destroy(struct sharer_gauges **gauges);

/* A result goes to the router; no_request: none was made for it. */
void sharer_gauges_result(struct sharer_gauges *gauges, const struct work_result *result, bool no_request);

#endif
