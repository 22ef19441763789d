/* metadata - the attributes of an instance as a DICOMweb server tells them (DICOM JSON, PS3.18 annex F), made into a header
 * as kept.h keeps it, so that whoever reads kept headers reads this one.
 *
 * The header is explicit little endian in UTF-8 (ISO_IR 192), which is what JSON has. What the server keeps back is
 * unknown in it, and neither there nor absent: a value that it gives by its address alone (BulkDataURI), but for
 * binary ones, which no condition reads, and pixel data of which it says nothing. The bytes are a stranger's: whatever
 * they are, what is read, nested and made of them is bounded. */
#ifndef FELUCCA_DICOM_METADATA_H
#define FELUCCA_DICOM_METADATA_H

#include "common/base/text.h"

#include <stddef.h>

enum { METADATA_MAX = 4 << 20 /* bytes of an answer */, METADATA_NESTING_MAX = 64 /* objects and arrays */ };

struct metadata_wanted {
    const char *study, *series, *instance; /* UIDs */
};

/* Reads an answer, a list of instances, and appends the header of the one that is wanted, deflated. 0; ERR_ABSENT: the
 * list is empty; ERR_SYNTAX: it cannot be read, or tells of something else. Otherwise than 0 a sentence is appended to
 * ret_reason, without any value, and nothing to out. */
int metadata_read(const char *bytes, size_t length, const struct metadata_wanted *wanted, struct text *out,
                  struct text *ret_reason);

#endif
