/* receiver - the process that takes instances from the network into the spool.
 *
 * Puts together what the other files of this folder are: the spool, the helper process (hints.h),
 * and the listener. What a peer was told "stored" is durable; everything else may be lost with any
 * of its processes. */
#ifndef FELUCCA_RECEIVER_RECEIVER_H
#define FELUCCA_RECEIVER_RECEIVER_H

#include "common/service/service.h"

struct receiver;

/* Opens the spool, sweeps what a crash left, starts the helper and listens. NULL after logging why not. */
struct receiver *receiver_create(struct service *service);
void receiver_destroy(struct receiver **receiver);

/* Serves until SIGTERM, then lets associations finish for a bounded time. Returns main's exit status. */
int receiver_run(struct receiver *receiver);

#endif
