/* manual - the manual pages, written from the tables that the programs themselves use: commands and their
 * options, the options of the processes, and the keys of the configuration. For `felucca generate`. */
#ifndef FELUCCA_CLI_MANUAL_H
#define FELUCCA_CLI_MANUAL_H

#include "common/base/text.h"

#include <stdbool.h>

/* felucca(1); felucca-PROCESS(8), false when there is no such process; felucca.yaml(5). Appended, in the man
 * macros of troff. */
void manual_command(struct text *page);
bool manual_process(const char *process, struct text *page);
void manual_configuration(struct text *page);

#endif
