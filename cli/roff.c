#include "cli/roff.h"

#include "common/base/cleanup.h"

#include <string.h>

/* The day on which the texts last changed: a page that is built again is the same again. */
#define MANUAL_DATE "2026-11-24"

static void append_char(struct text *page, char c)
{
    if (c == '\\')
        text_append(page, "\\e");
    else if (c == '-')
        text_append(page, "\\-");
    else
        text_append_char(page, c);
}

/* The length of a UTF-8 sequence that the pages' readers may not know; what it becomes. */
static size_t plain_form(const char *at, const char **ret_plain)
{
    static const struct {
        const char *utf8, *plain;
    } forms[] = {{"…", "..."}, {"→", "\\->"}, {"–", "\\-"}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (string_starts_with(at, forms[i].utf8)) {
            *ret_plain = forms[i].plain;
            return strlen(forms[i].utf8);
        }
    }
    return 0;
}

static void append_plain(struct text *page, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        const char *plain;
        size_t known = plain_form(text + i, &plain);
        bool begins = page->length == 0 || page->bytes[page->length - 1] == '\n';
        if (begins && (text[i] == '.' || text[i] == '\''))
            text_append(page, "\\&");
        if (known > 0) {
            text_append(page, plain);
            i += known - 1;
        } else {
            append_char(page, text[i]);
        }
    }
}

void roff_title(struct text *page, const char *name, char section)
{
    text_format(page, ".TH %s %c %s \"Felucca %s\"\n.nh\n", name, section, MANUAL_DATE, FELUCCA_VERSION);
}

void roff_heading(struct text *page, const char *heading)
{
    text_append(page, ".SH ");
    for (const char *c = heading; *c; c++)
        text_append_char(page, *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c);
    text_append_char(page, '\n');
}

/* "[text](goal)" at: how long the text is; 0: it is no link. */
static size_t link_length(const char *at, size_t left, size_t *ret_whole)
{
    const char *middle = *at == '[' ? memmem(at, left, "](", 2) : NULL;
    const char *end = middle ? memchr(middle, ')', left - (size_t)(middle - at)) : NULL;
    if (!end)
        return 0;
    *ret_whole = (size_t)(end - at) + 1;
    return (size_t)(middle - at) - 1;
}

static void append_words(struct text *page, const char *words, size_t length)
{
    bool bold = false;
    for (size_t i = 0; i < length; i++) {
        size_t whole, link = link_length(words + i, length - i, &whole);
        if (words[i] == '`' || (words[i] == '*' && i + 1 < length && words[i + 1] == '*')) {
            i += words[i] == '*';
            bold = !bold;
            text_append(page, bold ? "\\fB" : "\\fR");
        } else if (link > 0) {
            append_plain(page, words + i + 1, link);
            i += whole - 1;
        } else {
            size_t known = strcspn(words + i, "`*[");
            known = known == 0 ? 1 : known < length - i ? known : length - i;
            append_plain(page, words + i, known);
            i += known - 1;
        }
    }
    text_append_char(page, '\n');
}

void roff_sentence(struct text *page, const char *words)
{
    append_words(page, words, strlen(words));
}

/* A paragraph begins, unless a heading just did. */
static void begin_paragraph(struct text *page)
{
    const char *last = text_string(page);
    for (const char *line = last; (line = strchr(line, '\n')) && line[1];)
        last = ++line;
    if (!string_starts_with(last, ".SH ") && !string_starts_with(last, ".SS "))
        text_append(page, ".PP\n");
}

void roff_paragraph(struct text *page, const char *words)
{
    begin_paragraph(page);
    roff_sentence(page, words);
}

void roff_lines(struct text *page, const char *lines)
{
    begin_paragraph(page);
    text_append(page, ".nf\n");
    append_plain(page, lines, strlen(lines));
    text_append(page, ".fi\n");
}

void roff_item(struct text *page, const char *term, const char *argument, const char *meaning)
{
    text_append(page, ".TP\n\\fB");
    append_plain(page, term, strlen(term));
    text_append(page, "\\fR");
    if (argument) {
        text_append(page, " \\fI");
        append_plain(page, argument, strlen(argument));
        text_append(page, "\\fR");
    }
    text_append_char(page, '\n');
    roff_sentence(page, meaning);
}

/* ---- Markdown ---- */

/* "| `key` | value | default | meaning |": an item. */
static void append_table_row(struct text *page, const char *row, size_t length)
{
    AUTO(text_release) struct text head = TEXT_EMPTY;
    const char *cells[5] = {row + 2}, *end = row + length;
    for (int i = 1; i < 5; i++) {
        const char *bar = cells[i - 1] ? memmem(cells[i - 1], (size_t)(end - cells[i - 1]), " |", 2) : NULL;
        cells[i] = bar && bar + 3 <= end ? bar + 3 : bar ? end + 1 : NULL;
        if (!cells[i])
            return;
    }
    text_append_bytes(&head, cells[0], (size_t)(cells[1] - cells[0]) - 3);
    text_append(&head, " (");
    text_append_bytes(&head, cells[1], (size_t)(cells[2] - cells[1]) - 3);
    size_t standard = (size_t)(cells[3] - cells[2]);
    if (standard > 3) {
        text_append(&head, "; ");
        text_append_bytes(&head, cells[2], standard - 3);
    }
    text_append_char(&head, ')');
    text_append(page, ".TP\n");
    append_words(page, text_string(&head), head.length);
    append_words(page, cells[3], (size_t)(cells[4] - cells[3]) - 3);
}

static void append_line(struct text *page, const char *line, size_t length, bool *in_paragraph)
{
    if (string_starts_with(line, "| ") && !string_starts_with(line, "| key |")) {
        append_table_row(page, line, length);
    } else if (*line == '|' || string_starts_with(line, "<!--")) {
        return;
    } else if (string_starts_with(line, "## ")) {
        AUTO(text_release) struct text heading = TEXT_EMPTY;
        text_append_bytes(&heading, line + 3, length - 3);
        roff_heading(page, text_string(&heading));
    } else if (string_starts_with(line, "- ")) {
        text_append(page, ".IP \\(bu 2\n");
        append_words(page, line + 2, length - 2);
        *in_paragraph = true;
    } else if (length > 0) {
        if (!*in_paragraph)
            begin_paragraph(page);
        append_words(page, line + strspn(line, " "), length - strspn(line, " "));
        *in_paragraph = true;
        return;
    }
    if (length == 0 || string_starts_with(line, "## "))
        *in_paragraph = false;
}

void roff_markdown(struct text *page, const char *markdown)
{
    bool in_paragraph = false;
    for (const char *line = strchr(markdown, '\n'); line && line[1];) {
        line++;
        size_t length = strcspn(line, "\n");
        append_line(page, line, length, &in_paragraph);
        line = line[length] ? line + length : NULL;
    }
}
