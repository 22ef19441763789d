/* completion - the completion of commands, options and names for bash, written from the table of commands. */
#ifndef FELUCCA_CLI_COMPLETION_H
#define FELUCCA_CLI_COMPLETION_H

#include "common/base/text.h"

/* The script, appended: for /usr/share/bash-completion/completions/felucca. It asks `felucca generate
 * destinations` and `felucca generate albums` for names. */
void completion_bash(struct text *script);

#endif
