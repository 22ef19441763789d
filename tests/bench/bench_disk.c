/* bench-disk - the disk's own limit for keeping instances: create, write, fsync, rename, fsync the folder.
 *
 *     bench_disk FOLDER SIZE COUNT WRITERS
 *
 * WRITERS processes keep COUNT files of SIZE bytes each in a fresh folder below FOLDER, one after the other
 * as a receiver would, and nothing else. Prints files a second, all writers together. */
#include "common/base/cleanup.h"
#include "common/base/durable.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int keep(int dir, const char *bytes, size_t size, int writer, int number)
{
    char part[64], name[64];
    (void)snprintf(part, sizeof part, "%d-%d.part", writer, number);
    (void)snprintf(name, sizeof name, "%d-%d.dcm", writer, number);
    AUTO(fd_close) int fd = openat(dir, part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd < 0)
        return -1;
    for (size_t done = 0; done < size;) {
        ssize_t n = write(fd, bytes + done, size - done);
        if (n <= 0)
            return -1;
        done += (size_t)n;
    }
    return durable_sync(fd) == 0 && durable_rename(dir, part, dir, name) == 0 && durable_sync(dir) == 0 ? 0
                                                                                                        : -1;
}

static int write_all(int dir, size_t size, int writer, int count)
{
    char *bytes = malloc(size ? size : 1);
    if (!bytes)
        return EXIT_FAILURE;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(i * 2654435761u >> 24);
    int rc = 0;
    for (int i = 0; rc == 0 && i < count; i++)
        rc = keep(dir, bytes, size, writer, i);
    free(bytes);
    return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run(int dir, size_t size, int count, int writers)
{
    double begin = now();
    for (int writer = 0; writer < writers; writer++) {
        pid_t child = fork();
        if (child < 0)
            return EXIT_FAILURE;
        if (child == 0)
            _exit(write_all(dir, size, writer, count));
    }
    int failed = 0, status;
    while (wait(&status) > 0)
        failed |= status;
    if (failed)
        return EXIT_FAILURE;
    printf("%.1f\n", (double)count * writers / (now() - begin));
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: bench_disk FOLDER SIZE COUNT WRITERS\n");
        return 2;
    }
    char folder[4096];
    (void)snprintf(folder, sizeof folder, "%s/bench_disk.XXXXXX", argv[1]);
    if (!mkdtemp(folder)) {
        perror(folder);
        return EXIT_FAILURE;
    }
    AUTO(fd_close) int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return run(dir, strtoul(argv[2], NULL, 10), (int)strtol(argv[3], NULL, 10),
               (int)strtol(argv[4], NULL, 10));
}
