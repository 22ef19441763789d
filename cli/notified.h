/* notified - the targets of notices, for status: what waits for each, and why. */
#ifndef FELUCCA_CLI_NOTIFIED_H
#define FELUCCA_CLI_NOTIFIED_H

#include "common/base/json.h"
#include "common/base/text.h"
#include "common/config/config.h"
#include "common/jobs/jobdb.h"

/* A paragraph for the targets that the configuration names; nothing where it names none. 0, or the database's error. */
int notified_append(struct jobdb *db, const struct config *config, int64_t now, struct text *out);
/* The same as a list. */
json_t *notified_json(struct jobdb *db, const struct config *config);

#endif
