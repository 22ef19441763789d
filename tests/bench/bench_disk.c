/* bench-disk - the disk's own limit for keeping instances, each in one of several ways.
 *
 *     bench_disk FOLDER SIZE COUNT WRITERS [WAY [PACE]]
 *
 * WRITERS processes keep COUNT objects of SIZE bytes each in a fresh folder below FOLDER, one after the other as a
 * receiver would, and nothing else. Prints objects a second, all writers together, the microseconds that one waits
 * after its last byte, and the processor's microseconds in its writer. PACE: microseconds in which the bytes of one object come; 0, or none: they are there.
 *
 *     files         create, write, fsync, rename, fsync the folder; nothing is removed
 *     steady        the same, and a process of its own removes each file when LAG further ones are there
 *     early         as steady; the disk is told to begin writing while the rest still comes
 *     direct        as steady; past the kernel's cache, STRIDE * 2 at once from a buffer, the last incomplete block through it
 *     once          as early, but what was written is waited for, and the rename comes before the one fsync: one commit
 *     ordered       as once, without the fsync of the file: what a journal's order and its barrier make of it
 *     over          a file of LAG that are there is written over, then fdatasync
 *     over-early    the same, with early writing
 *     over-named    the same, and the file is renamed and its folder flushed
 *     over-ordered  as over-named, and as ordered: no flush of the file */
#include "common/base/cleanup.h"
#include "common/base/durable.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STRIDE = 128 << 10, DIRECT = 2 * STRIDE, BLOCK = 4096, LAG = 64, NAME = 64 };

struct way {
    const char *name;
    bool removed, early, once, ordered, over, named, direct;
};

static const struct way ways[] = {
    {.name = "files"},
    {.name = "steady", .removed = true},
    {.name = "early", .removed = true, .early = true},
    {.name = "direct", .removed = true, .direct = true},
    {.name = "once", .removed = true, .early = true, .once = true},
    {.name = "ordered", .removed = true, .early = true, .once = true, .ordered = true},
    {.name = "over", .over = true},
    {.name = "over-early", .over = true, .early = true},
    {.name = "over-ordered", .over = true, .early = true, .once = true, .ordered = true, .named = true},
    {.name = "over-named", .over = true, .early = true, .named = true},
};

struct task {
    const struct way *way;
    int dir;
    char *bytes, *buffer; /* of DIRECT bytes */
    size_t size;
    int writer, count;
    double pace;
    int removals;  /* a pipe to the process that removes */
    double came;   /* when the last bytes did */
    double waited; /* seconds after them */
};

/* Of one writer, in seconds. */
struct result {
    double waited, processor;
};

