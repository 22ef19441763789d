/* loop_clock - a clock that counts while a loop runs and stands still while it does not.
 *
 * Whoever waits for a sign of life must not count the time in which it did not listen: a process that was stopped,
 * or was busy for seconds, would call everybody dead. So a loop that turns every second at the latest reads this
 * clock once a turn, and a turn that took longer than LOOP_TURN_MS counts as that. */
#ifndef FELUCCA_BASE_LOOP_CLOCK_H
#define FELUCCA_BASE_LOOP_CLOCK_H

#include <stdint.h>

enum { LOOP_TURN_MS = 1500 };

/* Zeroed before its first reading, which begins at the time of the monotonic clock. */
struct loop_clock {
    int64_t counted, read_at;
};

/* Reads it, in milliseconds; monotonic_ms: the monotonic clock now. */
int64_t loop_clock_read(struct loop_clock *clock, int64_t monotonic_ms);

#endif
