#include "common/service/metrics_http.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/memory.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Bounds for those who connect: a monitoring system needs one connection now and then. A peer that takes longer than
 * these times is let go, however busily it drips, and so is the oldest one where an address, or all of them, have
 * too many: a new one always comes in, so that slow ones without number keep nobody out. */
enum {
    CONNECTIONS_MAX = 32,
    CONNECTIONS_KEPT = CONNECTIONS_MAX - 2, /* before a new one comes in */
    PER_ADDRESS_MAX = 8,
    ASK_MS = 5000,     /* from its connection to the end of its request's header */
    ANSWER_MS = 30000, /* from there until it has read the answer */
    REST_MS = 10000,   /* from there until the end of its next request's header */
    CONNECTION_BYTES = 16 * 1024
};

/* A connection. Only the server's thread sees these. */
struct guest {
    int socket;
    int64_t deadline_ms;
    unsigned char address[16];
    bool let_go; /* the library ends it soon */
};

struct metrics_http {
    struct metrics_pages pages;
    struct guest guests[CONNECTIONS_MAX + 1]; /* in the order in which they came */
    size_t guest_count;
    struct MHD_Daemon *daemon;
    int port;
    int wake[2]; /* a pipe: the thread ends when its writing end is closed */
    pthread_t thread;
    bool has_thread;
};

/* ---- who connects ---- */

static void take_guest_address(struct MHD_Connection *connection, unsigned char *ret_address)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info && info->client_addr->sa_family == AF_INET6)
        memcpy(ret_address, &((const struct sockaddr_in6 *)(const void *)info->client_addr)->sin6_addr, 16);
    else if (info && info->client_addr->sa_family == AF_INET)
        memcpy(ret_address, &((const struct sockaddr_in *)(const void *)info->client_addr)->sin_addr, 4);
}

/* The library closes it when it sees the end. */
static void let_go(struct guest *guest)
{
    (void)shutdown(guest->socket, SHUT_RDWR);
    guest->let_go = true;
}

static void make_room(struct metrics_http *server, const struct guest *guest)
{
    size_t staying = 0, same = 0;
    struct guest *oldest = NULL, *oldest_same = NULL;
    for (size_t i = 0; i < server->guest_count; i++) {
        struct guest *other = &server->guests[i];
        bool is_same = memcmp(other->address, guest->address, sizeof guest->address) == 0;
        if (other->let_go)
            continue;
        oldest = oldest ? oldest : other;
        oldest_same = oldest_same || !is_same ? oldest_same : other;
        staying++;
        same += is_same;
    }
    if (same >= PER_ADDRESS_MAX)
        let_go(oldest_same);
    else if (staying >= CONNECTIONS_KEPT)
        let_go(oldest);
}

static void welcome(struct metrics_http *server, struct MHD_Connection *connection, int socket)
{
    struct guest guest = {.socket = socket, .deadline_ms = clock_monotonic_ms() + ASK_MS};
    take_guest_address(connection, guest.address);
    make_room(server, &guest);
    if (server->guest_count < sizeof server->guests / sizeof *server->guests)
        server->guests[server->guest_count++] = guest;
}

static void forget(struct metrics_http *server, int socket)
{
    size_t kept = 0;
    for (size_t i = 0; i < server->guest_count; i++)
        if (server->guests[i].socket != socket)
            server->guests[kept++] = server->guests[i];
    server->guest_count = kept;
}

static int socket_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

static void guest_comes_or_goes(void *context, struct MHD_Connection *connection, void **state,
                                enum MHD_ConnectionNotificationCode code)
{
    int socket = socket_of(connection);
    (void)state;
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        welcome(context, connection, socket);
    else
        forget(context, socket);
}

/* It may take so long from now on. */
static void allow(struct metrics_http *server, struct MHD_Connection *connection, int64_t milliseconds)
{
    int socket = socket_of(connection);
    for (size_t i = 0; i < server->guest_count; i++)
        if (server->guests[i].socket == socket)
            server->guests[i].deadline_ms = clock_monotonic_ms() + milliseconds;
}

