/* gauge - what monitoring asks every few seconds: answered from counters and by index, however much there
 * is. */
#ifndef FELUCCA_JOBS_GAUGE_H
#define FELUCCA_JOBS_GAUGE_H

#include "common/jobs/jobdb.h"

#include <stdint.h>

/* What waits for a destination, or for one of its albums. */
struct jobdb_depth {
    const char *destination, *album; /* borrowed during the call; album NULL: the destination itself */
    int64_t waiting, queued, deferred, in_flight, failed, undecided; /* deferred: of the queued */
    int64_t oldest_queued_at, oldest_failed_at;                      /* 0: there is none */
    int token_active, source_active; /* what introspection last said: 1, 0, or -1: nothing yet */
};
void jobdb_each_depth(struct jobdb *db, void (*each)(void *context, const struct jobdb_depth *depth),
                      void *context);

/* When the oldest delivery that waits for a destination was received, or the oldest share that waits for an
 * album (0: the destination itself) was asked for. 0: there is none. */
int64_t jobdb_oldest_queued(struct jobdb *db, int64_t destination_id, int64_t album_id);

/* How many deliveries wait for a destination, or shares for an album. */
int64_t jobdb_queued(struct jobdb *db, int64_t destination_id, int64_t album_id);

/* Bytes of jobs.db and of its write-ahead log; 0 where there is none. */
void jobdb_file_sizes(const char *state_dir, int64_t *ret_database, int64_t *ret_wal);

#endif
