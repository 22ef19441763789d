/* offers - reports that go over the association that asked for them, where it is still open and its requester waits.
 *
 * An association's process holds a lock on each request that it wrote, for as long as it can report on it (common/spool/asked.h).
 * A report that is decided is offered to it: the row says so, then a file beside the request holds the report; it makes it between two
 * messages, and leaves its answer, durable, in another file. Until it has answered, or its lock is gone, nobody else has the report;
 * that its lock is gone, and that there is no answer, is looked at with the lock in hand, so that both cannot change any more. Then it
 * is the committer's. */
#ifndef FELUCCA_ROUTER_OFFERS_H
#define FELUCCA_ROUTER_OFFERS_H

#include "common/base/receipt.h"

#include <stdbool.h>
#include <stdint.h>

struct router;

/* One that is offered. */
struct offer {
    int64_t id; /* of its commitment; 0: none */
    char receipt[RECEIPT_SIZE];
};

/* Offers one that waits for the source, and whose association lives. False: there is none. */
bool offers_make(struct router *router, const char *calling, const char *called, struct offer *ret_offer);
/* After the commit: the file that the association looks for, where it is not there. */
void offers_write(struct router *router, const struct offer *offer);

enum offers_end {
    OFFERS_OPEN,     /* its association lives, and has not answered */
    OFFERS_ANSWERED, /* *ret_status */
    OFFERS_OVER      /* its association is gone, or cannot be understood, without an answer */
};
enum offers_end offers_look(struct router *router, const struct offer *offer, unsigned *ret_status);

#endif
