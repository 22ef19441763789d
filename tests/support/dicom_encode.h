/* dicom_encode - elements of a data set as bytes, for the generator in dicom.h. */
#ifndef FELUCCA_TESTS_DICOM_ENCODE_H
#define FELUCCA_TESTS_DICOM_ENCODE_H

#include "tests/support/dicom.h"

/* Appends one element, sequences with all their items (of undefined length). */
void dicom_encode_element(const struct dicom_element *element, enum dicom_coding coding, struct text *out);

/* Appends what is in front of the pixels: (7FE0,0010) OW, or OB with an empty offset table and the header
 * of one fragment; the sequence delimiter after that fragment is the caller's. */
void dicom_encode_pixel_header(enum dicom_coding coding, bool encapsulated, uint64_t length,
                               struct text *out);

#endif
