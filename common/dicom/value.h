/* value - the text and the number of one DICOM value, from its raw bytes (docs/conditions.md).
 *
 * vr is the value representation as two letters; binary numbers are in the machine's byte order. */
#ifndef FELUCCA_DICOM_VALUE_H
#define FELUCCA_DICOM_VALUE_H

#include "common/dicom/charset.h"

#include <stdbool.h>

enum {
    VALUE_TEXT_MAX = 1 << 20,  /* bytes; a longer text counts as present, but what it is is not known here */
    VALUE_BINARY_MAX = 1 << 18 /* ... the same for binary numbers */
};

/* Whether values of this representation have a text at all. */
bool value_is_text(const char *vr);

/* ... that Specific Character Set changes. */
bool value_is_decoded(const char *vr);

/* ... and those of this length: not too long, and for binary numbers long enough for one. */
bool value_has_text(const char *vr, size_t length);

/* Turns the binary numbers of a value into the machine's byte order. */
void value_to_machine(const char *vr, char *bytes, size_t length, bool is_big);

/* Appends the text: values joined by a backslash, trimmed, decoded. False, and nothing appended, when there
 * is no text or nothing but blanks. */
bool value_text(const char *vr, const char *bytes, size_t length, struct charset *charset, struct text *out);

/* The first value as a number, or false. Of FL it is the number that its text shows, so that a comparison with
 * 0.1 finds a 0.1 of 32 bits. */
bool value_number(const char *vr, const char *bytes, size_t length, double *ret_number);

#endif
