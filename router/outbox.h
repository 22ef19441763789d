/* outbox - what may be said and done only after the commit: messages, and moves and removals of spool files.
 *
 * The turn collects them; outbox_flush() carries them out after jobdb_commit() has returned 0. What a crash
 * in between loses is repeated: a message by the protocol's timers, a move or removal by the next start. */
#ifndef FELUCCA_ROUTER_OUTBOX_H
#define FELUCCA_ROUTER_OUTBOX_H

#include "common/wire/bus.h"
#include "common/wire/control.h"
#include "common/spool/spool.h"
#include "common/wire/work.h"

struct outbox;

struct outbox *outbox_create(void);
void outbox_destroy(struct outbox **outbox);

/* A message of the work protocol. It is encoded at once. */
void outbox_say(struct outbox *outbox, const struct bus_peer *peer, const struct work_message *message);
/* What an operator is told through the control socket. */
void outbox_answer(struct outbox *outbox, const struct bus_peer *peer, const struct control_answer *answer);
/* Moves a file from place to place. */
void outbox_move(struct outbox *outbox, const char *receipt, enum spool_place from, enum spool_place to);
/* Removes a file; gone() of outbox_flush() hears of it. */
void outbox_remove(struct outbox *outbox, const char *receipt, enum spool_place place, int64_t instance_id);

/* How many removals one flush should get: about 10 ms of them, judged by how long the last ones took. A large
 * file on a busy disk takes a millisecond, and workers wait meanwhile. */
size_t outbox_portion(const struct outbox *outbox);
/* How long they took in the last flush. */
int64_t outbox_removing_ms(const struct outbox *outbox);

/* Who hears what came of it. */
struct outbox_hearer {
    void *context;
    void (*gone)(void *context, int64_t instance_id); /* a file was removed */
    /* A WORK could not be sent: its peer has left. (Other messages are dropped then.) */
    void (*undelivered)(void *context, const struct bus_peer *peer, const char *work);
    /* A file could not be moved to the place, or removed from it. */
    void (*failed)(void *context, const char *receipt, enum spool_place place, int code);
};
struct outbox_ways {
    struct bus *work, *control;
    struct spool *spool;
};
/* Carries everything out; the outbox is empty afterwards. */
void outbox_flush(struct outbox *outbox, const struct outbox_ways *ways, const struct outbox_hearer *hearer);

#endif
