#include "receiver/children.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void children_add(struct children *children, const struct child *child)
{
    children->list =
        memory_grow(children->list, &children->capacity, children->count + 1, sizeof *children->list);
    children->list[children->count++] = *child;
}

bool children_take(struct children *children, pid_t pid, struct child *ret_child)
{
    for (size_t i = 0; i < children->count; i++) {
        struct child *child = &children->list[i];
        if (child->pid != pid)
            continue;
        fd_close(&child->proof);
        *ret_child = *child;
        *child = children->list[--children->count];
        return true;
    }
    return false;
}

void children_leave(struct children *children)
{
    for (size_t i = 0; i < children->count; i++)
        fd_close(&children->list[i].proof);
    free(children->list);
    *children = (struct children){NULL, 0, 0};
}

size_t children_serving(const struct children *children)
{
    size_t serving = 0;
    for (size_t i = 0; i < children->count; i++)
        serving += !children->list[i].entering;
    return serving;
}

static bool counts_for_title(struct child *child)
{
    char byte;
    if (child->proof >= 0 && read(child->proof, &byte, 1) == 1)
        fd_close(&child->proof);
    return *child->calling && child->proof < 0;
}

const char *children_find_limit(struct children *children, const struct config *config,
                                const struct child *wanted)
{
    size_t same_address = 0, same_title = 0, most = (size_t)config->receiver.max_associations_per_source;
    if (children_serving(children) >= (size_t)config->receiver.max_associations)
        return "max_associations reached";
    for (size_t i = 0; i < children->count; i++) {
        struct child *child = &children->list[i];
        if (child->entering)
            continue;
        same_address += memcmp(child->address.bytes, wanted->address.bytes, sizeof child->address.bytes) == 0;
        same_title += counts_for_title(child) && strcmp(child->calling, wanted->calling) == 0;
    }
    if (same_address >= most)
        return "max_associations_per_source reached by its address";
    return same_title >= most ? "max_associations_per_source reached by its calling AE title" : NULL;
}
