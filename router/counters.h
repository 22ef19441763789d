/* counters - what the router counts and times at its metrics port. docs/metrics.md says what each means. */
#ifndef FELUCCA_ROUTER_COUNTERS_H
#define FELUCCA_ROUTER_COUNTERS_H

#include "common/service/metrics.h"

#include <stdint.h>

struct counters;

/* metrics is borrowed and must outlive the counters. */
struct counters *counters_create(struct metrics *metrics);
void counters_destroy(struct counters **counters);

void count_taken(struct counters *counters,
                 const char *how); /* "taken", "undecided", "excluded", "quarantined" */

/* A piece of work is over that began at began_ns, of the monotonic clock. */
void count_parsed(struct counters *counters, int64_t began_ns);
void count_decided(struct counters *counters, int64_t began_ns);
void count_committed(struct counters *counters, int64_t began_ns);

/* Here and below, album is NULL for a delivery. outcome is a work_outcome_name(). */
void count_outcome(struct counters *counters, const char *destination, const char *album,
                   const char *outcome);
/* milliseconds: from the instance's reception until now. */
void count_done(struct counters *counters, const char *destination, const char *album, int64_t milliseconds);
void count_lease_lost(struct counters *counters);
void count_inquiry(struct counters *counters, const char *destination, const char *album,
                   const char *outcome);
void count_fetch(struct counters *counters, const char *destination, const char *outcome);

#endif
