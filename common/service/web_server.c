#include "common/service/web_server.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/service/guests.h"
#include "common/service/pool.h"

#include <arpa/inet.h>
#include <assert.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

_Static_assert((int)WEB_PERSON_SIZE == (int)GUESTS_ADDRESS_SIZE &&
                   (int)WEB_PERSON_SIZE == (int)POOL_ASKER_SIZE,
               "an asker is a person or an address");

struct web_server {
    struct web_server_rules rules;
    struct guests *guests;
    struct MHD_Daemon *daemon;
    struct pool *pool; /* NULL: it has no threads, and neither of the two: */
    int wake;          /* an eventfd: something is answered, which the library does not tell by its own */
    int both;          /* an epoll of that and the library's */
    bool has_ended;    /* a connection, since the last turn */
    int port;
};

/* What is known of a request between the library's calls. */
struct asked {
    struct pool_job job; /* the first member */
    struct web_server *server;
    struct MHD_Connection *connection;
    const char *method; /* of the connection */
    unsigned char address[GUESTS_ADDRESS_SIZE], asker[GUESTS_ADDRESS_SIZE];
    struct web_answer answer;
    bool is_answered;
    bool is_in_vain; /* its peer had to go before it was begun */
    bool is_known;   /* its headers were seen */
    bool body_is_cut;
    size_t most; /* bytes of the body */
    struct text body;
    char target[];
};

/* ---- who connects ---- */

/* As 16 bytes of version 6. */
static void take_address(struct MHD_Connection *connection, unsigned char *ret_address)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    memset(ret_address, 0, GUESTS_ADDRESS_SIZE);
    if (info && info->client_addr->sa_family == AF_INET6) {
        memcpy(ret_address, &((const struct sockaddr_in6 *)(const void *)info->client_addr)->sin6_addr, 16);
    } else if (info && info->client_addr->sa_family == AF_INET) {
        memset(ret_address + 10, 0xff, 2);
        memcpy(ret_address + 12, &((const struct sockaddr_in *)(const void *)info->client_addr)->sin_addr, 4);
    }
}

static int socket_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

/* It may take so long from now on. */
static void allow(struct web_server *server, struct MHD_Connection *connection, int64_t milliseconds)
{
    guests_allow(server->guests, socket_of(connection), clock_monotonic_ms() + milliseconds);
}

static void guest_comes_or_goes(void *context, struct MHD_Connection *connection, void **state,
                                enum MHD_ConnectionNotificationCode code)
{
    struct web_server *server = context;
    unsigned char address[GUESTS_ADDRESS_SIZE];
    int socket = socket_of(connection);
    (void)state;
    take_address(connection, address);
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        guests_welcome(server->guests, socket, address,
                       server->rules.is_shared && server->rules.is_shared(server->rules.context, address),
                       clock_monotonic_ms() + server->rules.ask_ms);
    else
        guests_forget(server->guests, socket);
    server->has_ended |= code == MHD_CONNECTION_NOTIFY_CLOSED;
}

static void guest_has_its_answer(void *context, struct MHD_Connection *connection, void **state,
                                 enum MHD_RequestTerminationCode code)
{
    struct web_server *server = context;
    struct asked *asked = *state;
    (void)code;
    guests_wait(server->guests, socket_of(connection), NULL);
    if (asked) {
        if (asked->body.bytes)
            explicit_bzero(asked->body.bytes, asked->body.capacity); /* it may hold a password */
        text_release(&asked->body);
        web_answer_release(&asked->answer);
    }
    memory_free(state);
    allow(server, connection, server->rules.rest_ms);
}

/* ---- requests and answers ---- */

const char *web_request_header(const struct web_request *request, const char *name)
{
    return MHD_lookup_connection_value((struct MHD_Connection *)(uintptr_t)request->connection,
                                       MHD_HEADER_KIND, name);
}

struct search {
    const char *name;
    size_t count;
};

static enum MHD_Result count_header(void *context, enum MHD_ValueKind kind, const char *name,
                                    const char *value)
{
    struct search *search = context;
    (void)kind;
    (void)value;
    search->count += strcasecmp(name, search->name) == 0;
    return MHD_YES;
}

size_t web_request_header_count(const struct web_request *request, const char *name)
{
    struct search search = {.name = name};
    (void)MHD_get_connection_values((struct MHD_Connection *)(uintptr_t)request->connection, MHD_HEADER_KIND,
                                    count_header, &search);
    return search.count;
}

void web_answer_release(struct web_answer *answer)
{
    text_release(&answer->body);
    for (size_t i = 0; i < answer->header_count; i++)
        memory_free(&answer->headers[i].value);
    answer->header_count = 0;
}

void web_answer_header(struct web_answer *answer, const char *name, const char *value)
{
    assert(answer->header_count < WEB_ANSWER_HEADERS);
    answer->headers[answer->header_count].name = name;
    answer->headers[answer->header_count++].value = memory_string(value);
}

