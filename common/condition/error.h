/* error - how the compiler says what is wrong with an expression. */
#ifndef FELUCCA_CONDITION_ERROR_H
#define FELUCCA_CONDITION_ERROR_H

#include "common/condition/terms.h"

/* Fills *ret_error (a length of 0 becomes 1; hint may be NULL; message is a format)
 * and returns ERR_SYNTAX. */
int condition_error_set(struct condition_error *ret_error, size_t offset, size_t length, const char *hint,
                        const char *message, ...) __attribute__((format(printf, 5, 6)));

/* "did you mean": of the names offered one by one, the nearest to wanted. */
enum { NEAREST_NAMES = 3, NEAREST_SIZE = 65 };

struct nearest {
    const char *wanted;
    char names[NEAREST_NAMES][NEAREST_SIZE]; /* all at the same distance */
    size_t count;
    unsigned distance;
};

void nearest_offer(struct nearest *nearest, const char *name);

/* Appends "did you mean A, B or C?", or nothing when no name is near. before is put before each name. */
void nearest_print(const struct nearest *nearest, const char *before, struct text *out);

#endif
