/* sender - uploads instances from the spool to STOW-RS servers, as the router says.
 *
 * A worker process (common/worker/process.h) of two kinds of task: sending and fetching. It reads the spool
 * and never writes to it, knows no database, and sees the secrets of STOW destinations only. */
#ifndef FELUCCA_SENDER_SENDER_H
#define FELUCCA_SENDER_SENDER_H

#include "common/worker/process.h"

extern const struct worker_kind sender_kind;

#endif
