/* roff - writes text of any kind for troff's man macros, so that nothing in it becomes a request or an escape. */
#ifndef FELUCCA_CLI_ROFF_H
#define FELUCCA_CLI_ROFF_H

#include "common/base/text.h"

/* The title line; section is '1', '5' or '8'. */
void roff_title(struct text *page, const char *name, char section);
void roff_heading(struct text *page, const char *heading);
/* A paragraph that is filled; `code` and **strong** words become bold, [links](to) lose their goal. */
void roff_paragraph(struct text *page, const char *words);
/* The same without a paragraph's beginning. */
void roff_sentence(struct text *page, const char *words);
/* Lines as they are. */
void roff_lines(struct text *page, const char *lines);
/* A term in bold, what follows it in italics (may be NULL), and its explanation. */
void roff_item(struct text *page, const char *term, const char *argument, const char *meaning);

/* A page of Markdown as our own programs print it: headings, paragraphs, lists, tables of four columns. Its
 * first line is left out. */
void roff_markdown(struct text *page, const char *markdown);

#endif
