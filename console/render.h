/* render - a page's document in the form that was asked for. */
#ifndef FELUCCA_CONSOLE_RENDER_H
#define FELUCCA_CONSOLE_RENDER_H

#include "common/base/json.h"
#include "common/base/text.h"
#include "console/asked.h"
#include "console/page.h"

enum { RENDER_TAG_SIZE = 19 };

struct render;

struct render *render_create(void);
void render_destroy(struct render **render);

/* The media type of a form. Borrowed for ever. */
const char *render_type(enum asked_form form);

/* Appends the document, and writes a tag of what it says ("\"0123456789abcdef\""), which is another one when anything but
 * the time of it is. target: the address, for the links to its other forms. The document is changed. */
void render_page(struct render *render, const struct page *page, const struct page_question *question,
                 const char *target, json_t *document, struct text *body, char ret_tag[RENDER_TAG_SIZE]);

/* A tag of bytes. */
void render_tag(const void *bytes, size_t length, char ret_tag[RENDER_TAG_SIZE]);

/* The page on which one signs in: { to, trouble }. Appended; the document is changed. */
void render_sign_in(struct render *render, const struct config *config, json_t *document, struct text *body);

/* What is said instead of a page: appended. */
void render_error(struct render *render, enum asked_form form, unsigned status, const char *sentence,
                  struct text *body);

#endif
