/* dispatch - what goes out next: a lane, deliveries from it, a share; and what was out when the router ended.
 *
 * A lane is one study on its way to one destination. It sleeps until something of it is due, then it is
 * ready; it is closed while another request of its study must end first. A series that the destination does not
 * know yet is in one request at a time, at all destinations of one origin: its other deliveries are not due
 * until that request has ended. */
#ifndef FELUCCA_JOBS_DISPATCH_H
#define FELUCCA_JOBS_DISPATCH_H

#include "common/jobs/batch.h"
#include "common/jobs/jobdb.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Marks lanes whose time has come as ready. Whether there were any. */
bool jobdb_wake_lanes(struct jobdb *db, int64_t now);
/* When the next sleeping lane is due, or INT64_MAX. */
int64_t jobdb_next_lane(struct jobdb *db);

struct jobdb_lane {
    int64_t id;
    char study[JOBDB_UID_SIZE];
    bool known; /* something of the study is stored at the destination's origin */
    enum { LANE_UNTOUCHED, LANE_TOUCHED, LANE_VACANT } vacant; /* lane.vacant of schema.sql */
    bool urgent;                                               /* some of what waits */
    int64_t queued;                                            /* deliveries that wait, due or not */
    int64_t since;                                             /* when the first of them was due */
};

/* The ready lane of a destination that goes next: urgent ones first, then the least recently served. */
bool jobdb_pick_lane(struct jobdb *db, int64_t destination_id, struct jobdb_lane *ret_lane);

/* Whether something urgent waits for the destination, due or not, also where its lane waits for a request to end. */
bool jobdb_has_urgent(struct jobdb *db, int64_t destination_id);

/* The lane waits until jobdb_open_lanes() of its study, which is for the end of any request of it. */
void jobdb_close_lane(struct jobdb *db, int64_t lane_id);
void jobdb_open_lanes(struct jobdb *db, const char *study, int64_t now);
/* Tells the lane when its next delivery is due, after deliveries of it were moved outside a batch. */
void jobdb_refresh_lane(struct jobdb *db, int64_t lane_id, int64_t now);

/* How much one request may carry. */
struct jobdb_appetite {
    size_t most_instances;
    int64_t most_bytes;
    bool wary; /* the destination is in trouble: the limits that it made count, too */
};

/* Takes due deliveries of the lane into the batch (whose work is set) and leases them: series without a
 * stored instance first, unless a request has them, then by series, oldest first; at most as many and as large as
 * allowed, but at least one; never two receipts of one SOP Instance UID. False: nothing could be taken; the lane
 * sleeps, or waits for a request of another destination of its origin. */
bool jobdb_pick_batch(struct jobdb *db, const struct jobdb_lane *lane, int64_t destination_id,
                      const struct jobdb_appetite *appetite, int64_t now, struct jobdb_batch *batch);

/* A worker tells, of a lane or of one delivery, that it was not there before anything went there. */
void jobdb_lane_is_vacant(struct jobdb *db, int64_t lane_id);
void jobdb_delivery_is_absent(struct jobdb *db, int64_t delivery_id);

/* Takes the next due share of an album into the batch and leases it; probe: the one that was tried least, of
 * those the newest, so that what has failed for long stands before nobody. When there is none, *ret_next_due tells
 * when one will be, or INT64_MAX. */
bool jobdb_pick_share(struct jobdb *db, int64_t album_id, bool probe, int64_t now, struct jobdb_batch *batch,
                      int64_t *ret_next_due);

/* Calls each for every work that was handed out and not answered, as the database knows it (after a start).
 * each takes over what the batch holds. */
void jobdb_each_work(struct jobdb *db, void (*each)(void *context, struct jobdb_batch *batch), void *context);

#endif
