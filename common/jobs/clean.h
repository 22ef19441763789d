/* clean - the spool files that the job database knows: which may go, and where each should be.
 *
 * A row says where a file should be before the file is moved: whoever finds them apart moves the file. */
#ifndef FELUCCA_JOBS_CLEAN_H
#define FELUCCA_JOBS_CLEAN_H

#include "common/base/receipt.h"
#include "common/jobs/jobdb.h"
#include "common/spool/spool.h"

#include <stddef.h>
#include <stdint.h>

struct jobdb_file {
    int64_t instance_id;
    char receipt[RECEIPT_SIZE];
    enum spool_place place;
};

/* What becomes of the file of a finished instance. */
enum jobdb_fate { JOBDB_REMOVE, JOBDB_KEEP, JOBDB_DROP };

/* Finished instances whose file is still in queue/: its time is over, or it belongs into kept/, or, since an
 * operator dropped a delivery of it, into dropped/, where it stays at least until keep_dropped_until; it is
 * marked so now. At most limit; each is called for every one. */
size_t jobdb_each_finished(struct jobdb *db, int64_t now, int64_t keep_dropped_until, size_t limit,
                           void (*each)(void *context, const struct jobdb_file *file, enum jobdb_fate fate),
                           void *context);
/* Kept and dropped files whose time is over. */
size_t jobdb_each_expired(struct jobdb *db, int64_t now, size_t limit,
                          void (*each)(void *context, const struct jobdb_file *file), void *context);
/* Kept and dropped files whatever their time, those that would go first in front. */
enum jobdb_spare { JOBDB_SPARE_STORED, JOBDB_SPARE_DROPPED, JOBDB_SPARE_NEVER_STORED, JOBDB_SPARES };
size_t jobdb_each_spare(struct jobdb *db, enum jobdb_spare spare, size_t limit,
                        void (*each)(void *context, const struct jobdb_file *file), void *context);
/* The file is gone for good. */
void jobdb_file_gone(struct jobdb *db, int64_t instance_id);

/* Calls each for every active instance, in order of arrival, from the one after *cursor; at most limit.
 * Returns how many; *cursor is moved on. */
size_t jobdb_each_active(struct jobdb *db, int64_t *cursor, size_t limit,
                         void (*each)(void *context, const struct jobdb_file *file), void *context);
/* The same for every quarantined instance. */
size_t jobdb_each_quarantined(struct jobdb *db, int64_t *cursor, size_t limit,
                              void (*each)(void *context, const struct jobdb_file *file), void *context);

#endif
