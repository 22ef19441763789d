/* collision - whether what KHEOPS says of a job may come of another request for its study or series at the same time
 * (BLAME_COLLISION), so that no attempt counts yet.
 *
 * Within a cell no two such requests go out (common/jobs/dispatch.h). Another cell, or another program that sends to the
 * same KHEOPS, may have half of a study; there both make the same rows, and one of them is refused. That ends as soon as
 * the rows are there. Plain data, no I/O. */
#ifndef FELUCCA_ROUTER_COLLISION_H
#define FELUCCA_ROUTER_COLLISION_H

#include <stdbool.h>
#include <stdint.h>

enum {
    COLLISION_NEW_MS = 60 * 60 * 1000, /* so long is a series new after its first instance was stored */
    COLLISION_PATIENCE_MS = 2 * 60 * 60 * 1000 /* so long no attempt counts */
};

struct collision {
    int64_t now;       /* wall ms, without leaps of that clock */
    int64_t since;     /* when it seemed so for the first time; 0: this is the first */
    int64_t stored_at; /* when the first instance of its series was stored there; 0: none was */
    bool others;       /* another cell is configured: what is old here may be new there */
};

bool collision_is_spared(const struct collision *collision);

#endif
