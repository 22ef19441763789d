/* requester - the sources that ask for storage commitment: what was learned of each when it was told, and whom an operator
 * holds. Rows are few: one for each title, and node that it asks. */
#ifndef FELUCCA_JOBS_REQUESTER_H
#define FELUCCA_JOBS_REQUESTER_H

#include "common/jobs/jobdb.h"

#include <stdbool.h>
#include <stdint.h>

struct jobdb_requester {
    const char *calling, *called;
    int64_t failures, until; /* in a row; when the next try may be made */
};
/* Calls each for every one that something is known of, or for which a report waits; texts borrowed during the call. */
void jobdb_each_requester(struct jobdb *db,
                          void (*each)(void *context, const struct jobdb_requester *requester),
                          void *context);
void jobdb_each_awaiting(struct jobdb *db,
                         void (*each)(void *context, const struct jobdb_requester *requester), void *context);
void jobdb_requester_failed(struct jobdb *db, const struct jobdb_requester *requester, const char *error,
                            int64_t now);
void jobdb_requester_took(struct jobdb *db, const struct jobdb_requester *requester, int64_t now);

/* ---- held ---- */

/* Whether a title ever asked. */
bool jobdb_has_asked(struct jobdb *db, const char *calling);
/* An operator holds what is to be told to a title, whichever node it asked. */
bool jobdb_source_is_held(struct jobdb *db, const char *calling);
/* by NULL: nobody does any more, and the age of what waits begins anew. False: it is so already. */
bool jobdb_hold_source(struct jobdb *db, const char *calling, const char *by, int64_t now);

/* ---- for people ---- */

/* Texts are borrowed during the call. */
struct jobdb_requester_row {
    const char *calling, *called; /* called NULL: of one that is held */
    int64_t waiting;              /* reports that are decided, and not under way */
    int64_t failures, until;
    const char *last_error, *held_by; /* NULL: none */
    int64_t since;                    /* the error, or the hold */
};
/* Those that did not take their last report, and those that are held. 0, or the connection's error. */
int jobdb_each_troubled_requester(struct jobdb *db,
                                  void (*each)(void *context, const struct jobdb_requester_row *row),
                                  void *context);
/* How many did not take their last report and rest, and how many are held. */
void jobdb_count_troubled_requesters(struct jobdb *db, int64_t *ret_resting, int64_t *ret_held);

#endif
