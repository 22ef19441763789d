/* consistency - whether spool and job database agree, and the job database with itself.
 *
 * Read-only, as any user may who can read both; harmless while everything runs. What looks wrong may only be
 * on its way: it is looked at a second time before it is told. Reads the whole database and all folders of
 * the spool. */
#ifndef FELUCCA_JOBS_CONSISTENCY_H
#define FELUCCA_JOBS_CONSISTENCY_H

#include "common/base/text.h"

#include <stdint.h>

/* What can be wrong, and what somebody can do about it. */
#define CONSISTENCY_MAP(X) /* name, remedy */                                                               \
    X(DATABASE, "stop the router and move jobs.db away: it is made again from the spool, and what was not " \
                "finished is done again")                                                                   \
    X(MISSING, "its jobs will fail with a sentence; ask the sender of the study to send it again")          \
    X(WAITING, "no router has taken it in: look whether one runs, and into its log")                        \
    X(UNKNOWN, "restart the router: it takes it in")                                                        \
    X(NOBODYS, "no row says how long it is to be kept, since the database was made again: remove it by "    \
               "hand when nobody wants it")                                                                 \
    X(MISPLACED, "restart the router: it moves it where its row says")                                      \
    X(LEFT, "everything was done with it: restart the router, which removes it, or remove it by hand")

enum consistency_problem {
#define X(name, remedy) CONSISTENCY_##name,
    CONSISTENCY_MAP(X)
#undef X
        CONSISTENCY_PROBLEMS
};

/* The sentence of CONSISTENCY_MAP; borrowed for ever. */
const char *consistency_remedy(enum consistency_problem problem);

struct consistency_patience {
    int64_t second_look_ms; /* after which what looked wrong is looked at again */
    int64_t intake_ms;      /* how long a received file may wait for its row; INT64_MAX: for ever */
};

/* Calls each for every problem, those of the database first. 0; ERR_ABSENT: there is no database yet; another
 * error of the database or the spool, with a sentence appended to ret_reason. */
int consistency_check(const char *state_dir, const struct consistency_patience *patience,
                      void (*each)(void *context, enum consistency_problem problem, const char *what),
                      void *context, struct text *ret_reason);

#endif
