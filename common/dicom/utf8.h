/* utf8 - writing and checking UTF-8. */
#ifndef FELUCCA_DICOM_UTF8_H
#define FELUCCA_DICOM_UTF8_H

#include "common/base/text.h"

#define UTF8_REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/* Appends one code point. */
void utf8_append(struct text *out, uint32_t code);

/* Appends the bytes; each sequence that is no UTF-8 (overlong, surrogate, cut) becomes U+FFFD. */
void utf8_append_checked(struct text *out, const char *bytes, size_t length);

#endif
