/* nginx - a real nginx as a reverse proxy, started for a test.
 *
 * On free loopback ports, with a configuration of its own in the sandbox, in the foreground and as one
 * process, so that whatever ends the process ends all of it. Requests are passed on while they come in, as
 * KHEOPS's own proxy does. What cannot be started ends the test. */
#ifndef FELUCCA_TESTS_NGINX_H
#define FELUCCA_TESTS_NGINX_H

#include "tests/support/process.h"
#include "tests/support/sandbox.h"

#include <stdbool.h>
#include <stddef.h>

enum { NGINX_SERVERS_MOST = 9 };

struct nginx_server {
    int upstream_port;             /* where requests go; 0: nowhere, more has to say what happens */
    const char *certificate, *key; /* NULL: plain HTTP */
    bool http2;                    /* offered with TLS */
    const char *more;              /* further directives of the server block, or NULL */
};

struct nginx {
    struct process *process;
    struct sandbox *sandbox;
    const char *config, *log; /* files in the sandbox */
    const char *access_log;   /* a line a request: protocol, status, requests on its connection so far */
    int ports[NGINX_SERVERS_MOST];
    size_t count;
};

/* name tells its files in the sandbox apart. It accepts on all ports when this returns. */
struct nginx *nginx_start(struct sandbox *sandbox, const char *name, const struct nginx_server *servers,
                          size_t count);
void nginx_destroy(struct nginx **nginx);

/* SIGKILL, and start again on the same ports. */
void nginx_kill(struct nginx *nginx);
void nginx_start_again(struct nginx *nginx);

/* Waits until none of the server's connections is open any more on its side. */
bool nginx_wait_no_client(const struct nginx *nginx, size_t server, int64_t limit_ms);

#endif
