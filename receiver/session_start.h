/* session_start - what the process of an association begins with. */
#ifndef FELUCCA_RECEIVER_SESSION_START_H
#define FELUCCA_RECEIVER_SESSION_START_H

#include "common/config/config.h"
#include "common/spool/spool.h"
#include "common/tls/tls_server.h"
#include "receiver/hints.h"
#include "receiver/lobby.h"
#include "receiver/refusals.h"

#include <sys/types.h>

struct session_start {
    int socket;
    int proof; /* where one byte says that the peer's passcode was the right one; -1: nobody asks. With TLS the parent is asked
                  there first (entrance.h) */
    struct tls_server *tls; /* ours, until the peer has entered; NULL: on the plain port */
    pid_t parent;
    const struct peer_address *address;
    const struct config *config;
    struct spool *spool;
    struct hints *hints;
    struct refusals *refusals;
};

#endif
