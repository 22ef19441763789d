#include "tests/kheops-sim/work_set.h"

#include "common/base/memory.h"
#include "tests/support/digest.h"

#include <string.h>

size_t work_set_add(struct work_set *list, struct work_set *set, const char *sop)
{
    struct digest digest;
    size_t others = 0;
    digest_begin(&digest);
    digest_add(&digest, sop, strlen(sop));
    uint64_t instance = digest_value(&digest);
    for (const struct work_set *other = list; other; other = other->next)
        for (size_t i = 0; other != set && i < other->count; i++)
            if (other->instances[i] == instance) {
                others++;
                break;
            }
    set->instances = memory_grow(set->instances, &set->capacity, set->count + 1, sizeof *set->instances);
    set->instances[set->count++] = instance;
    return others;
}

void work_set_enter(struct work_set **list, struct work_set *set)
{
    set->next = *list;
    *list = set;
}

void work_set_leave(struct work_set **list, struct work_set *set)
{
    while (*list && *list != set)
        list = &(*list)->next;
    if (*list)
        *list = set->next;
    memory_free(&set->instances);
    set->count = set->capacity = 0;
}
