/* completion - the completion of commands, options and names for bash, zsh and fish,
 * written from the table of commands. */
#ifndef FELUCCA_CLI_COMPLETION_H
#define FELUCCA_CLI_COMPLETION_H

#include "common/base/text.h"

/* The scripts, appended: for share/bash-completion/completions/felucca, share/zsh/vendor-completions/_felucca and
 * share/fish/vendor_completions.d/felucca.fish. They ask `felucca generate
 * destinations` and `felucca generate albums` for names. */
void completion_bash(struct text *script);
void completion_zsh(struct text *script);
void completion_fish(struct text *script);

#endif
