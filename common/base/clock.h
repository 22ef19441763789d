/* clock - the two clocks and how times are written.
 *
 * All times are milliseconds. Wall time counts from 1970 and is what files and the database hold; monotonic time
 * measures waiting inside one process and never goes to disk. */
#ifndef FELUCCA_BASE_CLOCK_H
#define FELUCCA_BASE_CLOCK_H

#include <stdint.h>

enum { CLOCK_ISO_SIZE = 32 };

int64_t clock_wall_ms(void);
int64_t clock_monotonic_ms(void);
/* Nanoseconds, to measure what takes less than a millisecond. */
int64_t clock_monotonic_ns(void);

/* "2026-01-31T08:15:00.123Z" into a buffer of CLOCK_ISO_SIZE bytes; returns the buffer. */
const char *clock_iso8601(int64_t wall_ms, char *buffer);

/* "2026-01-31 09:15:00" in the local time zone, into such a buffer. */
const char *clock_local(int64_t wall_ms, char *buffer);
/* Its day in this process's time zone, "2026-01-31", into a buffer of CLOCK_DAY_SIZE; returns the buffer. */
enum { CLOCK_DAY_SIZE = 16 };
const char *clock_local_day(int64_t wall_ms, char *buffer);

#endif
