/* share - a new share: one series into one album. Private to common/jobs. */
#ifndef FELUCCA_JOBS_SHARE_H
#define FELUCCA_JOBS_SHARE_H

#include "common/jobs/intake.h"
#include "common/jobs/jobdb.h"
#include "common/jobs/lane.h"

#include <stdbool.h>
#include <stdint.h>

struct share {
    int64_t destination_id, album_id, series_id;
    const char *study, *series;
    bool stored; /* an instance of the series is: the share is due at once */
    int64_t
        witness_id; /* the instance that asks for it, whose file is kept until the share is final; 0: none */
    int64_t request_id; /* or the request of an operator, 0: none */
    const char *doubt;  /* why it cannot be decided; NULL: it is decided */
    int64_t keep_until; /* how long the file of a witness stays whose place this one takes */
};

/* False: the album has a share of the series. One that is undecided is decided by one that is. A newer version of its
 * witness takes its place. The witness has one
 * open job more, unless it was done, or is now that a share of before has gone: then there is none. */
bool share_add(struct jobdb *db, const struct share *share, int64_t now);
/* The instance, when something is still to be done with it; else 0: it is no witness. */
int64_t share_active_witness(struct jobdb *db, int64_t instance_id);
/* The instance that asks for it now: a newer version of the first one may have taken its place. 0: none. */
int64_t share_witness(struct jobdb *db, int64_t share_id);
/* A newer version of an instance is stored at the destination. What the instance asked for and the newer version does not:
 * a person decides about the series, or nothing of that is left. What is under way goes on: share_yield() follows
 * when it comes back. keep_until: as above. */
void share_follow(struct jobdb *db, int64_t destination_id, int64_t instance_id, const char *newer,
                  int64_t now, int64_t keep_until);
/* This version of an instance is stored: what older ones asked for follows, whether they were stored or not. */
void share_follow_older(struct jobdb *db, int64_t destination_id, int64_t instance_id, const char *receipt,
                        int64_t now, int64_t keep_until);
/* It comes back from a request, and a newer version of its witness was stored, which does not ask for it: since the share
 * was made and an operator wanted it, if one did. */
void share_yield(struct jobdb *db, int64_t destination_id, int64_t share_id, int64_t now, int64_t keep_until);
/* One for each album that asks for the series of an instance that the destination takes, or may. */
void share_add_decided(struct jobdb *db, const struct jobdb_instance *instance,
                       const struct jobdb_decision *decision, int64_t instance_id,
                       const struct lane_series *series, int64_t now);

#endif
