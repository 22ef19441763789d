/* breather - how long a part of the loop rests after a portion of its work, so that the others have the loop as well.
 *
 * Pure: times are monotonic ms, and handed in. Starts zeroed. */
#ifndef FELUCCA_ROUTER_BREATHER_H
#define FELUCCA_ROUTER_BREATHER_H

#include <stdbool.h>
#include <stdint.h>

enum {
    BREATHER_BUSY = 4 /* times a portion, where the others have work */,
    BREATHER_LONGEST_MS = 1000 /* of a rest */
};

struct breather {
    int64_t began;
    int64_t rests_until; /* 0: it does not rest */
};

/* Whether it may go on: then its rest is over, and a portion begins. */
bool breather_begin(struct breather *breather, int64_t now);
/* The portion is over: it rests as long as that took, BREATHER_BUSY times as long beside others. */
void breather_end(struct breather *breather, int64_t now, bool is_busy);

#endif
