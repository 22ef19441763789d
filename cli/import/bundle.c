#include "cli/import/bundle.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 1 << 20, STRIDE = 16 << 20 };

const struct bundle_bounds bundle_bounds_usual = {
    .entries = 10000000, .bytes = (int64_t)4 << 30, .ratio = 200};

bool bundle_is_one(int fd)
{
    static const struct {
        size_t at, length;
        const char *bytes;
    } marks[] = {{0, 4, "PK\3\4"},
                 {0, 4, "PK\5\6"},
                 {0, 2, "\x1F\x8B"},
                 {0, 3, "BZh"},
                 {0, 6,
                  "\xFD"
                  "7zXZ\0"},
                 {0, 4, "\x28\xB5\x2F\xFD"},
                 {257, 5, "ustar"}};
    char head[262] = {0};
    ssize_t got = pread(fd, head, sizeof head, 0);
    if (memcmp(head + 128, "DICM", 4) == 0)
        return false; /* what is in front of it is anybody's (PS3.10 section 7.1) */
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (got >= (ssize_t)(marks[i].at + marks[i].length) &&
            memcmp(head + marks[i].at, marks[i].bytes, marks[i].length) == 0)
            return true;
    }
    return false;
}

int bundle_scratch(int folder)
{
    int fd = openat(folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
        return fd >= 0 ? fd : err_from_errno(errno);
    char name[] = "scratch"; /* of a file system that makes no file without a name; one import at a time */
    (void)unlinkat(folder, name, 0);
    fd = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_from_errno(errno);
    (void)unlinkat(folder, name, 0);
    return fd;
}

static void release_archive(struct archive **archive)
{
    if (*archive)
        (void)archive_read_free(*archive);
}

/* What one archive may come to. */
struct budget {
    int64_t entries, bytes; /* that are left */
};

static enum bundle_end write_block(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return BUNDLE_FULL;
        bytes += n;
        length -= (size_t)n;
    }
    return BUNDLE_READ;
}

/* What the entry holds goes to the file. */
static enum bundle_end unpack(struct archive *archive, const struct bundle_reader *reader,
                              struct budget *budget, int fd)
{
    AUTO(memory_free) char *block = memory_new(1, BLOCK);
    enum bundle_end end = BUNDLE_READ;
    for (int64_t done = 0, asked = 0; end == BUNDLE_READ;) {
        if (done >= asked && !reader->proceed(reader->context, STRIDE))
            return BUNDLE_STOPPED;
        asked = done >= asked ? asked + STRIDE : asked;
        la_ssize_t n = archive_read_data(archive, block, BLOCK);
        if (n <= 0)
            return n == 0 ? BUNDLE_READ : BUNDLE_DAMAGED;
        budget->bytes -= n;
        end = budget->bytes < 0 ? BUNDLE_SWOLLEN : write_block(fd, block, (size_t)n);
        done += n;
    }
    return end;
}

static enum bundle_end take_entry(struct archive *archive, struct archive_entry *entry,
                                  const struct bundle_reader *reader, struct budget *budget)
{
    const char *name = archive_entry_pathname(entry);
    AUTO(fd_close) int fd = -1;
    if (--budget->entries < 0)
        return BUNDLE_SWOLLEN;
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry))
        return BUNDLE_READ;
    if ((fd = bundle_scratch(reader->scratch)) < 0)
        return BUNDLE_FULL;
    enum bundle_end end = unpack(archive, reader, budget, fd);
    if (end == BUNDLE_READ && !reader->take(reader->context, name ? name : "?", fd))
        end = BUNDLE_STOPPED;
    return end;
}

enum bundle_end bundle_each(int fd, const struct bundle_reader *reader)
{
    struct stat status;
    AUTO(release_archive) struct archive *archive = archive_read_new();
    if (!archive || fstat(fd, &status) != 0 || lseek(fd, 0, SEEK_SET) != 0)
        return BUNDLE_DAMAGED;
    struct budget budget = {reader->bounds->entries,
                            reader->bounds->bytes + reader->bounds->ratio * status.st_size};
    (void)archive_read_support_format_zip(archive);
    (void)archive_read_support_format_tar(archive);
    (void)archive_read_support_filter_gzip(archive);
    (void)archive_read_support_filter_bzip2(archive);
    (void)archive_read_support_filter_xz(archive);
    (void)archive_read_support_filter_zstd(archive);
    if (archive_read_open_fd(archive, fd, BLOCK) != ARCHIVE_OK)
        return BUNDLE_DAMAGED;
    for (;;) {
        struct archive_entry *entry;
        int code = archive_read_next_header(archive, &entry);
        if (code == ARCHIVE_EOF)
            return BUNDLE_READ;
        if (code != ARCHIVE_OK && code != ARCHIVE_WARN)
            return BUNDLE_DAMAGED;
        enum bundle_end end = take_entry(archive, entry, reader, &budget);
        if (end != BUNDLE_READ)
            return end;
    }
}
