/* measure - what `felucca condition` holds files against: a condition, or a whole configuration. */
#ifndef FELUCCA_CLI_MEASURE_H
#define FELUCCA_CLI_MEASURE_H

#include "cli/condition_file.h"

/* One of the two. */
struct measure {
    struct condition *condition;
    struct config *config; /* NULL: the condition alone */
};

void measure_release(struct measure *measure);

/* Appends what follows the name of the file: ": true", or the verdicts of all destinations and albums, with lines below.
 * Whether the condition is true, or a destination takes it. */
bool measure_append(const struct measure *measure, struct condition_file *file,
                    const struct condition_options *options, struct text *out);
/* The same as members of an object. */
bool measure_add(const struct measure *measure, struct condition_file *file,
                 const struct condition_options *options, json_t *object);

#endif
