#include "common/spool/resting.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { RESTING_MOST = 1 << 20, RESTING_DEPTH = 4 };

static void append_path(const char *state_dir, const char *end, struct text *path)
{
    text_format(path, "%s/resting%s", state_dir, end);
}

static int write_file(const char *path, const struct text *bytes)
{
    AUTO(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd < 0)
        return err_from_errno(errno);
    ssize_t written = write(fd, text_string(bytes), bytes->length);
    return written == (ssize_t)bytes->length ? 0 : written < 0 ? err_from_errno(errno) : ERR_IO;
}

int resting_write(const char *state_dir, const json_t *list)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    AUTO(text_release) struct text fresh = TEXT_EMPTY;
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    append_path(state_dir, "", &path);
    append_path(state_dir, ".new", &fresh);
    if (json_array_size(list) == 0)
        return unlink(text_string(&path)) == 0 || errno == ENOENT ? 0 : err_from_errno(errno);
    json_append(list, &bytes);
    int code = write_file(text_string(&fresh), &bytes);
    if (code == 0 && rename(text_string(&fresh), text_string(&path)) != 0)
        code = err_from_errno(errno);
    return code;
}

json_t *resting_read(const char *state_dir)
{
    static const struct json_limits limits = {.bytes = RESTING_MOST, .depth = RESTING_DEPTH};
    AUTO(text_release) struct text path = TEXT_EMPTY;
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    AUTO(json_release) json_t *list = NULL;
    char part[4096];
    ssize_t length;
    append_path(state_dir, "", &path);
    AUTO(fd_close) int fd = open(text_string(&path), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    while (fd >= 0 && bytes.length <= RESTING_MOST && (length = read(fd, part, sizeof part)) > 0)
        text_append_bytes(&bytes, part, (size_t)length);
    if (json_read(text_string(&bytes), bytes.length, &limits, &list) != 0 || !json_is_array(list))
        return json_array();
    json_t *read = list;
    list = NULL;
    return read;
}
