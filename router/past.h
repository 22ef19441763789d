/* past - an instance that was taken in before, as facts for conditions: the header of its file where that is still in
 * the spool, else what its row tells. */
#ifndef FELUCCA_ROUTER_PAST_H
#define FELUCCA_ROUTER_PAST_H

#include "common/dicom/header.h"
#include "common/jobs/reshare.h"
#include "router/recorded.h"

#include <stdbool.h>

struct router;

/* Borrows the struct jobdb_past. It must not move in memory between past_open() and past_close(). */
struct past {
    const struct condition_facts *facts; /* borrowed until past_close() */
    struct header *header;               /* NULL: the facts are those of the row */
    struct recorded recorded;
    struct condition_facts of_row;
};

/* Whether its file is in the spool, and where. */
bool past_find_file(struct router *router, const struct jobdb_past *row, enum spool_place *ret_place);

/* Reads the header where it can. Call intake_parsed() after the last one of a turn. */
void past_open(struct router *router, const struct jobdb_past *row, struct past *ret_past);
void past_close(struct past *past);

#endif
