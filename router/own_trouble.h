/* own_trouble - what a worker lacks (a token's file, a certificate, a fresh configuration, our spool) is a fact about that worker.
 *
 * It rests for such requests to that target alone (a fetch that it cannot make says nothing of deliveries), ever longer,
 * and another worker gets the work at once. A token that is refused and a name that is not resolved may be the
 * target's or the worker's own: while another worker is there they are taken for its own. Only when every
 * worker that is there says so, it is the target's. */
#ifndef FELUCCA_ROUTER_OWN_TROUBLE_H
#define FELUCCA_ROUTER_OWN_TROUBLE_H

#include "common/wire/work.h"

#include <stdbool.h>
#include <stdint.h>

struct lease;
struct router;
struct target;

/* Whether the result speaks against its worker alone, so that it says nothing of the target. */
bool own_trouble_take(struct router *router, const struct lease *lease, struct target *target,
                      const struct work_result *result, int64_t stored);
/* A worker of this stage says HELLO, since it starts or has read its configuration again: what rests only for what workers
 * lacked is tried at once. */
void own_trouble_retry(struct router *router, enum work_stage stage);
/* Writes down which worker lacks what for which target, where that has changed (common/spool/resting.h), or could not be
 * written a few seconds ago. */
void own_trouble_tell(struct router *router);

#endif
