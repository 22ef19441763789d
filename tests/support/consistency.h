/* consistency - whether spool and job database agree, and the job database with itself.
 *
 * Read-only, as any user may; ask when no router is in the middle of a turn: stopped, killed, or idle. */
#ifndef FELUCCA_TESTS_CONSISTENCY_H
#define FELUCCA_TESTS_CONSISTENCY_H

#include "common/base/text.h"

#include <stdint.h>

/* Appends a line for every problem; how many. A state folder without a database has none. */
int64_t consistency_problems(const char *state_dir, struct text *ret_problems);

#endif