static void guest_has_its_answer(void *context, struct MHD_Connection *connection, void **state,
                                 enum MHD_RequestTerminationCode code)
{
    (void)state;
    (void)code;
    allow(context, connection, REST_MS);
}

/* Those whose time is over. How long until the next one's is, -1: nobody is there. */
static int64_t end_late_guests(struct metrics_http *server)
{
    int64_t now_ms = clock_monotonic_ms(), next_ms = -1;
    for (size_t i = 0; i < server->guest_count; i++) {
        struct guest *guest = &server->guests[i];
        int64_t left_ms = guest->deadline_ms - now_ms;
        if (guest->let_go)
            continue;
        if (left_ms <= 0)
            let_go(guest);
        else if (next_ms < 0 || left_ms < next_ms)
            next_ms = left_ms;
    }
    return next_ms;
}

/* ---- answers ---- */

/* Queues an answer with a body that is copied. */
static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *type,
                              const char *body, size_t length)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(length, (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    enum MHD_Result result = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        result = MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    if (result == MHD_YES)
        result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer_line(struct MHD_Connection *connection, unsigned status, const char *line)
{
    return answer(connection, status, "text/plain; charset=utf-8", line, strlen(line));
}

static enum MHD_Result answer_metrics(struct MHD_Connection *connection, const struct metrics_pages *pages)
{
    AUTO(text_release) struct text body = TEXT_EMPTY;
    pages->print(pages->context, &body);
    return answer(connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", text_string(&body),
                  body.length);
}

static enum MHD_Result answer_health(struct MHD_Connection *connection, const struct metrics_pages *pages)
{
    return pages->is_healthy(pages->context)
               ? answer_line(connection, MHD_HTTP_OK, "ok\n")
               : answer_line(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "no progress for too long\n");
}

static enum MHD_Result answer_ready(struct MHD_Connection *connection, const struct metrics_pages *pages)
{
    return pages->is_ready(pages->context)
               ? answer_line(connection, MHD_HTTP_OK, "ready\n")
               : answer_line(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "not ready\n");
}

static enum MHD_Result answer_cell(struct MHD_Connection *connection, const struct metrics_pages *pages)
{
    static const struct {
        unsigned status;
        const char *line;
    } lines[] = {
        [PAGE_CELL_NONE] = {MHD_HTTP_NOT_FOUND, "a receiver has this page\n"},
        [PAGE_CELL_READY] = {MHD_HTTP_OK, "ready\n"},
        [PAGE_CELL_UNREADY] = {MHD_HTTP_SERVICE_UNAVAILABLE, "the receiver is not ready\n"},
        [PAGE_CELL_IDLE] = {MHD_HTTP_SERVICE_UNAVAILABLE, "no router works here\n"},
    };
    enum page_cell cell = pages->cell(pages->context);
    return answer_line(connection, lines[cell].status, lines[cell].line);
}

static const struct page {
    const char *path;
    enum MHD_Result (*answer)(struct MHD_Connection *connection, const struct metrics_pages *pages);
} routes[] = {{"/metrics", answer_metrics},
              {"/healthz", answer_health},
              {"/readyz", answer_ready},
              {"/readyz/cell", answer_cell}};

static enum MHD_Result route(void *context, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *upload, size_t *upload_size,
                             void **state)
{
    static char seen;
    struct metrics_http *server = context;
    (void)version;
    (void)upload;
    /* The first call has the headers only; a body, which nothing here takes, is ignored. */
    if (*state != &seen)
        allow(server, connection, ANSWER_MS);
    if (*state != &seen || *upload_size > 0) {
        *state = &seen;
        *upload_size = 0;
        return MHD_YES;
    }
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return answer_line(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        if (strcmp(url, routes[i].path) == 0)
            return routes[i].answer(connection, &server->pages);
    return answer_line(connection, MHD_HTTP_NOT_FOUND, "there are /metrics, /healthz and /readyz\n");
}

/* ---- the server ---- */

struct address {
    struct sockaddr_storage storage;
    bool is_six, is_any;
};

static bool parse_address(const char *bind, int port, struct address *ret_address)
{
    *ret_address = (struct address){.is_six = strchr(bind, ':') != NULL, .is_any = strcmp(bind, "::") == 0};
    if (ret_address->is_six) {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)&ret_address->storage;
        six->sin6_family = AF_INET6;
        six->sin6_port = htons((uint16_t)port);
        return inet_pton(AF_INET6, bind, &six->sin6_addr) == 1;
    }
    struct sockaddr_in *four = (struct sockaddr_in *)(void *)&ret_address->storage;
    four->sin_family = AF_INET;
    four->sin_port = htons((uint16_t)port);
    return inet_pton(AF_INET, bind, &four->sin_addr) == 1;
}

static struct MHD_Daemon *start_daemon(struct metrics_http *server, const struct address *address)
{
    unsigned flags = MHD_USE_EPOLL;
    if (address->is_six)
        flags |= address->is_any ? MHD_USE_DUAL_STACK : MHD_USE_IPv6;
    return MHD_start_daemon(
        flags, 0, NULL, NULL, route, server, MHD_OPTION_SOCK_ADDR, (const struct sockaddr *)&address->storage,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_BYTES, MHD_OPTION_NOTIFY_CONNECTION, guest_comes_or_goes, server,
        MHD_OPTION_NOTIFY_COMPLETED, guest_has_its_answer, server, MHD_OPTION_END);
}

/* Waits for the library's descriptor, for its own timers and ours, or for the end: then false. */
static bool wait_for_something(struct metrics_http *server)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd polled[] = {{.fd = info->epoll_fd, .events = POLLIN},
                              {.fd = server->wake[0], .events = POLLIN}};
    MHD_UNSIGNED_LONG_LONG library_ms;
    int64_t wait_ms = end_late_guests(server);
    if (MHD_get_timeout(server->daemon, &library_ms) == MHD_YES &&
        (wait_ms < 0 || library_ms < (uint64_t)wait_ms))
        wait_ms = (int64_t)library_ms;
    (void)poll(polled, 2, wait_ms > INT_MAX ? INT_MAX : (int)wait_ms);
    return polled[1].revents == 0;
}

static void *serve(void *context)
{
    struct metrics_http *server = context;
    while (wait_for_something(server))
        (void)MHD_run(server->daemon);
    return NULL;
}

/* Signals are the main thread's business, so the server's thread starts with all of them blocked. */
static bool start_thread(struct metrics_http *server)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    server->has_thread = pthread_create(&server->thread, NULL, serve, server) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return server->has_thread;
}

int metrics_http_create(const struct metrics_pages *pages, const char *bind, int port,
                        struct metrics_http **ret_server)
{
    struct address address;
    if (!parse_address(bind, port, &address))
        return ERR_NETWORK;
    AUTO(metrics_http_destroy) struct metrics_http *server = memory_new(1, sizeof *server);
    server->pages = *pages;
    server->wake[0] = server->wake[1] = -1;
    server->daemon = pipe2(server->wake, O_CLOEXEC) == 0 ? start_daemon(server, &address) : NULL;
    const union MHD_DaemonInfo *info =
        server->daemon ? MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
    if (!info)
        return ERR_NETWORK;
    server->port = info->port;
    if (!start_thread(server))
        return ERR_NETWORK;
    *ret_server = server;
    server = NULL;
    return 0;
}

void metrics_http_destroy(struct metrics_http **server)
{
    if (!*server)
        return;
    fd_close(&(*server)->wake[1]);
    if ((*server)->has_thread)
        (void)pthread_join((*server)->thread, NULL);
    if ((*server)->daemon)
        MHD_stop_daemon((*server)->daemon);
    fd_close(&(*server)->wake[0]);
    memory_free(server);
}

int metrics_http_port(const struct metrics_http *server)
{
    return server->port;
}
