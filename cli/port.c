#include "cli/port.h"

#include "common/base/cleanup.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>

static int listen_on(const struct addrinfo *address)
{
    int on = 1;
    AUTO(fd_close) int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool listens = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                   bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, 1) == 0;
    return listens ? 0 : errno;
}

int port_probe(const char *bind, int port)
{
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    char service[16];
    (void)snprintf(service, sizeof service, "%d", port);
    if (getaddrinfo(bind, service, &wanted, &list) != 0)
        return EADDRNOTAVAIL;
    int code = listen_on(list);
    freeaddrinfo(list);
    return code;
}
