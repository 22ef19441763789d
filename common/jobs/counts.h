/* counts - what a turn changes in the counters of destinations and albums: added up in memory, written at the
 * commit. Private to common/jobs. */
#ifndef FELUCCA_JOBS_COUNTS_H
#define FELUCCA_JOBS_COUNTS_H

#include "common/jobs/jobdb.h"
#include "common/jobs/states.h"

#include <stdint.h>

/* What its condition was asked (conditions.h). */
struct counts_asked {
    int64_t at; /* 0: it was not */
    int64_t yes, no, undecided, series;
    int64_t unmatched_series; /* of them, since the last yes */
};

struct jobdb_counts {
    int64_t destination_id, album_id; /* album_id 0: of the destination itself */
    int64_t queued, deferred, in_flight, failed, waiting, undecided;
    struct counts_asked asked;
};

/* The changes of a target in this transaction; borrowed until the next call. */
struct jobdb_counts *counts_of(struct jobdb *db, int64_t destination_id, int64_t album_id);
/* by more (or, below 0, fewer) jobs of a target in this state; tries: that each of them has had. */
void counts_delivery(struct jobdb *db, int64_t destination_id, enum delivery_state state, int tries, int by);
void counts_share(struct jobdb *db, int64_t destination_id, int64_t album_id, enum share_state state,
                  int tries, int by);
/* Writes them all and begins anew. */
void counts_write(struct jobdb *db);

#endif
