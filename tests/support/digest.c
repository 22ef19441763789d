#include "tests/support/digest.h"

#include "common/base/cleanup.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define P1 0x9E3779B185EBCA87u
#define P2 0xC2B2AE3D27D4EB4Fu
#define P3 0x165667B19E3779F9u
#define P4 0x85EBCA77C2B2AE63u
#define P5 0x27D4EB2F165667C5u

static uint64_t turn(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static uint64_t load64(const unsigned char *bytes)
{
    uint64_t x;
    memcpy(&x, bytes, sizeof x);
    return x;
}

static uint64_t one_round(uint64_t lane, uint64_t input)
{
    return turn(lane + input * P2, 31) * P1;
}

void digest_begin(struct digest *digest)
{
    *digest = (struct digest){.lanes = {P1 + P2, P2, 0, 0 - P1}};
}

static void add_stripe(struct digest *digest, const unsigned char *stripe)
{
    for (int i = 0; i < 4; i++)
        digest->lanes[i] = one_round(digest->lanes[i], load64(stripe + 8 * i));
}

void digest_add(struct digest *digest, const void *bytes, size_t length)
{
    const unsigned char *at = bytes, *end = at + length;
    size_t have = digest->length % 32;
    digest->length += length;
    if (have) {
        size_t take = 32 - have < length ? 32 - have : length;
        memcpy(digest->rest + have, at, take);
        at += take;
        if (have + take < 32)
            return;
        add_stripe(digest, digest->rest);
    }
    for (; end - at >= 32; at += 32)
        add_stripe(digest, at);
    if (end > at)
        memcpy(digest->rest, at, (size_t)(end - at));
}

static uint64_t finish(uint64_t h)
{
    h = (h ^ h >> 33) * P2;
    h = (h ^ h >> 29) * P3;
    return h ^ h >> 32;
}

uint64_t digest_value(const struct digest *digest)
{
    const uint64_t *lanes = digest->lanes;
    uint64_t h = P5;
    if (digest->length >= 32) {
        h = turn(lanes[0], 1) + turn(lanes[1], 7) + turn(lanes[2], 12) + turn(lanes[3], 18);
        for (int i = 0; i < 4; i++)
            h = (h ^ one_round(0, lanes[i])) * P1 + P4;
    }
    h += digest->length;
    const unsigned char *at = digest->rest, *end = at + digest->length % 32;
    for (; end - at >= 8; at += 8)
        h = turn(h ^ one_round(0, load64(at)), 27) * P1 + P4;
    if (end - at >= 4) {
        uint32_t x;
        memcpy(&x, at, sizeof x);
        h = turn(h ^ x * P1, 23) * P2 + P3;
        at += 4;
    }
    for (; at < end; at++)
        h = turn(h ^ *at * P5, 11) * P1;
    return finish(h);
}

uint64_t digest_file(const char *path, int64_t offset)
{
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || lseek(fd, offset, SEEK_SET) < 0)
        return 0;
    struct digest digest;
    digest_begin(&digest);
    char block[64 << 10];
    for (ssize_t n; (n = read(fd, block, sizeof block)) != 0;) {
        if (n < 0)
            return 0;
        digest_add(&digest, block, (size_t)n);
    }
    return digest_value(&digest);
}
