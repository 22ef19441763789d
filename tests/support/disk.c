#include "tests/support/disk.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/base/text.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/process.h"
#include "tests/support/require.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { FORMAT_MS = 60000, UNMOUNT_MS = 20000, COPY_MS = 30000, BLOCK = 1 << 20, DEVICES = 20 };

struct disk {
    char *image, *folder, *filler;
    int64_t taken; /* empty files */
    int device;    /* the number of the loop device, -1: not mounted */
};

/* ---- mounting ---- */

/* A loop device over the image, gone when it is unmounted; an open descriptor, or -1 with errno. */
static int attach(const char *image, int *ret_device)
{
    AUTO(fd_close) int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    AUTO(fd_close) int file = open(image, O_RDWR | O_CLOEXEC);
    struct loop_config config = {.fd = (uint32_t)file, .info.lo_flags = LO_FLAGS_AUTOCLEAR};
    for (int i = 0; control >= 0 && file >= 0 && i < DEVICES; i++) {
        char path[32];
        int number = ioctl(control, LOOP_CTL_GET_FREE);
        (void)snprintf(path, sizeof path, "/dev/loop%d", number);
        int device = number < 0 ? -1 : open(path, O_RDWR | O_CLOEXEC);
        if (device < 0)
            return -1;
        if (ioctl(device, LOOP_CONFIGURE, &config) == 0) {
            *ret_device = number;
            return device;
        }
        fd_close(&device);
        if (errno != EBUSY) /* somebody else was quicker */
            return -1;
    }
    return -1;
}

static bool mount_image(struct disk *disk)
{
    char path[32];
    AUTO(fd_close) int device = attach(disk->image, &disk->device);
    (void)snprintf(path, sizeof path, "/dev/loop%d", disk->device);
    /* noinit_itable: nothing is written to it but what is asked for. */
    if (device >= 0 && mount(path, disk->folder, "ext4", MS_NOATIME | MS_NODEV, "noinit_itable") == 0)
        return true;
    disk->device = -1;
    return false;
}

static bool try_unmount(void *context)
{
    struct disk *disk = context;
    return umount2(disk->folder, 0) == 0;
}

static void unmount(struct disk *disk)
{
    if (disk->device < 0)
        return;
    require(wait_until(try_unmount, disk, UNMOUNT_MS), "cannot unmount %s: %s", disk->folder,
            strerror(errno));
    disk->device = -1;
}

static bool format(const char *image, int64_t bytes)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    AUTO(fd_close) int file = open(image, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    require(file >= 0 && ftruncate(file, bytes) == 0, "%s: %s", image, strerror(errno));
    const char *const argv[] = {"/sbin/mkfs.ext4",
                                "-q",
                                "-F",
                                "-m",
                                "0",
                                "-N",
                                "4096",
                                "-J",
                                "size=8",
                                "-E",
                                "lazy_itable_init=0,lazy_journal_init=0,nodiscard",
                                image,
                                NULL};
    bool formatted = access(argv[0], X_OK) == 0 && process_run(argv, NULL, FORMAT_MS, &output) == 0;
    if (!formatted)
        fprintf(stderr, "mkfs.ext4: %s\n", text_string(&output));
    return formatted;
}

struct disk *disk_create(struct sandbox *sandbox, const char *folder, int64_t bytes)
{
    AUTO(disk_destroy) struct disk *disk = memory_new(1, sizeof *disk);
    AUTO(text_release) struct text filler = TEXT_EMPTY;
    text_format(&filler, "%s/filler", folder);
    disk->device = -1;
    disk->image = memory_string(sandbox_path(sandbox, "disk.image"));
    disk->folder = memory_string(folder);
    disk->filler = text_take(&filler);
    folder_make(folder);
    const char *missing = NULL;
    if (geteuid() != 0)
        missing = "mounting needs root";
    else if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        missing = "no mount namespace of its own";
    else if (!format(disk->image, bytes))
        missing = "no mkfs.ext4 (package e2fsprogs)";
    else if (!mount_image(disk))
        missing = "no loop device with ext4 can be mounted";
    if (missing) {
        fprintf(stderr, "no disk of its own: %s\n", missing);
        return NULL;
    }
    struct disk *created = disk;
    disk = NULL;
    return created;
}

void disk_destroy(struct disk **disk)
{
    if (!*disk)
        return;
    unmount(*disk);
    memory_free(&(*disk)->image);
    memory_free(&(*disk)->folder);
    memory_free(&(*disk)->filler);
    memory_free(disk);
}

