/* decide - which destinations take an instance, and which albums get its series.
 *
 * A destination takes what its sop_classes and its condition want, and what its server can take: KHEOPS only
 * studies and series whose UIDs are object identifiers (uid.h), others any printable ones.
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
    /* No destination that wants it can take it, and why; empty: one can, or none wants it. */
    struct text unfit;
};

void decisions_release(struct decisions *decisions);

/* Decides for every destination of the node, by the UIDs of the instance and the facts of its header. targets gives
 * the ids, and must know all that the node names. */
void decide(const struct config_node *node, struct targets *targets, const struct jobdb_instance *instance,
            const struct condition_facts *facts, struct decisions *ret_decisions);

#endif
