/* confirm - asks before a change that cannot be taken back, or that concerns many things. */
#ifndef FELUCCA_CLI_CONFIRM_H
#define FELUCCA_CLI_CONFIRM_H

#include <stdint.h>

/* Asks on the terminal whether to "drop 12 jobs" (verb, count, noun): EXIT_OK for yes, EXIT_NO for anything
 * else. Without a terminal to ask on: EXIT_USAGE, with a sentence that names --yes. */
int confirm(const char *command, const char *verb, int64_t count, const char *noun);

#endif
