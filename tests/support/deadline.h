/* deadline - waiting for a condition, never for a time.
 *
 * A test says what must become true and how long that may take at most; it goes on the moment it is true. */
#ifndef FELUCCA_TESTS_DEADLINE_H
#define FELUCCA_TESTS_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

/* Asks condition(context) again and again (every few milliseconds) until it says true: returns true; or until
 * limit_ms have passed: asks one last time and returns what it said. */
bool wait_until(bool (*condition)(void *context), void *context, int64_t limit_ms);

#endif
