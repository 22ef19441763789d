/* password - asks for a password: at the terminal, unseen and twice, or a line of standard input where that is none. */
#ifndef FELUCCA_CLI_PASSWORD_H
#define FELUCCA_CLI_PASSWORD_H

#include "common/base/text.h"

#include <stdbool.h>

/* Appends it. False after it was said what is wrong. command: "console passwd", of: whose it is. */
bool password_ask(const char *command, const char *of, struct text *ret_password);
/* Releases it, and leaves nothing of it in memory. */
void password_wipe(struct text *password);

#endif
