/* check_certificates - whether the certificates that the configuration names can be used, with their keys, and how long. */
#ifndef FELUCCA_CLI_CHECK_CERTIFICATES_H
#define FELUCCA_CLI_CHECK_CERTIFICATES_H

#include "cli/findings.h"
#include "common/config/config.h"

#include <stdint.h>

/* Adds a finding for each. now: wall ms. */
void check_certificates(const struct config *config, int64_t now, struct findings *findings);

#endif
