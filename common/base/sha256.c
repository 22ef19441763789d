#include "common/base/sha256.h"

#include <string.h>

enum { WORDS = 8, ROUNDS = 64, LENGTH_SIZE = 8 };

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t constants[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

struct state {
    uint32_t words[WORDS];
    uint8_t block[SHA256_BLOCK];
    uint64_t length; /* of all that came */
};

static const struct state fresh = {.words = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
                                             0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};

static uint32_t turn(uint32_t word, unsigned bits)
{
    return word >> bits | word << (32 - bits);
}

static void spread(const uint8_t *block, uint32_t *ret_schedule)
{
    for (size_t i = 0; i < 16; i++)
        ret_schedule[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
                          (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (size_t i = 16; i < ROUNDS; i++) {
        uint32_t far = ret_schedule[i - 15], near = ret_schedule[i - 2];
        uint32_t low = turn(far, 7) ^ turn(far, 18) ^ far >> 3;
        uint32_t high = turn(near, 17) ^ turn(near, 19) ^ near >> 10;
        ret_schedule[i] = ret_schedule[i - 16] + low + ret_schedule[i - 7] + high;
    }
}

static void take_block(struct state *state)
{
    uint32_t schedule[ROUNDS], w[WORDS];
    spread(state->block, schedule);
    memcpy(w, state->words, sizeof w);
    for (size_t i = 0; i < ROUNDS; i++) {
        uint32_t choice = (w[4] & w[5]) ^ (~w[4] & w[6]);
        uint32_t majority = (w[0] & w[1]) ^ (w[0] & w[2]) ^ (w[1] & w[2]);
        uint32_t first =
            w[7] + (turn(w[4], 6) ^ turn(w[4], 11) ^ turn(w[4], 25)) + choice + constants[i] + schedule[i];
        uint32_t second = (turn(w[0], 2) ^ turn(w[0], 13) ^ turn(w[0], 22)) + majority;
        memmove(w + 1, w, (WORDS - 1) * sizeof *w);
        w[4] += first;
        w[0] = first + second;
    }
    for (size_t i = 0; i < WORDS; i++)
        state->words[i] += w[i];
}

static void take(struct state *state, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        state->block[state->length++ % SHA256_BLOCK] = bytes[i];
        if (state->length % SHA256_BLOCK == 0)
            take_block(state);
    }
}

static void finish(struct state *state, uint8_t *ret_digest)
{
    static const uint8_t end = 0x80, nothing = 0;
    uint64_t bits = state->length * 8;
    uint8_t length[LENGTH_SIZE];
    for (size_t i = 0; i < LENGTH_SIZE; i++)
        length[i] = (uint8_t)(bits >> (56 - 8 * i));
    take(state, &end, 1);
    while (state->length % SHA256_BLOCK != SHA256_BLOCK - LENGTH_SIZE)
        take(state, &nothing, 1);
    take(state, length, sizeof length);
    for (size_t i = 0; i < SHA256_SIZE; i++)
        ret_digest[i] = (uint8_t)(state->words[i / 4] >> (24 - 8 * (i % 4)));
}

void sha256(const void *bytes, size_t length, uint8_t ret_digest[SHA256_SIZE])
{
    struct state state = fresh;
    take(&state, bytes, length);
    finish(&state, ret_digest);
}

/* The digest of the padded key, each byte changed by the mask, and the bytes. */
static void hash_behind_key(const uint8_t *key, size_t key_length, uint8_t mask, const void *bytes,
                            size_t length, uint8_t *ret_digest)
{
    struct state state = fresh;
    uint8_t pad[SHA256_BLOCK];
    for (size_t i = 0; i < sizeof pad; i++)
        pad[i] = (uint8_t)((i < key_length ? key[i] : 0) ^ mask);
    take(&state, pad, sizeof pad);
    take(&state, bytes, length);
    finish(&state, ret_digest);
}

void sha256_hmac(const void *key, size_t key_length, const void *bytes, size_t length,
                 uint8_t ret_digest[SHA256_SIZE])
{
    uint8_t inner[SHA256_SIZE], short_key[SHA256_SIZE];
    if (key_length > SHA256_BLOCK) {
        sha256(key, key_length, short_key);
        key = short_key;
        key_length = sizeof short_key;
    }
    hash_behind_key(key, key_length, 0x36, bytes, length, inner);
    hash_behind_key(key, key_length, 0x5c, inner, sizeof inner, ret_digest);
}
