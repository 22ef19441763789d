/* suspicion - what can be checked here of an instance that KHEOPS cannot process, without saying why: what its
 * database is known not to bear (docs/kheops.md). */
#ifndef FELUCCA_ROUTER_SUSPICION_H
#define FELUCCA_ROUTER_SUSPICION_H

#include "common/jobs/batch.h"

struct questions;
struct router;

/* Adds what it asks of a header. */
void suspicion_ask(struct questions *questions);

/* Appends what is found, as parts of a sentence that begins with "; "; nothing where nothing is. No value of the
 * instance. It reads the instance's header, so it is for the few that fail alone. */
void suspicion_append(struct router *router, const struct jobdb_batch *batch, const struct jobdb_item *item,
                      struct text *out);

#endif
