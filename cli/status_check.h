/* status_check - whether anything needs a person (common/view/causes.h): a cause a line, and the command that comes
 * next. */
#ifndef FELUCCA_CLI_STATUS_CHECK_H
#define FELUCCA_CLI_STATUS_CHECK_H

#include "common/config/config.h"

#include <stdbool.h>

/* Prints the causes, as text or as one JSON object a line: EXIT_OK when there is none, else EXIT_NO. Any other
 * status when it could not look. */
int status_check(const struct config *config, bool json);

#endif
