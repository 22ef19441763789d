/* operator_view - what `felucca status` and `felucca jobs` say of a pipeline under test, as JSON.
 *
 * What cannot be read ends the test with the ends of all logs. */
#ifndef FELUCCA_TESTS_OPERATOR_VIEW_H
#define FELUCCA_TESTS_OPERATOR_VIEW_H

#include "tests/support/pipeline.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* The line of a destination (album NULL) or album; is then yours (json_decref). */
json_t *operator_status(struct pipeline *pipeline, const char *destination, const char *album);

/* Waits until the state of a destination or album is this one, and its last error, unless says is NULL, has
 * the text in it. */
bool operator_wait_state(struct pipeline *pipeline, const char *destination, const char *album,
                         const char *state, const char *says, int64_t limit_ms);

/* The jobs in a state (NULL: any) of a destination or (album not NULL) album, an array; is then yours.
 * Without an album these are deliveries and shares. */
json_t *operator_jobs(struct pipeline *pipeline, const char *state, const char *destination,
                      const char *album);
size_t operator_count_jobs(struct pipeline *pipeline, const char *state, const char *destination,
                           const char *album);
/* Waits until there are so many. */
bool operator_wait_jobs(struct pipeline *pipeline, const char *state, const char *destination,
                        const char *album, size_t count, int64_t limit_ms);
/* Waits until there is one or more. */
bool operator_wait_any_job(struct pipeline *pipeline, const char *state, const char *destination,
                           const char *album, int64_t limit_ms);

/* The largest value of a member ("attempts", "tries") among the jobs of an album; 0 without jobs. */
int64_t operator_largest(struct pipeline *pipeline, const char *destination, const char *album,
                         const char *member);

#endif
