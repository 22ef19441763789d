/* room - takes files that are only kept before their time, where the spool's disk is short.
 *
 * While there is less than receiver.min_free_space the receiver refuses everything, and what is kept must not be the
 * reason. The oldest delivered files go first, then those that an operator dropped, and last what was never
 * stored anywhere (retention_excluded): of that there is no other copy here. Quarantine is never touched. */
#ifndef FELUCCA_ROUTER_ROOM_H
#define FELUCCA_ROUTER_ROOM_H

#include <stdbool.h>
#include <stddef.h>

struct router;

/* Removes at most so many when the disk is short, or was and has no quarter more than it must have (*making_room, false
 * at first). Whether there may be more to do. */
bool room_make(struct router *router, size_t most, bool *making_room);

#endif
