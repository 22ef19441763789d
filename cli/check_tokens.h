/* check_tokens - asks KHEOPS about every token of a configuration, and says what is wrong with each. */
#ifndef FELUCCA_CLI_CHECK_TOKENS_H
#define FELUCCA_CLI_CHECK_TOKENS_H

#include "cli/findings.h"
#include "common/config/config.h"

#include <stdbool.h>

/* Resolves every secret of the configuration, and with online asks KHEOPS about each token: whether it is
 * active, has the permissions that it needs, and opens the right album. Adds a finding for each that was asked, or that is
 * wrong. */
void check_tokens(const struct config *config, bool online, struct findings *findings);

#endif
