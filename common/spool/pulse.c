#include "common/spool/pulse.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static const char name[] = "router.pulse";

/* In place and of one length, so that a full disk keeps nobody from it. */
void pulse_write(struct spool *spool, const struct pulse *pulse)
{
    char line[BOOT_ID_SIZE + 24];
    int dir = spool_root(spool);
    AUTO(fd_close)
    int fd = dir < 0 ? -1 : openat(dir, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
    int length =
        snprintf(line, sizeof line, "%-*s %020" PRId64 "\n", BOOT_ID_SIZE - 1, pulse->boot, pulse->beat);
    if (fd >= 0 && length > 0)
        (void)!pwrite(fd, line, (size_t)length, 0);
}

void pulse_remove(struct spool *spool)
{
    int dir = spool_root(spool);
    if (dir >= 0)
        (void)unlinkat(dir, name, 0);
}

int pulse_read(struct spool *spool, struct pulse *ret_pulse)
{
    char line[BOOT_ID_SIZE + 24] = "";
    struct pulse pulse = {.beat = 0};
    int dir = spool_root(spool);
    AUTO(fd_close) int fd = dir < 0 ? -1 : openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return dir < 0 ? dir : err_from_errno(errno);
    ssize_t length = pread(fd, line, sizeof line - 1, 0);
    if (length < 0)
        return err_from_errno(errno);
    if (sscanf(line, "%36s %20" SCNd64, pulse.boot, &pulse.beat) != 2)
        return ERR_SYNTAX;
    *ret_pulse = pulse;
    return 0;
}
