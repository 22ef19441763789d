/* readiness - whether a server that was away is there again, asked when the router wants to know (LOOK).
 *
 * KHEOPS is asked for its readiness, which needs no token and writes no row: it is ready when it answers below 500. Of
 * any other server the root of its origin is asked for, so that nothing is searched for there; and it is not ready while
 * this process cannot log in (kind->ready). Whatever comes, a short
 * time-out included, is told with SEEN. The answer says nothing about jobs, tokens or requests. */
#ifndef FELUCCA_WORKER_READINESS_H
#define FELUCCA_WORKER_READINESS_H

#include "common/worker/parts.h"

/* Asks. Where the target is not configured here, has another address, or is asked already: does nothing. */
void readiness_look(struct worker_process *process, const struct work_look *look);

/* Ends all questions without telling. */
void readiness_give_up(struct worker_process *process);

#endif
