/* check_trays - whether the folders of trays are there, and whether this user may take files from them. */
#ifndef FELUCCA_CLI_CHECK_TRAYS_H
#define FELUCCA_CLI_CHECK_TRAYS_H

#include "cli/findings.h"
#include "common/config/config.h"

/* Another user may run the service: what this one may not is a note alone. */
void check_trays(const struct config *config, struct findings *findings);

#endif
