/* axis - the times that are written below a line of time. */
#ifndef FELUCCA_CONSOLE_AXIS_H
#define FELUCCA_CONSOLE_AXIS_H

#include "common/base/json.h"
#include "common/base/text.h"
#include "console/timeline.h"

#include <stdbool.h>
#include <stdint.h>

enum axis_form { AXIS_SECONDS, AXIS_MINUTES, AXIS_DAY };

/* "08:15:02", "08:15", "30 Nov 08:15", in this process's zone: appended. */
void axis_append_clock(int64_t at, enum axis_form form, struct text *out);

/* Round times of each segment, and its first, as many as stand beside each other: [{ x, tick, text, clock, form }]; x of the text
 * and of its tick in parts of a hundred of end, clock ISO 8601. With folds also how long each lasts, without tick and clock. A new
 * reference. */
json_t *axis_of(const struct timeline *line, double end, double fold, bool with_folds, int64_t now);

#endif
