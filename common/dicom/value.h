/* value - the text and the number of one DICOM value, from its raw bytes (docs/conditions.md).
 *
 * vr is the value representation as two letters; binary numbers are in the machine's byte order. */
#ifndef FELUCCA_DICOM_VALUE_H
#define FELUCCA_DICOM_VALUE_H

#include "common/dicom/charset.h"

#include <stdbool.h>

enum {
    VALUE_TEXT_MAX = 1 << 20,  /* bytes; a longer text counts as present, but has no text here */
    VALUE_BINARY_MAX = 1 << 18 /* ... the same for binary numbers */
};

/* Whether values of this representation and length have a text at all. */
bool value_has_text(const char *vr, size_t length);

/* Appends the text: values joined by a backslash, trimmed, decoded. False, and nothing appended, when there
 * is no text or nothing but blanks. */
bool value_text(const char *vr, const char *bytes, size_t length, struct charset *charset, struct text *out);

/* The first value as a number, or false. */
bool value_number(const char *vr, const char *bytes, size_t length, double *ret_number);

#endif
