#include "tests/kheops-sim/server.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "tests/kheops-sim/request.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECTIONS = 1000,            /* nginx's limit in front of KHEOPS */
    IDLE_SECONDS = 65,             /* and how long it keeps an idle connection */
    CONNECTION_MEMORY = 512 << 10, /* a larger piece of a body at once is cheaper */
};

struct server {
    struct sim *sim;
    char *bind;
    struct MHD_Daemon *kheops, *admin;
    int port, admin_port;
    int leaving;           /* readable while connections have to end: wakes those that wait */
    int changed;           /* readable when server_turn() is wanted */
    pthread_mutex_t mutex; /* going away and coming back */
    bool away;
    int64_t back_at_ms; /* 0: when told */
};

static int listen_on(const char *address, int *port)
{
    AUTO(fd_close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons((uint16_t)*port)};
    socklen_t length = sizeof name;
    int on = 1;
    if (fd < 0 || inet_pton(AF_INET, address, &name.sin_addr) != 1 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, (struct sockaddr *)&name, sizeof name) != 0 || listen(fd, 512) != 0 ||
        getsockname(fd, (struct sockaddr *)&name, &length) != 0)
        return ERR_NETWORK;
    *port = ntohs(name.sin_port);
    int listening = fd;
    fd = -1;
    return listening;
}

static struct MHD_Daemon *start(struct server *server, int *port, MHD_AccessHandlerCallback on)
{
    int fd = listen_on(server->bind, port);
    if (fd < 0)
        return NULL;
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL | MHD_USE_ITC, 0, NULL,
        NULL, on, server->sim, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_NOTIFY_COMPLETED,
        request_on_completed, NULL, MHD_OPTION_END);
    if (!daemon)
        close(fd);
    return daemon;
}

int server_create(struct sim *sim, const char *bind_address, int port, int admin_port,
                  struct server **ret_server)
{
    AUTO(server_destroy) struct server *server = memory_new(1, sizeof *server);
    server->sim = sim;
    server->bind = memory_string(bind_address);
    server->port = port;
    server->admin_port = admin_port;
    server->leaving = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    server->changed = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&server->mutex, NULL);
    sim->server = server;
    server->kheops = start(server, &server->port, request_on_kheops);
    server->admin = start(server, &server->admin_port, request_on_admin);
    if (!server->kheops || !server->admin)
        return ERR_NETWORK;
    *ret_server = server;
    server = NULL;
    return 0;
}

static void stop(struct server *server, struct MHD_Daemon **daemon)
{
    eventfd_t count;
    if (!*daemon)
        return;
    eventfd_write(server->leaving, 1);
    MHD_stop_daemon(*daemon);
    eventfd_read(server->leaving, &count);
    *daemon = NULL;
}

void server_destroy(struct server **server)
{
    struct server *s = *server;
    if (!s)
        return;
    stop(s, &s->kheops);
    stop(s, &s->admin);
    fd_close(&s->leaving);
    fd_close(&s->changed);
    pthread_mutex_destroy(&s->mutex);
    free(s->bind);
    free(s);
    *server = NULL;
}

int server_port(const struct server *server)
{
    return server->port;
}

int server_admin_port(const struct server *server)
{
    return server->admin_port;
}

int server_go_away(struct server *server, int64_t back_in_ms)
{
    pthread_mutex_lock(&server->mutex);
    stop(server, &server->kheops);
    server->away = true;
    server->back_at_ms = back_in_ms > 0 ? clock_monotonic_ms() + back_in_ms : 0;
    pthread_mutex_unlock(&server->mutex);
    eventfd_write(server->changed, 1);
    return 0;
}

int server_come_back(struct server *server)
{
    pthread_mutex_lock(&server->mutex);
    if (server->away)
        server->kheops = start(server, &server->port, request_on_kheops);
    server->away = server->kheops == NULL;
    server->back_at_ms = 0;
    bool away = server->away;
    pthread_mutex_unlock(&server->mutex);
    return away ? ERR_NETWORK : 0;
}

bool server_is_away(struct server *server)
{
    pthread_mutex_lock(&server->mutex);
    bool away = server->away;
    pthread_mutex_unlock(&server->mutex);
    return away;
}

int server_turn(struct server *server)
{
    eventfd_t count;
    eventfd_read(server->changed, &count);
    pthread_mutex_lock(&server->mutex);
    int64_t back_at = server->back_at_ms;
    pthread_mutex_unlock(&server->mutex);
    if (!back_at)
        return -1;
    int64_t left = back_at - clock_monotonic_ms();
    if (left > 0)
        return (int)left;
    server_come_back(server);
    return -1;
}

int server_fd(const struct server *server)
{
    return server->changed;
}

int server_leaving_fd(const struct server *server)
{
    return server->leaving;
}
