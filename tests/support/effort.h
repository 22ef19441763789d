/* effort - what a test's own work takes of a processor: a bound on it holds on a busy machine, too. */
#ifndef FELUCCA_TESTS_EFFORT_H
#define FELUCCA_TESTS_EFFORT_H

#include <stdint.h>

/* Milliseconds that this process has spent so far, with what the kernel did for it. */
int64_t effort_ms(void);

#endif