/* Queues an answer with a body that is copied. */
static enum MHD_Result queue_answer(struct MHD_Connection *connection, const struct web_answer *answer)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        answer->body.length, (void *)(uintptr_t)text_string(&answer->body), MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result = response ? MHD_YES : MHD_NO;
    for (size_t i = 0; i < answer->header_count && result == MHD_YES; i++)
        result = MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
    if (result == MHD_YES)
        result = MHD_queue_response(connection, answer->status, response);
    if (response)
        MHD_destroy_response(response);
    return result;
}

/* The library's first word of a request: its target before anything is decoded. The memory of a connection bounds it. */
static void *take_target(void *context, const char *target, struct MHD_Connection *connection)
{
    size_t length = strlen(target);
    struct asked *asked = memory_new(1, sizeof *asked + length + 1);
    (void)context;
    (void)connection;
    memcpy(asked->target, target, length + 1);
    return asked;
}

/* Nothing is decoded by the library. */
static size_t leave_as_it_is(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

static void take_body(struct asked *asked, const char *bytes, size_t length)
{
    if (length > asked->most - asked->body.length) {
        asked->body_is_cut = true;
        return;
    }
    text_append_bytes(&asked->body, bytes, length);
}

static void make_answer(struct asked *asked)
{
    const struct web_server *server = asked->server;
    const struct web_request request = {.method = asked->method,
                                        .target = asked->target,
                                        .body = text_string(&asked->body),
                                        .body_length = asked->body.length,
                                        .body_is_cut = asked->body_is_cut,
                                        .address = asked->address,
                                        .connection = asked->connection};
    server->rules.answer(server->rules.context, &request, &asked->answer);
    asked->is_answered = true;
}

/* In a thread, while the library leaves the connection alone. */
static void work_on_answer(struct pool_job *job)
{
    make_answer((struct asked *)(void *)job);
}

/* The owner's next turn sends it. The request may be gone as soon as it is resumed. */
static void resume(struct pool_job *job)
{
    const struct asked *asked = (struct asked *)(void *)job;
    int wake = asked->server->wake;
    MHD_resume_connection(asked->connection);
    (void)eventfd_write(wake, 1);
}

/* At once, without a thread. */
static enum MHD_Result say_too_many(struct asked *asked)
{
    asked->answer.status = MHD_HTTP_SERVICE_UNAVAILABLE;
    web_answer_header(&asked->answer, "Content-Type", "text/plain; charset=utf-8");
    web_answer_header(&asked->answer, "Cache-Control", "no-store");
    web_answer_header(&asked->answer, "Retry-After", "2");
    text_append(&asked->answer.body,
                "You wait for too many answers already, or your address does. Ask again.\n");
    asked->is_answered = true;
    return queue_answer(asked->connection, &asked->answer);
}

/* The library asks again when it is answered. */
static enum MHD_Result hand_on(struct asked *asked)
{
    struct web_server *server = asked->server;
    asked->job.about = asked->target;
    asked->job.asker = asked->asker;
    if (pool_count(server->pool, &asked->job) >= WEB_WAITING_MOST)
        return say_too_many(asked);
    guests_wait(server->guests, socket_of(asked->connection), &asked->job);
    MHD_suspend_connection(asked->connection);
    pool_add(server->pool, &asked->job);
    return MHD_YES;
}

/* The library ends no connection that is left alone: what nobody waits for any more and is not begun is not made. */
static void take_back(void *context, struct pool_job *job)
{
    struct web_server *server = context;
    if (!pool_take_back(server->pool, job))
        return;
    ((struct asked *)(void *)job)->is_in_vain = true;
    resume(job);
}

/* What its headers tell: whose it is, and how many bytes its body may have. */
static void take_headers(struct web_server *server, struct MHD_Connection *connection, const char *method,
                         struct asked *asked)
{
    const struct web_server_rules *rules = &server->rules;
    take_address(connection, asked->address);
    const struct web_request request = {.method = method,
                                        .target = asked->target,
                                        .body = "",
                                        .address = asked->address,
                                        .connection = connection};
    asked->job.is_named = rules->person && rules->person(rules->context, &request, asked->asker);
    if (!asked->job.is_named)
        guests_network(asked->address, asked->asker);
    guests_name(server->guests, socket_of(connection), asked->asker);
    asked->most = rules->body_bytes + (rules->more_bytes ? rules->more_bytes(rules->context, &request) : 0);
}

static enum MHD_Result take_request(void *context, struct MHD_Connection *connection, const char *url,
                                    const char *method, const char *version, const char *upload,
                                    size_t *upload_size, void **state)
{
    struct web_server *server = context;
    struct asked *asked = *state;
    (void)url;
    (void)version;
    /* The first call has the headers only. */
    if (!asked->is_known) {
        allow(server, connection, server->rules.answer_ms);
        take_headers(server, connection, method, asked);
    }
    if (!asked->is_known || *upload_size > 0) {
        asked->is_known = true;
        take_body(asked, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    if (asked->is_in_vain)
        return MHD_NO;
    if (asked->is_answered)
        return queue_answer(connection, &asked->answer);
    asked->server = server;
    asked->connection = connection;
    asked->method = method;
    if (server->pool)
        return hand_on(asked);
    make_answer(asked);
    return queue_answer(connection, &asked->answer);
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

/* RFC 9325: nothing before TLS 1.2. */
#define PRIORITIES "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:%SERVER_PRECEDENCE"

static struct MHD_Daemon *start_daemon(struct web_server *server, const struct address *address)
{
    unsigned flags = MHD_USE_EPOLL | (server->rules.certificate ? MHD_USE_TLS : 0) |
                     (server->rules.threads > 0 ? MHD_ALLOW_SUSPEND_RESUME : 0);
    const struct MHD_OptionItem secure[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)server->rules.certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)server->rules.key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)PRIORITIES},
        {MHD_OPTION_END, 0, NULL}};
    const struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};
    if (address->is_six)
        flags |= address->is_any ? MHD_USE_DUAL_STACK : MHD_USE_IPv6;
    return MHD_start_daemon(
        flags, 0, NULL, NULL, take_request, server, MHD_OPTION_SOCK_ADDR,
        (const struct sockaddr *)&address->storage, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)(server->rules.connections + server->rules.threads), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        server->rules.connection_bytes, MHD_OPTION_NOTIFY_CONNECTION, guest_comes_or_goes, server,
        MHD_OPTION_NOTIFY_COMPLETED, guest_has_its_answer, server, MHD_OPTION_URI_LOG_CALLBACK, take_target,
        NULL, MHD_OPTION_UNESCAPE_CALLBACK, leave_as_it_is, NULL, MHD_OPTION_ARRAY,
        server->rules.certificate ? secure : plain, MHD_OPTION_END);
}

