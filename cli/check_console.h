/* check_console - whether the console would start: who can sign in, and whether its certificate is one. */
#ifndef FELUCCA_CLI_CHECK_CONSOLE_H
#define FELUCCA_CLI_CHECK_CONSOLE_H

#include "cli/findings.h"
#include "common/config/config.h"

/* Adds what is found. False: it would not start. */
bool check_console(const struct config *config, struct findings *findings);

#endif
