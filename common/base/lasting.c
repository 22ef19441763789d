#include "common/base/lasting.h"

#include "common/base/cleanup.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

/* linux/magic.h */
enum { EXT4_MAGIC = 0xef53, TMPFS_MAGIC = 0x01021994 };
#define RAMFS_MAGIC 0x858458f6UL

const struct lasting_places lasting_kernel = {"/proc/fs/ext4", "/sys/dev/block"};

/* "sda1", of the device that a file is on. False: the kernel does not tell. */
static bool find_device(int fd, const struct lasting_places *places, char ret_name[NAME_MAX + 1])
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    char target[PATH_MAX];
    struct stat info;
    if (fstat(fd, &info) != 0)
        return false;
    text_format(&path, "%s/%u:%u", places->block, major(info.st_dev), minor(info.st_dev));
    ssize_t length = readlink(text_string(&path), target, sizeof target - 1);
    if (length <= 0)
        return false;
    target[length] = '\0';
    const char *slash = strrchr(target, '/');
    return snprintf(ret_name, NAME_MAX + 1, "%s", slash ? slash + 1 : target) <= NAME_MAX;
}

static void close_file(FILE **file)
{
    if (*file)
        (void)fclose(*file);
}

/* An ext4 with a journal says how it writes data ("data=ordered"); one without has no such line, as has an ext2. */
static bool has_no_journal(const char *device, const struct lasting_places *places)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    char line[256];
    text_format(&path, "%s/%s/options", places->ext4, device);
    AUTO(close_file) FILE *options = fopen(text_string(&path), "re");
    if (!options)
        return false;
    while (fgets(line, sizeof line, options))
        if (strncmp(line, "data=", strlen("data=")) == 0)
            return false;
    return ferror(options) == 0;
}

bool lasting_judge(int fd, const struct lasting_places *places, struct text *sentence)
{
    char device[NAME_MAX + 1];
    struct statfs info;
    unsigned long magic = fstatfs(fd, &info) == 0 ? (unsigned long)info.f_type & 0xffffffffUL : 0;
    if (magic == TMPFS_MAGIC || magic == RAMFS_MAGIC) {
        text_append(sentence,
                    "a file system in memory: all that was acknowledged and not delivered is gone when "
                    "the machine stops. Use a disk");
        return false;
    }
    if (magic != EXT4_MAGIC || !find_device(fd, places, device) || !has_no_journal(device, places))
        return true;
    text_format(
        sentence,
        "an ext4 without a journal (%s): when the power fails, folders with what was acknowledged may be "
        "lost. With its file system unmounted: tune2fs -O has_journal /dev/%s",
        device, device);
    return false;
}
