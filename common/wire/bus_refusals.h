/* bus_refusals - who was turned away at the door of a tcp:// socket (bus.h). */
#ifndef FELUCCA_WIRE_BUS_REFUSALS_H
#define FELUCCA_WIRE_BUS_REFUSALS_H

#include <stdint.h>

enum { BUS_KEY_SIZE = 41 /* a public key in Z85, and NUL */ };

struct bus_refusals {
    uint64_t unknown;       /* connections whose key is not in the list */
    uint64_t handshakes;    /* connections without a key, for another server's key, or broken off */
    uint64_t removed;       /* messages of connections whose key is not in the list any more */
    char key[BUS_KEY_SIZE]; /* of the last one, "" when it showed none */
    char address[64];       /* of the last one, "" when not known */
};

#endif
