/* bus - sockets between Felucca's processes: the only file that knows ZeroMQ (with bus_gate, its door).
 *
 * Sends never block, nothing is kept for a server that is away, LINGER is bounded, addresses are ipc:// paths
 * or tcp:// with CURVE. A bus belongs to one thread; create it after the last fork. Messages have one or two
 * frames beside the routing id, which a ROUTER socket shows as the peer: opaque bytes, good until that peer's
 * connection ends.
 *
 * On tcp:// both sides prove who they are: a client knows the server's key, and a server (PULL, ROUTER) lets
 * in only the keys that curve.allowed_keys lists. A key that leaves the list is cut off at once: nothing that
 * its connections say is heard, nothing is said to them. A connection whose other end is gone without a word
 * is noticed within BUS_SILENCE_MS. */
#ifndef FELUCCA_WIRE_BUS_H
#define FELUCCA_WIRE_BUS_H

#include "common/base/text.h"
#include "common/config/config.h"
#include "common/wire/bus_refusals.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bus_kind { BUS_PUSH, BUS_PULL, BUS_ROUTER, BUS_DEALER };

enum { BUS_PEER_MAX = 255, BUS_FRAME_MAX = 4 << 20, BUS_SILENCE_MS = 6000 };

struct bus_peer {
    unsigned char bytes[BUS_PEER_MAX];
    size_t length;
    char key[BUS_KEY_SIZE]; /* the public key that its connection has proved; "" on ipc:// */
};

struct bus;

/* Binds (PULL, ROUTER) or connects (PUSH, DEALER) to the endpoint; curve keys from config for tcp://, which
 * is read during the call only. A tcp:// endpoint with a name is bound on all addresses of the machine, since
 * the name is how others find it; one with an IP address on that alone. A stale ipc:// socket file is
 * replaced. 0, ERR_NETWORK or ERR_CONFIG, with a sentence appended to ret_reason. */
int bus_create(const struct config *config, enum bus_kind kind, const char *endpoint, struct bus **ret_bus,
               struct text *ret_reason);
void bus_destroy(struct bus **bus);

/* The descriptor to poll for input. It is edge-triggered, and sending may consume its edge: never wait on it
 * while bus_has_input(), which also lets in those who wait at the door. */
int bus_fd(const struct bus *bus);
bool bus_has_input(const struct bus *bus);

/* Sends a (and b unless NULL) without blocking. peer for ROUTER only, else NULL. 0, ERR_AGAIN (queue full, or
 * not connected), ERR_ABSENT (no such peer any more, or its key was removed from the list). */
int bus_send(struct bus *bus, const struct bus_peer *peer, const char *a, size_t a_length, const char *b,
             size_t b_length);

struct bus_message {
    struct bus_peer peer; /* ROUTER only, but for its key */
    char *frames[2];      /* each followed by a NUL that its length does not count; frames[1] may be NULL */
    size_t lengths[2];
};

/* Takes one message without blocking. 0 with *ret_message filled, or ERR_AGAIN when none waits. Messages with
 * more or larger frames than allowed are dropped. */
int bus_receive(struct bus *bus, struct bus_message *ret_message);
void bus_message_release(struct bus_message *message);

/* Reads curve.allowed_keys of this configuration again; nothing to do without a door. On failure (ERR_CONFIG,
 * with sentences) the list before stays in force. */
int bus_read_keys(struct bus *bus, const struct config *config, struct text *ret_reason);

/* The name that the list gives to a key; "" when it has none. Borrowed until bus_read_keys(). */
const char *bus_key_name(const struct bus *bus, const char *key);

/* Who was turned away at the door since the last call. False: nobody. */
bool bus_take_refusals(struct bus *bus, struct bus_refusals *ret_refusals);

/* Makes a CURVE key pair in Z85 (40 characters and NUL each). The public one begins with a letter or digit
 * and does not end with a colon, so that a list and a key of YAML take it as it is; the secret one
 * is no template of secret.h. */
int bus_make_keys(char ret_public[BUS_KEY_SIZE], char ret_secret[BUS_KEY_SIZE]);

#endif
