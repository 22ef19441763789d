/* outbox - what may only be said or done after the commit: messages, and moves of spool files.
 *
 * The turn collects; after jobdb_commit() has returned 0, outbox_flush() carries out. What a crash in between
 * loses is repeated: a message by the protocol's timers, a file's move by the reconciliation at start. */
#ifndef FELUCCA_ROUTER_OUTBOX_H
#define FELUCCA_ROUTER_OUTBOX_H

#include "common/wire/bus.h"
#include "common/wire/control.h"
#include "common/spool/spool.h"
#include "common/wire/work.h"

struct outbox;

struct outbox *outbox_create(void);
void outbox_destroy(struct outbox **outbox);

/* A message of the work protocol; it is encoded now. */
void outbox_say(struct outbox *outbox, const struct bus_peer *peer, const struct work_message *message);
/* What an operator is told, over the control socket. */
void outbox_answer(struct outbox *outbox, const struct bus_peer *peer, const struct control_answer *answer);
/* A file's move from place to place. */
void outbox_move(struct outbox *outbox, const char *receipt, enum spool_place from, enum spool_place to);
/* A file's removal; gone() of outbox_flush() hears of it. */
void outbox_remove(struct outbox *outbox, const char *receipt, enum spool_place place, int64_t instance_id);

/* How many removals one flush should have to do: about 10 ms of them, by how long the last ones took. A large
 * file on a busy disk takes a millisecond, and workers wait meanwhile. */
size_t outbox_portion(const struct outbox *outbox);
/* How long they took in the last flush. */
int64_t outbox_removing_ms(const struct outbox *outbox);

/* Carries everything out and is empty afterwards. A message whose peer has left is dropped; a WORK among them
 * is told to undelivered. gone is called
 * for each removed file. Moves (to a place) and removals (from it) that failed are told to failed. */
struct outbox_hearer {
    void *context;
    void (*gone)(void *context, int64_t instance_id);
    void (*undelivered)(void *context, const struct bus_peer *peer, const char *work);
    void (*failed)(void *context, const char *receipt, enum spool_place place, int code);
};
struct outbox_ways {
    struct bus *work, *control;
    struct spool *spool;
};
void outbox_flush(struct outbox *outbox, const struct outbox_ways *ways, const struct outbox_hearer *hearer);

#endif
