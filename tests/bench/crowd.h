/* crowd - a real felucca-router with instances to take in, and workers of the bench itself that say "done" at
 * once: whatever time passes is the router's own.
 *
 * Its configuration: a node BENCH with one destination "main" and the albums ct, mr and all; what the crowd
 * writes meets the conditions of ct and all. */
#ifndef FELUCCA_BENCH_CROWD_H
#define FELUCCA_BENCH_CROWD_H

#include "tests/support/process.h"
#include "tests/support/sandbox.h"

#define CROWD_ORIGIN "http://127.0.0.1:9"

enum { CROWD_SHARES_A_SERIES = 2 };

struct crowd {
    const char *state;  /* the state folder */
    const char *config; /* the configuration's file */
    struct process *router;
    struct worker *sender, *sharer;
    unsigned long delivered, shared;
};

/* The state folder and the configuration, with more lines in front; nothing is started. All of it is borrowed from the
 * sandbox. */
void crowd_init(struct crowd *crowd, struct sandbox *sandbox, const char *more);

/* Writes so many small instances (5 KB) into incoming/, in series of that size, so many series a study. */
void crowd_write(const struct crowd *crowd, unsigned instances, unsigned series_size, unsigned study_series);

void crowd_start_router(struct crowd *crowd, struct sandbox *sandbox);

/* Connects the workers. False: they cannot. */
bool crowd_connect(struct crowd *crowd);

/* Works until so many deliveries and shares are done, and (idle) the router has confirmed every result.
 * False: they were not within the limit. */
bool crowd_work(struct crowd *crowd, unsigned long deliveries, unsigned long shares, bool idle,
                int64_t limit_ms);

/* Ends the workers and the router: its exit status. */
int crowd_end(struct crowd *crowd, int64_t limit_ms);

#endif
