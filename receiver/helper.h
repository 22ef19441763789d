/* helper - the process beside the receiver that owns ZeroMQ and the health port.
 *
 * Reads hints (hint.h) from the pipe, sends receipts to the router's hints socket, counts the rest, and
 * serves /metrics, /healthz and /readyz while the parent's beats come. It ends on HINT_STOP, or when its
 * parent dies. */
#ifndef FELUCCA_RECEIVER_HELPER_H
#define FELUCCA_RECEIVER_HELPER_H

#include "common/config/config.h"

#include <sys/types.h>

/* The whole life of the process; parent: who must be alive. */
_Noreturn void helper_run(const struct config *config, int pipe, pid_t parent);

#endif
