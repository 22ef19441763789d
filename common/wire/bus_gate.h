/* bus_gate - the door of a tcp:// socket that others connect to: only keys that the list has may pass.
 *
 * Inside of bus.c only. It answers ZeroMQ's question about each new connection (ZAP, RFC 27) and hears of
 * those that end before that question. Everything happens in gate_turn(), in the thread of the socket: the
 * list is never read while it changes, and no lock is needed. While nobody calls gate_turn(), connections
 * wait. */
#ifndef FELUCCA_WIRE_BUS_GATE_H
#define FELUCCA_WIRE_BUS_GATE_H

#include "common/base/text.h"
#include "common/wire/bus_refusals.h"

#include <stdbool.h>

struct gate;

/* Before the socket of that context is bound. 0, or ERR_CONFIG (the list), ERR_NETWORK with a sentence. */
int gate_open(void *context, void *socket, const char *path, struct gate **ret_gate, struct text *ret_reason);
void gate_close(struct gate **gate);

/* Descriptors to poll beside the socket's. */
enum { GATE_FDS = 2 };
void gate_fds(const struct gate *gate, int ret_fds[GATE_FDS]);

/* Decides about all who wait. */
void gate_turn(struct gate *gate);

/* Whether the list has the key; counts it as refused when it has it no more. */
bool gate_admits(struct gate *gate, const char *key);
const char *gate_key_name(const struct gate *gate, const char *key);

/* Another list from now on; on failure the old one stays. */
int gate_read(struct gate *gate, const char *path, struct text *ret_reason);

bool gate_take_refusals(struct gate *gate, struct bus_refusals *ret_refusals);

#endif
