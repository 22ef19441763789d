/* takeover - a router waits until the state folder may be its own, and takes it.
 *
 * While another one has it, it stands by: its log says who that is, since when, and whether its beat moves. The folder
 * is taken when the lock (lock.h) is ours, and
 *   - the file system is local, so that the lock keeps everybody else away; or
 *   - the owner has ended well, or there was none; or
 *   - its beat stood still for VIGIL_MS by our own clock.
 * A beat that moves although the lock is ours means that two hosts have the folder and locks do not reach between them:
 * then it stands by, with an error in the log, for as long as that is so. */
#ifndef FELUCCA_ROUTER_TAKEOVER_H
#define FELUCCA_ROUTER_TAKEOVER_H

#include <stdbool.h>

struct router;

/* lock_fd and fence of the router are set. False: told to stop meanwhile. What cannot be done ends the process. */
bool takeover(struct router *router);

#endif
