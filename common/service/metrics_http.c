#include "common/service/metrics_http.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/memory.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Bounds for those who connect: a monitoring system needs one connection now and then. A peer that has not asked
 * within PATIENCE_MS is let go with the next connection, and so is the oldest one where an address, or all of
 * them, have too many: a new one always comes in, so that slow ones without number keep nobody out. */
enum {
    CONNECTIONS_MAX = 32,
    CONNECTIONS_KEPT = CONNECTIONS_MAX - 2, /* before a new one comes in */
    PER_ADDRESS_MAX = 8,
    SILENCE_SECONDS = 10,
    PATIENCE_MS = 5000,
    CONNECTION_BYTES = 16 * 1024
};

/* A connection. Only the server's thread sees these. */
struct guest {
    int socket;
    int64_t since_ms;
    unsigned char address[16];
    bool let_go; /* it ends with the thread's next turn */
};

struct metrics_http {
    struct metrics *metrics;
    struct guest guests[CONNECTIONS_MAX + 1]; /* in the order in which they came */
    size_t guest_count;
    struct MHD_Daemon *daemon;
    int port;
};

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

static enum MHD_Result answer_metrics(struct MHD_Connection *connection, struct metrics *metrics)
{
    AUTO(text_release) struct text body = TEXT_EMPTY;
    metrics_print(metrics, &body);
    return answer(connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", text_string(&body),
                  body.length);
}

static enum MHD_Result answer_health(struct MHD_Connection *connection, struct metrics *metrics)
{
    return metrics_is_healthy(metrics)
               ? answer_line(connection, MHD_HTTP_OK, "ok\n")
               : answer_line(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "no progress for too long\n");
}

static enum MHD_Result answer_ready(struct MHD_Connection *connection, struct metrics *metrics)
{
    return metrics_is_ready(metrics) ? answer_line(connection, MHD_HTTP_OK, "ready\n")
                                     : answer_line(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "not ready\n");
}

static const struct page {
    const char *path;
    enum MHD_Result (*answer)(struct MHD_Connection *connection, struct metrics *metrics);
} pages[] = {{"/metrics", answer_metrics}, {"/healthz", answer_health}, {"/readyz", answer_ready}};

static enum MHD_Result route(void *context, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *upload, size_t *upload_size,
                             void **state)
{
    static char seen;
    const struct metrics_http *server = context;
    (void)version;
    (void)upload;
    /* The first call has the headers only; a body, which nothing here takes, is ignored. */
    if (*state != &seen || *upload_size > 0) {
        *state = &seen;
        *upload_size = 0;
        return MHD_YES;
    }
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return answer_line(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (strcmp(url, pages[i].path) == 0)
            return pages[i].answer(connection, server->metrics);
    return answer_line(connection, MHD_HTTP_NOT_FOUND, "there are /metrics, /healthz and /readyz\n");
}

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
        if (!other->let_go && guest->since_ms - other->since_ms > PATIENCE_MS)
            let_go(other);
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
    struct guest guest = {.socket = socket, .since_ms = clock_monotonic_ms()};
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

static void guest_comes_or_goes(void *context, struct MHD_Connection *connection, void **state,
                                enum MHD_ConnectionNotificationCode code)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    (void)state;
    if (!info)
        return;
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        welcome(context, connection, info->connect_fd);
    else
        forget(context, info->connect_fd);
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

/* Signals are the main thread's business, so the server's thread starts with all of them blocked. */
static struct MHD_Daemon *metrics_http_start_daemon(struct metrics_http *server,
                                                    const struct address *address)
{
    sigset_t all, before;
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL;
    if (address->is_six)
        flags |= address->is_any ? MHD_USE_DUAL_STACK : MHD_USE_IPv6;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, route, server, MHD_OPTION_SOCK_ADDR, (const struct sockaddr *)&address->storage,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)SILENCE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
        MHD_OPTION_NOTIFY_CONNECTION, guest_comes_or_goes, server, MHD_OPTION_END);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return daemon;
}

int metrics_http_create(struct metrics *metrics, const char *bind, int port, struct metrics_http **ret_server)
{
    struct address address;
    if (!parse_address(bind, port, &address))
        return ERR_NETWORK;
    AUTO(metrics_http_destroy) struct metrics_http *server = memory_new(1, sizeof *server);
    server->metrics = metrics;
    server->daemon = metrics_http_start_daemon(server, &address);
    const union MHD_DaemonInfo *info =
        server->daemon ? MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
    if (!info)
        return ERR_NETWORK;
    server->port = info->port;
    *ret_server = server;
    server = NULL;
    return 0;
}

void metrics_http_destroy(struct metrics_http **server)
{
    if (*server && (*server)->daemon)
        MHD_stop_daemon((*server)->daemon);
    free(*server);
    *server = NULL;
}

int metrics_http_port(const struct metrics_http *server)
{
    return server->port;
}
