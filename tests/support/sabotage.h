/* sabotage - makes system calls of a pipeline's programs fail while they run: the test's side of
 * inject_plan.h. */
#ifndef FELUCCA_TESTS_SABOTAGE_H
#define FELUCCA_TESTS_SABOTAGE_H

#include "tests/support/inject_plan.h"
#include "tests/support/sandbox.h"

#include <stdbool.h>
#include <stdint.h>

struct sabotage;

struct sabotage *sabotage_create(struct sandbox *sandbox);
void sabotage_destroy(struct sabotage **sabotage);

/* The environment of a program that shall meet it; borrowed from it. */
const char *const *sabotage_environment(const struct sabotage *sabotage);

/* From now on these calls (of enum inject_call) on paths that fit the pattern (as fnmatch() reads it, "*"
 * also takes slashes) fail with error, after so many went well; error 0: success is said and nothing done. */
void sabotage_begin(struct sabotage *sabotage, int calls, const char *pattern, int error, int64_t skip);
/* The first write that fails takes half of its bytes before. */
void sabotage_begin_half(struct sabotage *sabotage, const char *pattern, int error, int64_t skip);
void sabotage_end(struct sabotage *sabotage);

/* The programs' wall clock is so far ahead of the true one (behind it: less than 0), from now on. */
void sabotage_set_clock(struct sabotage *sabotage, int64_t ahead_ms);

/* For the programs each file is on a file system of that magic number (statfs(2)), from now on. */
void sabotage_set_filesystem(struct sabotage *sabotage, int64_t magic);

/* How often a call met it since it began; and waiting for the first time. */
int64_t sabotage_met(const struct sabotage *sabotage);
bool sabotage_wait_met(struct sabotage *sabotage, int64_t limit_ms);

#endif
