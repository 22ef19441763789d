/* line - a line of trouble: jobs or files in quarantine that have the same cause, and what belongs to it.
 *
 * A reason may be longer than what a request takes: a line is known by the reason's beginning, cut here alone. Lines whose
 * reasons begin in the same way are one. */
#ifndef FELUCCA_JOBS_LINE_H
#define FELUCCA_JOBS_LINE_H

#include "common/base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* How many bytes of a reason a request takes, whole characters, up to the first control character. NULL: 0. */
size_t line_reason_length(const char *reason);
/* Whether it is the reason of the line, which was cut so; NULL is the empty one. */
bool line_is_reason(const char *of_line, const char *reason);
/* Whether both say the same: NULL says nothing, as the empty text does. */
bool line_is_text(const char *of_line, const char *text);

#endif
