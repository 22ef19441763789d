/* header - what is in a request's headers: a session's cookie, a group. */
#ifndef FELUCCA_CONSOLE_HEADER_H
#define FELUCCA_CONSOLE_HEADER_H

#include "common/base/text.h"

/* The value of a cookie in a Cookie header (RFC 6265), where it is of SESSION_COOKIE_LENGTH hexadecimal digits; appended. False:
 * there is none, or it is there twice. */
bool header_find_cookie(const char *header, const char *name, struct text *ret_value);
/* Whether a list with commas between its words has this one; case counts. */
bool header_has_word(const char *list, const char *word);

#endif
