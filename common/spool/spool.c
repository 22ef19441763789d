#include "common/spool/spool.h"

#include "common/base/boot.h"
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/crash.h"
#include "common/base/durable.h"
#include "common/base/err.h"
#include "common/base/filesystem.h"
#include "common/base/memory.h"
#include "common/base/receipt.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FAN = 256,
    FILE_NAME_SIZE = RECEIPT_SIZE + BOOT_MARK_SIZE + 5, /* ".part" */
    OTHERS_PART_MS = 60 * 60 * 1000
};

/* Descriptors are opened when first wanted and kept: a folder is never replaced while a process runs. */
struct spool {
    struct text path;          /* state_dir/spool */
    char mark[BOOT_MARK_SIZE]; /* of the part files that are made here */
    int root;
    int places[SPOOL_PLACES];
    int fans[SPOOL_PLACES][FAN]; /* of the places that are spread over folders */
};

static const char *const place_names[] = {
#define X(name, folder) [SPOOL_##name] = folder,
    SPOOL_PLACE_MAP(X)
#undef X
};

static const bool place_is_fanned[SPOOL_PLACES] = {[SPOOL_QUEUE] = true, [SPOOL_KEPT] = true};

const char *spool_place_name(enum spool_place place)
{
    return place_names[place];
}

bool spool_place_parse(const char *name, enum spool_place *ret_place)
{
    for (int place = 0; place < SPOOL_PLACES; place++) {
        if (strcmp(name, place_names[place]) == 0) {
            *ret_place = (enum spool_place)place;
            return true;
        }
    }
    return false;
}

static struct spool *spool_new(const char *state_dir)
{
    struct spool *spool = memory_new(1, sizeof *spool);
    text_format(&spool->path, "%s/spool", state_dir);
    boot_mark(spool->mark);
    spool->root = -1;
    for (int place = 0; place < SPOOL_PLACES; place++) {
        spool->places[place] = -1;
        for (int i = 0; i < FAN; i++)
            spool->fans[place][i] = -1;
    }
    return spool;
}

void spool_destroy(struct spool **spool)
{
    struct spool *s = *spool;
    if (!s)
        return;
    for (int place = 0; place < SPOOL_PLACES; place++) {
        for (int i = 0; i < FAN; i++)
            fd_close(&s->fans[place][i]);
        fd_close(&s->places[place]);
    }
    fd_close(&s->root);
    text_release(&s->path);
    free(s);
    *spool = NULL;
}

static int open_folder(int dir, const char *path, int *ret_fd)
{
    int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_from_errno(errno);
    *ret_fd = fd;
    return 0;
}

int spool_open(const char *state_dir, struct spool **ret_spool)
{
    AUTO(spool_destroy) struct spool *spool = spool_new(state_dir);
    int rc = open_folder(AT_FDCWD, text_string(&spool->path), &spool->root);
    if (rc < 0)
        return rc;
    *ret_spool = spool;
    spool = NULL;
    return 0;
}

/* Makes and opens a folder; its entry in dir is flushed even if it was there, since the process that made it
 * may have died before it flushed. */
static int make_folder(int dir, const char *name, int *ret_fd)
{
    int rc = durable_folder(dir, name, ret_fd);
    return rc < 0 ? rc : durable_sync(dir);
}

static int make_place(struct spool *spool, enum spool_place place)
{
    int rc = make_folder(spool->root, place_names[place], &spool->places[place]);
    if (rc < 0 || !place_is_fanned[place])
        return rc;
    for (int i = 0; i < FAN; i++) {
        char name[3];
        (void)snprintf(name, sizeof name, "%02x", (unsigned)i & 0xffu);
        if (mkdirat(spool->places[place], name, 0750) != 0 && errno != EEXIST)
            return err_from_errno(errno);
    }
    return durable_sync(spool->places[place]);
}

static int make_state_folder(const char *state_dir, int *ret_fd)
{
    bool made = mkdir(state_dir, 0750) == 0;
    if (!made && errno != EEXIST)
        return err_from_errno(errno);
    int rc = open_folder(AT_FDCWD, state_dir, ret_fd);
    if (rc < 0 || !made)
        return rc;
    AUTO(fd_close) int parent = -1;
    rc = open_folder(*ret_fd, "..", &parent);
    return rc < 0 ? rc : durable_sync(parent);
}

