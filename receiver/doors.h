/* doors - the ports that the receiver listens on: a plain one, one for TLS, or both. In the parent alone. */
#ifndef FELUCCA_RECEIVER_DOORS_H
#define FELUCCA_RECEIVER_DOORS_H

#include "common/base/text.h"
#include "common/config/config.h"
#include "receiver/lobby.h"

enum door { DOOR_PLAIN, DOOR_TLS, DOORS };

/* Sockets that listen; -1: that one is not there. */
struct doors {
    int sockets[DOORS];
};

#define DOORS_CLOSED \
    {                \
        {            \
            -1, -1   \
        }            \
    }

/* Opens one, if the configuration names it; without any, a plain one is opened on some port. 0 or ERR_NETWORK, with a sentence
 * appended to reason. */
int doors_open(struct doors *doors, const struct config *config, enum door door, struct text *reason);
void doors_close(struct doors *doors);

/* The port; 0: that door is not there. */
int doors_port(const struct doors *doors, enum door door);

/* As accept4(): a socket, or -1 with errno. */
int doors_accept(const struct doors *doors, enum door door, struct peer_address *ret_address);

#endif
