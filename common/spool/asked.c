#include "common/spool/asked.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/crash.h"
#include "common/base/durable.h"
#include "common/base/err.h"
#include "common/base/receipt.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_SIZE = RECEIPT_SIZE + 11 /* ".unreadable" */, OLD_MS = 60 * 60 * 1000 };

static const char folder_name[] = "commitments";
static const char *const endings[ASKED_PARTS] = {".request", ".report", ".outcome"};
/* While they are written: by two processes, maybe at once. */
static const char *const unfinished[ASKED_PARTS] = {".part", ".report-0", ".outcome-0"};

int asked_open(struct spool *spool, int *ret_folder)
{
    int root = spool_root(spool);
    return root < 0 ? ERR_ABSENT : durable_folder(root, folder_name, ret_folder);
}

int asked_make(struct spool *spool)
{
    AUTO(fd_close) int folder = -1;
    int rc = asked_open(spool, &folder);
    return rc < 0 ? rc : durable_sync(spool_root(spool));
}

static const char *name_of(const char *receipt, const char *ending, char (*buffer)[NAME_SIZE])
{
    (void)snprintf(*buffer, sizeof *buffer, "%s%s", receipt, ending);
    return *buffer;
}

static int write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EFBIG ? ERR_NOSPACE : err_from_errno(errno);
        bytes += n;
        length -= (size_t)n;
    }
    return 0;
}

/* ret_lock: as asked_write() has it; locked before the file has its name. */
static int write_part(int folder, const char *part, const struct text *bytes, int *ret_lock)
{
    AUTO(fd_close)
    int fd = openat(folder, part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd < 0)
        return err_from_errno(errno);
    int rc = write_all(fd, text_string(bytes), bytes->length);
    if (rc == 0)
        rc = durable_sync(fd);
    if (rc < 0) {
        (void)durable_remove(folder, part);
    } else if (ret_lock && flock(fd, LOCK_EX | LOCK_NB) == 0) {
        *ret_lock = fd;
        fd = -1;
    }
    return rc;
}

int asked_write(int folder, const struct text *bytes, char *ret_receipt, int *ret_lock)
{
    char receipt[RECEIPT_SIZE], part[NAME_SIZE], name[NAME_SIZE];
    AUTO(fd_close) int lock = -1;
    int rc = receipt_make(receipt);
    if (rc == 0)
        rc = write_part(folder, name_of(receipt, unfinished[ASKED_REQUEST], &part), bytes,
                        ret_lock ? &lock : NULL);
    if (rc < 0)
        return rc;
    CRASH_POINT(ASSOCIATION_COMMITMENT_SYNCED);
    rc = durable_rename(folder, part, folder, name_of(receipt, endings[ASKED_REQUEST], &name));
    if (rc < 0) {
        (void)durable_remove(folder, part);
        return rc;
    }
    rc = durable_sync(folder);
    if (rc < 0) {
        (void)durable_remove(folder, name);
        return rc;
    }
    CRASH_POINT(ASSOCIATION_COMMITMENT_DURABLE);
    memcpy(ret_receipt, receipt, sizeof receipt);
    if (ret_lock) {
        *ret_lock = lock;
        lock = -1;
    }
    return 0;
}

bool asked_is_kept(int folder, const char *receipt)
{
    char name[NAME_SIZE];
    AUTO(fd_close)
    int fd = openat(folder, name_of(receipt, endings[ASKED_REQUEST], &name),
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

int asked_write_part(int folder, const char *receipt, enum asked_part part, const struct text *bytes)
{
    char written[NAME_SIZE], name[NAME_SIZE];
    (void)durable_remove(folder, name_of(receipt, unfinished[part], &written)); /* of one that died */
    int rc = write_part(folder, written, bytes, NULL);
    if (rc == 0)
        rc = durable_rename(folder, written, folder, name_of(receipt, endings[part], &name));
    if (rc < 0)
        (void)durable_remove(folder, written);
    return rc < 0 ? rc : durable_sync(folder);
}

static int read_all(int fd, struct text *out)
{
    char bytes[64 << 10];
    for (;;) {
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n < 0 && errno != EINTR)
            return err_from_errno(errno);
        if (n == 0)
            return 0;
        if (n > 0)
            text_append_bytes(out, bytes, (size_t)n);
        if (out->length > ASKED_BYTES_MOST)
            return ERR_RANGE;
    }
}

int asked_read_part(int folder, const char *receipt, enum asked_part part, struct text *out)
{
    char name[NAME_SIZE];
    if (!receipt_is_valid(receipt))
        return ERR_SYNTAX;
    AUTO(fd_close)
    int fd = openat(folder, name_of(receipt, endings[part], &name), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? err_from_errno(errno) : read_all(fd, out);
}

int asked_read(int folder, const char *receipt, struct text *out)
{
    return asked_read_part(folder, receipt, ASKED_REQUEST, out);
}

int asked_park(int folder, const char *receipt)
{
    char name[NAME_SIZE], aside[NAME_SIZE];
    if (!receipt_is_valid(receipt))
        return ERR_SYNTAX;
    return durable_rename(folder, name_of(receipt, ".request", &name), folder,
                          name_of(receipt, ".unreadable", &aside));
}

int asked_remove(int folder, const char *receipt)
{
    char name[NAME_SIZE];
    if (!receipt_is_valid(receipt))
        return ERR_SYNTAX;
    for (int part = ASKED_PARTS - 1; part >= ASKED_REQUEST; part--) {
        if (part != ASKED_REQUEST)
            (void)durable_remove(folder, name_of(receipt, unfinished[part], &name));
        int rc = durable_remove(folder, name_of(receipt, endings[part], &name));
        if (rc < 0 && rc != ERR_ABSENT)
            return rc;
    }
    return 0;
}

static void close_stream(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
    *dir = NULL;
}

/* A stream of its own: the descriptor's position must not move. */
static DIR *open_stream(int folder)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir && fd >= 0)
        (void)close(fd);
    return dir;
}

int asked_scan(int folder, int (*each)(void *context, const char *receipt), void *context)
{
    AUTO(close_stream) DIR *dir = open_stream(folder);
    int rc = dir ? 0 : err_from_errno(errno);
    while (rc == 0) {
        char receipt[RECEIPT_SIZE];
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry)
            return errno ? err_from_errno(errno) : 0;
        if (strlen(entry->d_name) < RECEIPT_LENGTH)
            continue;
        memcpy(receipt, entry->d_name, RECEIPT_LENGTH);
        receipt[RECEIPT_LENGTH] = '\0';
        const char *ending = entry->d_name + RECEIPT_LENGTH;
        if (!receipt_is_valid(receipt))
            continue;
        if (strcmp(ending, ".request") == 0)
            rc = each(context, receipt);
        else if (strcmp(ending, ".part") == 0 && clock_wall_ms() - receipt_time(receipt) > OLD_MS)
            (void)durable_remove(folder, entry->d_name);
    }
    return rc;
}
