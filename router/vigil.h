/* vigil - whether another router lives, told from its beat by a clock of our own.
 *
 * Two hosts' clocks are never compared: what counts is whether the file cell.owner changes while one looks at it. It
 * knows no clock: times come in as parameters, monotonic ms. */
#ifndef FELUCCA_ROUTER_VIGIL_H
#define FELUCCA_ROUTER_VIGIL_H

#include "common/spool/owner.h"

#include <stdbool.h>
#include <stdint.h>

/* A beat that did not move for so long stands still. Longer than FENCE_LIMIT_MS, by which its router has ended. */
enum { VIGIL_MS = 12 * 1000 };

enum vigil_says { VIGIL_UNKNOWN, VIGIL_LIVES, VIGIL_STANDS_STILL };

struct vigil {
    char session[OWNER_ID_SIZE];
    int64_t beat;
    int64_t since; /* when it was first seen so */
    bool begun, moved;
};

/* What the file says now; NULL: there is none, or it cannot be read, which begins anew. A beat that goes on, and
 * another owner, are seen as a move. */
enum vigil_says vigil_look(struct vigil *vigil, const struct owner *seen, int64_t monotonic);

#endif
