/* rates - how fast the backlog shrinks, by what was done between two looks. */
#ifndef FELUCCA_CLI_RATES_H
#define FELUCCA_CLI_RATES_H

#include "common/base/text.h"

#include <stddef.h>
#include <stdint.h>

enum { RATES_SAMPLES = 30 };

struct rates_sample {
    int64_t at; /* monotonic ms */
    int64_t done, bytes, backlog;
};

/* The last minute of looks; starts zeroed. */
struct rates {
    struct rates_sample samples[RATES_SAMPLES];
    size_t count, next;
};

void rates_add(struct rates *rates, const struct rates_sample *sample);

/* "34.2 instances/s, 17 MiB/s; backlog 12345, empty in about 6 min", appended; after one
 * look there is only the backlog. */
void rates_append(const struct rates *rates, struct text *line);

#endif
