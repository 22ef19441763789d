/* handshakes - peers of the TLS port on their way in (entrance.h), as the parent sees them.
 *
 * Each has a process of its own, so that whatever a handshake does, or does not do, holds up nobody else. They count for no
 * association; there are at most so many at once, and when there is no room for one more, the one that is there longest
 * gives way, of those from the address that has most. One that takes much too long is ended, whatever its process thinks. */
#ifndef FELUCCA_RECEIVER_HANDSHAKES_H
#define FELUCCA_RECEIVER_HANDSHAKES_H

#include "receiver/children.h"
#include "receiver/entrance.h"

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

enum { HANDSHAKES = 32, HANDSHAKE_MS = 4 * LOBBY_PATIENCE_MS };

struct handshakes_host {
    void *context;
    /* What becomes of a peer that asks; *claim: whether its passcode is wanted, and what it is, which is wiped then. */
    enum lobby_answer (*asks)(void *context, struct child *child, const struct entrance_question *question,
                              struct claim *ret_claim);
};

/* Before another one begins. */
void handshakes_make_room(struct children *children);

/* Fills in what to poll for; returns how many (at most HANDSHAKES). */
size_t handshakes_poll(const struct children *children, struct pollfd *ret_polls);
/* After the poll, with the same array, before any child is added or taken. */
void handshakes_turn(struct children *children, const struct pollfd *polls, int64_t now_ms,
                     const struct handshakes_host *host);

#endif
