/* reporting - reports of decided commitments, one at a time to each source: over the association that asked (offers.h) where
 * that is open, else through the workers of stage commit.
 *
 * A source that does not take a report rests, longer each time as `retry` says; what is for it waits in its order, and
 * fails after REPORTING_DAYS; one that an operator holds gets none and fails for nothing. The others do not wait for it. A report that was acknowledged is never made again. */
#ifndef FELUCCA_ROUTER_REPORTING_H
#define FELUCCA_ROUTER_REPORTING_H

#include "common/wire/work.h"
#include "router/crew.h"

enum { REPORTING_DAYS = 7, REPORTING_TRIES = 10 /* at the least, where no committer ran for days */ };

struct reporting;
struct router;

struct reporting *reporting_create(void);
void reporting_destroy(struct reporting **reporting);

/* A report for this source waits. */
void reporting_add(struct router *router, const char *calling, const char *called);
/* The transaction is over: its file goes after the commit. */
void reporting_remove(struct router *router, const char *receipt);
/* The source does not rest any more; nobody does. */
void reporting_wake(struct router *router, const char *calling, const char *called);
void reporting_wake_all(struct router *router);
/* The wall clock was set back: nobody rests until later than this. */
void reporting_hurry(struct router *router, int64_t latest);

/* At the start: a report that was out when the router ended. */
void reporting_hold(struct router *router, const struct jobdb_batch *batch);

/* The next report of each source that may have one, to a worker. */
void reporting_turn(struct router *router);
int64_t reporting_wakes_at(struct router *router);
/* After the commit: what is offered, and files of transactions that are over. */
void reporting_clean(struct router *router);

/* A RESULT; lease NULL: lost before, but what was acknowledged was. Ends the lease. */
void reporting_take(struct router *router, struct lease *lease, const struct work_result *result);
/* The worker went away with it. Ends the lease. */
void reporting_lost(struct router *router, struct lease *lease);

#endif
