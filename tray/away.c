#include "tray/away.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/crash.h"
#include "common/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WHY ".why.txt"

enum { NAME_MOST = NAME_MAX - 40, TRIES = 20 }; /* room for the time, a number and WHY */

/* ---- folders ---- */

static int open_folder(int above, const char *name, int *ret_folder)
{
    if (mkdirat(above, name, 0777) != 0 && errno != EEXIST)
        return errno;
    *ret_folder = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return *ret_folder < 0 ? errno : 0;
}

/* The folder of a path that begins at above, made where it is not. The descriptor is then the caller's. */
static int open_folders(int above, const char *path, int *ret_folder)
{
    AUTO(fd_close) int at = openat(above, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = at < 0 ? errno : 0;
    for (const char *slash; error == 0 && (slash = strchr(path, '/')); path = slash + 1) {
        AUTO(text_release) struct text name = TEXT_EMPTY;
        int next = -1;
        text_append_bytes(&name, path, (size_t)(slash - path));
        error = open_folder(at, text_string(&name), &next);
        fd_close(&at);
        at = next;
    }
    if (error == 0) {
        *ret_folder = at;
        at = -1;
    }
    return error;
}

static int prepare(int root, const char *name)
{
    AUTO(fd_close) int folder = -1;
    int error = open_folder(root, name, &folder);
    if (error == 0 && faccessat(folder, ".", W_OK | X_OK, AT_EACCESS) != 0)
        error = errno;
    return error;
}

int away_prepare(int root, const char **ret_name)
{
    static const char *const names[] = {LOOK_DONE, LOOK_FAILED};
    *ret_name = ".";
    if (faccessat(root, ".", R_OK | W_OK | X_OK, AT_EACCESS) != 0)
        return errno;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int error = prepare(root, *ret_name = names[i]);
        if (error != 0)
            return error;
    }
    return 0;
}

/* ---- names ---- */

static bool is_free(int folder, const char *name)
{
    struct stat status;
    return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
}

/* Cuts no character in two, as far as names are UTF-8. */
static size_t kept_length(const char *name)
{
    size_t length = strlen(name);
    if (length <= NAME_MOST)
        return length;
    for (length = NAME_MOST; length > 1 && ((unsigned char)name[length] & 0xC0) == 0x80;)
        length--;
    return length;
}

/* A name that is free, as is the one with WHY behind it. */
static int choose_name(int folder, const char *name, struct text *ret_name)
{
    for (int i = 0; i < TRIES; i++) {
        AUTO(text_release) struct text why = TEXT_EMPTY;
        text_clear(ret_name);
        text_append_bytes(ret_name, name, kept_length(name));
        if (i > 0)
            text_format(ret_name, ".%lld", (long long)clock_wall_ms() + i);
        text_format(&why, "%s" WHY, text_string(ret_name));
        if (is_free(folder, text_string(ret_name)) && is_free(folder, text_string(&why)))
            return 0;
    }
    return EEXIST;
}

/* ---- the move ---- */

/* Somebody may have put another file there since it was looked at: that one goes back. */
static int move(const struct look_file *file, int folder, const char *name)
{
    struct stat now;
    if (renameat(file->folder, file->name, folder, name) != 0)
        return errno == ENOENT ? EAGAIN : errno;
    if (fstatat(folder, name, &now, AT_SYMLINK_NOFOLLOW) == 0 && now.st_ino == file->status.st_ino &&
        now.st_dev == file->status.st_dev)
        return 0;
    if (is_free(file->folder, file->name))
        (void)renameat(folder, name, file->folder, file->name);
    return EAGAIN;
}

static int open_place(int root, const char *top, const char *path, int *ret_folder)
{
    AUTO(fd_close) int own = -1;
    int error = open_folder(root, top, &own);
    return error == 0 ? open_folders(own, path, ret_folder) : error;
}

int away_done(int root, const struct look_file *file)
{
    AUTO(fd_close) int folder = -1;
    AUTO(text_release) struct text name = TEXT_EMPTY;
    int error = open_place(root, LOOK_DONE, file->path, &folder);
    if (error == 0)
        error = choose_name(folder, file->name, &name);
    if (error == 0)
        error = move(file, folder, text_string(&name));
    CRASH_POINT_IF(error == 0, TRAY_MOVED);
    return error;
}

/* By way of done/, so that nothing is removed but what was looked at; who dies in between leaves it there. */
int away_delete(int root, const struct look_file *file)
{
    AUTO(fd_close) int folder = -1;
    AUTO(text_release) struct text name = TEXT_EMPTY;
    int error = open_place(root, LOOK_DONE, "", &folder);
    if (error == 0)
        error = choose_name(folder, file->name, &name);
    if (error == 0)
        error = move(file, folder, text_string(&name));
    CRASH_POINT_IF(error == 0, TRAY_DELETE_DUE);
    if (error == 0 && unlinkat(folder, text_string(&name), 0) != 0)
        error = errno;
    return error;
}

/* First the sentence: who dies in between leaves one too many, and no file without. */
static int write_why(int folder, const char *name, const char *sentence)
{
    AUTO(text_release) struct text why = TEXT_EMPTY, line = TEXT_EMPTY;
    char now[CLOCK_ISO_SIZE];
    text_format(&why, "%s" WHY, name);
    text_format(&line, "%s not taken: %s\n", clock_iso8601(clock_wall_ms(), now), sentence);
    AUTO(fd_close)
    int fd = openat(folder, text_string(&why), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return errno;
    return write(fd, line.bytes, line.length) == (ssize_t)line.length ? 0 : ENOSPC;
}

int away_failed(int root, const struct look_file *file, const char *sentence)
{
    AUTO(fd_close) int folder = -1;
    AUTO(text_release) struct text name = TEXT_EMPTY;
    int error = open_place(root, LOOK_FAILED, file->path, &folder);
    if (error == 0)
        error = choose_name(folder, file->name, &name);
    if (error == 0)
        error = write_why(folder, text_string(&name), sentence);
    CRASH_POINT_IF(error == 0, TRAY_FAILED_DUE);
    if (error == 0)
        error = move(file, folder, text_string(&name));
    return error;
}
