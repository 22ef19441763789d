#include "cli/columns.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LINE_LEAST = 59, LINE_USUAL = 79, LINE_MOST = 999, CELL_LEAST = 6 };

int columns_line(void)
{
    struct winsize size = {0};
    const char *told = getenv("COLUMNS");
    long wide = told ? strtol(told, NULL, 10) : 0;
    if (wide <= 0 && isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        wide = size.ws_col;
    if (wide <= 0)
        return LINE_USUAL;
    if (wide > LINE_MOST)
        return LINE_MOST;
    return wide > LINE_LEAST ? (int)wide - 1 : LINE_LEAST;
}

/* One character more or less, if the column bears it. */
static bool change(struct columns *columns, size_t which, int by)
{
    const struct column *column = &columns->list[which];
    int width = columns->widths[which] + by;
    if (by > 0 ? width > column->most : column->align == TABLE_RIGHT || width < CELL_LEAST)
        return false;
    columns->widths[which] = width;
    return true;
}

/* Shares what is left over, or missing, among the columns in turn; returns what still is. */
static int share_rest(struct columns *columns, int rest, bool uids_alone)
{
    int by = rest > 0 ? 1 : -1;
    for (bool changed = true; rest != 0 && changed;) {
        changed = false;
        for (size_t i = 0; i < columns->count && rest != 0; i++) {
            bool fits = !uids_alone || columns->list[i].align == TABLE_LEFT_TAIL;
            if (fits && change(columns, i, by)) {
                rest -= by;
                changed = true;
            }
        }
    }
    return rest;
}

void columns_fit(struct columns *columns, const struct column *list, size_t count, int line)
{
    *columns = (struct columns){.list = list, .count = count};
    int rest = line - (int)count + 1;
    for (size_t i = 0; i < count; i++) {
        columns->widths[i] = list[i].least;
        rest -= list[i].least;
    }
    if (rest > 0)
        rest = share_rest(columns, rest, true);
    (void)share_rest(columns, rest, false);
}

void columns_append(const struct columns *columns, size_t which, const char *value, struct text *out)
{
    table_cell(out, value, columns->widths[which], columns->list[which].align);
}

void columns_append_heading(const struct columns *columns, struct text *out)
{
    for (size_t i = 0; i < columns->count; i++) {
        bool right = columns->list[i].align == TABLE_RIGHT;
        table_cell(out, columns->list[i].name, columns->widths[i], right ? TABLE_RIGHT : TABLE_LEFT);
    }
    table_end(out);
}
