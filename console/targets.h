/* targets - destinations and albums as they stand, each with a sentence: for the pages that list them. */
#ifndef FELUCCA_CONSOLE_TARGETS_H
#define FELUCCA_CONSOLE_TARGETS_H

#include "common/base/json.h"
#include "common/config/config.h"
#include "common/jobs/read.h"

#include <stdint.h>

/* rows_status() of it (its state is "closed" outside of its window) with "next_try_at", "oldest_seconds", "matches_nothing" and "words". A new reference. */
json_t *targets_row(const struct config *config, const struct jobdb_status_row *row, int64_t now);

/* Rows of all that the configuration names, or of which something waits or failed. */
json_t *targets_read(struct jobdb *db, const struct config *config, int64_t now);

#endif
