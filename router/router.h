/* router - the only writer: receipts become jobs, jobs become work, answers become states.
 *
 * One thread, one loop, one database connection. Each turn takes what waits in all sockets (bounded), applies
 * it in one transaction, commits, and only then answers and moves files; so the number of commits follows the
 * load, and whatever is said is durable. A second router on the same state directory waits for the first. */
#ifndef FELUCCA_ROUTER_ROUTER_H
#define FELUCCA_ROUTER_ROUTER_H

#include "common/service/service.h"

#include <stdbool.h>

struct router;

/* Opens spool, lock, database and sockets, waiting for the lock as long as another router holds it. Exits
 * with a logged sentence when the environment is broken. NULL: SIGTERM came while it waited. */
struct router *router_create(struct service *service);
void router_destroy(struct router **router);

/* Makes spool and database agree: what a crash left is adopted. Exits like router_create(). */
void router_recover(struct router *router);

/* One turn, for service_run(). A router without NULL has no work in hand: its turn is whole. */
bool router_turn(void *router);

#endif
