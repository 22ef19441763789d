/* check_jobs - tells where spool and job database disagree, and what to do about it. */
#ifndef FELUCCA_CLI_CHECK_JOBS_H
#define FELUCCA_CLI_CHECK_JOBS_H

#include "cli/findings.h"
#include "common/config/config.h"

/* Adds one finding when all is well, or those that are wrong. A state folder in which no router has run is well, and
 * there is none of it. */
void check_jobs(const struct config *config, struct findings *findings);

#endif
