/* scripted_server - an HTTP server that answers by a script, well or badly, for tests of HTTP clients.
 *
 * A thread of the test serves connections on a free loopback port, several at once. The n-th request that
 * arrives gets the n-th answer of the script, those beyond its end get its last one. What came is kept, to be
 * looked at. */
#ifndef FELUCCA_TESTS_SCRIPTED_SERVER_H
#define FELUCCA_TESTS_SCRIPTED_SERVER_H

#include "common/base/text.h"

#include <stddef.h>
#include <stdint.h>

enum scripted_end {
    SCRIPTED_KEEP,  /* the connection goes on */
    SCRIPTED_CLOSE, /* it ends after the answer */
    SCRIPTED_HANG,  /* nothing more is said, until the server stops or the client goes away */
    SCRIPTED_DRIP   /* a blank every 20 ms, without end */
};

struct scripted_answer {
    const char *bytes; /* status line, headers and body as they go out; "" says nothing */
    enum scripted_end end;
    int64_t body_first; /* bytes of the body that are read before; 0: all of it. Then the connection is left
                           with the rest unread. Negative: whatever comes first is a request, HTTP or not */
};

struct scripted_server;

/* The script is borrowed until the server is destroyed. */
struct scripted_server *scripted_server_start(const struct scripted_answer *answers, size_t count);
void scripted_server_destroy(struct scripted_server **server);

int scripted_server_port(const struct scripted_server *server);
size_t scripted_server_connections(struct scripted_server *server);
size_t scripted_server_requests(struct scripted_server *server);

/* The n-th request, headers and what was read of the body, appended. */
void scripted_server_request(struct scripted_server *server, size_t n, struct text *ret_request);

#endif
