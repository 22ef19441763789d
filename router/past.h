/* past - an instance that was taken in before, as facts for conditions: the header of its file where that is still in
 * the spool, else the one that was kept (headers.h), else what its row tells. */
#ifndef FELUCCA_ROUTER_PAST_H
#define FELUCCA_ROUTER_PAST_H

#include "common/jobs/reshare.h"
#include "router/readers_answer.h"
#include "router/recorded.h"

#include <stdbool.h>

struct router;

/* Borrows the struct jobdb_past. It must not move in memory between past_open() and past_close(). */
struct past {
    const struct condition_facts *facts; /* borrowed until past_close() */
    struct readers_answer answer;        /* without a reading, the facts are those of the row */
    struct header_transfer transfer;
    struct recorded recorded;
    struct condition_facts of_row;
};

/* Whether its file is in the spool, and where. */
bool past_find_file(struct router *router, const struct jobdb_past *row, enum spool_place *ret_place);

/* Has the header read where it can be. 0, or ERR_AGAIN: the answer has not come yet, the same is to be asked in the next
 * step (reread.h). */
int past_open(struct router *router, const struct jobdb_past *row, struct past *ret_past);
bool past_has_header(const struct past *past);
void past_close(struct past *past);

#endif
