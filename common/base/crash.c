#include "common/base/crash.h"

#ifdef FELUCCA_TEST_HOOKS

#include "common/base/memory.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SLOW = CLOCKS_PER_SEC / 15 };

static const char *const names[] = {
#define X(name, process, happened, becomes, repeats) #name,
    CRASH_POINT_MAP(X)
#undef X
};

/* At which time of coming to the point the process dies; 0: never. */
static unsigned wanted_time(const char *name)
{
    const char *list = getenv("FELUCCA_CRASH_AT");
    size_t length = strlen(name);
    for (; list && *list; list += strcspn(list, ","), list += *list == ',') {
        size_t word = strcspn(list, ",:");
        if (word == length && strncmp(list, name, length) == 0)
            return list[word] == ':' ? (unsigned)strtoul(list + word + 1, NULL, 10) : 1;
    }
    return 0;
}

static void die_once(const char *name)
{
    char path[4096];
    const char *folder = getenv("FELUCCA_CRASH_MARKS");
    (void)snprintf(path, sizeof path, "%s/%s", folder ? folder : ".", name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd < 0)
        return;
    (void)kill(getpid(), SIGKILL);
    for (;;)
        (void)pause();
}

void crash_point(enum crash_point point)
{
    static unsigned times[CRASH_POINTS];
    if (++times[point] == wanted_time(names[point]))
        die_once(names[point]);
}

int crash_marks(void)
{
    const char *folder = getenv("FELUCCA_CRASH_MARKS");
    return folder ? open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
}

static bool is_named(const char *receipt, const char *variable)
{
    const char *name = getenv(variable);
    return name && strstr(receipt, name);
}

void crash_on_poison(const char *receipt)
{
    if (is_named(receipt, "FELUCCA_CRASH_ON"))
        abort();
    for (volatile unsigned long turns = 0; is_named(receipt, "FELUCCA_SPIN_ON");)
        turns++;
    if (is_named(receipt, "FELUCCA_SLOW_ON"))
        for (clock_t until = clock() + SLOW; clock() < until;)
            continue;
    while (is_named(receipt, "FELUCCA_BLOAT_ON"))
        memset(memory_new(1, 16 << 20), 1, 16 << 20);
}

#endif
