#include "common/service/metrics_http.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/service/web_server.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Bounds for those who connect: a monitoring system needs one connection now and then. */
static const struct web_server_rules bounds = {.connections = 32,
                                               .per_address = 8,
                                               .connection_bytes = (size_t)16 * 1024,
                                               .ask_ms = 5000,
                                               .answer_ms = 30000,
                                               .rest_ms = 10000};

struct metrics_http {
    struct metrics_pages pages;
    struct web_server *server; /* of its thread alone, while that runs */
    int wake[2];               /* a pipe: the thread ends when its writing end is closed */
    pthread_t thread;
    bool has_thread;
};

/* ---- answers ---- */

static void answer(struct web_answer *ret_answer, unsigned status, const char *type, const char *body)
{
    ret_answer->status = status;
    web_answer_header(ret_answer, "Content-Type", type);
    text_append(&ret_answer->body, body);
}

static void answer_line(struct web_answer *ret_answer, unsigned status, const char *line)
{
    answer(ret_answer, status, "text/plain; charset=utf-8", line);
}

static void answer_metrics(const struct metrics_pages *pages, struct web_answer *ret_answer)
{
    answer(ret_answer, 200, "text/plain; version=0.0.4; charset=utf-8", "");
    pages->print(pages->context, &ret_answer->body);
}

static void answer_health(const struct metrics_pages *pages, struct web_answer *ret_answer)
{
    if (pages->is_healthy(pages->context))
        answer_line(ret_answer, 200, "ok\n");
    else
        answer_line(ret_answer, 503, "no progress for too long\n");
}

static void answer_ready(const struct metrics_pages *pages, struct web_answer *ret_answer)
{
    if (pages->is_ready(pages->context))
        answer_line(ret_answer, 200, "ready\n");
    else
        answer_line(ret_answer, 503, "not ready\n");
}

static void answer_cell(const struct metrics_pages *pages, struct web_answer *ret_answer)
{
    static const struct {
        unsigned status;
        const char *line;
    } lines[] = {
        [PAGE_CELL_NONE] = {404, "a receiver has this page\n"},
        [PAGE_CELL_READY] = {200, "ready\n"},
        [PAGE_CELL_UNREADY] = {503, "the receiver is not ready\n"},
        [PAGE_CELL_IDLE] = {503, "no router works here\n"},
    };
    enum page_cell cell = pages->cell(pages->context);
    answer_line(ret_answer, lines[cell].status, lines[cell].line);
}

static const struct page {
    const char *path;
    void (*answer)(const struct metrics_pages *pages, struct web_answer *ret_answer);
} routes[] = {{"/metrics", answer_metrics},
              {"/healthz", answer_health},
              {"/readyz", answer_ready},
              {"/readyz/cell", answer_cell}};

static void route(void *context, const struct web_request *request, struct web_answer *ret_answer)
{
    const struct metrics_http *server = context;
    size_t path = strcspn(request->target, "?");
    if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0) {
        answer_line(ret_answer, 405, "only GET and HEAD\n");
        web_answer_header(ret_answer, "Allow", "GET, HEAD");
        return;
    }
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        if (strlen(routes[i].path) == path && strncmp(request->target, routes[i].path, path) == 0) {
            routes[i].answer(&server->pages, ret_answer);
            return;
        }
    answer_line(ret_answer, 404, "there are /metrics, /healthz and /readyz\n");
}

/* ---- the server ---- */

/* Waits for the server's descriptor, for what is due, or for the end: then false. */
static bool wait_for_something(struct metrics_http *server)
{
    struct pollfd polled[] = {{.fd = web_server_fd(server->server), .events = POLLIN},
                              {.fd = server->wake[0], .events = POLLIN}};
    int64_t wait_ms = web_server_wait_ms(server->server);
    (void)poll(polled, 2, wait_ms > INT_MAX ? INT_MAX : (int)wait_ms);
    return polled[1].revents == 0;
}

static void *serve(void *context)
{
    struct metrics_http *server = context;
    while (wait_for_something(server))
        web_server_turn(server->server);
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
    AUTO(metrics_http_destroy) struct metrics_http *server = memory_new(1, sizeof *server);
    struct web_server_rules rules = bounds;
    rules.context = server;
    rules.answer = route;
    server->pages = *pages;
    server->wake[0] = server->wake[1] = -1;
    if (pipe2(server->wake, O_CLOEXEC) != 0 || web_server_create(&rules, bind, port, &server->server) != 0 ||
        !start_thread(server))
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
    web_server_destroy(&(*server)->server);
    fd_close(&(*server)->wake[0]);
    memory_free(server);
}

int metrics_http_port(const struct metrics_http *server)
{
    return web_server_port(server->server);
}
