/* check_jobs - says where spool and job database disagree, and what to do about it. */
#ifndef FELUCCA_CLI_CHECK_JOBS_H
#define FELUCCA_CLI_CHECK_JOBS_H

#include "common/base/text.h"
#include "common/config/config.h"

#include <stdbool.h>

/* One line, appended to out, that all is well, or lines for what is not. Whether all is well. A state folder
 * in which no router has run is, and says nothing. */
bool check_jobs(const struct config *config, struct text *out);

#endif
