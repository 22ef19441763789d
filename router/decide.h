/* decide - which destinations take an instance, and which albums get its series.
 *
 * A destination takes what its sop_classes and its condition want, and what its server can take: KHEOPS only
 * studies and series whose UIDs are object identifiers (uid.h), others any printable ones.
 *
 * A condition that cannot be decided is neither true nor false: the destination or album is undecided then, with the
 * reason, and nothing is sent or shared there before a person decides.
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
    /* No destination that wants it can take it, and why; empty: one can, or may, or none wants it. */
    struct text unfit;
    char **sentences; /* that the list borrows */
    size_t sentence_count, sentence_capacity;
    /* What the conditions that were asked said; of a destination with its sop_classes. One that it does not have
     * says nothing. */
    struct decide_said {
        int64_t destination_id, album_id; /* album_id 0: of the destination itself */
        enum condition_verdict verdict;
    } * said;
    size_t said_count, said_capacity;
};

void decisions_release(struct decisions *decisions);

/* Decides for every destination of the node, by the UIDs of the instance and the facts of its header. targets gives
 * the ids, and must know all that the node names. anyway: as below, of the destination of this name; NULL: of none. */
void decide(const struct config_node *node, const char *anyway, struct targets *targets,
            const struct jobdb_instance *instance, const struct condition_facts *facts,
            struct decisions *ret_decisions);

/* The same for one destination. anyway: an operator wants it to be taken where its condition cannot be decided. */
void decide_destination(const struct config_destination *destination, bool anyway, struct targets *targets,
                        const struct jobdb_instance *instance, const struct condition_facts *facts,
                        struct decisions *ret_decisions);

/* Leaves out where a newer version of the instance is stored: one that comes late, from quarantine or a slow reader, does
 * not go over it by itself. The instance has no row yet. */
void decide_versions(struct jobdb *db, const struct jobdb_instance *instance, struct decisions *decisions);

/* What an album's condition is for an instance; why it cannot be decided is appended to ret_doubt. */
enum condition_verdict decide_album(const struct config_album *album, const struct condition_facts *facts,
                                    struct text *ret_doubt);

#endif
