/* condition_rows - the language of conditions as a table: expression, instance, verdict or error.
 *
 * One table for three ways: evaluated as it is, through a DICOM file, and through `felucca condition`. */
#ifndef FELUCCA_TESTS_CONDITION_ROWS_H
#define FELUCCA_TESTS_CONDITION_ROWS_H

#include <stdbool.h>
#include <stddef.h>

struct condition_row {
    const char *label, *expression;
    const char *attributes; /* as facts.h reads them */
    bool verdict;
};

/* KARNAK's functions, operators, precedence, notations of tags. */
extern const struct condition_row condition_rows[];
extern const size_t condition_row_count;

/* What goes beyond KARNAK. */
extern const struct condition_row condition_more_rows[];
extern const size_t condition_more_row_count;

struct condition_error_row {
    const char *label, *expression;
    const char *place;   /* what is over the caret, where it is first; NULL: the end */
    const char *message; /* a part of it */
    const char *hint;    /* a part of it, or NULL: there is none */
};

extern const struct condition_error_row condition_error_rows[];
extern const size_t condition_error_row_count;

#endif
