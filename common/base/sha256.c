#include "common/base/sha256.h"

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

void sha256_hmac(const void *key, size_t key_length, const void *bytes, size_t length,
                 uint8_t ret_digest[SHA256_SIZE])
{
    struct hmac_sha256_ctx state;
    hmac_sha256_set_key(&state, key_length, key);
    hmac_sha256_update(&state, length, bytes);
    hmac_sha256_digest(&state, SHA256_SIZE, ret_digest);
    explicit_bzero(&state, sizeof state);
}
