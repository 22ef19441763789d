/* decide - which destinations take an instance, and which albums get its series.
 *
 * The same configuration and the same instance give the same decision: it asks only the instance's header. */
#ifndef FELUCCA_ROUTER_DECIDE_H
#define FELUCCA_ROUTER_DECIDE_H

#include "common/condition/condition.h"
#include "common/config/config.h"
#include "common/jobs/intake.h"
#include "router/targets.h"

struct decisions {
    struct jobdb_decision *list; /* one a destination of the node, in its order */
    size_t count;
    /* A condition that cannot be decided, and why; empty: there is none. Nothing is then to be sent or shared:
     * what the list says of that destination or album is no decision. */
    struct text undecided;
};

void decisions_release(struct decisions *decisions);

/* Decides for every destination of the node. targets gives the ids, and must know all that the node names. */
void decide(const struct config_node *node, struct targets *targets, const char *sop_class,
            const struct condition_facts *facts, struct decisions *ret_decisions);

#endif
