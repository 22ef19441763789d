/* quarantine - the files that could not be taken in, and what operators do with them. */
#ifndef FELUCCA_JOBS_QUARANTINE_H
#define FELUCCA_JOBS_QUARANTINE_H

#include "common/base/receipt.h"
#include "common/jobs/jobdb.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jobdb_quarantined {
    int64_t id;
    char receipt[RECEIPT_SIZE];
    const char *reason, *calling_aet, *called_aet, *study, *sop_instance; /* borrowed during the call */
    int64_t size, received_at, quarantined_at;
};

/* Which files are meant: NULL is any. */
struct jobdb_parked {
    const char *reason; /* a part of it */
    const char *calling_aet, *called_aet, *study;
    bool
        is_line; /* a line of trouble: reason is the whole one (line.h), and the titles are those of it; NULL: it has none */
};
bool jobdb_parked_is_meant(const struct jobdb_parked *parked, const struct jobdb_quarantined *file);
/* How many are. Walks over the whole quarantine. */
int64_t jobdb_count_parked(struct jobdb *db, const struct jobdb_parked *parked);

/* The next ones from the one after *cursor on, at most that many; *cursor is moved on. How many. */
size_t jobdb_read_quarantine(struct jobdb *db, int64_t *cursor, size_t most,
                             void (*each)(void *context, const struct jobdb_quarantined *file),
                             void *context);
/* The calling AE titles whose files take more than so many bytes together (NULL: of those that tell none). */
void jobdb_each_overfull(struct jobdb *db, int64_t bytes,
                         void (*each)(void *context, const char *calling_aet, int64_t files, int64_t bytes),
                         void *context);
/* Forgets the row, so that its file can be taken in as if it were new. */
void jobdb_take_back(struct jobdb *db, int64_t instance_id);
/* Its file belongs into dropped/ from now on. False: it is not in quarantine. */
bool jobdb_drop_quarantined(struct jobdb *db, int64_t instance_id, int64_t now, int64_t keep_until);

#endif
