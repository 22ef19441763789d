/* base64 - bytes as text (RFC 4648 section 4). */
#ifndef FELUCCA_BASE_BASE64_H
#define FELUCCA_BASE_BASE64_H

#include "common/base/text.h"

#include <stddef.h>

/* Appends the text, padded. */
void base64_encode(const void *bytes, size_t length, struct text *out);

/* Appends the bytes. 0, or ERR_SYNTAX: it is no such text, whole and padded; nothing was appended. White space in it is
 * passed over. */
int base64_decode(const char *text, size_t length, struct text *out);

#endif
