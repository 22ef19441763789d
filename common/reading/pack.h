/* pack - numbers and strings as bytes, for two programs of one build on one machine.
 *
 * Numbers are as the machine has them; a string is its length, its bytes and a NUL. Reading trusts nothing: what
 * is not there is 0 or "", and the parcel is broken from then on. */
#ifndef FELUCCA_READING_PACK_H
#define FELUCCA_READING_PACK_H

#include "common/base/text.h"

struct parcel {
    const char *bytes; /* borrowed */
    size_t length, at;
    bool broken;
};

void pack_u8(struct text *out, uint8_t number);
void pack_u32(struct text *out, uint32_t number);
void pack_u64(struct text *out, uint64_t number);
void pack_double(struct text *out, double number);
void pack_string(struct text *out, const char *bytes, size_t length);

uint8_t unpack_u8(struct parcel *parcel);
uint32_t unpack_u32(struct parcel *parcel);
uint64_t unpack_u64(struct parcel *parcel);
double unpack_double(struct parcel *parcel);
/* Ends with a NUL; borrowed from the parcel's bytes. */
const char *unpack_string(struct parcel *parcel, size_t *ret_length);

/* Everything was there, and nothing is left. */
bool unpack_ended(const struct parcel *parcel);
/* How many things of at least so many bytes can follow: a count above it is a lie. */
bool unpack_has(struct parcel *parcel, uint32_t count, size_t bytes);

#endif
