/* inject - a library for LD_PRELOAD that makes system calls of the real programs fail as a test's plan says,
 * and records what they flush when a shadow is wanted. */
#include "tests/support/inject_plan.h"
#include "tests/support/shadow_record.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#pragma GCC visibility push(default)

static struct inject_plan *plan;
static const char *shadow, *shadowed; /* folders, NULL: nothing is recorded */

__attribute__((constructor)) static void find_plan(void)
{
    const char *path = getenv(INJECT_VARIABLE);
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        (void)close(fd);
    if (map != MAP_FAILED)
        plan = map;
    shadow = getenv(SHADOW_VARIABLE);
    shadowed = getenv(SHADOW_OF_VARIABLE);
}

/* The next definition of a function: libc's, or a sanitizer's. */
#define REAL(result, name, ...)         \
    static result (*real)(__VA_ARGS__); \
    if (!real)                          \
    *(void **)&real = dlsym(RTLD_NEXT, name)

enum verdict { GO, FAIL, PRETEND };

static bool wanted(enum inject_call call)
{
    return plan && atomic_load(&plan->armed) && (atomic_load(&plan->calls) & (int)call);
}

static enum verdict decide(const char *path)
{
    if (fnmatch(plan->pattern, path, 0) != 0)
        return GO;
    if (atomic_fetch_add(&plan->seen, 1) < atomic_load(&plan->skip))
        return GO;
    atomic_fetch_add(&plan->hit, 1);
    int error = atomic_load(&plan->error);
    errno = error;
    return error ? FAIL : PRETEND;
}

static void path_of(int fd, char path[PATH_MAX])
{
    char link[32];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = '\0';
}

static enum verdict decide_fd(enum inject_call call, int fd)
{
    char path[PATH_MAX];
    int kept = errno;
    if (!wanted(call))
        return GO;
    path_of(fd, path);
    errno = kept;
    return decide(path);
}

static enum verdict decide_name(enum inject_call call, int dir, const char *name)
{
    char path[PATH_MAX] = "", whole[2 * PATH_MAX];
    if (!wanted(call))
        return GO;
    if (name[0] == '/')
        return decide(name);
    if (dir != AT_FDCWD)
        path_of(dir, path);
    (void)snprintf(whole, sizeof whole, "%s/%s", path, name);
    return decide(whole);
}

/* ---- what is durable ---- */

/* Nobody looks at names that are just being changed. */
static int lock_names(void)
{
    int kept = errno;
    int lock = shadow ? shadow_record_lock(shadow) : -1;
    errno = kept;
    return lock;
}

static void unlock_names(int lock)
{
    int kept = errno;
    if (lock >= 0)
        shadow_record_unlock(lock);
    errno = kept;
}

static void record_flush(int fd)
{
    int lock = lock_names(), kept = errno;
    if (lock >= 0)
        shadow_record_flush(shadow, shadowed, fd);
    unlock_names(lock);
    errno = kept;
}

/* ---- opening ---- */

