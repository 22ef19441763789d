/* receipt - the name of one received instance, made by us: time-ordered and unique.
 *
 * 32 lower-case hex digits: 12 for the milliseconds since 1970, 20 random ones (getrandom, so that a forked
 * child never repeats its parent). Nothing that a peer sent is ever part of a path: a receipt is. */
#ifndef FELUCCA_BASE_RECEIPT_H
#define FELUCCA_BASE_RECEIPT_H

#include <stdbool.h>
#include <stdint.h>

enum { RECEIPT_LENGTH = 32, RECEIPT_SIZE = RECEIPT_LENGTH + 1 };

/* Writes a new receipt and its NUL. 0 or ERR_IO (no random bits). */
int receipt_make(char *ret_receipt);

bool receipt_is_valid(const char *text);

/* When it was made, in wall milliseconds. */
int64_t receipt_time(const char *receipt);

#endif
