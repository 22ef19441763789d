/* digest - a fast 64-bit checksum (XXH64, seed 0) of bytes that come in pieces.
 *
 * Not against an adversary: it tells whether two long byte strings are the same, at several GB/s. */
#ifndef FELUCCA_TESTS_DIGEST_H
#define FELUCCA_TESTS_DIGEST_H

#include <stddef.h>
#include <stdint.h>

struct digest {
    uint64_t lanes[4];
    uint64_t length;
    unsigned char rest[32]; /* what does not fill a stripe yet */
};

void digest_begin(struct digest *digest);
void digest_add(struct digest *digest, const void *bytes, size_t length);
uint64_t digest_value(const struct digest *digest);

/* Of a file from an offset on; 0 when it cannot be read. */
uint64_t digest_file(const char *path, int64_t offset);

#endif
