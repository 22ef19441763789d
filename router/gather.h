/* gather - studies that wait a moment for more of them, so that a request is filled.
 *
 * A request costs a server much, whatever it holds. While one of a lane is on its way and the study is still arriving,
 * what has come so far waits: until there is enough for a whole request, the one on its way has ended, or GATHER_MS are
 * over. Whatever is urgent waits for nothing. All times are of the wall clock. */
#ifndef FELUCCA_ROUTER_GATHER_H
#define FELUCCA_ROUTER_GATHER_H

#include "common/jobs/dispatch.h"

enum {
    GATHER_MS = 400,    /* the longest that a delivery waits for others */
    GATHER_LOOK_MS = 20 /* how often it is seen whether there are enough */
};

struct gather;

struct gather *gather_create(void);
void gather_destroy(struct gather **gather);

/* Whether the lane waits. most: deliveries that fill a request; in_flight: a request of the lane is on its way. */
bool gather_wants(const struct jobdb_lane *lane, size_t most, bool in_flight, int64_t now);

/* The lane waits: it is closed until the next look at it. */
void gather_add(struct gather *gather, struct jobdb *db, const struct jobdb_lane *lane, int64_t now);

/* Opens the lanes that wait, where it is time to look at them. Whether there were any. */
bool gather_look(struct gather *gather, struct jobdb *db, int64_t now);

/* When it is time, or INT64_MAX. */
int64_t gather_looks_at(const struct gather *gather);

#endif
