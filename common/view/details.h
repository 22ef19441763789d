/* details - everything that the database and the configuration know of one instance, series or study, as one JSON
 * object.
 *
 * Times in it are wall milliseconds until details_write_times() makes ISO 8601 texts of them. What cannot be read
 * is missing in the object; jobdb_error() then says why. */
#ifndef FELUCCA_VIEW_DETAILS_H
#define FELUCCA_VIEW_DETAILS_H

#include "common/base/json.h"
#include "common/config/config.h"
#include "common/jobs/show.h"

#include <stdint.h>

enum { DETAILS_UNFINISHED_MOST = 20 };

/* The rows of an answer as an array of objects, one member a field. */
json_t *details_ask(struct jobdb *db, enum jobdb_question question, const char *a, const char *b, int64_t n);

/* The first row's first field as a text of the caller's, or NULL. */
char *details_ask_name(struct jobdb *db, enum jobdb_question question, const char *a, const char *b,
                       int64_t n);

/* Of one receipt; NULL when there is no such receipt. */
json_t *details_of_instance(struct jobdb *db, const struct config *config, const char *receipt);
/* Of a study, or of one series in it unless that is NULL. It names DETAILS_UNFINISHED_MOST of its unfinished jobs. */
json_t *details_of_study(struct jobdb *db, const struct config *config, const char *study,
                         const char *series);

void details_write_times(json_t *value);

#endif