static bool add_fd(int both, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    return epoll_ctl(both, EPOLL_CTL_ADD, fd, &event) == 0;
}

static int library_fd(const struct web_server *server)
{
    return MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

/* False: there is no room for it. */
static bool start_threads(struct web_server *server)
{
    if (server->rules.threads == 0)
        return true;
    server->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    server->both = epoll_create1(EPOLL_CLOEXEC);
    if (server->wake < 0 || server->both < 0 || !add_fd(server->both, server->wake) ||
        !add_fd(server->both, library_fd(server)))
        return false;
    server->pool = pool_create(server->rules.threads, work_on_answer, resume);
    return true;
}

int web_server_create(const struct web_server_rules *rules, const char *bind, int port,
                      struct web_server **ret_server)
{
    struct address address;
    if (!parse_address(bind, port, &address))
        return ERR_NETWORK;
    AUTO(web_server_destroy) struct web_server *server = memory_new(1, sizeof *server);
    server->rules = *rules;
    server->wake = server->both = -1;
    server->guests = guests_create(rules->connections, rules->per_address);
    server->daemon = start_daemon(server, &address);
    server->rules.certificate = server->rules.key = NULL;
    const union MHD_DaemonInfo *info =
        server->daemon ? MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
    if (!info || !start_threads(server))
        return ERR_NETWORK;
    server->port = info->port;
    *ret_server = server;
    server = NULL;
    return 0;
}

void web_server_destroy(struct web_server **server)
{
    if (!*server)
        return;
    pool_destroy(&(*server)->pool); /* the library ends no connection that is left alone */
    if ((*server)->daemon)
        MHD_stop_daemon((*server)->daemon);
    fd_close(&(*server)->wake);
    fd_close(&(*server)->both);
    guests_destroy(&(*server)->guests);
    memory_free(server);
}

int web_server_port(const struct web_server *server)
{
    return server->port;
}

int web_server_fd(const struct web_server *server)
{
    return server->both >= 0 ? server->both : library_fd(server);
}

int64_t web_server_wait_ms(struct web_server *server)
{
    MHD_UNSIGNED_LONG_LONG library_ms;
    int64_t wait_ms = guests_end_late(server->guests, clock_monotonic_ms());
    if (server->pool)
        guests_each_in_vain(server->guests, take_back, server);
    if (server->has_ended)
        return 0; /* where the library had no room left it listens again in its next turn, and does not tell */
    if (MHD_get_timeout(server->daemon, &library_ms) == MHD_YES &&
        (wait_ms < 0 || library_ms < (uint64_t)wait_ms))
        wait_ms = (int64_t)library_ms;
    return wait_ms;
}

void web_server_turn(struct web_server *server)
{
    eventfd_t count;
    server->has_ended = false;
    if (server->wake >= 0)
        (void)eventfd_read(server->wake, &count); /* before the library looks */
    (void)MHD_run(server->daemon);
}

void web_server_rest(struct web_server *server)
{
    if (server->pool)
        pool_rest(server->pool);
}

void web_server_go_on(struct web_server *server)
{
    if (server->pool)
        pool_go_on(server->pool);
}
