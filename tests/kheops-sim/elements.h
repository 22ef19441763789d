/* elements - walks over the elements of a data set that comes in pieces, looking into no sequence.
 *
 * The walker keeps a few bytes only; its owner learns the tag and the first bytes of each top-level value. */
#ifndef FELUCCA_SIM_ELEMENTS_H
#define FELUCCA_SIM_ELEMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ELEMENT_VALUE_MAX = 4 * 4200 };

struct elements {
    bool implicit, big; /* the coding */
    unsigned depth;     /* in sequences and items of undefined length */
    unsigned
        implicit_at; /* the depth below which a UN sequence made the coding implicit little endian; 0: none */
    unsigned char header[12];
    size_t have, want;
    size_t header_length; /* of the header that the last event told */
    uint64_t skip;        /* bytes of a value still to pass over */
    bool in_value;        /* collecting the value of tag */
    uint64_t missing;     /* bytes of it still to come */
    uint32_t tag;
    size_t length;
    char value[ELEMENT_VALUE_MAX]; /* the last member: it need not be cleared */
};

enum elements_event {
    ELEMENTS_MORE,   /* all bytes taken */
    ELEMENTS_HEADER, /* tag is known: a top-level element begins; its header is in elements->header */
    ELEMENTS_VALUE,  /* its value (cut) is known */
    ELEMENTS_BROKEN
};

void elements_begin(struct elements *elements, bool implicit, bool big);

/* Takes bytes until something is to be told; *ret_taken says how many. Call again with the rest. */
enum elements_event elements_feed(struct elements *elements, const unsigned char *bytes, size_t length,
                                  size_t *ret_taken);

#endif
