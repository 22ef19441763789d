/* sha256 - SHA-256 and HMAC with it (FIPS 180-4, RFC 2104). The digests are nettle's. */
#ifndef FELUCCA_BASE_SHA256_H
#define FELUCCA_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_SIZE = 32 };

void sha256(const void *bytes, size_t length, uint8_t ret_digest[SHA256_SIZE]);

/* The same of bytes that come in pieces; of few or many. */
struct sha256_stream;
struct sha256_stream *sha256_stream_create(void);
void sha256_stream_destroy(struct sha256_stream **stream);
void sha256_stream_feed(struct sha256_stream *stream, const void *bytes, size_t length);
/* The digest of what was fed since the last end. */
void sha256_stream_end(struct sha256_stream *stream, uint8_t ret_digest[SHA256_SIZE]);

/* The key may be of any length. */
void sha256_hmac(const void *key, size_t key_length, const void *bytes, size_t length,
                 uint8_t ret_digest[SHA256_SIZE]);

#endif