int spool_create(const char *state_dir, struct spool **ret_spool)
{
    AUTO(fd_close) int state = -1;
    AUTO(spool_destroy) struct spool *spool = spool_new(state_dir);
    int rc = make_state_folder(state_dir, &state);
    if (rc == 0)
        rc = make_folder(state, "spool", &spool->root);
    for (int place = 0; rc == 0 && place < SPOOL_PLACES; place++)
        rc = make_place(spool, (enum spool_place)place);
    if (rc < 0)
        return rc;
    *ret_spool = spool;
    spool = NULL;
    return 0;
}

/* Opens it when first wanted; returns the descriptor or a negative error, which must not be taken for the
 * -1 of "not open yet". */
static int wanted_folder(int dir, const char *name, int *fd)
{
    if (*fd < 0) {
        int rc = open_folder(dir, name, fd);
        if (rc < 0)
            return rc;
    }
    return *fd;
}

static int fan_folder(struct spool *spool, enum spool_place place, unsigned i)
{
    int dir = wanted_folder(spool->root, place_names[place], &spool->places[place]);
    if (dir < 0 || !place_is_fanned[place])
        return dir;
    char name[3];
    (void)snprintf(name, sizeof name, "%02x", i & 0xffu);
    return wanted_folder(dir, name, &spool->fans[place][i]);
}

/* A receipt's last two digits: they are random. */
static unsigned fan_index(const char *receipt)
{
    unsigned value = 0;
    for (const char *c = receipt + RECEIPT_LENGTH - 2; *c; c++)
        value = value << 4 | (unsigned)(*c <= '9' ? *c - '0' : *c - 'a' + 10);
    return value & 0xffu;
}

int spool_folder(struct spool *spool, enum spool_place place, const char *receipt)
{
    return receipt_is_valid(receipt) ? fan_folder(spool, place, fan_index(receipt)) : ERR_SYNTAX;
}

static const char *file_name(const char *receipt, char *buffer)
{
    (void)snprintf(buffer, FILE_NAME_SIZE, "%s.dcm", receipt);
    return buffer;
}

void spool_append_path(const struct spool *spool, enum spool_place place, const char *receipt,
                       struct text *path)
{
    text_format(path, "%s/%s/", text_string(&spool->path), place_names[place]);
    if (place_is_fanned[place])
        text_format(path, "%s/", receipt + RECEIPT_LENGTH - 2);
    text_format(path, "%s.dcm", receipt);
}

