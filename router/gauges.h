/* gauges - what the router shows at its metrics port: counters of what happens, and gauges of what waits,
 * refreshed every few seconds from counters and by index, so that a scrape costs the same with a million
 * jobs. docs/metrics.md says what each means. */
#ifndef FELUCCA_ROUTER_GAUGES_H
#define FELUCCA_ROUTER_GAUGES_H

#include "common/service/metrics.h"

#include <stdbool.h>
#include <stdint.h>

struct gauges;
struct router;

struct gauges *gauges_create(struct metrics *metrics);
void gauges_destroy(struct gauges **gauges);

void gauge_taken(struct gauges *gauges, const char *how); /* "taken", "excluded", "quarantined" */
void gauge_parsed(struct gauges *gauges, int64_t began_ns);
void gauge_decided(struct gauges *gauges, int64_t began_ns);
void gauge_committed(struct gauges *gauges, int64_t began_ns);
void gauge_outcome(struct gauges *gauges, const char *destination, const char *album, const char *outcome);
/* album NULL: a delivery. */
void gauge_done(struct gauges *gauges, const char *destination, const char *album, int64_t milliseconds);
void gauge_lease_lost(struct gauges *gauges);
void gauge_fetch(struct gauges *gauges, const char *destination, const char *outcome);

/* At the end of a turn: looks again at what waits, when it is time. */
void gauges_turn(struct gauges *gauges, struct router *router);

#endif
