/* trouble - makes system calls of a pipeline's programs fail while they run: the test's side of
 * inject_plan.h. */
#ifndef FELUCCA_TESTS_TROUBLE_H
#define FELUCCA_TESTS_TROUBLE_H

#include "tests/support/inject_plan.h"
#include "tests/support/sandbox.h"

#include <stdbool.h>
#include <stdint.h>

struct trouble;

struct trouble *trouble_create(struct sandbox *sandbox);
void trouble_destroy(struct trouble **trouble);

/* The environment of a program that shall meet it; borrowed from it. */
const char *const *trouble_environment(const struct trouble *trouble);

/* From now on these calls (of enum inject_call) on paths that fit the pattern (as fnmatch() reads it, "*"
 * also takes slashes) fail with error, after so many went well; error 0: success is said and nothing done. */
void trouble_begin(struct trouble *trouble, int calls, const char *pattern, int error, int64_t skip);
/* The first write that fails takes half of its bytes before. */
void trouble_begin_half(struct trouble *trouble, const char *pattern, int error, int64_t skip);
void trouble_end(struct trouble *trouble);

/* How often a call met it since it began; and waiting for the first time. */
int64_t trouble_met(const struct trouble *trouble);
bool trouble_wait_met(struct trouble *trouble, int64_t limit_ms);

#endif
