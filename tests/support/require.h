/* require - what the test support itself needs to go on: also outside of a running Check test.
 *
 * A failed requirement says where and why on stderr and aborts: Check reports the test as ended by a signal,
 * a benchmark just ends. */
#ifndef FELUCCA_TESTS_REQUIRE_H
#define FELUCCA_TESTS_REQUIRE_H

#include <stdio.h>
#include <stdlib.h>

#define require(condition, ...)                                   \
    do {                                                          \
        if (!(condition)) {                                       \
            (void)fprintf(stderr, "%s:%d: ", __FILE__, __LINE__); \
            (void)fprintf(stderr, __VA_ARGS__);                   \
            (void)fputc('\n', stderr);                            \
            abort();                                              \
        }                                                         \
    } while (0)

#endif
