#include "tests/support/scripted_server.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MOST = 64, REQUESTS_MOST = 256, DRIP_MS = 20 };

struct connection {
    struct scripted_server *server;
    int fd;
    pthread_t thread;
};

struct scripted_server {
    const struct scripted_answer *answers;
    size_t answer_count;
    int listener, stop, port;
    pthread_t thread;
    pthread_mutex_t mutex;
    struct connection connections[CONNECTIONS_MOST];
    size_t connection_count;
    struct text requests[REQUESTS_MOST];
    size_t request_count;
};

/* Waits until fd is readable; false: the server stops, or nothing came within wait_ms. */
static bool wait_readable(struct scripted_server *server, int fd, int wait_ms)
{
    struct pollfd fds[] = {{.fd = server->stop, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    return poll(fds, 2, wait_ms) > 0 && !(fds[0].revents & POLLIN);
}

static bool read_more(struct connection *connection, struct text *request)
{
    char buffer[65536];
    if (!wait_readable(connection->server, connection->fd, -1))
        return false;
    ssize_t got = recv(connection->fd, buffer, sizeof buffer, 0);
    if (got <= 0)
        return false;
    text_append_bytes(request, buffer, (size_t)got);
    return true;
}

static int64_t content_length(const char *head)
{
    const char *at = strcasestr(head, "\r\nContent-Length:");
    return at ? strtoll(at + strlen("\r\nContent-Length:"), NULL, 10) : 0;
}

/* The next request: headers whole, of the body what the script wants. */
static bool read_request(struct connection *connection, const struct scripted_answer *answer,
                         struct text *request)
{
    const char *end;
    if (answer->body_first < 0)
        return read_more(connection, request);
    do {
        if (!read_more(connection, request))
            return false;
    } while (!(end = strstr(text_string(request), "\r\n\r\n")));
    size_t head = (size_t)(end - request->bytes) + 4;
    int64_t body = content_length(request->bytes);
    if (answer->body_first > 0 && answer->body_first < body)
        body = answer->body_first;
    while (request->length < head + (size_t)body) {
        if (!read_more(connection, request))
            return false;
    }
    return true;
}

static const struct scripted_answer *take_turn(struct scripted_server *server, size_t *ret_number)
{
    pthread_mutex_lock(&server->mutex);
    size_t number = server->request_count;
    pthread_mutex_unlock(&server->mutex);
    *ret_number = number;
    return &server->answers[number < server->answer_count ? number : server->answer_count - 1];
}

static void keep_request(struct scripted_server *server, const struct text *request)
{
    pthread_mutex_lock(&server->mutex);
    if (server->request_count < REQUESTS_MOST)
        text_append_bytes(&server->requests[server->request_count++], request->bytes, request->length);
    pthread_mutex_unlock(&server->mutex);
}

/* Until the client ends the connection, or the server stops. */
static void wait_gone(struct connection *connection)
{
    struct pollfd fds[] = {{.fd = connection->server->stop, .events = POLLIN},
                           {.fd = connection->fd, .events = POLLRDHUP}};
    (void)poll(fds, 2, -1);
}

static void drip(struct connection *connection)
{
    while (!wait_readable(connection->server, connection->fd, DRIP_MS)) {
        struct pollfd stop = {.fd = connection->server->stop, .events = POLLIN};
        if (poll(&stop, 1, 0) > 0 || send(connection->fd, " ", 1, MSG_NOSIGNAL) != 1)
            return;
    }
}

static bool answer_one(struct connection *connection)
{
    size_t number;
    AUTO(text_release) struct text request = TEXT_EMPTY;
    /* Requests of one test come one after the other, so the turn is known when the first byte comes. */
    if (!wait_readable(connection->server, connection->fd, -1))
        return false;
    const struct scripted_answer *answer = take_turn(connection->server, &number);
    bool complete = read_request(connection, answer, &request);
    if (!complete)
        return false;
    keep_request(connection->server, &request);
    size_t length = strlen(answer->bytes);
    if (send(connection->fd, answer->bytes, length, MSG_NOSIGNAL) != (ssize_t)length)
        return false;
    if (answer->end == SCRIPTED_HANG)
        wait_gone(connection);
    if (answer->end == SCRIPTED_DRIP)
        drip(connection);
    return answer->end == SCRIPTED_KEEP;
}

static void *serve(void *context)
{
    struct connection *connection = context;
    while (answer_one(connection))
        ;
    /* With something unread this resets the connection, as a dying server does. */
    fd_close(&connection->fd);
    return NULL;
}

static void *accept_all(void *context)
{
    struct scripted_server *server = context;
    while (server->connection_count < CONNECTIONS_MOST && wait_readable(server, server->listener, -1)) {
        int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        pthread_mutex_lock(&server->mutex);
        struct connection *connection = &server->connections[server->connection_count];
        *connection = (struct connection){.server = server, .fd = fd};
        if (pthread_create(&connection->thread, NULL, serve, connection) == 0)
            server->connection_count++;
        pthread_mutex_unlock(&server->mutex);
    }
    return NULL;
}

struct scripted_server *scripted_server_start(const struct scripted_answer *answers, size_t count)
{
    struct scripted_server *server = memory_new(1, sizeof *server);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    server->answers = answers;
    server->answer_count = count;
    (void)pthread_mutex_init(&server->mutex, NULL);
    server->stop = eventfd(0, EFD_CLOEXEC);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert(bind(server->listener, (struct sockaddr *)&address, sizeof address) == 0);
    ck_assert(listen(server->listener, 16) == 0);
    ck_assert(getsockname(server->listener, (struct sockaddr *)&address, &length) == 0);
    server->port = ntohs(address.sin_port);
    ck_assert(pthread_create(&server->thread, NULL, accept_all, server) == 0);
    return server;
}

void scripted_server_destroy(struct scripted_server **server)
{
    struct scripted_server *gone = *server;
    if (!gone)
        return;
    ck_assert(eventfd_write(gone->stop, 1) == 0);
    (void)pthread_join(gone->thread, NULL);
    for (size_t i = 0; i < gone->connection_count; i++)
        (void)pthread_join(gone->connections[i].thread, NULL);

    for (size_t i = 0; i < gone->request_count; i++)
        text_release(&gone->requests[i]);
    fd_close(&gone->listener);
    fd_close(&gone->stop);
    (void)pthread_mutex_destroy(&gone->mutex);
    free(gone);
    *server = NULL;
}

int scripted_server_port(const struct scripted_server *server)
{
    return server->port;
}

size_t scripted_server_connections(struct scripted_server *server)
{
    pthread_mutex_lock(&server->mutex);
    size_t count = server->connection_count;
    pthread_mutex_unlock(&server->mutex);
    return count;
}

size_t scripted_server_requests(struct scripted_server *server)
{
    pthread_mutex_lock(&server->mutex);
    size_t count = server->request_count;
    pthread_mutex_unlock(&server->mutex);
    return count;
}

void scripted_server_request(struct scripted_server *server, size_t n, struct text *ret_request)
{
    pthread_mutex_lock(&server->mutex);
    ck_assert_uint_lt(n, server->request_count);
    text_append_bytes(ret_request, server->requests[n].bytes, server->requests[n].length);
    pthread_mutex_unlock(&server->mutex);
}
