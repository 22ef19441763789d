/* promise - whether an instance may be called committed: what a node's `commitment` makes of what became of it. Pure.
 *
 * docs/commitment.md has the table. Failure reasons are those of PS3.3 section C.14.1.1. */
#ifndef FELUCCA_ROUTER_PROMISE_H
#define FELUCCA_ROUTER_PROMISE_H

#include "common/config/config.h"

#include <stdbool.h>

enum promise {
    PROMISE_OPEN = -1,     /* not decided yet */
    PROMISE_COMMITTED = 0, /* it may be deleted where it came from */
    PROMISE_FAILED =
        0x0110, /* processing failure: a destination refused it, or an operator dropped it, or patience is over */
    PROMISE_UNKNOWN = 0x0112,     /* no such object instance: never seen, or no destination takes it */
    PROMISE_OTHER_CLASS = 0x0119, /* class / instance conflict */
    PROMISE_RESOURCES = 0x0213    /* resource limitation: its source has too many that are open */
};

/* What is known of an instance. */
struct promise_facts {
    bool known, quarantined, other_class;
    int sent, open, failed, dropped, excluded; /* its deliveries to the destinations that count */
};

/* Adds a delivery to the facts: the state as the job database has it. */
void promise_add(struct promise_facts *facts, const char *state);

/* settled: nothing that was received before it was asked for is still to be taken in. */
enum promise promise_judge(enum config_commitment_when when, const struct promise_facts *facts, bool settled);

/* Whether a node's `commitment` counts a destination. node NULL: the configuration has none of that title. */
bool promise_counts(const struct config_node *node, const char *destination);

#endif
