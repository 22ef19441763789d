/* newest - studies, the newest first, a page at a time, however many there are: what a list in a browser asks again and
 * again.
 *
 * Instances are walked from the newest one back, by their ids, so that a page costs what it shows and not what there is.
 * A study stands where its newest instance does. What failed or is in quarantine has indexes of its own: only that is
 * walked for such a state, and a study stands where the newest of it does. */
#ifndef FELUCCA_JOBS_NEWEST_H
#define FELUCCA_JOBS_NEWEST_H

#include "common/jobs/studies.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JOBDB_NEWEST_MOST = 200 }; /* studies of a page */

struct jobdb_newest {
    int64_t before;          /* begins below this instance; 0: at the newest */
    const char *state;       /* as jobdb_study_row has it; NULL: any, as below */
    const char *calling_aet; /* who sent an instance of it */
    const char *destination; /* that has a delivery of it, which is not excluded */
    const char *album;       /* that has a share of it */
    const char *hash;        /* table search_hash */
    int64_t since;           /* received from then on */
    size_t limit;            /* at most JOBDB_NEWEST_MOST */
    int64_t looks;           /* at most so many instances are looked at … */
    int64_t reads; /* … and so many studies are read, each of which costs as much as it is large */
};

/* How far a page came. */
struct jobdb_newest_end {
    int64_t before; /* where the next page begins; 0: there is none */
    bool gave_up;   /* the looks or reads were used up before the page was full */
    int64_t at;     /* when the last instance was received that was looked at; 0: none was */
};

/* Where a study goes or went. */
struct jobdb_study_goal {
    const char *destination, *album; /* album NULL: the destination itself */
    const char *state;
    int64_t count; /* of images, or of series */
};

/* Calls each for every study, borrowed during the call; its goals, and their number, are those of the row. 0, or the
 * connection's error. */
int jobdb_read_newest(struct jobdb *db, const struct jobdb_newest *newest,
                      void (*each)(void *context, const struct jobdb_study_row *row,
                                   const struct jobdb_study_goal *goals, size_t count),
                      void *context, struct jobdb_newest_end *ret_end);

/* The same of one study; whether it is known. */
bool jobdb_read_study(struct jobdb *db, const char *study,
                      void (*each)(void *context, const struct jobdb_study_row *row,
                                   const struct jobdb_study_goal *goals, size_t count),
                      void *context);

#endif
