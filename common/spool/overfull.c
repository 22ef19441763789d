#include "common/spool/overfull.h"

#include "common/base/cleanup.h"
#include "common/base/durable.h"
#include "common/base/err.h"
#include "common/base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OVERFULL_MOST = 64 << 10 };

static const char list[] = "overfull", fresh[] = "overfull.new";

int overfull_write(struct spool *spool, const struct text *titles)
{
    int dir = spool_incoming(spool);
    if (dir < 0)
        return dir;
    if (titles->length == 0) {
        int rc = durable_remove(dir, list);
        return rc == ERR_ABSENT ? 0 : rc;
    }
    AUTO(fd_close) int fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd < 0)
        return err_from_errno(errno);
    ssize_t written = write(fd, text_string(titles), titles->length);
    if (written != (ssize_t)titles->length || renameat(dir, fresh, dir, list) != 0)
        return written < 0 ? err_from_errno(errno) : ERR_IO;
    return 0;
}

void overfull_read(struct spool *spool, struct text *ret_titles)
{
    char bytes[4096];
    int dir = spool_incoming(spool);
    AUTO(fd_close) int fd = dir < 0 ? -1 : openat(dir, list, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t length;
    while (fd >= 0 && ret_titles->length < OVERFULL_MOST && (length = read(fd, bytes, sizeof bytes)) > 0)
        text_append_bytes(ret_titles, bytes, (size_t)length);
}

bool overfull_lists(struct spool *spool, const char *title)
{
    AUTO(text_release) struct text titles = TEXT_EMPTY;
    AUTO(text_release) struct text checked = TEXT_EMPTY;
    overfull_read(spool, &titles);
    utf8_append_checked(&checked, title, strlen(title));
    for (const char *line = text_string(&titles); *line;) {
        size_t here = strcspn(line, "\n");
        if (here == checked.length && strncmp(line, text_string(&checked), here) == 0)
            return true;
        line += here + (line[here] == '\n');
    }
    return false;
}
