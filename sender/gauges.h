/* gauges - what a sender shows at its metrics port. */
#ifndef FELUCCA_SENDER_GAUGES_H
#define FELUCCA_SENDER_GAUGES_H

#include "common/pipeline/metrics.h"
#include "common/pipeline/work.h"

struct gauges;

struct gauges *gauges_create(struct metrics *metrics);
void gauges_destroy(struct gauges **gauges);

/* One STOW request ended. status 0: no answer. */
void gauges_request(struct gauges *gauges, const char *destination, int status, int64_t bytes,
                    int64_t milliseconds);
/* A result goes to the router. */
void gauges_result(struct gauges *gauges, const struct work_result *result);
void gauges_in_flight(struct gauges *gauges, size_t requests);

#endif
