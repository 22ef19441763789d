/* grid - a table whose columns are as wide as what stands in them.
 *
 * Where the line is too narrow for that, numbers are said shorter (119 M), then the first column is cut, and at last it
 * gets a line of its own: a number is never cut, nor is a state. */
#ifndef FELUCCA_CLI_GRID_H
#define FELUCCA_CLI_GRID_H

#include "cli/table.h"
#include "common/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GRID_COLUMNS = 12 };

struct grid_column {
    const char *name;
    enum table_align align;
    bool states; /* what stands in it is coloured as a state */
};

/* Zeroed at first; columns is borrowed. */
struct grid {
    const struct grid_column *columns;
    size_t column_count;
    struct grid_cell {
        char *text; /* NULL: the number */
        int64_t number;
    } * cells;
    size_t count, capacity;
};

void grid_release(struct grid *grid);

/* The next cell, row by row. */
void grid_add(struct grid *grid, const char *text);
void grid_add_number(struct grid *grid, int64_t number);

/* Appends all of it, in lines of at most so many characters. */
void grid_append(const struct grid *grid, int line, struct text *out);

/* Appends a number: "1,234,567", or short "1.2 M", in at most 6 characters. */
void grid_append_number(int64_t number, bool is_short, struct text *out);

#endif
