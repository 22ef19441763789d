/* show_read - what the database and the configuration know of an instance, series or study, as one JSON
 * object.
 *
 * Times in it are wall milliseconds until show_write_times() makes ISO 8601 texts of them. */
#ifndef FELUCCA_CLI_SHOW_READ_H
#define FELUCCA_CLI_SHOW_READ_H

#include "common/base/json.h"
#include "common/config/config.h"
#include "common/jobs/show.h"

enum { SHOW_UNFINISHED_MOST = 20 };

/* The rows of an answer as an array of objects, one member a field. */
json_t *show_ask(struct jobdb *db, enum jobdb_question question, const char *a, const char *b, int64_t n);

/* The first row's first field as a text of the caller's, or NULL. */
char *show_ask_name(struct jobdb *db, enum jobdb_question question, const char *a, const char *b, int64_t n);

/* One receipt; NULL when there is none such. */
json_t *show_read_instance(struct jobdb *db, const struct config *config, const char *receipt);
/* A study, or of it one series unless that is NULL. */
json_t *show_read_study(struct jobdb *db, const struct config *config, const char *study, const char *series);

void show_write_times(json_t *value);

#endif
