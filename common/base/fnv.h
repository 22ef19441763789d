/* fnv - FNV-1a of 64 bits: a short number that stands for texts and numbers. Not for secrets, and not against somebody
 * who looks for two that are alike.
 *
 * Starts with FNV_START; each function takes the hash so far and gives the next. Of the same bytes in the same order it is
 * the same everywhere and for ever: some are stored, and some are compared by two processes. Where several texts follow
 * each other a byte that is in none of them parts them: fnv_byte(). Pure. */
#ifndef FELUCCA_BASE_FNV_H
#define FELUCCA_BASE_FNV_H

#include <stdint.h>

#define FNV_START UINT64_C(0xcbf29ce484222325)

uint64_t fnv_byte(uint64_t hash, unsigned char byte);
/* Without the NUL at its end. */
uint64_t fnv_text(uint64_t hash, const char *text);
/* Its eight bytes, the least first. */
uint64_t fnv_number(uint64_t hash, int64_t number);

#endif
