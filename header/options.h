/* options - what felucca-header says to a person, who has nothing to do with it. */
#ifndef FELUCCA_HEADER_OPTIONS_H
#define FELUCCA_HEADER_OPTIONS_H

#include <stdbool.h>

/* Whether the process ends here, with *ret_status: after --help and --version, on other arguments, and where
 * socket is no socket, because no router has started it. Otherwise what the router wants: *ret_sandbox, and log lines in its
 * own form. */
bool options_end(int argc, char **argv, int socket, bool *ret_sandbox, int *ret_status);

#endif
