/* check - whether the job database agrees with itself. */
#ifndef FELUCCA_JOBS_CHECK_H
#define FELUCCA_JOBS_CHECK_H

#include "common/jobs/jobdb.h"

#include <stdint.h>

/* Compares every counter with the rows that it counts, and every state with what belongs to it; nothing may
 * be uncommitted. Each comparison has a snapshot of its own, so that a long one does not keep the log of all
 * that the router writes meanwhile. Calls each for every problem; returns how many. Reads everything. */
int64_t jobdb_check(struct jobdb *db, void (*each)(void *context, const char *problem), void *context);

#endif
