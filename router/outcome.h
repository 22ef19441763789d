/* outcome - what came of a request: its jobs are moved, its target is learned about, the worker is told. */
#ifndef FELUCCA_ROUTER_OUTCOME_H
#define FELUCCA_ROUTER_OUTCOME_H

#include "common/wire/bus.h"
#include "common/wire/work.h"
#include "router/crew.h"

struct router;

/* A worker's RESULT. It is acknowledged in any case. Whatever it says was stored counts, also when the lease
 * was lost before; the rest of such a late result is ignored: others have that work. */
void outcome_take(struct router *router, const struct bus_peer *peer, const struct work_message *message);

/* The worker went away with its work, or never got it: others get it, later and in halves where workers die of it
 * again. Ends the lease. For crew_expire(). */
void outcome_lease_lost(void *router, struct lease *lease);

/* An operator holds it, or its window is closed: what waits at workers behind requests of what is held goes back, and they are told so. One that
 * begins it just then stops it when it hears. */
void outcome_take_back_held(struct router *router);

#endif
