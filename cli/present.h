/* present - which processes of Felucca run where this one runs: in a container, those that its engine started there.
 *
 * Told by their command lines in /proc, of this PID namespace. Of several configurations only ours counts: a program whose
 * command line names another one is somebody else's. */
#ifndef FELUCCA_CLI_PRESENT_H
#define FELUCCA_CLI_PRESENT_H

#include "common/config/processes.h"

#include <stdbool.h>

struct present {
    bool supervisor; /* `felucca up`: all should run, also what is just being started again */
    bool processes[PROCESSES];
};

/* proc: "/proc". config_path: of our configuration, as config->path has it. */
void present_look(const char *proc, const char *config_path, struct present *ret_present);

/* Whether anything of it runs. */
bool present_any(const struct present *present);

#endif
