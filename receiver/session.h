/* session - one association, served in a process of its own.
 *
 * Called after the fork. The process dies of its alarm when it hangs, may take 64 MiB more memory
 * than it began with (not under sanitizers, which take what they like), and finishes at the next pause
 * between two requests when it gets SIGTERM, which it also gets when its parent dies. Whatever happens to it
 * costs this association alone. Writes one line to the log, without a word about patients. */
#ifndef FELUCCA_RECEIVER_SESSION_H
#define FELUCCA_RECEIVER_SESSION_H

#include "common/config/config.h"
#include "common/spool/spool.h"
#include "receiver/hints.h"
#include "receiver/lobby.h"
#include "receiver/refusals.h"

#include <sys/types.h>

struct session_start {
    int socket;
    int proof; /* where one byte says that the peer's passcode was the right one; -1: nobody asks */
    pid_t parent;
    const struct peer_address *address;
    const struct config *config;
    struct spool *spool;
    struct hints *hints;
    struct refusals *refusals;
};

/* The whole life of the process. */
_Noreturn void session_run(const struct session_start *start);

#endif
