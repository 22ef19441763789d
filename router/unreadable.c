#include "router/unreadable.h"

#include "common/base/memory.h"
#include "common/base/receipt.h"
#include "common/spool/file_meta.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct entry {
    char receipt[RECEIPT_SIZE], sop_instance[FILE_META_UID_SIZE];
    int64_t tried_at;
};

struct unreadable {
    struct entry list[UNREADABLE_MOST];
    size_t count;
};

struct unreadable *unreadable_create(void)
{
    return memory_new(1, sizeof(struct unreadable));
}

void unreadable_destroy(struct unreadable **unreadable)
{
    memory_free(unreadable);
}

static bool is_old(const struct entry *entry, int64_t now)
{
    return now - entry->tried_at >= UNREADABLE_MS;
}

/* Its own place, or that of one that was not tried for a while, or a new one. NULL: there is no room. */
static struct entry *find_place(struct unreadable *unreadable, const char *receipt, int64_t now)
{
    struct entry *place = NULL;
    for (size_t i = 0; i < unreadable->count; i++) {
        struct entry *entry = &unreadable->list[i];
        if (strcmp(entry->receipt, receipt) == 0)
            return entry;
        if (is_old(entry, now))
            place = entry;
    }
    if (!place && unreadable->count < UNREADABLE_MOST)
        place = &unreadable->list[unreadable->count++];
    return place;
}

void unreadable_note(struct unreadable *unreadable, const char *receipt, const char *sop_instance,
                     int64_t now)
{
    struct entry *entry = find_place(unreadable, receipt, now);
    if (!entry)
        return;
    *entry = (struct entry){.tried_at = now};
    (void)snprintf(entry->receipt, sizeof entry->receipt, "%s", receipt);
    (void)snprintf(entry->sop_instance, sizeof entry->sop_instance, "%s", sop_instance);
}

void unreadable_forget(struct unreadable *unreadable, const char *receipt)
{
    for (size_t i = 0; i < unreadable->count; i++) {
        if (strcmp(unreadable->list[i].receipt, receipt) == 0) {
            unreadable->list[i] = unreadable->list[--unreadable->count];
            return;
        }
    }
}

bool unreadable_has(const struct unreadable *unreadable, const char *receipt, int64_t now)
{
    for (size_t i = 0; i < unreadable->count; i++)
        if (strcmp(unreadable->list[i].receipt, receipt) == 0)
            return !is_old(&unreadable->list[i], now);
    return false;
}

bool unreadable_has_instance(const struct unreadable *unreadable, const char *sop_instance, int64_t now)
{
    for (size_t i = 0; i < unreadable->count; i++)
        if (strcmp(unreadable->list[i].sop_instance, sop_instance) == 0 && !is_old(&unreadable->list[i], now))
            return true;
    return false;
}
