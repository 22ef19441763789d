/* lane - what lanes and their series count: how many deliveries wait, and when the first of them is due.
 * Private to common/jobs; dispatch.h has what the router does with lanes. */
#ifndef FELUCCA_JOBS_LANE_H
#define FELUCCA_JOBS_LANE_H

#include "common/jobs/intake.h"
#include "common/jobs/jobdb.h"

#include <stdbool.h>
#include <stdint.h>

/* A series of a lane. */
struct lane_series {
    int64_t id;  /* 0 after an error */
    bool stored; /* an instance of it is at the destination */
};

/* One new delivery of the instance waits: counts it in its lane and series, which are made when they are not
 * there. */
struct lane_series lane_add(struct jobdb *db, int64_t destination_id, const struct jobdb_instance *instance,
                            int64_t now);

/* Its lane and series are there, and nothing more of it waits: for a delivery that is undecided. */
struct lane_series lane_know(struct jobdb *db, int64_t destination_id, const char *study, const char *series);

/* So many deliveries of a series wait no longer. */
void lane_take_from_series(struct jobdb *db, int64_t series_id, int64_t deliveries);
/* The same, because one more request has them. lane_land_series(): that request has ended. */
void lane_lease_from_series(struct jobdb *db, int64_t series_id, int64_t deliveries);
void lane_land_series(struct jobdb *db, int64_t series_id);
/* The same for its lane; served: a number that grows with each batch, 0: they went in none. */
void lane_take(struct jobdb *db, int64_t lane_id, int64_t deliveries, int64_t urgent, int64_t served);
/* One delivery waits again. */
void lane_put(struct jobdb *db, int64_t lane_id, int64_t series_id, bool urgent, int64_t due_at);

/* An instance of the series was stored. Whether that is news. */
bool lane_series_is_stored(struct jobdb *db, int64_t series_id, int64_t now);

/* Which series are in flight, by what is handed out: after a start. A crash may have come between a late answer and
 * the end of the lease that it made vain. */
void lane_count_flights(struct jobdb *db);

/* No lane waits for a request: after a start. */
void lane_open_all(struct jobdb *db);

#endif
