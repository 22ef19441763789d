#include "console/tries.h"

#include "common/base/memory.h"
#include "common/base/sha256.h"
#include "common/service/guests.h"

#include <stdbool.h>
#include <string.h>

struct one {
    unsigned char address[GUESTS_ADDRESS_SIZE];
    uint8_t name[SHA256_SIZE];
    int64_t at; /* 0: none */
};

struct tries {
    struct one list[TRIES_KEPT]; /* a ring */
    size_t next;
};

struct tries *tries_create(void)
{
    return memory_new(1, sizeof(struct tries));
}

void tries_destroy(struct tries **tries)
{
    memory_free(tries);
}

static struct one one_of(const unsigned char *address, const char *name, int64_t now)
{
    struct one one = {.at = now};
    guests_network(address, one.address);
    sha256(name, strlen(name), one.name);
    return one;
}

int64_t tries_wait_ms(const struct tries *tries, const unsigned char *address, const char *name, int64_t now)
{
    const struct one asked = one_of(address, name, now);
    int64_t first[2] = {0, 0};
    unsigned count[2] = {0, 0};
    for (size_t i = 0; i < TRIES_KEPT; i++) {
        const struct one *one = &tries->list[(tries->next + i) % TRIES_KEPT]; /* the oldest first */
        const bool same[2] = {memcmp(one->address, asked.address, sizeof asked.address) == 0,
                              memcmp(one->name, asked.name, sizeof asked.name) == 0};
        if (one->at == 0 || now - one->at >= TRIES_MS)
            continue;
        for (int k = 0; k < 2; k++)
            if (same[k] && count[k]++ == 0)
                first[k] = one->at;
    }
    int64_t wait = 0;
    for (int k = 0; k < 2; k++)
        if (count[k] >= TRIES_MOST && first[k] + TRIES_MS - now > wait)
            wait = first[k] + TRIES_MS - now;
    return wait;
}

void tries_add(struct tries *tries, const unsigned char *address, const char *name, int64_t now)
{
    tries->list[tries->next] = one_of(address, name, now);
    tries->next = (tries->next + 1) % TRIES_KEPT;
}
