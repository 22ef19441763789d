#include "common/base/sha256.h"

#include "common/base/memory.h"

#include <nettle/hmac.h>
#include <nettle/sha2.h>
#include <string.h>

_Static_assert((int)SHA256_SIZE == SHA256_DIGEST_SIZE, "a digest is as long as nettle's");

void sha256(const void *bytes, size_t length, uint8_t ret_digest[SHA256_SIZE])
{
    struct sha256_ctx state;
    sha256_init(&state);
    sha256_update(&state, length, bytes);
    sha256_digest(&state, SHA256_SIZE, ret_digest);
}

struct sha256_stream {
    struct sha256_ctx state;
};

struct sha256_stream *sha256_stream_create(void)
{
    struct sha256_stream *stream = memory_new(1, sizeof *stream);
    sha256_init(&stream->state);
    return stream;
}

void sha256_stream_destroy(struct sha256_stream **stream)
{
    memory_free(stream);
}

void sha256_stream_feed(struct sha256_stream *stream, const void *bytes, size_t length)
{
    sha256_update(&stream->state, length, bytes);
}

void sha256_stream_end(struct sha256_stream *stream, uint8_t ret_digest[SHA256_SIZE])
{
    sha256_digest(&stream->state, SHA256_SIZE, ret_digest); /* and begins anew */
}

void sha256_hmac(const void *key, size_t key_length, const void *bytes, size_t length,
                 uint8_t ret_digest[SHA256_SIZE])
{
    struct hmac_sha256_ctx state;
    hmac_sha256_set_key(&state, key_length, key);
    hmac_sha256_update(&state, length, bytes);
    hmac_sha256_digest(&state, SHA256_SIZE, ret_digest);
    explicit_bzero(&state, sizeof state);
}
