#include "cli/grid.h"

#include "cli/colour.h"
#include "common/base/cleanup.h"
#include "common/base/memory.h"

#include <stdlib.h>

enum { FIRST_LEAST = 12, INDENT = 2, SHORT_FROM = 100000 };

void grid_release(struct grid *grid)
{
    for (size_t i = 0; i < grid->count; i++)
        free(grid->cells[i].text);
    free(grid->cells);
    *grid = (struct grid){0};
}

static struct grid_cell *add(struct grid *grid)
{
    grid->cells = memory_grow(grid->cells, &grid->capacity, grid->count + 1, sizeof *grid->cells);
    return &grid->cells[grid->count++];
}

void grid_add(struct grid *grid, const char *text)
{
    add(grid)->text = memory_string(text);
}

void grid_add_number(struct grid *grid, int64_t number)
{
    add(grid)->number = number;
}

/* ---- numbers ---- */

void grid_append_number(int64_t number, bool is_short, struct text *out)
{
    static const char units[] = "kMGTPE";
    size_t unit = 0;
    double size = (double)number / 1000;
    if (!is_short || number < SHORT_FROM) {
        text_append_count(out, number);
        return;
    }
    for (; size >= 999.5 && unit + 2 < sizeof units; unit++)
        size /= 1000;
    text_format(out, size < 9.95 ? "%.1f %c" : "%.0f %c", size, units[unit]);
}

/* ---- how wide ---- */

struct shape {
    int widths[GRID_COLUMNS];
    bool is_short, own_line; /* numbers; the first column has a line of its own */
};

static void append_value(const struct grid_cell *cell, bool is_short, struct text *out)
{
    if (cell->text)
        text_append(out, cell->text);
    else
        grid_append_number(cell->number, is_short, out);
}

/* Of all columns; returns how many characters a line has. */
static int measure(const struct grid *grid, struct shape *shape)
{
    int sum = (int)grid->column_count - 1;
    for (size_t column = 0; column < grid->column_count; column++) {
        int width = table_width(grid->columns[column].name);
        for (size_t i = column; i < grid->count; i += grid->column_count) {
            AUTO(text_release) struct text value = TEXT_EMPTY;
            append_value(&grid->cells[i], shape->is_short, &value);
            int own = table_width(text_string(&value));
            width = own > width ? own : width;
        }
        shape->widths[column] = width;
        sum += width;
    }
    return sum;
}

static void choose_shape(const struct grid *grid, int line, struct shape *shape)
{
    int over = measure(grid, shape) - line;
    shape->is_short = over > 0;
    if (shape->is_short)
        over = measure(grid, shape) - line;
    if (over <= 0)
        return;
    if (shape->widths[0] - over >= FIRST_LEAST)
        shape->widths[0] -= over;
    else
        shape->own_line = true;
}

/* ---- lines ---- */

static void append_cell(const struct grid *grid, const struct shape *shape, size_t column, const char *value,
                        struct text *out)
{
    if (grid->columns[column].states)
        colour_cell(out, value, shape->widths[column]);
    else
        table_cell(out, value, shape->widths[column], grid->columns[column].align);
}

static void append_first(const struct grid *grid, const struct shape *shape, const char *value, int line,
                         struct text *out)
{
    if (!shape->own_line) {
        append_cell(grid, shape, 0, value, out);
        return;
    }
    table_plain(out, value, line);
    table_end(out);
    table_cell(out, "", INDENT - 1, TABLE_LEFT);
}

void grid_append(const struct grid *grid, int line, struct text *out)
{
    struct shape shape = {.is_short = false};
    choose_shape(grid, line, &shape);
    append_first(grid, &shape, grid->columns[0].name, line, out);
    for (size_t column = 1; column < grid->column_count; column++)
        table_cell(out, grid->columns[column].name, shape.widths[column], grid->columns[column].align);
    table_end(out);
    for (size_t i = 0; i < grid->count; i++) {
        size_t column = i % grid->column_count;
        AUTO(text_release) struct text value = TEXT_EMPTY;
        append_value(&grid->cells[i], shape.is_short, &value);
        if (column == 0)
            append_first(grid, &shape, text_string(&value), line, out);
        else
            append_cell(grid, &shape, column, text_string(&value), out);
        if (column + 1 == grid->column_count)
            table_end(out);
    }
}
