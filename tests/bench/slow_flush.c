/* slow_flush - a library for LD_PRELOAD: what makes a program's files durable takes so many milliseconds longer.
 *
 * SLOW_FLUSH_MS has their number. So the disk below may be any, and the time that one of another kind needs is known.
 * Several processes wait beside each other, as they do where a disk takes many flushes at once. */
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#pragma GCC visibility push(default)

static int slower_ms;

__attribute__((constructor)) static void read_environment(void)
{
    const char *text = getenv("SLOW_FLUSH_MS");
    slower_ms = text ? (int)strtol(text, NULL, 10) : 0;
}

/* By poll(), which a process that is confined may call, too. */
static void wait_longer(void)
{
    if (slower_ms > 0)
        (void)poll(NULL, 0, slower_ms);
}

/* The next definition of a function: libc's. */
#define REAL(result, name, ...)         \
    static result (*real)(__VA_ARGS__); \
    if (!real)                          \
    *(void **)&real = dlsym(RTLD_NEXT, name)

int fsync(int fd)
{
    REAL(int, "fsync", int);
    int code = real(fd);
    wait_longer();
    return code;
}

int fdatasync(int fd)
{
    REAL(int, "fdatasync", int);
    int code = real(fd);
    wait_longer();
    return code;
}

int syncfs(int fd)
{
    REAL(int, "syncfs", int);
    int code = real(fd);
    wait_longer();
    return code;
}

/* To tell the disk to begin takes no time; to wait for it does. */
int sync_file_range(int fd, off64_t offset, off64_t bytes, unsigned flags)
{
    REAL(int, "sync_file_range", int, off64_t, off64_t, unsigned);
    int code = real(fd, offset, bytes, flags);
    if (flags & (SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WAIT_AFTER))
        wait_longer();
    return code;
}
