/* network - two hosts on one machine: two network namespaces of our own and a wire between them.
 *
 * The test's process moves into the near one for the rest of its life, and so do the programs that it starts;
 * those with the prefix live in the far one. Nothing of the machine's own network is touched, and everything
 * vanishes with the processes. Needs root. */
#ifndef FELUCCA_TESTS_NETWORK_H
#define FELUCCA_TESTS_NETWORK_H

#include "common/base/text.h"

#include <stdbool.h>
#include <stddef.h>

#define NETWORK_NEAR "10.77.0.1"
#define NETWORK_FAR  "10.77.0.2"

/* Whether this machine lets us; else the reason is appended. Changes nothing. */
bool network_possible(struct text *ret_reason);

struct network;

struct network *network_create(void);
void network_destroy(struct network **network);

/* What goes in front of a command line to run it on the far host; ended by NULL, borrowed. */
const char *const *network_far(const struct network *network);

/* NETWORK_LOST: what is sent does not arrive, and nobody is told; NETWORK_DOWN: the near end has no link. */
enum network_cut { NETWORK_WHOLE, NETWORK_LOST, NETWORK_DOWN };
void network_cut(struct network *network, enum network_cut how);

/* What went over the wire since the last call, both ways, appended: whole frames, at most
 * the kernel's buffer. */
void network_capture(struct network *network, struct text *ret_bytes);

/* A connected socket to the far host; is then yours; -1 when nobody accepts. */
int network_connect(int port);

#endif
