/* times - what the job database knows of the clock by which its times were written, and how they are mended after that
 * clock was set. */
#ifndef FELUCCA_JOBS_TIMES_H
#define FELUCCA_JOBS_TIMES_H

#include "common/jobs/jobdb.h"

/* As the router wrote them down last. */
struct jobdb_times {
    int64_t wall_at;    /* the wall clock; 0: nothing was written yet */
    int64_t trusted_at; /* the time by which things expire, which falls behind a wall clock that leapt */
    int64_t doubt_ms;   /* for how long it still does so; 0: it does not */
};
void jobdb_read_times(struct jobdb *db, struct jobdb_times *ret_times);
void jobdb_write_times(struct jobdb *db, const struct jobdb_times *times);

/* The wall clock went back, or did so while nothing ran: what would be due only after latest is due now. */
void jobdb_hurry(struct jobdb *db, int64_t now, int64_t latest);

/* The wall clock went back from a time that was wrong: a file is kept until keep_until at most, nothing was finished
 * or quarantined later than now, and what was counted for a time to come is forgotten. */
void jobdb_clock_is_back(struct jobdb *db, int64_t now, int64_t keep_until);

#endif
