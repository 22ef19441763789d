/* columns - the columns of a table, as wide as what it is printed on allows.
 *
 * A column has a least width and a most. What the line has left over goes to those of UIDs (TABLE_LEFT_TAIL) first,
 * then to the others in turn, until each has its most. Where the line is too narrow for all least widths, those of texts give way. */
#ifndef FELUCCA_CLI_COLUMNS_H
#define FELUCCA_CLI_COLUMNS_H

#include "cli/table.h"
#include "common/base/text.h"

#include <stddef.h>

enum { COLUMNS_MOST = 10 };

struct column {
    const char *name;
    int least, most; /* characters */
    enum table_align align;
};

struct columns {
    const struct column *list; /* borrowed */
    size_t count;
    int widths[COLUMNS_MOST];
};

/* Of a line on standard output, in characters: one less than $COLUMNS or the terminal has, so that no terminal
 * breaks it; 79 for a file or a pipe. */
int columns_line(void);

/* count is at most COLUMNS_MOST. */
void columns_fit(struct columns *columns, const struct column *list, size_t count, int line);

/* Appends the names, as a line. */
void columns_append_heading(const struct columns *columns, struct text *out);
/* Appends one cell; NULL is an empty one. table_end() ends the line. */
void columns_append(const struct columns *columns, size_t which, const char *value, struct text *out);

#endif
