#include "router/fence.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

enum { AGAIN_MS = 200, GRACE = 10 /* times AGAIN_MS */ };

struct fence {
    int dir, file;      /* file -1: a disk that is full has no owner's file, and the lock alone counts */
    struct owner owner; /* its beat is the thread's */
    bool local;
    atomic_llong beat_at,
        held_at;        /* monotonic ms: when the beat was written last, and when the folder was ours */
    atomic_bool unread; /* the owner's file of a local disk could not be read, and that was said */
    pthread_t thread;
    bool runs;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool stops; /* under the mutex */
};

/* Nothing is flushed or closed on the way out. */
static _Noreturn void fence_end(const struct fence *fence, const char *message, const char *why)
{
    log_error(message, LOG_S("error", why), LOG_I("generation", fence->owner.generation));
    _exit(EX_TEMPFAIL);
}

static _Noreturn void fence_lost(const struct fence *fence)
{
    struct owner other;
    bool known = owner_read(fence->dir, &other) == 0;
    log_error("the state directory is another router's now: ending without another write",
              LOG_S("owner", known ? other.name : "nobody"), LOG_S("host", known ? other.host : ""),
              LOG_I("its_generation", known ? other.generation : 0),
              LOG_I("generation", fence->owner.generation));
    _exit(EX_TEMPFAIL);
}

static bool is_late(const struct fence *fence)
{
    return clock_monotonic_ms() - atomic_load(&fence->beat_at) > FENCE_LIMIT_MS;
}

/* ---- asking ---- */

/* On a local disk the lock tells it alone: that there is no descriptor to open the file with is no reason to end. */
static int excuse(struct fence *fence, int code)
{
    if (!fence->local)
        return code;
    if (code != 0 && !atomic_exchange(&fence->unread, true))
        log_warning("cell.owner cannot be read: the lock alone tells whose the state directory is",
                    LOG_S("error", err_text(code)));
    if (code == 0)
        atomic_store(&fence->unread, false);
    return 0;
}

/* 0, or the folder cannot be read; not to be the owner ends the process. The answer counts from before the question. */
static int ask(struct fence *fence)
{
    int64_t before = clock_monotonic_ms();
    int code = owner_verify(fence->dir, &fence->owner);
    if (code == ERR_LOCKED)
        fence_lost(fence);
    code = excuse(fence, code);
    if (code == 0)
        atomic_store(&fence->held_at, before);
    return code;
}

void fence_hold(struct fence *fence)
{
    if (!fence || fence->file < 0)
        return;
    /* One that was stopped is late when it wakes, and its thread beats at once. */
    for (int late = 0; late < GRACE; late += is_late(fence)) {
        if (ask(fence) == 0 && !is_late(fence))
            return;
        (void)poll(NULL, 0, AGAIN_MS);
    }
    fence_end(fence, "the beat in cell.owner cannot be written: ending without another write",
              err_text(ERR_IO));
}

void fence_hold_lately(struct fence *fence)
{
    if (fence && clock_monotonic_ms() - atomic_load(&fence->held_at) > FENCE_FRESH_MS)
        fence_hold(fence);
}

bool fence_holds(struct fence *fence)
{
    return !fence || fence->file < 0 || owner_verify(fence->dir, &fence->owner) == 0;
}

const struct owner *fence_owner(const struct fence *fence)
{
    return &fence->owner;
}

/* ---- the beat ---- */

static int beat(struct fence *fence)
{
    int64_t before = clock_monotonic_ms();
    int code = ask(fence);
    if (code != 0)
        return code;
    fence->owner.beat++;
    fence->owner.beat_at = clock_wall_ms();
    code = owner_beat(fence->file, &fence->owner, !fence->local);
    if (code == 0 || (fence->local && code == ERR_NOSPACE))
        atomic_store(&fence->beat_at, before);
    return code;
}

/* Whether it stops. The mutex is held. */
static bool rest(struct fence *fence, int64_t milliseconds)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(milliseconds / 1000);
    until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    int code = 0;
    while (!fence->stops && code == 0)
        code = pthread_cond_timedwait(&fence->wake, &fence->mutex, &until);
    return fence->stops;
}

static void *keep_beating(void *context)
{
    struct fence *fence = context;
    (void)pthread_mutex_lock(&fence->mutex);
    int code = 0;
    while (!rest(fence, code == 0 ? FENCE_BEAT_MS : AGAIN_MS)) {
        (void)pthread_mutex_unlock(&fence->mutex);
        code = beat(fence);
        if (code != 0 && is_late(fence))
            fence_end(fence, "the beat in cell.owner cannot be written: ending without another write",
                      err_text(code));
        (void)pthread_mutex_lock(&fence->mutex);
    }
    (void)pthread_mutex_unlock(&fence->mutex);
    return NULL;
}

void fence_start(struct fence *fence)
{
    if (fence->file < 0)
        return;
    atomic_store(&fence->beat_at, clock_monotonic_ms());
    fence->runs = pthread_create(&fence->thread, NULL, keep_beating, fence) == 0;
    if (!fence->runs)
        fence_end(fence, "cannot start", "no thread can be made");
}

/* ---- its life ---- */

int fence_take(const char *state_dir, const char *name, struct fence **ret_fence)
{
    AUTO(fence_destroy) struct fence *fence = memory_new(1, sizeof *fence);
    pthread_condattr_t monotonic;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&fence->wake, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    (void)pthread_mutex_init(&fence->mutex, NULL);
    fence->file = -1;
    fence->dir = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fence->dir < 0)
        return err_from_errno(errno);
    struct filesystem filesystem;
    filesystem_of(fence->dir, &filesystem);
    fence->local = filesystem.kind == FILESYSTEM_LOCAL;
    atomic_store(&fence->beat_at, clock_monotonic_ms());
    int code = owner_next(fence->dir, name, clock_wall_ms(), &fence->owner);
    if (code == 0)
        code = owner_claim(fence->dir, &fence->owner, &fence->file);
    if (fence->local && code == ERR_NOSPACE) {
        log_warning("no space for cell.owner: the lock alone tells whose the state directory is");
        code = 0;
    }
    if (code != 0)
        return code;
    *ret_fence = fence;
    fence = NULL;
    return 0;
}

static void stop_beating(struct fence *fence)
{
    if (!fence->runs)
        return;
    (void)pthread_mutex_lock(&fence->mutex);
    fence->stops = true;
    (void)pthread_cond_signal(&fence->wake);
    (void)pthread_mutex_unlock(&fence->mutex);
    (void)pthread_join(fence->thread, NULL);
    fence->runs = false;
}

void fence_destroy(struct fence **fence)
{
    struct fence *f = *fence;
    if (!f)
        return;
    stop_beating(f);
    if (f->file >= 0) {
        f->owner.released = true;
        f->owner.beat++;
        f->owner.beat_at = clock_wall_ms();
        (void)owner_beat(f->file, &f->owner, true);
    }
    fd_close(&f->file);
    fd_close(&f->dir);
    (void)pthread_cond_destroy(&f->wake);
    (void)pthread_mutex_destroy(&f->mutex);
    memory_free(fence);
}
