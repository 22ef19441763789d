/* errand - one thing that somebody asked of the router, and the thread that asks it: what errands.h keeps a list of.
 *
 * A plan's parts are asked one after the other; of a dry run those alone that the router counts. The thread touches nothing but the
 * errand. Whoever holds the mutex may read what it writes. */
#ifndef FELUCCA_CONSOLE_ERRAND_H
#define FELUCCA_CONSOLE_ERRAND_H

#include "common/base/json.h"
#include "common/base/text.h"
#include "common/config/config.h"
#include "console/plan.h"
#include "console/who.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    ERRAND_QUESTION = -2, /* the count of a part that looks for something, and is no change */
    ERRAND_PARTS_MOST = 200,
    ERRAND_ID_SIZE = 33,
    ERRAND_GOOD_MS = 10 * 60 * 1000 /* what was counted longer ago is counted again */
};

#define ERRAND_PHASE_MAP(X)                                                          \
    X(COUNTING, "counting")   /* the router counts */                                \
    X(COUNTED, "counted")     /* it is said what it would do; nothing is done yet */ \
    X(UNDER_WAY, "under way") /* the router does it */                               \
    X(DONE, "done")                                                                  \
    X(REFUSED, "refused")         /* by the router; nothing was done */              \
    X(UNREACHABLE, "unreachable") /* the router did not answer; it may be done all the same */

enum errand_phase {
#define X(NAME, text) ERRAND_##NAME,
    ERRAND_PHASE_MAP(X)
#undef X
};

struct errand {
    char id[ERRAND_ID_SIZE];    /* "": none */
    char owner[WHO_TOKEN_SIZE]; /* the token of whom it is of … */
    char person[WHO_NAME_SIZE]; /* … and his name */
    enum control_verb verb;
    struct plan plan;      /* of a question: one part, with no count */
    bool is_wanted;        /* no dry run any more */
    struct config *config; /* its own: the process may get another one */
    int64_t at;            /* wall ms */
    int64_t counted_at;    /* monotonic ms */
    bool has_thread;       /* which is to be joined */
    pthread_t thread;
    atomic_bool ends;      /* the process does: no further part is begun */
    pthread_mutex_t mutex; /* of what follows, and of the parts' counts */
    enum errand_phase phase;
    int64_t changed, asked, undecided; /* reshare: of how many KHEOPS is asked, or nothing can be told */
    char hash[CONTROL_HASH_SIZE];
    struct text sentence;
    json_t *notes, *explained;
};

/* Has its thread ask, after the one before has ended. False: there can be no thread, and the phase says so. */
bool errand_start(struct errand *errand, enum errand_phase phase);
/* Waits for its thread. */
void errand_join(struct errand *errand);
enum errand_phase errand_phase(struct errand *errand);
/* Whether its thread asks. */
bool errand_is_busy(struct errand *errand);

#endif