void disk_replace(struct disk *disk, const char *path)
{
    unmount(disk);
    memory_free(&disk->image);
    disk->image = memory_string(path);
    require(mount_image(disk), "cannot mount %s: %s", path, strerror(errno));
}

/* ---- copying ---- */

/* What the kernel has written to the device so far; false while something is under way. */
static bool read_writes(const struct disk *disk, unsigned long long *ret_writes)
{
    char path[64];
    unsigned long long reads, writes, in_flight;
    (void)snprintf(path, sizeof path, "/sys/block/loop%d/stat", disk->device);
    FILE *file = fopen(path, "re");
    require(file, "%s: %s", path, strerror(errno));
    int found = fscanf(file, "%llu %*u %*u %*u %llu %*u %*u %*u %llu", &reads, &writes, &in_flight);
    (void)fclose(file);
    require(found == 3, "%s is not understood", path);
    *ret_writes = writes;
    return in_flight == 0;
}

static void copy_range(int from, int to, off_t begin, off_t end)
{
    AUTO(memory_free) char *block = memory_new(1, BLOCK);
    while (begin < end) {
        size_t wanted = end - begin < BLOCK ? (size_t)(end - begin) : BLOCK;
        ssize_t n = pread(from, block, wanted, begin);
        require(n > 0 && pwrite(to, block, (size_t)n, begin) == n, "cannot copy: %s", strerror(errno));
        begin += n;
    }
}

/* Holes stay holes. */
static void copy_file(const char *source, const char *goal)
{
    AUTO(fd_close) int from = open(source, O_RDONLY | O_CLOEXEC);
    AUTO(fd_close) int to = open(goal, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    off_t length = lseek(from, 0, SEEK_END), end = 0, begin;
    require(from >= 0 && to >= 0 && ftruncate(to, length) == 0, "cannot copy %s: %s", source,
            strerror(errno));
    while ((begin = lseek(from, end, SEEK_DATA)) >= 0) {
        end = lseek(from, begin, SEEK_HOLE);
        copy_range(from, to, begin, end);
    }
}

struct copy {
    struct disk *disk;
    const char *path;
};

static bool copy_undisturbed(void *context)
{
    const struct copy *copy = context;
    unsigned long long before, after;
    if (!read_writes(copy->disk, &before))
        return false;
    copy_file(copy->disk->image, copy->path);
    return read_writes(copy->disk, &after) && after == before;
}

bool disk_copy(struct disk *disk, const char *path)
{
    struct copy copy = {disk, path};
    return wait_until(copy_undisturbed, &copy, COPY_MS);
}

/* ---- filling ---- */

void disk_fill(struct disk *disk, int64_t left)
{
    struct statvfs space;
    AUTO(fd_close) int file = open(disk->filler, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    require(file >= 0 && statvfs(disk->folder, &space) == 0, "%s: %s", disk->filler, strerror(errno));
    int64_t taken = (int64_t)space.f_bavail * (int64_t)space.f_frsize - left;
    /* The last blocks may be promised to others already: then in smaller steps. */
    for (int64_t step = taken, at = 0; step >= 4096 && at < taken;) {
        step = step < taken - at ? step : taken - at;
        if (fallocate(file, 0, at, step) == 0)
            at += step;
        else
            step /= 2;
    }
}

void disk_free(struct disk *disk)
{
    require(unlink(disk->filler) == 0, "%s: %s", disk->filler, strerror(errno));
}

static void name_taken(const struct disk *disk, int64_t number, struct text *ret_path)
{
    text_format(ret_path, "%s/taken-%lld", disk->folder, (long long)number);
}

void disk_take_files(struct disk *disk, int64_t left)
{
    struct statvfs space;
    require(statvfs(disk->folder, &space) == 0, "%s: %s", disk->folder, strerror(errno));
    for (int64_t free = (int64_t)space.f_favail; free > left; free--) {
        AUTO(text_release) struct text path = TEXT_EMPTY;
        name_taken(disk, disk->taken++, &path);
        AUTO(fd_close) int file = open(text_string(&path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        require(file >= 0, "%s: %s", text_string(&path), strerror(errno));
    }
}

void disk_give_files(struct disk *disk, int64_t count)
{
    for (; count > 0; count--) {
        AUTO(text_release) struct text path = TEXT_EMPTY;
        name_taken(disk, --disk->taken, &path);
        require(unlink(text_string(&path)) == 0, "%s: %s", text_string(&path), strerror(errno));
    }
}
