#include "tests/support/port.h"

#include "common/base/cleanup.h"
#include "tests/support/deadline.h"

#include <arpa/inet.h>
#include "tests/support/require.h"
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in loopback(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int port_free(void)
{
    AUTO(fd_close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    require(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0, "%s", strerror(errno));
    require(getsockname(fd, (struct sockaddr *)&address, &length) == 0, "%s", strerror(errno));
    return ntohs(address.sin_port);
}

static int try_connect(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(fd >= 0, "%s", strerror(errno));
    struct sockaddr_in address = loopback(port);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        fd_close(&fd);
    return fd;
}

bool port_accepts(int port)
{
    AUTO(fd_close) int fd = try_connect(port);
    return fd >= 0;
}

static bool accepts(void *context)
{
    return port_accepts(*(int *)context);
}

static bool accepts_not(void *context)
{
    return !port_accepts(*(int *)context);
}

bool port_wait(int port, int64_t limit_ms)
{
    return wait_until(accepts, &port, limit_ms);
}

bool port_wait_closed(int port, int64_t limit_ms)
{
    return wait_until(accepts_not, &port, limit_ms);
}

int port_connect(int port)
{
    int fd = try_connect(port);
    require(fd >= 0, "nobody accepts on port %d: %s", port, strerror(errno));
    return fd;
}