static mode_t mode_of(int flags, va_list arguments)
{
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(name)                                            \
    int name(const char *path, int flags, ...)                \
    {                                                         \
        REAL(int, #name, const char *, int, ...);             \
        va_list arguments;                                    \
        va_start(arguments, flags);                           \
        mode_t mode = mode_of(flags, arguments);              \
        va_end(arguments);                                    \
        if (decide_name(INJECT_OPEN, AT_FDCWD, path) == FAIL) \
            return -1;                                        \
        return real(path, flags, mode);                       \
    }

#define OPENAT(name)                                     \
    int name(int dir, const char *path, int flags, ...)  \
    {                                                    \
        REAL(int, #name, int, const char *, int, ...);   \
        va_list arguments;                               \
        va_start(arguments, flags);                      \
        mode_t mode = mode_of(flags, arguments);         \
        va_end(arguments);                               \
        if (decide_name(INJECT_OPEN, dir, path) == FAIL) \
            return -1;                                   \
        return real(dir, path, flags, mode);             \
    }

/* ---- reading and writing ---- */

/* How many bytes of a write go through before it fails; -1: all, it does not fail. */
static ssize_t written_of(int fd, size_t length)
{
    if (decide_fd(INJECT_WRITE, fd) != FAIL)
        return -1;
    return atomic_exchange(&plan->half, 0) ? (ssize_t)(length / 2) : 0;
}

#define PWRITE(name, offset_type)                                                          \
    ssize_t name(int fd, const void *bytes, size_t length, offset_type offset)             \
    {                                                                                      \
        REAL(ssize_t, #name, int, const void *, size_t, offset_type);                      \
        ssize_t part = written_of(fd, length);                                             \
        return part == 0 ? -1 : real(fd, bytes, part < 0 ? length : (size_t)part, offset); \
    }

#define PREAD(name, offset_type)                                                          \
    ssize_t name(int fd, void *bytes, size_t length, offset_type offset)                  \
    {                                                                                     \
        REAL(ssize_t, #name, int, void *, size_t, offset_type);                           \
        return decide_fd(INJECT_READ, fd) == FAIL ? -1 : real(fd, bytes, length, offset); \
    }

#define TRUNCATE(name, offset_type)                                            \
    int name(int fd, offset_type length)                                       \
    {                                                                          \
        REAL(int, #name, int, offset_type);                                    \
        return decide_fd(INJECT_TRUNCATE, fd) == FAIL ? -1 : real(fd, length); \
    }

#define SYNC(name)                                         \
    int name(int fd)                                       \
    {                                                      \
        REAL(int, #name, int);                             \
        enum verdict verdict = decide_fd(INJECT_SYNC, fd); \
        if (verdict != GO)                                 \
            return verdict == FAIL ? -1 : 0;               \
        record_flush(fd);                                  \
        return real(fd);                                   \
    }

ssize_t write(int fd, const void *bytes, size_t length)
{
    REAL(ssize_t, "write", int, const void *, size_t);
    ssize_t part = written_of(fd, length);
    return part == 0 ? -1 : real(fd, bytes, part < 0 ? length : (size_t)part);
}

ssize_t read(int fd, void *bytes, size_t length)
{
    REAL(ssize_t, "read", int, void *, size_t);
    return decide_fd(INJECT_READ, fd) == FAIL ? -1 : real(fd, bytes, length);
}

int open(const char *path, int flags, ...);
int open64(const char *path, int flags, ...);
int openat(int dir, const char *path, int flags, ...);
int openat64(int dir, const char *path, int flags, ...);
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)
PREAD(pread, off_t)
PREAD(pread64, off64_t)
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)
SYNC(fsync)
SYNC(fdatasync)

/* ---- locks, and what they are worth ---- */

/* Every command takes an integer, a pointer or nothing, and all of them fit a pointer. */
#define FCNTL(name)                                                                      \
    int name(int fd, int command, ...)                                                   \
    {                                                                                    \
        REAL(int, #name, int, int, ...);                                                 \
        va_list arguments;                                                               \
        va_start(arguments, command);                                                    \
        void *argument = va_arg(arguments, void *);                                      \
        va_end(arguments);                                                               \
        enum verdict verdict = command == F_OFD_SETLK ? decide_fd(INJECT_LOCK, fd) : GO; \
        return verdict == GO ? real(fd, command, argument) : verdict == FAIL ? -1 : 0;   \
    }

int fcntl64(int fd, int command, ...);
FCNTL(fcntl)
FCNTL(fcntl64)

#define FSTATFS(name, type)                                                 \
    int name(int fd, struct type *ret_info)                                 \
    {                                                                       \
        REAL(int, #name, int, struct type *);                               \
        int result = real(fd, ret_info);                                    \
        if (result == 0 && plan && atomic_load(&plan->file_system) != 0)    \
            ret_info->f_type = (__fsword_t)atomic_load(&plan->file_system); \
        return result;                                                      \
    }

FSTATFS(fstatfs, statfs)
FSTATFS(fstatfs64, statfs64)

/* ---- names ---- */

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    REAL(int, "renameat2", int, const char *, int, const char *, unsigned);
    if (decide_name(INJECT_RENAME, to_dir, to) == FAIL)
        return -1;
    int lock = lock_names();
    int result = real(from_dir, from, to_dir, to, flags);
    unlock_names(lock);
    return result;
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    REAL(int, "renameat", int, const char *, int, const char *);
    if (decide_name(INJECT_RENAME, to_dir, to) == FAIL)
        return -1;
    int lock = lock_names();
    int result = real(from_dir, from, to_dir, to);
    unlock_names(lock);
    return result;
}

int rename(const char *from, const char *to)
{
    REAL(int, "rename", const char *, const char *);
    if (decide_name(INJECT_RENAME, AT_FDCWD, to) == FAIL)
        return -1;
    int lock = lock_names();
    int result = real(from, to);
    unlock_names(lock);
    return result;
}

int unlinkat(int dir, const char *name, int flags)
{
    REAL(int, "unlinkat", int, const char *, int);
    if (decide_name(INJECT_UNLINK, dir, name) == FAIL)
        return -1;
    int lock = lock_names();
    int result = real(dir, name, flags);
    unlock_names(lock);
    return result;
}

int unlink(const char *name)
{
    REAL(int, "unlink", const char *);
    if (decide_name(INJECT_UNLINK, AT_FDCWD, name) == FAIL)
        return -1;
    int lock = lock_names();
    int result = real(name);
    unlock_names(lock);
    return result;
}

/* ---- the wall clock ---- */

int clock_gettime(clockid_t id, struct timespec *ret_time)
{
    REAL(int, "clock_gettime", clockid_t, struct timespec *);
    int result = real(id, ret_time);
    if (result == 0 && id == CLOCK_REALTIME && plan)
        ret_time->tv_sec += (time_t)(atomic_load(&plan->clock_ahead_ms) / 1000);
    return result;
}

/* ---- streams: libc's own calls below them do not come here ---- */

#define FOPEN(name)                                                                        \
    FILE *name(const char *path, const char *mode)                                         \
    {                                                                                      \
        REAL(FILE *, #name, const char *, const char *);                                   \
        return decide_name(INJECT_OPEN, AT_FDCWD, path) == FAIL ? NULL : real(path, mode); \
    }

FOPEN(fopen)
FOPEN(fopen64)

enum { STREAM_ERROR = 0x20 }; /* glibc's flag behind ferror() */

size_t fread(void *bytes, size_t size, size_t count, FILE *stream)
{
    REAL(size_t, "fread", void *, size_t, size_t, FILE *);
    if (decide_fd(INJECT_READ, fileno(stream)) != FAIL)
        return real(bytes, size, count, stream);
    stream->_flags |= STREAM_ERROR;
    return 0;
}
