#include "committer/dial.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* 0, or an errno. */
static int wait_for(int fd, int64_t until_ms)
{
    struct pollfd connected = {.fd = fd, .events = POLLOUT};
    int error = 0;
    socklen_t size = sizeof error;
    for (;;) {
        int64_t left = until_ms - clock_monotonic_ms();
        int ready = left > 0 ? poll(&connected, 1, (int)left) : 0;
        if (ready == 0)
            return ETIMEDOUT;
        if (ready > 0)
            return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
        if (errno != EINTR)
            return errno;
    }
}

static int dial_one(const struct addrinfo *address, int64_t until_ms, int *ret_fd)
{
    AUTO(fd_close)
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    int error = connect(fd, address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS || error == EINTR)
        error = wait_for(fd, until_ms);
    if (error == 0 && fcntl(fd, F_SETFL, 0) != 0)
        error = errno;
    if (error != 0)
        return error;
    *ret_fd = fd;
    fd = -1;
    return 0;
}

static void release_addresses(struct addrinfo **addresses)
{
    if (*addresses)
        freeaddrinfo(*addresses);
    *addresses = NULL;
}

int dial(const char *host, int port, int64_t limit_ms, char *ret_reason, size_t size)
{
    const struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    AUTO(release_addresses) struct addrinfo *addresses = NULL;
    char service[16];
    int fd = -1, error = 0;
    (void)snprintf(service, sizeof service, "%d", port);
    int code = getaddrinfo(host, service, &wanted, &addresses);
    if (code != 0) {
        (void)snprintf(ret_reason, size, "%s", gai_strerror(code));
        return -1;
    }
    int64_t until_ms = clock_monotonic_ms() + limit_ms;
    for (const struct addrinfo *address = addresses; address && fd < 0; address = address->ai_next)
        error = dial_one(address, until_ms, &fd);
    if (fd < 0)
        (void)snprintf(ret_reason, size, "%s", strerror(error));
    return fd;
}

int dial_ourselves(int *ret_port)
{
    AUTO(fd_close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 1) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return -1;
    *ret_port = ntohs(address.sin_port);
    int ours = fd;
    fd = -1;
    return ours;
}
