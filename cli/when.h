/* when - points in time as people write them. */
#ifndef FELUCCA_CLI_WHEN_H
#define FELUCCA_CLI_WHEN_H

#include "common/base/text.h"

#include <stdbool.h>
#include <stdint.h>

/* "90s", "15m", "2h", "7d" (so long ago), "10:00" (the last one, local), "today", "yesterday" (its local midnight), "2026-01-31" or
 * "2026-01-31T08:15" or "2026-01-31T08:15:00" (local), each with "Z" for UTC. False: none of these. */
bool when_parse(const char *text, int64_t now_ms, int64_t *ret_ms);

/* What when_parse() takes, for an error message. Borrowed for ever. */
const char *when_forms(void);

/* Appends a time of the past as one says it, local: "12:23" of the last 12 hours or today, else "26 November", and of
 * another year "26 November 2025". */
void when_append(int64_t at, int64_t now_ms, struct text *out);

#endif