int spool_open_file(struct spool *spool, enum spool_place place, const char *receipt, int *ret_fd)
{
    char name[FILE_NAME_SIZE];
    int dir = spool_folder(spool, place, receipt);
    if (dir < 0)
        return dir;
    int fd = openat(dir, file_name(receipt, name), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_from_errno(errno);
    *ret_fd = fd;
    return 0;
}

static int spool_has(struct spool *spool, enum spool_place place, const char *receipt)
{
    char name[FILE_NAME_SIZE];
    struct stat info;
    int dir = spool_folder(spool, place, receipt);
    if (dir < 0)
        return dir;
    if (fstatat(dir, file_name(receipt, name), &info, AT_SYMLINK_NOFOLLOW) != 0)
        return err_from_errno(errno);
    return 0;
}

int spool_find(struct spool *spool, const char *receipt, enum spool_place *ret_place)
{
    /* The places are in the order in which a file can move, so that one that moves meanwhile is found. */
    for (int place = 0; place < SPOOL_PLACES; place++) {
        int rc = spool_has(spool, (enum spool_place)place, receipt);
        if (rc == 0)
            *ret_place = (enum spool_place)place;
        if (rc != ERR_ABSENT)
            return rc;
    }
    return ERR_ABSENT;
}

int spool_move(struct spool *spool, const char *receipt, enum spool_place from, enum spool_place to)
{
    char name[FILE_NAME_SIZE];
    int from_dir = spool_folder(spool, from, receipt);
    if (from_dir < 0)
        return from_dir;
    int to_dir = spool_folder(spool, to, receipt);
    if (to_dir < 0)
        return to_dir;
    (void)file_name(receipt, name);
    int rc = durable_rename(from_dir, name, to_dir, name);
    return rc == ERR_ABSENT ? spool_has(spool, to, receipt) : rc;
}

int spool_remove(struct spool *spool, const char *receipt, enum spool_place place)
{
    char name[FILE_NAME_SIZE];
    int dir = spool_folder(spool, place, receipt);
    if (dir < 0)
        return dir;
    int rc = durable_remove(dir, file_name(receipt, name));
    return rc == ERR_ABSENT ? 0 : rc;
}

static void close_dir(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
    *dir = NULL;
}

/* A stream of its own over an open folder: the kept descriptor's position must not move. */
static int open_stream(int folder, DIR **ret_dir)
{
    AUTO(fd_close) int fd = -1;
    int rc = open_folder(folder, ".", &fd);
    if (rc < 0)
        return rc;
    DIR *dir = fdopendir(fd);
    if (!dir)
        return err_from_errno(errno);
    fd = -1;
    *ret_dir = dir;
    return 0;
}

/* Calls each with every name that is a receipt with something behind it. */
static int scan_folder(int folder, int (*each)(void *context, const char *receipt, const char *rest),
                       void *context)
{
    AUTO(close_dir) DIR *dir = NULL;
    int rc = open_stream(folder, &dir);
    while (rc == 0) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry)
            return errno ? err_from_errno(errno) : 0;
        char receipt[RECEIPT_SIZE];
        if (strlen(entry->d_name) < RECEIPT_LENGTH)
            continue;
        memcpy(receipt, entry->d_name, RECEIPT_LENGTH);
        receipt[RECEIPT_LENGTH] = '\0';
        if (receipt_is_valid(receipt))
            rc = each(context, receipt, entry->d_name + RECEIPT_LENGTH);
    }
    return rc;
}

struct scan {
    int (*each)(void *context, const char *receipt);
    void *context;
};

static int scan_one(void *context, const char *receipt, const char *rest)
{
    const struct scan *scan = context;
    return strcmp(rest, ".dcm") == 0 ? scan->each(scan->context, receipt) : 0;
}

int spool_scan(struct spool *spool, enum spool_place place, int (*each)(void *context, const char *receipt),
               void *context)
{
    int rc = 0;
    struct scan scan = {each, context};
    unsigned folders = place_is_fanned[place] ? FAN : 1;
    for (unsigned i = 0; rc == 0 && i < folders; i++) {
        int folder = fan_folder(spool, place, i);
        if (folder != ERR_ABSENT)
            rc = folder < 0 ? folder : scan_folder(folder, scan_one, &scan);
    }
    return rc;
}

static const char *partial_name(const struct spool *spool, const char *receipt, char *buffer)
{
    (void)snprintf(buffer, FILE_NAME_SIZE, "%s%s%s.part", receipt, *spool->mark ? "." : "", spool->mark);
    return buffer;
}

/* A sweep may have taken the file between its creation and the lock: then the lock is denied, or the file has
 * lost its name already. */
int spool_create_partial(struct spool *spool, char *ret_receipt, int *ret_fd)
{
    int dir = fan_folder(spool, SPOOL_INCOMING, 0);
    if (dir < 0)
        return dir;
    for (int attempt = 0; attempt < 10; attempt++) {
        char receipt[RECEIPT_SIZE], name[FILE_NAME_SIZE];
        int rc = receipt_make(receipt);
        if (rc < 0)
            return rc;
        AUTO(fd_close)
        int fd = openat(dir, partial_name(spool, receipt, name),
                        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
        if (fd < 0)
            return err_from_errno(errno);
        struct stat info;
        if (flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, &info) != 0 || info.st_nlink == 0)
            continue;
        memcpy(ret_receipt, receipt, sizeof receipt);
        *ret_fd = fd;
        fd = -1;
        return 0;
    }
    return ERR_AGAIN;
}

