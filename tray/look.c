#include "tray/look.h"

#include "common/base/cleanup.h"
#include "common/base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { STRIDE = 256 };

static bool is_on_its_way(const char *name)
{
    static const char *const ends[] = {"~", ".part", ".partial", ".filepart", ".tmp", ".crdownload"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (string_ends_with(name, ends[i]))
            return true;
    return name[0] == '.';
}

static bool is_passed_over(const char *name, unsigned depth)
{
    return is_on_its_way(name) ||
           (depth == 0 && (strcmp(name, LOOK_DONE) == 0 || strcmp(name, LOOK_FAILED) == 0));
}

static void close_listing(DIR **listing)
{
    if (*listing)
        (void)closedir(*listing);
}

static bool look_into(struct look *look, int folder, const char *path, unsigned depth, bool *ret_empty);

/* Who made an empty folder may be about to fill it. */
static void remove_empty(const struct look *look, const struct look_file *file)
{
    if (look->now - (int64_t)file->status.st_mtim.tv_sec * 1000 > LOOK_EMPTY_MS)
        (void)unlinkat(file->folder, file->name, AT_REMOVEDIR);
}

static bool look_at_folder(struct look *look, const struct look_file *file, unsigned depth)
{
    bool is_empty = false;
    if (depth + 1 >= LOOK_DEPTH) {
        look->deeper++;
        return true;
    }
    AUTO(fd_close)
    int folder = openat(file->folder, file->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0) {
        look->unreadable += errno != ENOENT && errno != ENOTDIR;
        look->error = errno;
        return true;
    }
    bool going = look_into(look, folder, file->path, depth + 1, &is_empty);
    if (is_empty)
        remove_empty(look, file);
    return going;
}

static bool look_at(struct look *look, int folder, const char *above, const char *name, unsigned depth)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    struct look_file file = {.folder = folder, .name = name};
    if (is_passed_over(name, depth) || fstatat(folder, name, &file.status, AT_SYMLINK_NOFOLLOW) != 0)
        return true;
    text_format(&path, "%s%s%s", above, *above ? "/" : "", name);
    file.path = text_string(&path);
    return S_ISDIR(file.status.st_mode) ? look_at_folder(look, &file, depth)
                                        : look->each(look->context, &file);
}

static bool look_into(struct look *look, int folder, const char *path, unsigned depth, bool *ret_empty)
{
    int own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    AUTO(close_listing) DIR *listing = own < 0 ? NULL : fdopendir(own);
    unsigned entries = 0;
    if (!listing) {
        look->unreadable++;
        look->error = errno;
        fd_close(&own);
        return true;
    }
    for (struct dirent *entry; (entry = readdir(listing));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (entries++ % STRIDE == 0 && !look->proceed(look->context))
            return false;
        if (!look_at(look, folder, path, entry->d_name, depth))
            return false;
    }
    *ret_empty = entries == 0;
    return true;
}

bool look_walk(struct look *look, int root)
{
    bool is_empty;
    return look_into(look, root, "", 0, &is_empty);
}
