/* conversation - what comes through the router's sockets from the receiver (receipts) and from workers, and
 * what a worker's silence means.
 *
 * Each turn takes a bounded number of messages, so that no socket starves the others. */
#ifndef FELUCCA_ROUTER_CONVERSATION_H
#define FELUCCA_ROUTER_CONVERSATION_H

#include "common/service/metrics.h"
#include "common/wire/bus.h"

#include <stdint.h>

struct conversation;
struct router;

/* metrics is borrowed and must outlive the conversation. */
struct conversation *conversation_create(struct metrics *metrics);
void conversation_destroy(struct conversation **conversation);

/* Takes hints and messages, and takes work back from workers that are gone. */
void conversation_turn(struct router *router);
int64_t conversation_wakes_at(struct router *router);

/* Between the steps of a recovery: workers get their answers, and no work. Their results wait. */
void conversation_listen(struct router *router);

/* What outbox_flush() tells: nobody has this work, and this worker is gone. The next turn takes it back. */
void conversation_undelivered(void *router, const struct bus_peer *peer, const char *work);

/* Counts and logs who was turned away at the three sockets. */
void conversation_look_at_door(struct router *router);
/* After a reload: reads the lists of keys again. */
void conversation_read_keys(struct router *router);

#endif
