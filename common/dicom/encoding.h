/* encoding - the header of one element, as the transfer syntaxes write it (PS3.5 section 7.1). */
#ifndef FELUCCA_DICOM_ENCODING_H
#define FELUCCA_DICOM_ENCODING_H

#include "common/dicom/element.h"
#include "common/dicom/source.h"

enum encoding_result {
    ENCODING_READ,
    ENCODING_ODD, /* read, but its VR is none: taken as an element without VR, which may be a mistake */
    ENCODING_END, /* not a byte more */
    ENCODING_CUT
};

#define TAG_ITEM         0xFFFEE000
#define TAG_ITEM_END     0xFFFEE00D
#define TAG_SEQUENCE_END 0xFFFEE0DD

/* Reads the header at offset. The element's vr is as written, "" where none is. */
enum encoding_result encoding_read(struct source *source, uint64_t offset, bool is_explicit, bool is_big,
                                   struct element *ret_element);

/* Two letters of PS3.5 section 6.2. */
bool encoding_is_vr(const unsigned char *letters);

/* What a transfer syntax says. False: it is not known, so it is explicit, as all compressed ones are. */
bool encoding_of(const char *transfer_syntax, bool *ret_explicit, bool *ret_big, bool *ret_deflated);

#endif
