#include "common/spool/unconfined.h"

#include "common/base/cleanup.h"
#include "common/base/utf8.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { BYTES_MOST = 1024, SHOWN_MOST = 300 };

static const char name[] = "unconfined", fresh[] = "unconfined.new";

void unconfined_write(struct spool *spool, const char *because)
{
    int dir = spool_incoming(spool);
    if (dir < 0)
        return;
    if (!*because) {
        (void)unlinkat(dir, name, 0);
        return;
    }
    AUTO(fd_close) int fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd >= 0 && write(fd, because, strlen(because)) > 0)
        (void)renameat(dir, fresh, dir, name);
}

void unconfined_read(struct spool *spool, struct text *ret_because)
{
    char bytes[BYTES_MOST];
    int dir = spool_incoming(spool);
    AUTO(fd_close) int fd = dir < 0 ? -1 : openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : pread(fd, bytes, sizeof bytes, 0);
    if (length > 0)
        utf8_append_shown(ret_because, bytes, (size_t)length, SHOWN_MOST);
}
