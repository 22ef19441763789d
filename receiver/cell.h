/* cell - whether what is received here goes on: whether a router of this cell works (common/spool/pulse.h).
 *
 * It knows no clock: times come in as parameters, monotonic ms. */
#ifndef FELUCCA_RECEIVER_CELL_H
#define FELUCCA_RECEIVER_CELL_H

#include "common/spool/pulse.h"

#include <stdbool.h>

struct cell {
    struct spool *spool; /* borrowed */
    char boot[BOOT_ID_SIZE];
    bool far; /* its router may be on another host (tcp:// endpoints) */
    bool begun, moved;
    struct pulse seen;
    int64_t seen_at;
};

void cell_init(struct cell *cell, struct spool *spool, bool far);

/* Whether the pulse moved within PULSE_LIMIT_MS, while somebody looked, and is of this host's kernel unless far: on a
 * volume that two hosts have, the other one's router is none of this cell. */
bool cell_works(struct cell *cell, int64_t monotonic);

#endif
