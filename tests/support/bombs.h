/* bombs - data sets that are small and cost much: each is a data set without preamble and file meta header. */
#ifndef FELUCCA_TESTS_BOMBS_H
#define FELUCCA_TESTS_BOMBS_H

#include "tests/support/dicom.h"

struct bomb {
    const char *label;
    const char *transfer_syntax;
    /* Appends the data set, which begins with the identifiers of spec. */
    void (*make)(const struct dicom_spec *spec, struct text *out);
};

extern const struct bomb bombs[];
extern const size_t bomb_count;

#endif
