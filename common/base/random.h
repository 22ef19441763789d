/* random - unpredictable bytes from the kernel, so that a forked child never repeats its parent. */
#ifndef FELUCCA_BASE_RANDOM_H
#define FELUCCA_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Fills the buffer. 0 or ERR_IO. */
int random_bytes(void *buffer, size_t length);

/* Writes digits lower-case hex digits and a NUL. 0 or ERR_IO. */
int random_hex(char *ret_text, size_t digits);

/* A number from 0 to below bound (at least 1), for jitter; 0 when the kernel has no random bytes. */
uint64_t random_below(uint64_t bound);

#endif
