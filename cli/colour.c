#include "cli/colour.h"

#include "cli/table.h"
#include "common/base/cleanup.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_wanted(void)
{
    const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return (!no || !*no) && terminal && strcmp(terminal, "dumb") != 0 && isatty(STDOUT_FILENO);
}

/* NULL: as it is. */
static const char *colour_of(const char *state)
{
    static const struct {
        const char *state, *colour;
    } colours[] = {{"failed", "\033[31m"},      {"quarantined", "\033[31m"}, {"blocked", "\033[31m"},
                   {"backing off", "\033[33m"}, {"deferred", "\033[33m"},    {"held", "\033[33m"},
                   {"undecided", "\033[33m"},   {"no", "\033[33m"},          {"not configured", "\033[33m"}};
    for (size_t i = 0; i < sizeof colours / sizeof *colours; i++) {
        if (strcmp(colours[i].state, state) == 0)
            return colours[i].colour;
    }
    return NULL;
}

void colour_append(struct text *line, const char *state, const char *text)
{
    const char *colour = is_wanted() ? colour_of(state) : NULL;
    text_append(line, colour ? colour : "");
    text_append(line, text);
    text_append(line, colour ? "\033[0m" : "");
}

void colour_cell(struct text *line, const char *state, int width)
{
    AUTO(text_release) struct text cell = TEXT_EMPTY;
    table_cell(&cell, state, width, TABLE_LEFT);
    colour_append(line, state, text_string(&cell));
}
