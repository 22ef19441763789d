/* visibility - studies that KHEOPS is asked to look at again, where a destination says ensure_visible.
 *
 * KHEOPS looks at a study by itself after each store, but when that fails it only logs it, and the series
 * stay invisible. So each study of which something was stored is fetched once it has been quiet for a
 * while. */
#ifndef FELUCCA_ROUTER_VISIBILITY_H
#define FELUCCA_ROUTER_VISIBILITY_H

#include "common/jobs/outcome.h"
#include "common/wire/work.h"

#include <stdbool.h>

struct router;
struct target;

/* Something of the study was stored at the target. */
void visibility_wanted(struct router *router, struct target *target, const char *study);
/* Moves a fetch. False: it was not where it should be. */
bool visibility_move(struct router *router, const struct jobdb_batch *batch, const struct jobdb_item *item,
                     const struct jobdb_outcome *outcome);
/* A request for a fetch came back. */
void visibility_learn(struct router *router, struct target *target, const struct jobdb_batch *batch,
                      const struct work_result *result);

#endif
