#include "router/sealed.h"

#include "common/base/cleanup.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

bool sealed_create(const char *name, const void *bytes, size_t length, int *ret_fd)
{
    AUTO(fd_close) int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || write(fd, bytes, length) != (ssize_t)length ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
        return false;
    *ret_fd = fd;
    fd = -1;
    return true;
}
