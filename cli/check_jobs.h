/* check_jobs - tells where spool and job database disagree, and what to do about it. */
#ifndef FELUCCA_CLI_CHECK_JOBS_H
#define FELUCCA_CLI_CHECK_JOBS_H

#include "common/base/text.h"
#include "common/config/config.h"

#include <stdbool.h>

/* Appends one line when all is well, or lines for what is not, to out. Whether all is well. A state folder
 * in which no router has run is well, and there is no line for it. */
bool check_jobs(const struct config *config, struct text *out);

#endif
