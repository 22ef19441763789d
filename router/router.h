/* router - the only writer of the job database: receipts become jobs, jobs become work, answers become
 * states.
 *
 * One thread, one loop, one database connection. Each turn takes a bounded part of what waits in the sockets,
 * applies it in one transaction, commits, and only then answers and moves files. So the number of commits
 * follows the load, and what is said is durable. A second router on the same state directory waits for the
 * first. */
#ifndef FELUCCA_ROUTER_ROUTER_H
#define FELUCCA_ROUTER_ROUTER_H

#include "common/service/service.h"

#include <stdbool.h>

struct router;

/* Opens spool, lock, database and sockets. It waits for the lock as long as another router holds it. When the
 * environment is broken it logs a sentence and exits. NULL: SIGTERM came while it waited. */
struct router *router_create(struct service *service);
void router_destroy(struct router **router);

/* Makes spool and database agree: adopts what a crash left. Exits like router_create(). */
void router_recover(struct router *router);

/* One turn, for service_run(). Always false: no work is in hand between two turns. NULL: does nothing. */
bool router_turn(void *router);

#endif
