#include "sharer/misses.h"

#include "common/base/memory.h"

#include <stdlib.h>
#include <string.h>

struct album {
    struct album *next;
    char *destination, *name;
    char *series[MISSES_MANY]; /* different ones; the first count are set */
    int count;
};

struct misses {
    struct album *albums; /* those with a miss */
};

struct misses *misses_create(void)
{
    return memory_new(1, sizeof(struct misses));
}

static void free_album(struct album *album)
{
    for (int i = 0; i < album->count; i++)
        free(album->series[i]);
    free(album->destination);
    free(album->name);
    free(album);
}

/* Where the album hangs, or would. */
static struct album **misses_find(struct misses *misses, const char *destination, const char *name)
{
    struct album **link = &misses->albums;
    while (*link && (strcmp((*link)->destination, destination) != 0 || strcmp((*link)->name, name) != 0))
        link = &(*link)->next;
    return link;
}

static void remove_at(struct album **link)
{
    struct album *gone = *link;
    *link = gone->next;
    free_album(gone);
}

void misses_destroy(struct misses **misses)
{
    if (!*misses)
        return;
    while ((*misses)->albums)
        remove_at(&(*misses)->albums);
    free(*misses);
    *misses = NULL;
}

static bool has(const struct album *album, const char *series)
{
    for (int i = 0; i < album->count; i++) {
        if (strcmp(album->series[i], series) == 0)
            return true;
    }
    return false;
}

bool misses_add(struct misses *misses, const char *destination, const char *album, const char *series)
{
    struct album **link = misses_find(misses, destination, album);
    if (!*link) {
        *link = memory_new(1, sizeof **link);
        (*link)->destination = memory_string(destination);
        (*link)->name = memory_string(album);
    }
    struct album *missing = *link;
    if (missing->count < MISSES_MANY && !has(missing, series))
        missing->series[missing->count++] = memory_string(series);
    return missing->count == MISSES_MANY;
}

void misses_clear(struct misses *misses, const char *destination, const char *album)
{
    struct album **link = misses_find(misses, destination, album);
    if (*link)
        remove_at(link);
}
