/* supervisor - runs programs in the foreground, starts again what ends, and stops them in order.
 *
 * What ends without being asked is started again after a delay that doubles with every end in a row, and is
 * forgotten after a time of health. A program that says "bad configuration" (status 3) or "usage" (2) when it
 * runs for the first time ends everything with that status: a restart would not help.
 *
 * SIGTERM and SIGINT stop: the programs of the lowest stage get SIGTERM, the next stage follows when they are
 * gone (or have had their time), and whatever is left at the end is killed. A second SIGTERM asks all stages
 * at once. SIGHUP is passed on to all. A child gets SIGTERM when the supervisor itself dies, and has a
 * process group of its own, so that a terminal's Ctrl-C reaches only the supervisor, which keeps the
 * order.
 *
 * Single-threaded; signals are read from a descriptor. It forks, so use it before any thread exists. */
#ifndef FELUCCA_CLI_SUPERVISOR_H
#define FELUCCA_CLI_SUPERVISOR_H

#include <stdint.h>

/* When a stage begins to stop, counted from the first signal, at the latest: receivers, workers, router. */
enum { SUPERVISOR_STAGES = 3 };

struct supervisor_times {
    int64_t first_ms, ceiling_ms;        /* delay before a restart: at first, and at most */
    int64_t healthy_ms;                  /* running so long forgets earlier ends */
    int64_t stage_ms[SUPERVISOR_STAGES]; /* stage i gets SIGTERM so long after the signal, at the latest */
    int64_t kill_ms;                     /* what is left so long after the signal is killed */
};

/* 1 s doubling to 30 s, a minute of health; all stages asked within 25 s, killed after 35 s. */
extern const struct supervisor_times supervisor_default_times;

struct supervisor;

/* times is copied. */
struct supervisor *supervisor_create(const struct supervisor_times *times);
void supervisor_destroy(struct supervisor **supervisor);

/* Adds a program: label for the log, argv (argv[0] is its path; NULL ends it); all are copied. */
void supervisor_add(struct supervisor *supervisor, const char *label, int stage, const char *const *argv);

/* Starts everything in the order it was added and returns main's exit status when all are gone. Changes the
 * caller's signal mask while it runs. */
int supervisor_run(struct supervisor *supervisor);

/* The delay before the next start after so many ends in a row (at least 1). */
int64_t supervisor_delay_ms(const struct supervisor_times *times, unsigned ends);

#endif
