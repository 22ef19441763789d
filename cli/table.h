/* table - rows of text for a terminal, in columns of fixed width.
 *
 * What is in a cell may come from a server or a modality: control characters become '?', and a cell that
 * is too long is cut, with table_mark() at its end (or at its start, for UIDs, whose ends tell them apart). Width
 * counts characters of UTF-8. */
#ifndef FELUCCA_CLI_TABLE_H
#define FELUCCA_CLI_TABLE_H

#include "common/base/text.h"

#include <stdint.h>

enum table_align { TABLE_LEFT, TABLE_RIGHT, TABLE_LEFT_TAIL /* left, and cut at the start */ };

/* What stands where something was cut: "…", or "~" in a locale whose characters are not UTF-8's (LC_ALL=C). One
 * character; borrowed for ever. */
const char *table_mark(void);

/* How many characters value has. */
int table_width(const char *value);

/* Appends value in a cell of exactly width characters, and one space. NULL is an empty cell. */
void table_cell(struct text *line, const char *value, int width, enum table_align align);
void table_number(struct text *line, int64_t value, int width);

/* Ends the line: trailing spaces go, a newline comes. */
void table_end(struct text *line);

/* Appends value cut to at most width characters, without control characters. */
void table_plain(struct text *line, const char *value, int width);

/* Appends words in lines of at most width characters, each but the first indented; a word that is longer than
 * a line is broken. White space of any kind is one blank. Ends the line. */
void table_wrap(struct text *text, const char *words, int indent, int width);

#endif
