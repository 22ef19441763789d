/* gauges - what a console shows at its metrics port. */
#ifndef FELUCCA_CONSOLE_GAUGES_H
#define FELUCCA_CONSOLE_GAUGES_H

#include "common/service/metrics.h"

#include <stdint.h>

struct gauges;

struct gauges *gauges_create(struct metrics *metrics);
void gauges_destroy(struct gauges **gauges);

/* A request was answered so, which took so many ns. */
void gauges_answered(struct gauges *gauges, unsigned status, int64_t nanoseconds);

#endif
