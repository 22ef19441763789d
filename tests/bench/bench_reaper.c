/* bench-reaper - removes the files of a folder as fast as they come, so that a bench sees the steady state of a disk.
 *
 *     bench_reaper FOLDER KEEP
 *
 * Leaves KEEP files there, looks again every few milliseconds, and passes over what is still called .part. Ends with
 * SIGTERM, and prints then how many it has removed. */
#include "common/base/durable.h"
#include "common/base/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PAUSE_NS = 20 * 1000 * 1000 };

static volatile sig_atomic_t stopping;

static void note_stop(int number)
{
    (void)number;
    stopping = 1;
}

static bool is_file(const struct dirent *entry)
{
    return entry->d_type == DT_REG && !string_ends_with(entry->d_name, ".part");
}

static long count_files(DIR *dir)
{
    long count = 0;
    rewinddir(dir);
    for (const struct dirent *entry; (entry = readdir(dir));)
        count += is_file(entry);
    return count;
}

static long remove_files(DIR *dir, long count)
{
    long removed = 0;
    rewinddir(dir);
    for (const struct dirent *entry; removed < count && (entry = readdir(dir));)
        removed += is_file(entry) && durable_remove(dirfd(dir), entry->d_name) == 0;
    return removed;
}

int main(int argc, char **argv)
{
    DIR *dir = argc == 3 ? opendir(argv[1]) : NULL;
    if (!dir) {
        fprintf(stderr, "usage: bench_reaper FOLDER KEEP\n");
        return 2;
    }
    long keep = strtol(argv[2], NULL, 10), removed = 0;
    (void)signal(SIGTERM, note_stop);
    while (!stopping) {
        long surplus = count_files(dir) - keep;
        if (surplus > 0)
            removed += remove_files(dir, surplus);
        (void)nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    }
    printf("%ld\n", removed);
    (void)closedir(dir);
    return EXIT_SUCCESS;
}