int spool_commit_partial(struct spool *spool, const char *receipt)
{
    char part[FILE_NAME_SIZE], name[FILE_NAME_SIZE];
    int dir = fan_folder(spool, SPOOL_INCOMING, 0);
    if (dir < 0)
        return dir;
    int rc = durable_rename(dir, partial_name(spool, receipt, part), dir, file_name(receipt, name));
    if (rc < 0) {
        (void)durable_remove(dir, part);
        return rc;
    }
    CRASH_POINT(ASSOCIATION_RENAMED);
    rc = durable_sync(dir);
    CRASH_POINT(ASSOCIATION_FOLDER_SYNCED);
    if (rc < 0)
        (void)durable_remove(dir, name);
    return rc;
}

int spool_remove_partial(struct spool *spool, const char *receipt)
{
    char part[FILE_NAME_SIZE];
    int dir = fan_folder(spool, SPOOL_INCOMING, 0);
    if (dir < 0)
        return dir;
    int rc = durable_remove(dir, partial_name(spool, receipt, part));
    return rc == ERR_ABSENT ? 0 : rc;
}

struct sweep {
    int dir;
    bool local;
    char own[FILE_NAME_SIZE]; /* what is behind the receipt of our own part files */
    unsigned count;
};

/* The lock alone says so where it reaches everybody. Where it may not, a part file of another start of a kernel may be
 * another host's, and is left alone while it is young. */
static bool may_sweep(const struct sweep *sweep, const char *rest, int fd)
{
    struct stat info;
    if (sweep->local || strcmp(rest, sweep->own) == 0)
        return true;
    return fstat(fd, &info) == 0 && clock_wall_ms() - (int64_t)info.st_mtime * 1000 > OTHERS_PART_MS;
}

static int sweep_one(void *context, const char *receipt, const char *rest)
{
    struct sweep *sweep = context;
    AUTO(text_release) struct text name = TEXT_EMPTY;
    if (!string_ends_with(rest, ".part"))
        return 0;
    text_format(&name, "%s%s", receipt, rest);
    AUTO(fd_close)
    int fd = openat(sweep->dir, text_string(&name), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : err_from_errno(errno);
    if (!may_sweep(sweep, rest, fd))
        return 0;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? 0 : err_from_errno(errno);
    int rc = durable_remove(sweep->dir, text_string(&name));
    if (rc == 0)
        sweep->count++;
    return rc == ERR_ABSENT ? 0 : rc;
}

int spool_sweep_partial(struct spool *spool, unsigned *ret_count)
{
    struct sweep sweep = {.dir = fan_folder(spool, SPOOL_INCOMING, 0)};
    struct filesystem filesystem;
    if (sweep.dir < 0)
        return sweep.dir;
    filesystem_of(sweep.dir, &filesystem);
    sweep.local = filesystem.kind == FILESYSTEM_LOCAL;
    (void)partial_name(spool, "", sweep.own);
    int rc = scan_folder(sweep.dir, sweep_one, &sweep);
    if (rc == 0 && ret_count)
        *ret_count = sweep.count;
    return rc;
}

int spool_root(const struct spool *spool)
{
    return spool->root < 0 ? ERR_ABSENT : spool->root;
}

int spool_incoming(struct spool *spool)
{
    return fan_folder(spool, SPOOL_INCOMING, 0);
}

void spool_keep_incoming(struct spool *spool)
{
    (void)spool_incoming(spool);
    for (int place = 0; place < SPOOL_PLACES; place++) {
        if (place == SPOOL_INCOMING)
            continue;
        for (int i = 0; i < FAN; i++)
            fd_close(&spool->fans[place][i]);
        fd_close(&spool->places[place]);
    }
    fd_close(&spool->root);
}

int spool_disk_size(struct spool *spool, int64_t *ret_bytes)
{
    return durable_disk_size(spool->root, ret_bytes);
}

int spool_room(struct spool *spool, struct spool_room *ret_room)
{
    int folder = spool->root < 0 ? spool_incoming(spool) : spool->root; /* of one file system */
    return durable_room(folder, &ret_room->bytes, &ret_room->files);
}

bool spool_room_suffices(const struct spool_room *room, int64_t min_bytes)
{
    return room->bytes >= min_bytes && room->files >= SPOOL_FILES_LEAST;
}
