/* utf8 - writing, checking and showing UTF-8. */
#ifndef FELUCCA_BASE_UTF8_H
#define FELUCCA_BASE_UTF8_H

#include "common/base/text.h"

#define UTF8_REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/* Appends one code point. */
void utf8_append(struct text *out, uint32_t code);

/* Appends the bytes; each sequence that is no UTF-8 (overlong, surrogate, cut) becomes U+FFFD. */
void utf8_append_checked(struct text *out, const char *bytes, size_t length);

/* The same for people: control characters become U+FFFD too, so that no value can move a cursor, and what is
 * longer than most characters is cut and ends with "...". */
void utf8_append_shown(struct text *out, const char *bytes, size_t length, size_t most);

/* A character that moves a cursor, ends a line, or turns the direction of what follows: its code point (above
 * 0) and its length in bytes; 0 for all others, whose length is not told. The text ends with a NUL. */
unsigned utf8_invisible(const char *character, size_t *ret_length);

#endif
