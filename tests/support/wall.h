/* wall - spans of hours around now, for tests of windows. */
#ifndef FELUCCA_TESTS_WALL_H
#define FELUCCA_TESTS_WALL_H

#include "common/base/text.h"

/* "20:15-21:15": of Etc/UTC, so many minutes from now on, for so many. Appended. */
void wall_append_span(int after_minutes, int minutes, struct text *out);

#endif
