/* latest - the series that a destination was asked about last, each with its newest image: what a condition is tried on.
 *
 * Walks back over the images in portions of some milliseconds. Bounded: LATEST_SERIES series, LATEST_LOOKED images that are looked at one by
 * one, whether the destination was asked for them or not; those of a series that came without another one in between are passed at once. */
#ifndef FELUCCA_ROUTER_LATEST_H
#define FELUCCA_ROUTER_LATEST_H

#include "common/jobs/reshare.h"

#include <stdbool.h>

enum { LATEST_SERIES = 1000, LATEST_LOOKED = 100000 };

struct latest {
    int64_t destination_id;
    bool left_out;  /* also what the destination left out */
    int64_t before; /* images with smaller ids are next; 0: at the newest one */
    bool more;      /* when it is over: there may be older series */
    size_t count;
    uint64_t known[LATEST_SERIES]; /* digests of the series that were given */
    int64_t looked;                /* images, one by one */
};

enum latest_step { LATEST_FOUND, LATEST_NOT_YET /* it has done a portion, and goes on */, LATEST_OVER };

/* Starts zeroed but for destination_id and left_out. */
enum latest_step latest_next(struct latest *latest, struct jobdb *db, struct jobdb_past *ret_row);

#endif
