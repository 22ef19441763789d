/* posting - tells the targets of notices, one message at a time each, through the workers of stage notify.
 *
 * A target that does not take a message rests, longer each time as `retry` says; what is for it waits in its order. The
 * others do not wait for it. */
#ifndef FELUCCA_ROUTER_POSTING_H
#define FELUCCA_ROUTER_POSTING_H

#include "common/wire/work.h"
#include "router/crew.h"

struct posting;
struct router;

struct posting *posting_create(void);
void posting_destroy(struct posting **posting);

/* At the start: a message that was out when the router ended. */
void posting_hold(struct router *router, const struct jobdb_batch *batch);

/* The wall clock was set back: nobody rests until later than this. */
void posting_hurry(struct router *router, int64_t latest);

/* The next message of each target that may have one, to a worker. */
void posting_turn(struct router *router);

/* A RESULT; lease NULL: lost before, but what was taken was taken. Ends the lease. */
void posting_take(struct router *router, struct lease *lease, const struct work_result *result);
/* The worker went away with it. Ends the lease. */
void posting_lost(struct router *router, struct lease *lease);

#endif
