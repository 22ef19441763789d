/* gauges - what a sender shows at its metrics port, beside what every worker process shows. */
#ifndef FELUCCA_SENDER_GAUGES_H
#define FELUCCA_SENDER_GAUGES_H

#include "common/service/metrics.h"
#include "common/wire/work.h"

struct sender_gauges;

struct sender_gauges *sender_gauges_create(struct metrics *metrics);
void sender_gauges_destroy(struct sender_gauges **gauges);

/* One STOW request ended. status 0: no answer. */
void sender_gauges_request(struct sender_gauges *gauges, const char *destination, int status, int64_t bytes,
                           int64_t milliseconds);
/* A result goes to the router. */
void sender_gauges_result(struct sender_gauges *gauges, const struct work_result *result);

#endif
