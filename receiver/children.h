/* children - the processes of associations, and the limits that they count for. In the parent alone. */
#ifndef FELUCCA_RECEIVER_CHILDREN_H
#define FELUCCA_RECEIVER_CHILDREN_H

#include "common/config/config.h"
#include "receiver/lobby.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct child {
    pid_t pid;
    struct peer_address address;
    char calling[FILE_META_AET_SIZE]; /* the title that it counts for; "": its address may not use it */
    int proof; /* a byte comes when the passcode of that title was proved, before which it does not count; -1: it does.
                  While it enters: the way to its process (entrance.h) */
    bool entering;    /* in its TLS handshake (handshakes.h): counts for nothing yet */
    bool dismissed;   /* and was ended by us */
    int64_t until_ms; /* in which it has to be through */
};

/* Zeros: none. */
struct children {
    struct child *list;
    size_t count, capacity;
};

/* Takes its descriptor. */
void children_add(struct children *children, const struct child *child);
/* Whoever had that process, with no descriptor left; false: none. */
bool children_take(struct children *children, pid_t pid, struct child *ret_child);
/* Those that have entered. */
size_t children_serving(const struct children *children);
/* Lets go of the list and its descriptors, not of the processes. */
void children_leave(struct children *children);

/* NULL, or the limit that another one would exceed, borrowed for ever. Those who have not proved their passcode count for
 * their address alone: nobody uses up what is for a title without being its owner. */
const char *children_find_limit(struct children *children, const struct config *config,
                                const struct child *wanted);

#endif
