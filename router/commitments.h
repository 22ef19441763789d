/* commitments - what sources asked to be committed: taken in from the folder of requests, decided from the job database,
 * and handed to reporting.h.
 *
 * Nothing here waits for a message: the folder is looked at again and again (a hint makes it sooner), and so is every
 * instance that is not decided, a portion a turn. A request's file goes when its transaction is over. */
#ifndef FELUCCA_ROUTER_COMMITMENTS_H
#define FELUCCA_ROUTER_COMMITMENTS_H

#include <stdint.h>

struct commitments;
struct router;

struct commitments *commitments_create(struct router *router);
void commitments_destroy(struct commitments **commitments);

/* A receiver says that there is a new request. */
void commitments_hint(struct router *router);

void commitments_turn(struct router *router);
int64_t commitments_wakes_at(struct router *router);

#endif
