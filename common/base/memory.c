#include "common/base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_NO_MEMORY = 70 };

static void *or_exit(void *memory)
{
    static const char sentence[] = "out of memory: exiting, to be started again\n";
    if (memory)
        return memory;
    if (write(STDERR_FILENO, sentence, sizeof sentence - 1) < 0)
        _exit(EXIT_NO_MEMORY + 1);
    _exit(EXIT_NO_MEMORY);
}

void *memory_new(size_t count, size_t size)
{
    return or_exit(calloc(count ? count : 1, size ? size : 1));
}

void *memory_grow(void *old, size_t *capacity, size_t wanted, size_t size)
{
    if (old && wanted <= *capacity)
        return old;
    size_t grown = *capacity ? *capacity : 8;
    while (grown < wanted) {
        if (grown > SIZE_MAX / 2)
            return or_exit(NULL);
        grown *= 2;
    }
    void *memory = or_exit(reallocarray(old, grown, size));
    size_t had = old ? *capacity : 0;
    memset((char *)memory + had * size, 0, (grown - had) * size);
    *capacity = grown;
    return memory;
}

char *memory_string(const char *string)
{
    return string ? memory_string_n(string, strlen(string)) : NULL;
}

char *memory_string_n(const char *string, size_t length)
{
    char *copy = or_exit(malloc(length + 1));
    memcpy(copy, string, length);
    copy[length] = '\0';
    return copy;
}

void memory_free(void *pointer)
{
    void **slot = pointer;
    free(*slot);
    *slot = NULL;
}
