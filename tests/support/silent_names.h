/* silent_names - name servers that take every question and say nothing, for this process and those that it starts.
 *
 * In a network of the test's own (network.h), and a mount namespace that this makes: nothing of the machine is touched. */
#ifndef FELUCCA_TESTS_SILENT_NAMES_H
#define FELUCCA_TESTS_SILENT_NAMES_H

#include "tests/support/sandbox.h"

#include <stdbool.h>

#define SILENT_NAME "kheops.silent.test"

/* For the rest of the process's life. What cannot be done ends the test. */
void silent_names_begin(struct sandbox *sandbox);
/* Whether somebody has asked them for a name. */
bool silent_names_asked(void);

#endif
