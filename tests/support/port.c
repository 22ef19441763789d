#include "tests/support/port.h"

#include "common/base/cleanup.h"
#include "common/base/random.h"
#include "tests/support/deadline.h"
#include "tests/support/require.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct sockaddr_in loopback(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* Servers get ports below the range that the kernel gives to outgoing connections: there a port that was free
 * a moment ago is soon somebody's. They are given out in blocks, since who asks for one often serves on the next ones, too: a
 * process of Felucca on metrics.port and its place in the table of processes. A socket in the abstract namespace, open as long as
 * this process lives, keeps another test from choosing the same block. */
enum { FIRST_PORT = 12000, BLOCK = 10, BLOCKS = 1600, TRIES = 1000 };

static int bind_loopback(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = loopback(port);
    int on = 1;
    require(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0, "%s", strerror(errno));
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
        fd_close(&fd);
    return fd;
}

/* A descriptor that keeps the block, or -1: another test has it. */
static int reserve(int first)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int length = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "felucca-test-ports-%d", first);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(fd >= 0, "%s", strerror(errno));
    if (bind(fd, (struct sockaddr *)&name,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length)) != 0)
        fd_close(&fd);
    return fd;
}

/* Somebody who knows nothing of blocks may listen on one of its ports. */
static bool is_free(int first)
{
    for (int port = first; port < first + BLOCK; port++) {
        AUTO(fd_close) int bound = bind_loopback(port);
        if (bound < 0)
            return false;
    }
    return true;
}

int port_free_run(int count)
{
    require(count <= BLOCK, "%d ports in a row are more than a block has", count);
    for (int try = 0; try < TRIES; try++) {
        int first = FIRST_PORT + BLOCK * (int)random_below(BLOCKS);
        if (reserve(first) >= 0 && is_free(first))
            return first;
    }
    require(false, "no %d free ports in a row after %d tries", count, TRIES);
    return 0;
}

int port_free(void)
{
    return port_free_run(1);
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
