/* colour - states in colour, on a terminal, unless NO_COLOR is set. */
#ifndef FELUCCA_CLI_COLOUR_H
#define FELUCCA_CLI_COLOUR_H

#include "common/base/text.h"

/* Appends text, in red where the state needs somebody to look at it, in yellow where it is trouble that
 * passes by itself. text must have its width already. */
void colour_append(struct text *line, const char *state, const char *text);

/* A cell as table_cell() makes it, of a state. */
void colour_cell(struct text *line, const char *state, int width);

#endif
