/* status_check - whether anything needs a person: a cause a line, and the command that comes next. */
#ifndef FELUCCA_CLI_STATUS_CHECK_H
#define FELUCCA_CLI_STATUS_CHECK_H

#include "common/config/config.h"

#include <stdbool.h>

/* What needs a person; work that waits, and trouble that passes by itself, do not. */
#define ATTENTION_MAP(X) /* name, text, meaning */                                               \
    X(ROUTER, "router", "the router does not run")                                               \
    X(STANDBY, "standby",                                                                        \
      "a router waits for a state folder whose owner gives no sign of life, or lives elsewhere") \
    X(DISK, "disk", "the spool's disk is too full to receive")                                   \
    X(OVERFULL, "overfull", "sources are refused, since they fill the quarantine")               \
    X(WORKER, "worker", "a sender or sharer lacks something that others have")                   \
    X(BLOCKED, "blocked", "a destination or album refuses our token or our requests")            \
    X(TOKEN, "token", "KHEOPS says something against a token, although nothing suffers yet")     \
    X(FAILED, "failed", "deliveries or shares are refused for good, or given up")                \
    X(UNDECIDED, "undecided", "conditions cannot be decided: a person does")                     \
    X(HELD, "held", "an operator holds a destination or album, and something waits for it")      \
    X(UNKNOWN, "not configured", "jobs wait for what the configuration no longer names")         \
    X(QUARANTINE, "quarantine", "received files could not be taken in")                          \
    X(PROXY, "proxy", "the environment names a proxy, and nobody said whether to use it")        \
    X(READER, "reader", "somebody's read transaction keeps the job database's log from shrinking")

enum attention {
#define X(name, text, meaning) ATTENTION_##name,
    ATTENTION_MAP(X)
#undef X
        ATTENTIONS
};

/* Prints the causes, as text or as one JSON object a line: EXIT_OK when there is none, else EXIT_NO. Any other
 * status when it could not look. */
int status_check(const struct config *config, bool json);

#endif
