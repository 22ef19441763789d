/* redecide - `felucca retry` of jobs that are undecided, excluded or dropped: the conditions of now are asked again.
 *
 * A delivery is judged by the header of its file, which must still be there; a share by the instances of its series,
 * whose rows are asked where their files are gone. Yes: it is queued, as if its instance had just been taken in. No:
 * what was undecided is left out, the others stay as they are. Neither: it is undecided, unless the operator wants
 * it anyway. */
#ifndef FELUCCA_ROUTER_REDECIDE_H
#define FELUCCA_ROUTER_REDECIDE_H

#include "common/jobs/operator.h"
#include "router/change.h"
#include "router/target.h"

#include <stdbool.h>

struct router;

/* Whether retrying the job means that it is decided again. */
bool redecide_is_due(const struct jobdb_candidate *job);

/* The target is configured. True: the job is queued or left out now, or would be (dry run). Otherwise the change
 * has a note that says why, or it holds (change_holds()): then the same job is to be given again in the next step. */
bool redecide(struct router *router, struct change *change, const struct target *target,
              const struct jobdb_candidate *job);

#endif
