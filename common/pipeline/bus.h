/* bus - sockets between Felucca's processes: the only file that knows ZeroMQ.
 *
 * Sends never block, nothing is kept for a server that is away, LINGER is bounded, addresses are ipc:// paths
 * or tcp:// with CURVE. A bus belongs to one thread; create it after the last fork. Messages have one or two
 * frames beside the routing id, which a ROUTER socket shows as the peer: opaque bytes, good until that peer's
 * connection ends. */
#ifndef FELUCCA_PIPELINE_BUS_H
#define FELUCCA_PIPELINE_BUS_H

#include "common/base/text.h"
#include "common/pipeline/config.h"

#include <stdbool.h>
#include <stddef.h>

enum bus_kind { BUS_PUSH, BUS_PULL, BUS_ROUTER, BUS_DEALER };

enum { BUS_PEER_MAX = 255, BUS_FRAME_MAX = 4 << 20 };

struct bus_peer {
    unsigned char bytes[BUS_PEER_MAX];
    size_t length;
};

struct bus;

/* Binds (PULL, ROUTER) or connects (PUSH, DEALER) to the endpoint; curve keys from config for tcp://. A stale
 * ipc:// socket file is replaced. 0, ERR_NETWORK or ERR_CONFIG, with a sentence appended to ret_reason. */
int bus_create(const struct config *config, enum bus_kind kind, const char *endpoint, struct bus **ret_bus,
               struct text *ret_reason);
void bus_destroy(struct bus **bus);

/* The descriptor to poll for input. It is edge-triggered, and sending may consume its edge: never wait on it
 * while bus_has_input(). */
int bus_fd(const struct bus *bus);
bool bus_has_input(const struct bus *bus);

/* Sends a (and b unless NULL) without blocking. peer for ROUTER only, else NULL. 0, ERR_AGAIN (queue full, or
 * not connected), ERR_ABSENT (no such peer any more). */
int bus_send(struct bus *bus, const struct bus_peer *peer, const char *a, size_t a_length, const char *b,
             size_t b_length);

struct bus_message {
    struct bus_peer peer; /* ROUTER only */
    char *frames[2];      /* each followed by a NUL that its length does not count; frames[1] may be NULL */
    size_t lengths[2];
};

/* Takes one message without blocking. 0 with *ret_message filled, or ERR_AGAIN when none waits. Messages with
 * more or larger frames than allowed are dropped. */
int bus_receive(struct bus *bus, struct bus_message *ret_message);
void bus_message_release(struct bus_message *message);

/* Makes a CURVE key pair in Z85 (40 characters and NUL each). */
int bus_make_keys(char ret_public[41], char ret_secret[41]);

#endif
