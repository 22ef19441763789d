/* verdict - what came of a request means for each of its jobs: it failed, or it is tried again, and when.
 * (What is stored was moved before: outcome.c.)
 *
 * A job is tried again for ever, unless the fault is its own:
 * docs/decisions/0016-who-is-blamed.md tells how that is known. */
#ifndef FELUCCA_ROUTER_VERDICT_H
#define FELUCCA_ROUTER_VERDICT_H

#include "common/jobs/outcome.h"
#include "common/wire/work.h"

#include <stdbool.h>

struct lease;
struct router;
struct target;

struct verdict {
    struct router *router;
    const struct lease *lease;
    const struct work_result *result;
    const struct target *target;
    bool backs_off;  /* the target waits, so its items need not */
    bool proven;     /* its address and tokens have worked */
    uint64_t jitter; /* one for the request, so that it does not fall apart */
    /* The jobs that failed: how many, and the first of them. */
    int64_t failed, first_id;
    int first_status;
    char first_reason[200];
};

/* What does not depend on the verdict: the job keeps its attempts and its history, and is due at once. */
struct jobdb_outcome verdict_outcome(const struct router *router, const struct jobdb_item *item,
                                     const struct work_answer *answer);
/* Moves the row of a delivery, share or fetch. False: it was not where it should be. */
bool verdict_move(struct router *router, const struct jobdb_batch *batch, const struct jobdb_item *item,
                  const struct jobdb_outcome *outcome);

/* Moves a job that was not stored. */
void verdict_apply(struct verdict *verdict, const struct jobdb_item *item, const struct work_answer *answer);
/* One line in the log for all jobs that failed. */
void verdict_tell_failures(const struct verdict *verdict);

#endif
