#include "tray/rest.h"

#include "common/base/fnv.h"
#include "common/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 1 << 12 };

struct entry {
    struct rest_file file;
    char *path;
    struct stat status;
    bool is_noted;
    struct entry *next;
};

struct rest {
    struct entry *slots[SLOTS];
    size_t count, most;
};

struct rest *rest_create(size_t most)
{
    struct rest *rest = memory_new(1, sizeof *rest);
    rest->most = most;
    return rest;
}

/* Of one slot those that are to go: all, or those that were not noted. */
static void drop(struct rest *rest, struct entry **slot, bool all)
{
    while (*slot) {
        struct entry *entry = *slot;
        if (entry->is_noted && !all) {
            entry->is_noted = false;
            slot = &entry->next;
            continue;
        }
        *slot = entry->next;
        free(entry->path);
        free(entry);
        rest->count--;
    }
}

static void drop_each(struct rest *rest, bool all)
{
    for (size_t i = 0; i < SLOTS; i++)
        drop(rest, &rest->slots[i], all);
}

void rest_destroy(struct rest **rest)
{
    if (!*rest)
        return;
    drop_each(*rest, true);
    memory_free(rest);
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_unchanged(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mode == b->st_mode && is_same_time(&a->st_mtim, &b->st_mtim) &&
           is_same_time(&a->st_ctim, &b->st_ctim);
}

struct rest_file *rest_note(struct rest *rest, const char *path, const struct stat *status, int64_t now)
{
    struct entry **slot = &rest->slots[fnv_text(FNV_START, path) % SLOTS], *entry = *slot;
    while (entry && strcmp(entry->path, path) != 0)
        entry = entry->next;
    if (!entry && rest->count == rest->most)
        return NULL;
    if (!entry) {
        entry = memory_new(1, sizeof *entry);
        *entry = (struct entry){.path = memory_string(path), .next = *slot};
        *slot = entry;
        rest->count++;
    }
    if (!is_unchanged(&entry->status, status))
        entry->file = (struct rest_file){.since = now};
    entry->status = *status;
    entry->is_noted = true;
    return &entry->file;
}

void rest_sweep(struct rest *rest)
{
    drop_each(rest, false);
}

size_t rest_count(const struct rest *rest)
{
    return rest->count;
}
