/* scale - how high the bars of a chart are drawn. */
#ifndef FELUCCA_CONSOLE_SCALE_H
#define FELUCCA_CONSOLE_SCALE_H

#include <stddef.h>
#include <stdint.h>

/* 1, 2 or 5 with noughts, and not less than the number. */
int64_t scale_round_up(int64_t number);

/* The number at the top of the scale, at least 4. It is above all values; but where at most one in six of those that are not 0
 * is far above the others (three times and more), it is above these others alone, so that they can be seen: what is above it is to
 * be drawn cut, with its number. */
int64_t scale_top(const int64_t *values, size_t count);

#endif
