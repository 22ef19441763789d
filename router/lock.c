#include "router/lock.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/text.h"

#include <errno.h>
#include <fcntl.h>

int lock_try(int fd)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_SETLK, &whole) == 0)
        return 0;
    return errno == EAGAIN || errno == EACCES ? ERR_LOCKED : err_from_errno(errno);
}

int lock_open(const char *state_dir, int *ret_fd)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    text_format(&path, "%s/jobs.db.lock", state_dir);
    int fd = open(text_string(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        return err_from_errno(errno);
    *ret_fd = fd;
    return lock_try(fd);
}
