/* database - the job database as commands read it: read-only, also while the router is down. */
#ifndef FELUCCA_CLI_DATABASE_H
#define FELUCCA_CLI_DATABASE_H

#include "cli/command.h"
#include "common/config/config.h"
#include "common/jobs/jobdb.h"

/* Loads the configuration and opens the database. 0 (EXIT_OK), or the exit status with what is wrong already
 * said on stderr. Both are then yours. */
int database_open(const struct cli *cli, struct config **ret_config, struct jobdb **ret_db);

/* The same with a configuration that has been loaded. */
int database_open_in(const struct config *config, struct jobdb **ret_db);

/* Whether something could not be read, which is then said on stderr: what was read until then counts for
 * nothing. */
bool database_failed(struct jobdb *db);

#endif
