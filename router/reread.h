/* reread - the header of a file that was taken in, or quarantined, before: read once more for an operator's change.
 *
 * The change waits a few milliseconds at most, and asks again in its next step; other files of the same step may be asked
 * for before that. */
#ifndef FELUCCA_ROUTER_REREAD_H
#define FELUCCA_ROUTER_REREAD_H

#include "router/readers.h"

#include "common/spool/spool.h"

struct router;

/* 0, and *ret_answer is filled, to be released, whatever its code; ERR_AGAIN: the answer has not come yet, ask for the
 * same in the next step; others: the file cannot be opened. */
int reread(struct router *router, const char *receipt, enum spool_place place,
           struct readers_answer *ret_answer);

/* The same of the kept header of an instance whose file is gone (headers.h); ERR_ABSENT: it is gone as well. */
int reread_kept(struct router *router, const char *study, const char *receipt,
                struct readers_answer *ret_answer);

#endif
