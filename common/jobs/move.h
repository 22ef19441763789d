/* move - how a row gets from one state into another: because of a cause, as the tables of states.h say, and
 * in no other way. Private to common/jobs.
 *
 * Every statement that writes a state, or removes a row because of its state, is in move.c. It names no state:
 * the one that the row must be in and the one that the table leads to are bound. So a move that the table does
 * not know is not made, and a row that is in another state than was thought is left as it is; unit tests hold
 * the texts to this. Two things are no moves, and elsewhere: a row begins in a state, and history is forgotten.
 * Queries do name states: SQLite uses an index of one state only for a condition that the text has. */
#ifndef FELUCCA_JOBS_MOVE_H
#define FELUCCA_JOBS_MOVE_H

#include "common/jobs/jobdb.h"
#include "common/jobs/outcome.h"
#include "common/jobs/states.h"

#include <stdbool.h>
#include <stdint.h>

/* A move that is possible, looked up and still to be made. */
struct move {
    enum machine machine;
    int64_t id;   /* of the row */
    int from, to; /* states of the machine */
    int tries;    /* of the job so far */
};

/* Where the cause leads the row from the state that it is in. False: there is no such row or no such move, or
 * the row is under way as part of another work (NULL: whatever its work); "stored" is true whoever says it. */
bool move_find(struct jobdb *db, enum machine machine, int64_t id, const char *work, enum cause cause,
               struct move *ret_move);

/* A job that is queued goes out as part of a work. */
void move_lease(struct jobdb *db, enum machine machine, int64_t id, const char *work);
/* What came of a job. */
void move_job(struct jobdb *db, const struct move *move, const struct jobdb_outcome *outcome);
/* A share that waited for its series is due. */
void move_wake_share(struct jobdb *db, int64_t share_id, int64_t now);

/* One that was due waits again for its series. */
void move_share_waits(struct jobdb *db, int64_t share_id);

/* A fetch is wanted anew; and one that ends is needed again at once, with the due time that it has. */
void move_want_fetch(struct jobdb *db, const struct move *move, int64_t now, int64_t due_at);
void move_repeat_fetch(struct jobdb *db, const struct move *move);

/* What is undecided is to be done: a delivery, due now, whose tries count from the start; a share
 * that waits for its series, with this witness and request (0: none; the request that it had). */
bool move_admit_delivery(struct jobdb *db, int64_t delivery_id, int64_t now);
bool move_admit_share(struct jobdb *db, int64_t share_id, int64_t witness_id, int64_t request_id,
                      int64_t now);
/* A decision is open again, for this reason. A delivery is of this series then. A share has no witness then, but the request of an operator. */
bool move_bring_delivery_back(struct jobdb *db, int64_t delivery_id, const char *reason, int64_t series_id);
bool move_bring_share_back(struct jobdb *db, int64_t share_id, const char *reason, int64_t request_id);
/* A newer version of its witness is stored, which does not ask for it: it is undecided, with a reason. */
bool move_share_loses_witness(struct jobdb *db, int64_t share_id, const char *reason);
/* An instance has one job more; it is active again when it was done. */
void move_reopen_instance(struct jobdb *db, int64_t instance_id);

/* One job of an instance is final; with the last of them the instance is finished. Its file is kept for the longest
 * that any of them asks for. */
void move_job_is_final(struct jobdb *db, int64_t instance_id, int64_t now, int64_t keep_until);
/* A quarantined instance is given up. False: it is not in quarantine. */
bool move_drop_quarantined(struct jobdb *db, int64_t instance_id, int64_t now, int64_t keep_until);

/* The move of a row that leads to no state: the row goes. False: its state does not know the cause. */
bool move_out(struct jobdb *db, enum machine machine, int64_t id, enum cause cause);

#endif
