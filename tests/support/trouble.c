#include "tests/support/trouble.h"

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

struct trouble {
    struct inject_plan *plan; /* shared with the programs */
    char *variable;
    const char *environment[4];
};

struct trouble *trouble_create(struct sandbox *sandbox)
{
    struct trouble *trouble = memory_new(1, sizeof *trouble);
    AUTO(text_release) struct text variable = TEXT_EMPTY;
    const char *path = sandbox_path(sandbox, "inject.plan");
    AUTO(fd_close) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    require(fd >= 0 && ftruncate(fd, sizeof *trouble->plan) == 0, "%s: %s", path, strerror(errno));
    void *map = mmap(NULL, sizeof *trouble->plan, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    require(map != MAP_FAILED, "%s: %s", path, strerror(errno));
    text_format(&variable, INJECT_VARIABLE "=%s", path);
    trouble->plan = map;
    trouble->variable = text_take(&variable);
    /* In a sanitized build the library stands in front of the sanitizer's, which would not have it. */
    trouble->environment[0] = "LD_PRELOAD=" FELUCCA_TESTS_BIN "/libinject.so";
    trouble->environment[1] = trouble->variable;
    trouble->environment[2] = "ASAN_OPTIONS=verify_asan_link_order=0";
    return trouble;
}

void trouble_destroy(struct trouble **trouble)
{
    if (!*trouble)
        return;
    (void)munmap((*trouble)->plan, sizeof *(*trouble)->plan);
    memory_free(&(*trouble)->variable);
    memory_free(trouble);
}

const char *const *trouble_environment(const struct trouble *trouble)
{
    return trouble->environment;
}

static void begin(struct trouble *trouble, int calls, const char *pattern, int error, int64_t skip, bool half)
{
    struct inject_plan *plan = trouble->plan;
    trouble_end(trouble);
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

void trouble_begin(struct trouble *trouble, int calls, const char *pattern, int error, int64_t skip)
{
    begin(trouble, calls, pattern, error, skip, false);
}

void trouble_begin_half(struct trouble *trouble, const char *pattern, int error, int64_t skip)
{
    begin(trouble, INJECT_WRITE, pattern, error, skip, true);
}

void trouble_end(struct trouble *trouble)
{
    atomic_store(&trouble->plan->armed, 0);
}

int64_t trouble_met(const struct trouble *trouble)
{
    return atomic_load(&trouble->plan->hit);
}

static bool met(void *context)
{
    return trouble_met(context) > 0;
}

bool trouble_wait_met(struct trouble *trouble, int64_t limit_ms)
{
    return wait_until(met, trouble, limit_ms);
}
