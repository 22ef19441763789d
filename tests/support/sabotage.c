#include "tests/support/sabotage.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/base/text.h"
#include "tests/support/deadline.h"
#include "tests/support/require.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct sabotage {
    struct inject_plan *plan; /* shared with the programs */
    char *variable;
    const char *environment[4];
};

struct sabotage *sabotage_create(struct sandbox *sandbox)
{
    struct sabotage *sabotage = memory_new(1, sizeof *sabotage);
    AUTO(text_release) struct text variable = TEXT_EMPTY;
    const char *path = sandbox_path(sandbox, "inject.plan");
    AUTO(fd_close) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    require(fd >= 0 && ftruncate(fd, sizeof *sabotage->plan) == 0, "%s: %s", path, strerror(errno));
    void *map = mmap(NULL, sizeof *sabotage->plan, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    require(map != MAP_FAILED, "%s: %s", path, strerror(errno));
    text_format(&variable, INJECT_VARIABLE "=%s", path);
    sabotage->plan = map;
    sabotage->variable = text_take(&variable);
    /* In a sanitized build the library is in front of the sanitizer's, which would not have it. */
    sabotage->environment[0] = "LD_PRELOAD=" FELUCCA_TESTS_BIN "/libinject.so";
    sabotage->environment[1] = sabotage->variable;
    sabotage->environment[2] = "ASAN_OPTIONS=verify_asan_link_order=0";
    return sabotage;
}

void sabotage_destroy(struct sabotage **sabotage)
{
    if (!*sabotage)
        return;
    (void)munmap((*sabotage)->plan, sizeof *(*sabotage)->plan);
    memory_free(&(*sabotage)->variable);
    memory_free(sabotage);
}

const char *const *sabotage_environment(const struct sabotage *sabotage)
{
    return sabotage->environment;
}

static void begin(struct sabotage *sabotage, int calls, const char *pattern, int error, int64_t skip,
                  bool half)
{
    struct inject_plan *plan = sabotage->plan;
    sabotage_end(sabotage);
    require(strlen(pattern) < sizeof plan->pattern, "%s is too long", pattern);
    memcpy(plan->pattern, pattern, strlen(pattern) + 1);
    atomic_store(&plan->calls, calls);
    atomic_store(&plan->error, error);
    atomic_store(&plan->half, half);
    atomic_store(&plan->skip, skip);
    atomic_store(&plan->seen, 0);
    atomic_store(&plan->hit, 0);
    atomic_store(&plan->armed, 1);
}

void sabotage_begin(struct sabotage *sabotage, int calls, const char *pattern, int error, int64_t skip)
{
    begin(sabotage, calls, pattern, error, skip, false);
}

void sabotage_begin_half(struct sabotage *sabotage, const char *pattern, int error, int64_t skip)
{
    begin(sabotage, INJECT_WRITE, pattern, error, skip, true);
}

void sabotage_end(struct sabotage *sabotage)
{
    atomic_store(&sabotage->plan->armed, 0);
}

void sabotage_set_clock(struct sabotage *sabotage, int64_t ahead_ms)
{
    atomic_store(&sabotage->plan->clock_ahead_ms, ahead_ms);
}

void sabotage_set_filesystem(struct sabotage *sabotage, int64_t magic)
{
    atomic_store(&sabotage->plan->file_system, magic);
}

int64_t sabotage_met(const struct sabotage *sabotage)
{
    return atomic_load(&sabotage->plan->hit);
}

static bool met(void *context)
{
    return sabotage_met(context) > 0;
}

bool sabotage_wait_met(struct sabotage *sabotage, int64_t limit_ms)
{
    return wait_until(met, sabotage, limit_ms);
}
