/* confirm - asks before something is changed that cannot be taken back, or that concerns much. */
#ifndef FELUCCA_CLI_CONFIRM_H
#define FELUCCA_CLI_CONFIRM_H

#include <stdint.h>

/* Asks on the terminal whether that is wanted ("drop", 12, "job"): EXIT_OK for yes, EXIT_NO for anything
 * else. Without a terminal to ask on: EXIT_USAGE, with a sentence that names --yes. */
int confirm(const char *command, const char *verb, int64_t count, const char *noun);

#endif
