/* volume - how many spool files there are at each place, and their bytes, as the rows say.
 *
 * The sums are kept in memory: whatever changes a row changes them. For the writer only. */
#ifndef FELUCCA_JOBS_VOLUME_H
#define FELUCCA_JOBS_VOLUME_H

#include "common/jobs/jobdb.h"
#include "common/spool/spool.h"

#include <stdint.h>

struct jobdb_volume {
    int64_t files, bytes;
};

/* Begins: commits, and reads the row of every file that there is once. */
void jobdb_count_spool(struct jobdb *db);
struct jobdb_volume jobdb_spool_volume(const struct jobdb *db, enum spool_place place);

#endif
