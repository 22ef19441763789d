/* when - points in time as people write them. */
#ifndef FELUCCA_CLI_WHEN_H
#define FELUCCA_CLI_WHEN_H

#include <stdbool.h>
#include <stdint.h>

/* "90s", "15m", "2h", "7d" (so long ago), "10:00" (the last one, local), "today", "yesterday" (its local midnight), "2026-01-31" or
 * "2026-01-31T08:15" or "2026-01-31T08:15:00" (local), each with "Z" for UTC. False: none of these. */
bool when_parse(const char *text, int64_t now_ms, int64_t *ret_ms);

/* What when_parse() takes, for an error message. Borrowed for ever. */
const char *when_forms(void);

#endif
