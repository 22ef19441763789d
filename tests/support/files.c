#include "tests/support/files.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"

#include "tests/support/require.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 64 << 10, META_PREFIX = 144 };

void file_write(const char *path, const void *bytes, size_t length)
{
    AUTO(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    require(fd >= 0, "cannot write %s: %s", path, strerror(errno));
    for (size_t done = 0; done < length;) {
        ssize_t n = write(fd, (const char *)bytes + done, length - done);
        require(n > 0, "cannot write %s: %s", path, strerror(errno));
        done += (size_t)n;
    }
}

void file_write_string(const char *path, const char *content)
{
    file_write(path, content, strlen(content));
}

void file_read(const char *path, struct text *ret_content)
{
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    require(fd >= 0, "cannot read %s: %s", path, strerror(errno));
    AUTO(memory_free) char *block = memory_new(1, BLOCK);
    for (;;) {
        ssize_t n = read(fd, block, BLOCK);
        require(n >= 0, "cannot read %s: %s", path, strerror(errno));
        if (n == 0)
            return;
        text_append_bytes(ret_content, block, (size_t)n);
    }
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

int64_t file_size(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (int64_t)status.st_size : -1;
}

/* Reads until length bytes are there or the file ends. */
static size_t read_block(int fd, char *block, size_t length, int64_t offset)
{
    size_t done = 0;
    while (done < length) {
        ssize_t n = pread(fd, block + done, length - done, offset + (int64_t)done);
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    return done;
}

int64_t files_differ_at(const char *a, int64_t a_offset, const char *b, int64_t b_offset)
{
    AUTO(fd_close) int fd_a = open(a, O_RDONLY | O_CLOEXEC);
    AUTO(fd_close) int fd_b = open(b, O_RDONLY | O_CLOEXEC);
    require(fd_a >= 0, "cannot read %s: %s", a, strerror(errno));
    require(fd_b >= 0, "cannot read %s: %s", b, strerror(errno));
    AUTO(memory_free) char *block_a = memory_new(1, BLOCK);
    AUTO(memory_free) char *block_b = memory_new(1, BLOCK);
    for (int64_t compared = 0;; compared += BLOCK) {
        size_t got_a = read_block(fd_a, block_a, BLOCK, a_offset + compared);
        size_t got_b = read_block(fd_b, block_b, BLOCK, b_offset + compared);
        size_t both = got_a < got_b ? got_a : got_b, same = 0;
        while (same < both && block_a[same] == block_b[same])
            same++;
        if (same < both || got_a != got_b)
            return compared + (int64_t)same;
        if (got_a < BLOCK)
            return -1;
    }
}

bool files_equal(const char *a, int64_t a_offset, const char *b, int64_t b_offset)
{
    return files_differ_at(a, a_offset, b, b_offset) < 0;
}

int64_t file_data_set_offset(const char *path)
{
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    unsigned char head[META_PREFIX];
    /* Preamble, "DICM", then (0002,0000) UL of 4 bytes: the length of what follows it in group 0002. */
    if (fd < 0 || pread(fd, head, sizeof head, 0) != sizeof head ||
        memcmp(head + 128, "DICM\2\0\0\0UL\4\0", 12) != 0)
        return -1;
    int64_t length =
        head[140] | (int64_t)head[141] << 8 | (int64_t)head[142] << 16 | (int64_t)head[143] << 24;
    return META_PREFIX + length;
}

bool files_same_data_set(const char *a, const char *b)
{
    int64_t a_offset = file_data_set_offset(a), b_offset = file_data_set_offset(b);
    require(a_offset > 0, "%s is not a Part 10 file", a);
    require(b_offset > 0, "%s is not a Part 10 file", b);
    return files_equal(a, a_offset, b, b_offset);
}

void folder_make(const char *path)
{
    AUTO(memory_free) char *copy = memory_string(path);
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(copy, 0750);
        *slash = '/';
    }
    require(mkdir(path, 0750) == 0 || errno == EEXIST, "cannot make %s: %s", path, strerror(errno));
}

void folder_walk(const char *path, void (*each)(void *context, const char *path), void *context)
{
    DIR *folder = opendir(path);
    require(folder, "cannot read folder %s: %s", path, strerror(errno));
    struct dirent *entry;
    while ((entry = readdir(folder))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        AUTO(text_release) struct text name = TEXT_EMPTY;
        text_format(&name, "%s/%s", path, entry->d_name);
        struct stat status;
        if (lstat(text_string(&name), &status) != 0)
            continue; /* gone in between */
        if (S_ISDIR(status.st_mode))
            folder_walk(text_string(&name), each, context);
        else if (S_ISREG(status.st_mode))
            each(context, text_string(&name));
    }
    closedir(folder);
}

struct count {
    const char *suffix;
    size_t files;
};

static void count_one(void *context, const char *path)
{
    struct count *count = context;
    if (string_ends_with(path, count->suffix))
        count->files++;
}

size_t folder_count(const char *path, const char *suffix)
{
    struct count count = {suffix, 0};
    folder_walk(path, count_one, &count);
    return count.files;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status, (void)type, (void)place;
    remove(path);
    return 0;
}

void folder_remove(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
