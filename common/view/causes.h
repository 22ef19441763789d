/* causes - what needs a person now: a sentence for each, and the command that comes next.
 *
 * Work that waits, and trouble that passes by itself, need nobody. */
#ifndef FELUCCA_VIEW_CAUSES_H
#define FELUCCA_VIEW_CAUSES_H

#include "common/config/config.h"
#include "common/jobs/jobdb.h"
#include "common/view/surroundings.h"

#include <stdint.h>

#define CAUSES_MAP(X) /* name, text, meaning */                                                  \
    X(ROUTER, "router", "the router does not run")                                               \
    X(STANDBY, "standby",                                                                        \
      "a router waits for a state folder whose owner gives no sign of life, or lives elsewhere") \
    X(DISK, "disk", "the spool's disk is too full to receive")                                   \
    X(OVERFULL, "overfull", "sources are refused, since they fill the quarantine")               \
    X(WORKER, "worker", "a sender or sharer lacks something that others have")                   \
    X(TRAY, "tray", "the files of a tray are not taken")                                         \
    X(BLOCKED, "blocked", "a destination or album refuses our token or our requests")            \
    X(TOKEN, "token", "KHEOPS says something against a token, although nothing suffers yet")     \
    X(FAILED, "failed", "deliveries, shares or questions are refused for good, or given up")     \
    X(UNDECIDED, "undecided", "conditions cannot be decided: a person does")                     \
    X(HELD, "held", "an operator holds a destination or album, and something waits for it")      \
    X(UNKNOWN, "not configured", "jobs wait for what the configuration no longer names")         \
    X(QUARANTINE, "quarantine", "received files could not be taken in")                          \
    X(COMMITMENT, "commitment", "no source took its report on storage commitment, for days")     \
    X(PROXY, "proxy", "the environment names a proxy, and nobody said whether to use it")        \
    X(READER, "reader", "somebody's read transaction keeps the job database's log from shrinking")

enum causes_kind {
#define X(name, text, meaning) CAUSES_##name,
    CAUSES_MAP(X)
#undef X
        CAUSES_KINDS
};

/* Borrowed for ever. */
const char *causes_name(enum causes_kind kind);

/* Borrowed during the call. */
struct causes_one {
    enum causes_kind kind;
    const char *sentence;
    const char *next;                /* a command */
    const char *destination, *album; /* NULL: of the whole; of a destination itself */
    int64_t count;                   /* of jobs or files that it is about; 0: it is not about such */
    int64_t since;                   /* 0: not known */
};

/* Calls each for every one, the whole first. around was looked at before the database was opened. 0, or the connection's
 * error. */
int causes_each(const struct config *config, const struct surroundings *around, struct jobdb *db,
                void (*each)(void *context, const struct causes_one *cause), void *context);

#endif
