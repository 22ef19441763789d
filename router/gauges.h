/* gauges - what waits, as the router shows it at its metrics port. docs/metrics.md says what each means.
 *
 * They are refreshed every few seconds from counters and by index, so that a scrape costs the same with a
 * million jobs. */
#ifndef FELUCCA_ROUTER_GAUGES_H
#define FELUCCA_ROUTER_GAUGES_H

#include "common/service/metrics.h"

struct gauges;
struct router;

/* metrics is borrowed and must outlive the gauges. */
struct gauges *gauges_create(struct metrics *metrics);
void gauges_destroy(struct gauges **gauges);

/* Looks again at what waits when it is time, after the turn's commit. */
void gauges_turn(struct router *router);
/* Forgets what it shows of destinations and albums, before the next turn shows those of now. */
void gauges_clear(struct gauges *gauges);

#endif
