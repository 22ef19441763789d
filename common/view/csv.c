#include "common/view/csv.h"

#include <stdbool.h>
#include <string.h>

/* A spreadsheet takes such a text for a formula, and runs it. */
static bool csv_is_formula(const char *value)
{
    return *value && strchr("=+-@\t\r", *value);
}

static void csv_append_text(struct text *line, const char *value)
{
    const char *guard = csv_is_formula(value) ? "'" : "";
    if (!strpbrk(value, ",\"\r\n")) {
        text_append(line, guard);
        text_append(line, value);
        return;
    }
    text_append_char(line, '"');
    text_append(line, guard);
    for (; *value; value++) {
        if (*value == '"')
            text_append_char(line, '"');
        text_append_char(line, *value);
    }
    text_append_char(line, '"');
}

static void csv_append_value(struct text *line, const json_t *value)
{
    if (json_is_string(value))
        csv_append_text(line, json_string_value(value));
    else if (json_is_integer(value))
        text_format(line, "%lld", (long long)json_integer_value(value));
    else if (json_is_boolean(value))
        text_append(line, json_is_true(value) ? "true" : "false");
}

static void csv_append_line(json_t *object, bool names, struct text *lines)
{
    const char *name, *between = "";
    json_t *value;
    json_object_foreach(object, name, value)
    {
        text_append(lines, between);
        if (names)
            csv_append_text(lines, name);
        else
            csv_append_value(lines, value);
        between = ",";
    }
    text_append_char(lines, '\n');
}

void csv_append_heading(json_t *object, struct text *lines)
{
    csv_append_line(object, true, lines);
}

void csv_append_row(json_t *object, struct text *lines)
{
    csv_append_line(object, false, lines);
}
