#include "cli/table.h"

#include "common/base/cleanup.h"
#include "common/base/utf8.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

const char *table_mark(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *locale = getenv(names[i]);
        if (locale && *locale)
            return strcasestr(locale, "utf-8") || strcasestr(locale, "utf8") ? "…" : "~";
    }
    return "~";
}

static bool starts_character(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

int table_width(const char *value)
{
    int count = 0;
    for (; *value; value++)
        count += starts_character(*value);
    return count;
}

/* The bytes from the start that hold count characters. */
static size_t bytes_of(const char *value, int count)
{
    const char *at = value;
    while (*at) {
        if (starts_character(*at) && count-- == 0)
            break;
        at++;
    }
    return (size_t)(at - value);
}

static void append_clean(struct text *line, const char *value, size_t length)
{
    for (size_t i = 0, bytes; i < length; i += bytes) {
        bool hidden = utf8_invisible(value + i, &bytes) > 0;
        bytes = hidden ? bytes : 1;
        text_append_char(line, hidden ? '?' : value[i]);
    }
}

static void append_cut(struct text *line, const char *value, int width, bool tail)
{
    int count = table_width(value);
    if (count <= width) {
        append_clean(line, value, strlen(value));
    } else if (tail) {
        const char *rest = value + bytes_of(value, count - width + 1);
        text_append(line, table_mark());
        append_clean(line, rest, strlen(rest));
    } else {
        append_clean(line, value, bytes_of(value, width - 1));
        text_append(line, table_mark());
    }
}

static void pad(struct text *line, int by)
{
    for (; by > 0; by--)
        text_append_char(line, ' ');
}

void table_cell(struct text *line, const char *value, int width, enum table_align align)
{
    const char *shown = value ? value : "";
    int free_width = width - table_width(shown);
    if (align == TABLE_RIGHT)
        pad(line, free_width);
    append_cut(line, shown, width, align == TABLE_LEFT_TAIL);
    if (align != TABLE_RIGHT)
        pad(line, free_width);
    text_append_char(line, ' ');
}

void table_number(struct text *line, int64_t value, int width)
{
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%" PRId64, value);
    table_cell(line, digits, width, TABLE_RIGHT);
}

void table_end(struct text *line)
{
    while (line->length > 0 && line->bytes[line->length - 1] == ' ')
        line->bytes[--line->length] = '\0';
    text_append_char(line, '\n');
}

void table_plain(struct text *line, const char *value, int width)
{
    append_cut(line, value ? value : "", width, false);
}

static int column_of(const struct text *text)
{
    const char *line = text->length ? memrchr(text->bytes, '\n', text->length) : NULL;
    return table_width(line ? line + 1 : text_string(text));
}

static void break_line(struct text *text, int indent)
{
    table_end(text);
    pad(text, indent);
}

static void append_word(struct text *text, const char *word, size_t length, int indent, int width)
{
    AUTO(text_release) struct text piece = TEXT_EMPTY;
    text_append_bytes(&piece, word, length);
    const char *rest = text_string(&piece);
    int column = column_of(text);
    if (column > indent && column + table_width(rest) > width)
        break_line(text, indent);
    while (table_width(rest) > width - indent) {
        size_t bytes = bytes_of(rest, width - indent);
        append_clean(text, rest, bytes);
        rest += bytes;
        break_line(text, indent);
    }
    append_clean(text, rest, strlen(rest));
}

void table_wrap(struct text *text, const char *words, int indent, int width)
{
    static const char blanks[] = " \t\r\n";
    for (words += strspn(words, blanks); *words; words += strspn(words, blanks)) {
        size_t length = strcspn(words, blanks);
        append_word(text, words, length, indent, width);
        text_append_char(text, ' ');
        words += length;
    }
    table_end(text);
}
