/* days - what a condition has said on each of the last thirty days, and how that is drawn. */
#ifndef FELUCCA_CONSOLE_DAYS_H
#define FELUCCA_CONSOLE_DAYS_H

#include "common/base/json.h"
#include "common/jobs/jobdb.h"

#include <stdint.h>

enum { DAYS = 30 };

/* Adds "days" to each of the targets (targets_read()): those on which its condition was asked, [{ day, yes, no, undecided }], the oldest
 * first, of the last thirty of the gateway's own time zone. */
void days_read(struct jobdb *db, json_t *targets, int64_t now);

/* What a template needs to draw them: { days_label, bars, small, cuts, texts, ticks }: bars of both panels, and of a small drawing; lengths
 * from left to right in parts of a hundred, from top to bottom in pixels. A new reference. */
json_t *days_drawn(const json_t *days, int64_t now);

#endif
