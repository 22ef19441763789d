/* inquiry - the series about which KHEOPS is asked, since nothing here knows their headers any more: for an operator's
 * `reshare --from-kheops`. One row an album and series, used again when an operator asks again.
 *
 * Of a series a few instances are asked about at a time; `heard` says how far it has come. What KHEOPS answers is never
 * in the database. */
#ifndef FELUCCA_JOBS_INQUIRY_H
#define FELUCCA_JOBS_INQUIRY_H

#include "common/jobs/batch.h"
#include "common/jobs/jobdb.h"
#include "common/jobs/outcome.h"
#include "common/jobs/reshare.h"

#include <stdbool.h>
#include <stdint.h>

struct jobdb_inquiry {
    int64_t id, destination_id, album_id, series_id;
    int64_t request_id;   /* the operator's */
    int64_t since, until; /* wall ms: of its instances those received in [since, until] */
    int64_t heard;        /* id of the last instance that KHEOPS told of; 0: none yet */
    char *anew;           /* a share in one of these states (with commas between) is made anew; NULL: none */
    struct text doubt;    /* why one of those cannot be decided; empty: all could */
};
void jobdb_inquiry_release(struct jobdb_inquiry *inquiry);

/* An operator wants KHEOPS to be asked about the series, for the album: due at once, from its first instance on. One that
 * is under way goes on, for this request. Of wanted it reads album_id, request_id, since, until and anew. */
void jobdb_want_inquiry(struct jobdb *db, const struct jobdb_series *series,
                        const struct jobdb_inquiry *wanted, int64_t now);

/* False: there is no such row. Release it in either case. */
bool jobdb_find_inquiry(struct jobdb *db, int64_t id, struct jobdb_inquiry *ret_inquiry);

/* Takes the next due one of an album into the batch (whose work is set) and leases it. When there is none,
 * *ret_next_due tells when one will be, or INT64_MAX. */
bool jobdb_pick_inquiry(struct jobdb *db, int64_t album_id, int64_t now, struct jobdb_batch *batch,
                        int64_t *ret_next_due);

/* What came of it. False: its state does not know this move, or it is of another work; nothing was changed. One that
 * was over and is RETRIED begins with its first instance. */
bool jobdb_move_inquiry(struct jobdb *db, const struct jobdb_batch *batch, const struct jobdb_item *item,
                        const struct jobdb_outcome *outcome);

/* How far it has come. doubt NULL: none. */
void jobdb_inquiry_heard(struct jobdb *db, int64_t id, int64_t heard, const char *doubt);

/* Whether another one of the album was answered since. */
bool jobdb_inquiry_answered_since(struct jobdb *db, int64_t album_id, int64_t since);

/* The share of the series that waits for a person's decision; 0: there is none. */
int64_t jobdb_undecided_share(struct jobdb *db, int64_t album_id, int64_t series_id);

/* What became of those of one request (by its name), alike ones together; texts are borrowed during the call. For
 * readers as well. 0 or ERR_DB. */
struct jobdb_inquiry_sum {
    const char *state, *reason; /* reason NULL: nothing yet */
    const char *study, *series; /* one of them */
    int64_t count;
};
int jobdb_sum_inquiries(struct jobdb *db, const char *request,
                        void (*each)(void *context, const struct jobdb_inquiry_sum *sum), void *context);

#endif
