#include "common/jobs/wal.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/text.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    INDEX_VERSION = 3007000,
    READ_LOCKS_AT = 123, /* bytes of jobs.db-shm that are locked: one a read mark */
    READ_LOCKS = 5,
    LOOKS = 5,
    LOOK_MS = 20,
    SEEN_MS = 1000,
    USUAL_BYTES = 16 << 20 /* SQLite begins anew from 4 MB on, when it can */
};

/* The head of jobs.db-shm, in the machine's byte order. */
struct wal_index {
    uint32_t version, unused, changes;
    uint8_t initialized, big_endian_sums;
    uint16_t page_size; /* 1: 65536 */
    uint32_t frames, pages;
};

static int64_t used_bytes(const struct wal_index *index)
{
    int64_t page = index->page_size == 1 ? 65536 : index->page_size;
    return index->version == INDEX_VERSION && index->initialized ? (int64_t)index->frames * (page + 24) : 0;
}

static void read_program(int64_t pid, char *ret_program, size_t size)
{
    char path[40];
    (void)snprintf(path, sizeof path, "/proc/%lld/comm", (long long)pid);
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? 0 : read(fd, ret_program, size - 1);
    ret_program[length > 0 ? length : 0] = '\0';
    ret_program[strcspn(ret_program, "\n")] = '\0';
}

/* The router reads too, while it writes, but never for long. */
static bool find_reader(int fd, struct jobdb_wal *wal)
{
    for (int i = 0; i < READ_LOCKS; i++) {
        struct flock lock = {
            .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = READ_LOCKS_AT + i, .l_len = 1};
        if (fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
            continue;
        wal->holder = lock.l_pid > 0 ? lock.l_pid : 0;
        wal->program[0] = '\0';
        if (wal->holder)
            read_program(wal->holder, wal->program, sizeof wal->program);
        if (strcmp(wal->program, "felucca-router") != 0)
            return true;
    }
    return false;
}

/* Whoever holds it up is there at every look; others read for milliseconds. */
static bool is_held(int fd, struct jobdb_wal *wal)
{
    int64_t first = -1;
    for (int i = 0; i < LOOKS; i++) {
        if (i > 0)
            (void)poll(NULL, 0, LOOK_MS);
        if (!find_reader(fd, wal) || (first >= 0 && wal->holder != first))
            return false;
        first = wal->holder;
    }
    return true;
}

static void look(int fd, struct jobdb_wal *ret_wal)
{
    struct wal_index index;
    *ret_wal = (struct jobdb_wal){.bytes = 0};
    if (fd < 0 || pread(fd, &index, sizeof index, 0) != (ssize_t)sizeof index)
        return;
    ret_wal->bytes = used_bytes(&index);
    if (ret_wal->bytes > USUAL_BYTES)
        ret_wal->held = is_held(fd, ret_wal);
    if (!ret_wal->held)
        ret_wal->holder = 0;
}

static void append_path(const char *state_dir, struct text *path)
{
    text_format(path, "%s/jobs.db-shm", state_dir);
}

void jobdb_wal_look(const char *state_dir, struct jobdb_wal *ret_wal)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    append_path(state_dir, &path);
    AUTO(fd_close) int fd = open(text_string(&path), O_RDONLY | O_CLOEXEC);
    look(fd, ret_wal);
}

/* ---- while others of this process read ---- */

struct jobdb_wal_watch {
    pthread_mutex_t mutex;
    int fd;          /* -1: none */
    int64_t seen_at; /* monotonic ms; 0: never */
    struct jobdb_wal seen;
};

struct jobdb_wal_watch *jobdb_wal_watch_create(void)
{
    struct jobdb_wal_watch *watch = memory_new(1, sizeof *watch);
    (void)pthread_mutex_init(&watch->mutex, NULL);
    watch->fd = -1;
    return watch;
}

void jobdb_wal_watch_destroy(struct jobdb_wal_watch **watch)
{
    if (!*watch)
        return;
    fd_close(&(*watch)->fd);
    (void)pthread_mutex_destroy(&(*watch)->mutex);
    memory_free(watch);
}

/* Whether the name is still that file's. */
static bool is_current(int fd, const char *path)
{
    struct stat mine, named;
    return fd >= 0 && fstat(fd, &mine) == 0 && stat(path, &named) == 0 && mine.st_dev == named.st_dev &&
           mine.st_ino == named.st_ino;
}

void jobdb_wal_watch_look(struct jobdb_wal_watch *watch, const char *state_dir, struct jobdb_wal *ret_wal)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    append_path(state_dir, &path);
    (void)pthread_mutex_lock(&watch->mutex);
    int64_t now = clock_monotonic_ms();
    if (watch->seen_at == 0 || now - watch->seen_at >= SEEN_MS) {
        if (!is_current(watch->fd, text_string(&path))) {
            fd_close(&watch->fd);
            watch->fd = open(text_string(&path), O_RDONLY | O_CLOEXEC);
        }
        look(watch->fd, &watch->seen);
        watch->seen_at = now;
    }
    *ret_wal = watch->seen;
    (void)pthread_mutex_unlock(&watch->mutex);
}
