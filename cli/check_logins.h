/* check_logins - whether the logins (`auth`) of destinations and webhooks work, as far as can be told from here. */
#ifndef FELUCCA_CLI_CHECK_LOGINS_H
#define FELUCCA_CLI_CHECK_LOGINS_H

#include "cli/findings.h"
#include "common/config/config.h"

/* Reads every secret; online, asks each login server for a token, which is then forgotten. */
void check_logins(const struct config *config, bool online, struct findings *findings);

#endif
