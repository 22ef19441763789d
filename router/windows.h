/* windows - destinations that take requests at some hours alone: each is closed, or open, by the wall clock of now.
 *
 * While it is closed nothing is handed out for it or its albums, which is no trouble: it is not probed, nothing of it is given up, and
 * how long its jobs wait counts from when it opened. Requests that are out then come to their end; one that waits at a worker
 * behind another (dispatch.c) is taken back. */
#ifndef FELUCCA_ROUTER_WINDOWS_H
#define FELUCCA_ROUTER_WINDOWS_H

#include <stdint.h>

struct router;
struct target;

/* Looks at the clock: which are closed now. */
void windows_turn(struct router *router);
/* When one opens or closes, as other parts say it (monotonic ms). */
int64_t windows_wakes_at(struct router *router);

/* Since when something has waited for us: since, or when the target opened last where that is later; now while it is closed. */
int64_t windows_waiting_since(const struct target *target, int64_t since, int64_t now);

#endif
