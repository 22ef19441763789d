/* witness - an association handler that stores nothing, and writes down what it was told.
 *
 * What it is given as data must have been sent: each piece is found in the input behind the one before. */
#ifndef FELUCCA_FUZZ_WITNESS_H
#define FELUCCA_FUZZ_WITNESS_H

#include "common/base/text.h"
#include "receiver/association.h"

#include <stddef.h>
#include <stdint.h>

struct witness {
    const uint8_t *input; /* where the next piece of data is looked for */
    size_t left;
    size_t useful;                  /* so many pieces of a data set; then no more are of use */
    enum association_answer answer; /* to each data set */
    struct text account;            /* all of it, in order */
};

/* Its context is a witness. */
extern const struct association_handler witness_handler;

#endif
