/* element - one element of a data set, and an item of a sequence, by their places in the file. */
#ifndef FELUCCA_DICOM_ELEMENT_H
#define FELUCCA_DICOM_ELEMENT_H

#include <stdbool.h>
#include <stdint.h>

enum {
    DATASET_NESTING_MAX = 64,      /* sequences of undefined length inside each other */
    DATASET_ELEMENTS_MAX = 1 << 20 /* at the top level */
};

#define DATASET_UNDEFINED UINT32_MAX

struct element {
    uint32_t tag;
    /* How the value is to be read: as written; for UN and implicit elements as the dictionary knows it, of
     * private ones by their creator; "UN" when nobody knows. */
    char vr[3];
    uint32_t length;          /* of the value, or DATASET_UNDEFINED: items up to a delimiter */
    uint64_t offset;          /* of the value */
    bool is_explicit, is_big; /* how its numbers and items are written */
    bool is_doubtful;         /* no element follows, so its value may end elsewhere */
};

/* An item of a sequence; all zero before the first. */
struct item {
    uint64_t offset, end; /* end UINT64_MAX: at its delimiter */
    bool is_explicit, is_big;
};

/* The end of what can be known of an incomplete data set. */
struct dataset_break {
    uint64_t offset; /* in the file; behind the start of a deflated data set, in what it inflates to */
    uint32_t behind; /* the tag before that place, 0: none */
    const char *why; /* NULL: the data set is complete */
    bool over;       /* nothing was read behind it */
};

#endif