static double now(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void sleep_until(double when)
{
    double left = when - now();
    if (left <= 0)
        return;
    struct timespec time = {.tv_sec = (time_t)left, .tv_nsec = (long)((left - (double)(time_t)left) * 1e9)};
    (void)nanosleep(&time, NULL);
}

static void name_of(const struct task *task, int number, const char *end, char ret_name[NAME])
{
    (void)snprintf(ret_name, NAME, "%d-%d.%s", task->writer, number, end);
}

/* How many bytes of the object come next, which it waits for. */
static size_t next_piece(struct task *task, double begin, size_t done)
{
    size_t piece = task->size - done < STRIDE ? task->size - done : STRIDE;
    sleep_until(begin + task->pace * (double)(done + piece) / (double)task->size);
    task->came = now();
    return piece;
}

/* What the buffer holds, from at on: whole blocks past the cache. */
static bool write_buffer(const struct task *task, int fd, size_t length, size_t at)
{
    size_t whole = length / BLOCK * BLOCK, rest = length - whole;
    if (whole > 0 && pwrite(fd, task->buffer, whole, (off_t)at) != (ssize_t)whole)
        return false;
    return rest == 0 || (fcntl(fd, F_SETFL, 0) == 0 &&
                         pwrite(fd, task->buffer + whole, rest, (off_t)(at + whole)) == (ssize_t)rest);
}

static bool write_direct(struct task *task, int fd)
{
    double begin = now();
    size_t held = 0;
    for (size_t done = 0; done < task->size;) {
        size_t piece = next_piece(task, begin, done);
        memcpy(task->buffer + held, task->bytes + done, piece);
        held += piece;
        done += piece;
        if (held < DIRECT && done < task->size)
            continue;
        if (!write_buffer(task, fd, held, done - held))
            return false;
        held = 0;
    }
    return true;
}

/* Its bytes, as they come. */
static bool write_object(struct task *task, int fd)
{
    double begin = now();
    for (size_t done = 0; done < task->size;) {
        size_t piece = next_piece(task, begin, done);
        if (pwrite(fd, task->bytes + done, piece, (off_t)done) != (ssize_t)piece)
            return false;
        if (task->way->early && piece == STRIDE)
            (void)sync_file_range(fd, (off_t)done, (off_t)piece, SYNC_FILE_RANGE_WRITE);
        done += piece;
    }
    return true;
}

static bool make_durable(const struct task *task, int fd, const char *part, const char *name)
{
    enum { ALL = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER };
    if (task->way->over && !task->way->once && fdatasync(fd) != 0)
        return false;
    if (task->way->over && !task->way->named)
        return true;
    if (task->way->once)
        return sync_file_range(fd, 0, 0, ALL) == 0 && durable_rename(task->dir, part, task->dir, name) == 0 &&
               (task->way->ordered || durable_sync(fd) == 0) && durable_sync(task->dir) == 0;
    if (!task->way->over && durable_sync(fd) != 0)
        return false;
    return durable_rename(task->dir, part, task->dir, name) == 0 && durable_sync(task->dir) == 0;
}

/* What is written over has the name of LAG objects before. */
static int open_object(const struct task *task, int number, char part[NAME])
{
    name_of(task, number, "part", part);
    if (!task->way->over)
        return openat(task->dir, part,
                      O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | (task->way->direct ? O_DIRECT : 0), 0640);
    name_of(task, task->way->named ? number - LAG : number % LAG, "dcm", part);
    return openat(task->dir, part, O_WRONLY | O_CLOEXEC);
}

static bool keep(struct task *task, int number)
{
    char part[NAME], name[NAME];
    name_of(task, number, "dcm", name);
    AUTO(fd_close) int fd = open_object(task, number, part);
    if (fd < 0 || !(task->way->direct ? write_direct : write_object)(task, fd))
        return false;
    if (!make_durable(task, fd, part, name))
        return false;
    task->waited += now() - task->came;
    return !task->way->removed || number < LAG ||
           write(task->removals, &(int[]){task->writer, number - LAG}, 2 * sizeof(int)) == 2 * sizeof(int);
}

/* Files as they are after a while: allocated and written. */
static bool make_pool(const struct task *task)
{
    char name[NAME];
    for (int i = 0; i < LAG; i++) {
        name_of(task, task->way->named ? i - LAG : i, "dcm", name);
        AUTO(fd_close) int fd = openat(task->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
        if (fd < 0 || pwrite(fd, task->bytes, task->size, 0) != (ssize_t)task->size || durable_sync(fd) != 0)
            return false;
    }
    return durable_sync(task->dir) == 0;
}

static double processor_seconds(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* One end of ready says that the pool is made, and hears when all are. */
static int work(struct task *task, int ready, int begin, int results)
{
    char byte = 0;
    task->bytes = malloc(task->size ? task->size : 1);
    task->buffer = aligned_alloc(BLOCK, DIRECT);
    if (!task->bytes || !task->buffer)
        return EXIT_FAILURE;
    for (size_t i = 0; i < task->size; i++)
        task->bytes[i] = (char)(i * 2654435761u >> 24);
    if ((task->way->over && !make_pool(task)) || write(ready, "", 1) != 1 || read(begin, &byte, 1) != 0)
        return EXIT_FAILURE;
    bool kept = true;
    for (int i = 0; kept && i < task->count; i++)
        kept = keep(task, i);
    struct result result = {task->waited, processor_seconds()};
    kept = kept && write(results, &result, sizeof result) == sizeof result;
    free(task->buffer);
    free(task->bytes);
    return kept ? EXIT_SUCCESS : EXIT_FAILURE;
}

static _Noreturn void remove_all(int dir, int removals)
{
    struct task task = {.writer = 0};
    for (int which[2]; read(removals, which, sizeof which) == sizeof which;) {
        char name[NAME];
        task.writer = which[0];
        name_of(&task, which[1], "dcm", name);
        (void)durable_remove(dir, name);
    }
    _exit(EXIT_SUCCESS);
}

enum { READY, BEGIN, REMOVALS, RESULTS, PIPES };

static void start(const struct task *task, int pipes[PIPES][2], int writers)
{
    if (fork() == 0) {
        for (int i = 0; i < PIPES; i++)
            (void)close(pipes[i][1]);
        remove_all(task->dir, pipes[REMOVALS][0]);
    }
    for (int writer = 0; writer < writers; writer++) {
        if (fork() != 0)
            continue;
        struct task mine = *task;
        mine.writer = writer;
        mine.removals = pipes[REMOVALS][1];
        (void)close(pipes[BEGIN][1]);
        _exit(work(&mine, pipes[READY][1], pipes[BEGIN][0], pipes[RESULTS][1]));
    }
}

static int run(const struct task *task, int writers)
{
    int pipes[PIPES][2];
    char byte;
    for (int i = 0; i < PIPES; i++)
        if (pipe(pipes[i]) != 0)
            return EXIT_FAILURE;
    start(task, pipes, writers);
    for (int i = 0; i < PIPES; i++)
        if (i != BEGIN)
            (void)close(pipes[i][1]);
    for (int i = 0; i < writers; i++)
        if (read(pipes[READY][0], &byte, 1) != 1)
            return EXIT_FAILURE;
    (void)close(pipes[BEGIN][1]);
    double begin = now();
    struct result one, all = {0, 0};
    int count = 0;
    while (read(pipes[RESULTS][0], &one, sizeof one) == sizeof one) {
        all.waited += one.waited;
        all.processor += one.processor;
        count++;
    }
    double seconds = now() - begin, objects = (double)task->count * writers;
    while (wait(NULL) > 0)
        continue;
    if (count != writers)
        return EXIT_FAILURE;
    printf("%.1f %.0f %.0f\n", objects / seconds, all.waited / objects * 1e6, all.processor / objects * 1e6);
    return EXIT_SUCCESS;
}

static const struct way *find_way(const char *name)
{
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (strcmp(ways[i].name, name) == 0)
            return &ways[i];
    return NULL;
}

int main(int argc, char **argv)
{
    const struct way *way = find_way(argc > 5 ? argv[5] : "files");
    if (argc < 5 || argc > 7 || !way) {
        fprintf(stderr, "usage: bench_disk FOLDER SIZE COUNT WRITERS [WAY [PACE]]\n");
        return 2;
    }
    char folder[4096];
    (void)snprintf(folder, sizeof folder, "%s/bench_disk.XXXXXX", argv[1]);
    if (!mkdtemp(folder)) {
        perror(folder);
        return EXIT_FAILURE;
    }
    AUTO(fd_close) int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct task task = {.way = way, .dir = dir};
    task.size = strtoul(argv[2], NULL, 10);
    task.count = (int)strtol(argv[3], NULL, 10);
    task.pace = argc > 6 ? strtod(argv[6], NULL) / 1e6 : 0;
    return run(&task, (int)strtol(argv[4], NULL, 10));
}
