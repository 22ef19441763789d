#include "common/base/durable.h"

#include "common/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

int durable_sync(int fd)
{
    return fsync(fd) == 0 ? 0 : err_from_errno(errno);
}

/* For file systems that know no such flag, NFS among them. */
static int rename_after_looking(int from_dir, const char *from, int to_dir, const char *to)
{
    struct stat ignored;
    if (fstatat(to_dir, to, &ignored, AT_SYMLINK_NOFOLLOW) == 0)
        return ERR_EXISTS;
    if (errno != ENOENT || renameat(from_dir, from, to_dir, to) != 0)
        return err_from_errno(errno);
    return 0;
}

int durable_rename(int from_dir, const char *from, int to_dir, const char *to)
{
    if (renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE) == 0)
        return 0;
    return errno == EINVAL ? rename_after_looking(from_dir, from, to_dir, to) : err_from_errno(errno);
}

int durable_remove(int dir, const char *name)
{
    return unlinkat(dir, name, 0) == 0 ? 0 : err_from_errno(errno);
}

int durable_folder(int dir, const char *name, int *ret_dir)
{
    if (mkdirat(dir, name, 0750) != 0 && errno != EEXIST)
        return err_from_errno(errno);
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_from_errno(errno);
    *ret_dir = fd;
    return 0;
}

int durable_room(int dir, int64_t *ret_bytes, int64_t *ret_files)
{
    struct statvfs space;
    if (fstatvfs(dir, &space) != 0)
        return err_from_errno(errno);
    *ret_bytes = (int64_t)space.f_bavail * (int64_t)space.f_frsize;
    *ret_files = space.f_files > 0 ? (int64_t)space.f_favail : INT64_MAX;
    return 0;
}

int durable_disk_size(int dir, int64_t *ret_bytes)
{
    struct statvfs space;
    if (fstatvfs(dir, &space) != 0)
        return err_from_errno(errno);
    *ret_bytes = (int64_t)space.f_blocks * (int64_t)space.f_frsize;
    return 0;
}
