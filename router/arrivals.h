/* arrivals - what the router tells of what it takes in: one line for the instances of a study that come
 * together, not one for each.
 *
 * A line is written when nothing more of the kind came for a while, after a minute at the latest, and at the
 * end. It names the first and last receipt, which the receiver's line of the association names too. */
#ifndef FELUCCA_ROUTER_ARRIVALS_H
#define FELUCCA_ROUTER_ARRIVALS_H

#include "common/jobs/intake.h"

#include <stdint.h>

struct arrivals;

struct arrivals *arrivals_create(void);
/* Writes what is left to be told. */
void arrivals_destroy(struct arrivals **arrivals);

/* Taken in. destinations: how many take it. */
void arrivals_taken(struct arrivals *arrivals, const struct jobdb_instance *instance, size_t destinations,
                    int64_t now_ms);
/* Put into quarantine. */
void arrivals_quarantined(struct arrivals *arrivals, const struct jobdb_instance *instance,
                          const char *reason, int64_t now_ms);

/* Writes the lines whose time has come. All times are monotonic. */
void arrivals_turn(struct arrivals *arrivals, int64_t now_ms);

#endif
