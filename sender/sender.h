/* sender - uploads instances from the spool to STOW-RS servers, as the router says.
 *
 * A worker process (common/worker/process.h) of two kinds of task: sending and fetching. It reads the spool
 * and never writes to it, knows no database, and sees the secrets of STOW destinations only. */
#ifndef FELUCCA_SENDER_SENDER_H
#define FELUCCA_SENDER_SENDER_H

#include "common/spool/spool.h"
#include "common/worker/process.h"
#include "sender/gauges.h"

/* What a sender has beside what every worker process has. */
struct sender {
    struct spool *spool;
    struct sender_gauges *gauges;
};

/* Ends a task whose destination the configuration does not name: nobody but its operator can help. */
void sender_finish_unnamed(struct task *task);

extern const struct worker_kind sender_kind;

#endif
