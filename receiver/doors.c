#include "receiver/doors.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

enum { BACKLOG = 128 };

static void free_addresses(struct addrinfo **list)
{
    if (*list)
        freeaddrinfo(*list);
    *list = NULL;
}

static int open_socket(int *ret_socket, const char *bind_to, int port, struct text *reason)
{
    AUTO(free_addresses) struct addrinfo *list = NULL;
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    char service[16];
    (void)snprintf(service, sizeof service, "%d", port);
    int rc = getaddrinfo(bind_to, service, &wanted, &list);
    if (rc != 0) {
        text_format(reason, "receiver.bind %s: %s", bind_to, gai_strerror(rc));
        return ERR_NETWORK;
    }
    int on = 1;
    *ret_socket = socket(list->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*ret_socket >= 0 && setsockopt(*ret_socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(*ret_socket, list->ai_addr, list->ai_addrlen) == 0 && listen(*ret_socket, BACKLOG) == 0)
        return 0;
    text_format(reason, "cannot listen on %s port %d: %s", bind_to, port, strerror(errno));
    return ERR_NETWORK;
}

int doors_open(struct doors *doors, const struct config *config, enum door door, struct text *reason)
{
    int plain = config->receiver.port, tls = config->receiver.tls.port;
    bool wanted = door == DOOR_TLS ? tls != 0 : plain != 0 || tls == 0;
    if (!wanted)
        return 0;
    int code =
        open_socket(&doors->sockets[door], config->receiver.bind, door == DOOR_TLS ? tls : plain, reason);
    if (code != 0)
        fd_close(&doors->sockets[door]);
    return code;
}

void doors_close(struct doors *doors)
{
    for (enum door door = 0; door < DOORS; door++)
        fd_close(&doors->sockets[door]);
}

int doors_port(const struct doors *doors, enum door door)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    if (getsockname(doors->sockets[door], (struct sockaddr *)&address, &length) != 0)
        return 0;
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

/* IPv4 as it is written, even when it came through a socket for both. */
static void take_address(const struct sockaddr_storage *from, struct peer_address *ret_address)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    memset(ret_address, 0, sizeof *ret_address);
    if (from->ss_family == AF_INET6) {
        memcpy(ret_address->bytes, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
    } else {
        memcpy(ret_address->bytes, mapped, sizeof mapped);
        memcpy(ret_address->bytes + 12, &((const struct sockaddr_in *)from)->sin_addr, 4);
    }
    bool is_ipv4 = memcmp(ret_address->bytes, mapped, sizeof mapped) == 0;
    (void)inet_ntop(is_ipv4 ? AF_INET : AF_INET6, ret_address->bytes + (is_ipv4 ? 12 : 0), ret_address->text,
                    sizeof ret_address->text);
}

int doors_accept(const struct doors *doors, enum door door, struct peer_address *ret_address)
{
    struct sockaddr_storage from;
    socklen_t length = sizeof from;
    int socket = accept4(doors->sockets[door], (struct sockaddr *)&from, &length, SOCK_CLOEXEC);
    if (socket < 0)
        return -1;
    take_address(&from, ret_address);
    ret_address->tls = door == DOOR_TLS;
    return socket;
}
