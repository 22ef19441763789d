/* arrivals - what the router logs of what it takes in: one line for the instances of a study that come
 * together, not one line for each.
 *
 * It writes a line when nothing more of the kind came for a while, after a minute at the latest, and at the
 * end. The line names the first and the last receipt, as the receiver's line of the association does. */
#ifndef FELUCCA_ROUTER_ARRIVALS_H
#define FELUCCA_ROUTER_ARRIVALS_H

#include "common/jobs/intake.h"

#include <stdbool.h>
#include <stdint.h>

struct arrivals;

struct arrivals *arrivals_create(void);
/* Writes the lines that were not written yet. */
void arrivals_destroy(struct arrivals **arrivals);

/* What became of an instance that was taken in. */
struct arrivals_fate {
    bool excluded;  /* no destination takes it */
    bool undecided; /* a condition of a destination or album cannot be decided */
};
void arrivals_taken(struct arrivals *arrivals, const struct jobdb_instance *instance,
                    struct arrivals_fate fate, int64_t now_ms);
/* It was put into quarantine. */
void arrivals_quarantined(struct arrivals *arrivals, const struct jobdb_instance *instance,
                          const char *reason, int64_t now_ms);

/* Writes the lines whose time has come. All times here are of the monotonic clock. */
void arrivals_turn(struct arrivals *arrivals, int64_t now_ms);

#endif
