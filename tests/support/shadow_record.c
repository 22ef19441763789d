#include "tests/support/shadow_record.h"

#include "tests/support/require.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 64 << 10, PATH_SIZE = PATH_MAX + NAME_MAX + 2 };

int shadow_record_lock(const char *shadow)
{
    char path[PATH_SIZE];
    int rc;
    (void)snprintf(path, sizeof path, "%s/lock", shadow);
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    require(lock >= 0, "%s: %s", path, strerror(errno));
    while ((rc = flock(lock, LOCK_EX)) != 0 && errno == EINTR)
        ;
    require(rc == 0, "%s: %s", path, strerror(errno));
    return lock;
}

void shadow_record_unlock(int lock)
{
    /* Closing alone would not do: a child that was forked meanwhile has it as well. */
    require(flock(lock, LOCK_UN) == 0, "unlock: %s", strerror(errno));
    (void)close(lock);
}

/* ---- a file ---- */

static void hold(const char *shadow, const char *name, ino_t inode)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s/held/%llu", shadow, (unsigned long long)inode);
    /* ENOENT: it has no name any more. */
    require(linkat(AT_FDCWD, name, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0 || errno == EEXIST ||
                errno == ENOENT,
            "%s: %s", path, strerror(errno));
}

static void copy(int from, int to)
{
    char block[BLOCK];
    off_t at = 0;
    ssize_t n;
    while ((n = pread(from, block, sizeof block, at)) > 0) {
        require(pwrite(to, block, (size_t)n, at) == n, "cannot copy: %s", strerror(errno));
        at += n;
    }
    require(n == 0 && ftruncate(to, at) == 0, "cannot copy: %s", strerror(errno));
}

static void record_file(const char *shadow, int fd, ino_t inode)
{
    char path[PATH_SIZE], name[32];
    (void)snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    (void)snprintf(path, sizeof path, "%s/data/%llu", shadow, (unsigned long long)inode);
    hold(shadow, name, inode);
    int from = open(name, O_RDONLY | O_CLOEXEC); /* fd may be for writing only */
    int to = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    require(from >= 0 && to >= 0, "%s: %s", path, strerror(errno));
    copy(from, to);
    (void)close(from);
    (void)close(to);
}

/* ---- the names ---- */

/* "d <path>", or "f <inode> <path>"; and everything below. What is neither, a socket, is left out. */
static void record_names(const char *shadow, const char *path, FILE *names)
{
    struct stat info;
    bool there = lstat(path, &info) == 0;
    if (there && S_ISREG(info.st_mode)) {
        hold(shadow, path, info.st_ino);
        (void)fprintf(names, "f %llu %s\n", (unsigned long long)info.st_ino, path);
    }
    DIR *dir = there && S_ISDIR(info.st_mode) ? opendir(path) : NULL;
    if (!dir)
        return;
    (void)fprintf(names, "d %s\n", path);
    for (const struct dirent *entry; (entry = readdir(dir));) {
        char below[PATH_SIZE];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        (void)snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
        record_names(shadow, below, names);
    }
    (void)closedir(dir);
}

void shadow_record_flush(const char *shadow, const char *folder, int fd)
{
    char path[PATH_SIZE];
    struct stat info;
    require(fstat(fd, &info) == 0, "fstat: %s", strerror(errno));
    if (S_ISREG(info.st_mode))
        record_file(shadow, fd, info.st_ino);
    if (!S_ISDIR(info.st_mode))
        return;
    (void)snprintf(path, sizeof path, "%s/names", shadow);
    FILE *names = fopen(path, "we");
    require(names, "%s: %s", path, strerror(errno));
    record_names(shadow, folder, names);
    require(fclose(names) == 0, "%s: %s", path, strerror(errno));
}
