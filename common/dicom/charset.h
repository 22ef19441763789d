/* charset - text in the character sets of DICOM (PS3.5 section 6.1), decoded to UTF-8.
 *
 * A small layer for the code extensions of ISO 2022 over iconv: single-byte sets, ISO 2022 IR 87, 149, 159
 * and 58, and GB18030, GBK and ISO_IR 192 as a whole. It never fails: what cannot be decoded becomes U+FFFD,
 * an unknown or missing declaration means ASCII, and known escape sequences are obeyed whether declared or
 * not. Not thread-safe. */
#ifndef FELUCCA_DICOM_CHARSET_H
#define FELUCCA_DICOM_CHARSET_H

#include "common/base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* Where the character sets return to the initial ones: at line breaks and tabs, ... */
enum charset_reset {
    CHARSET_TEXT,   /* ... nothing else */
    CHARSET_VALUES, /* ... the backslash between values */
    CHARSET_NAMES   /* ... and the ^ and = of a person name */
};

struct charset;

/* declaration: the bytes of Specific Character Set (0008,0005), length 0 when there is none. */
struct charset *charset_create(const char *declaration, size_t length);

/* Whether the bytes mean the same in nearly every character set: ASCII, no escape sequence. */
bool charset_is_plain(const char *bytes, size_t length);
void charset_destroy(struct charset **charset);

/* Loads what any character set needs and keeps it, for a process that can open no file later: from then on none is opened. */
void charset_load_all(void);

/* Appends the bytes as valid UTF-8. A delimiter stays what it is. charset NULL: plain ASCII, without escape
 * sequences. */
void charset_decode(struct charset *charset, const char *bytes, size_t length, enum charset_reset reset,
                    struct text *out);

#endif
