/* check_folder - whether the state folder, which is not there, can be made. */
#ifndef FELUCCA_CLI_CHECK_FOLDER_H
#define FELUCCA_CLI_CHECK_FOLDER_H

#include "cli/findings.h"

/* Adds why it cannot be made: error is what opening it came to. That this user may not make it is a note alone: the service
 * may run as another one. */
void check_folder(const char *state_dir, int error, struct findings *findings);

#endif
