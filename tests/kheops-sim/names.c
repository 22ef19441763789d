#include "tests/kheops-sim/names.h"

#include "common/base/fnv.h"
#include "common/base/memory.h"

#include <stdlib.h>
#include <string.h>

static size_t hash(const char *name)
{
    uint64_t h = fnv_text(FNV_START, name);
    return (size_t)(h ^ h >> 32);
}

/* The slot of the name, or the free one where it belongs. */
static struct name_slot *find(const struct names *names, const char *name)
{
    size_t at = hash(name) & (names->capacity - 1);
    while (names->slots[at].name && strcmp(names->slots[at].name, name) != 0)
        at = (at + 1) & (names->capacity - 1);
    return &names->slots[at];
}

void *names_get(const struct names *names, const char *name)
{
    return names->capacity ? find(names, name)->object : NULL;
}

static void grow(struct names *names)
{
    struct names larger = {NULL, names->count, names->capacity ? names->capacity * 2 : 64};
    larger.slots = memory_new(larger.capacity, sizeof *larger.slots);
    for (size_t i = 0; i < names->capacity; i++)
        if (names->slots[i].name)
            *find(&larger, names->slots[i].name) = names->slots[i];
    free(names->slots);
    *names = larger;
}

void names_put(struct names *names, const char *name, void *object)
{
    if (names->count * 4 >= names->capacity * 3)
        grow(names);
    *find(names, name) = (struct name_slot){name, object};
    names->count++;
}

void names_release(struct names *names)
{
    free(names->slots);
    *names = (struct names){NULL, 0, 0};
}
