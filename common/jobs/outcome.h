/* outcome - what came of a delivery or a share: its move, and everything that follows from it. Counters,
 * lanes and series are brought up to date, the shares that waited for a stored series are due, and the
 * instance whose last job this was is done. */
#ifndef FELUCCA_JOBS_OUTCOME_H
#define FELUCCA_JOBS_OUTCOME_H

#include "common/jobs/batch.h"
#include "common/jobs/jobdb.h"
#include "common/jobs/states.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an outcome writes. */
struct jobdb_outcome {
    enum cause cause;
    int64_t now;
    int64_t due_at; /* back to queued: not before */
    int attempts;   /* new values, kept with the job */
    int64_t attempt_mark;
    int batch_limit;
    int ends;                    /* requests in a row whose end told nothing */
    int64_t collided_at;         /* as in batch.h */
    int http_status;             /* 0: none */
    const char *reason;          /* NULL: none */
    int64_t keep_until;          /* when this finishes the instance */
    int64_t keep_excluded_until; /* when it is finished because a newer version of it is stored */
};

/* Moves one delivery of a batch. False: its state does not know this move, or it has been handed out again
 * meanwhile and the cause is not "stored"; nothing was changed. Stored also makes its series known and the
 * shares that wait for it due: the albums concerned are told to each_album (which may be NULL).
 *
 * What was received earlier under the same SOP Instance UID and waits for the same destination, was refused there or is
 * undecided is not sent after it: it is excluded, "replaced by receipt ...", now or when it comes back from a request;
 * unless an operator has had it tried again since. */
bool jobdb_move_delivery(struct jobdb *db, const struct jobdb_batch *batch, const struct jobdb_item *item,
                         const struct jobdb_outcome *outcome,
                         void (*each_album)(void *context, int64_t album_id), void *context);
bool jobdb_move_share(struct jobdb *db, const struct jobdb_batch *batch, const struct jobdb_item *item,
                      const struct jobdb_outcome *outcome);

/* Nothing of a batch of deliveries went out: its tries are as before, and so is what is known of its study. What was last said of an
 * item is appended to ret_reason (nothing: nothing was), its status in *ret_status. Then the items are moved. */
void jobdb_unlease(struct jobdb *db, struct jobdb_batch *batch);
void jobdb_last_answer(struct jobdb *db, const struct jobdb_item *item, struct text *ret_reason,
                       int *ret_status);

/* After the last item of a batch was moved: its series are in one request less, and when its lane is due next. */
void jobdb_end_batch(struct jobdb *db, const struct jobdb_batch *batch, int64_t now);

/* KHEOPS says that a series could not be put into its album: it is treated as unknown again. */
void jobdb_series_unknown(struct jobdb *db, int64_t series_id);

/* When the first instance of it was stored there; 0: none was. */
int64_t jobdb_series_stored_at(struct jobdb *db, int64_t series_id);

/* Whether the destination was sent this series in another study, too. */
bool jobdb_series_is_elsewhere(struct jobdb *db, int64_t series_id, int64_t destination_id);

/* A delivery by receipt and destination, for results that come late. */
bool jobdb_find_delivery(struct jobdb *db, const char *receipt, const char *destination,
                         struct jobdb_batch *ret_batch);

/* Moves all unfinished deliveries of an instance to failed, because its file is gone. Returns how many. */
size_t jobdb_fail_instance(struct jobdb *db, int64_t instance_id, const char *reason, int64_t now);

#endif
