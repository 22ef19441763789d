/* http_client - one HTTP/1.1 request to a server on the loopback address, for tests.
 *
 * One connection a request, closed by "Connection: close". A raw socket on purpose: a test sees what the
 * server sent, and nothing is retried behind its back. */
#ifndef FELUCCA_TESTS_HTTP_CLIENT_H
#define FELUCCA_TESTS_HTTP_CLIENT_H

#include "common/base/text.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct http_client_answer {
    int status;          /* 0: the connection ended without a complete answer */
    struct text headers; /* as they came, status line included */
    struct text body;
};

#define HTTP_CLIENT_ANSWER_EMPTY  \
    {                             \
        0, TEXT_EMPTY, TEXT_EMPTY \
    }

void http_client_answer_release(struct http_client_answer *answer);

/* The value of a header, any case, appended to ret_value; whether it is there. */
bool http_client_header(const struct http_client_answer *answer, const char *name, struct text *ret_value);

/* Sends a request and reads the answer, at most 60 s. headers: complete lines, each ended by CRLF, or NULL.
 * body may be NULL. Returns the status, which is also in ret_answer (released by the caller). */
int http_client_request(int port, const char *method, const char *path, const char *headers, const void *body,
                        size_t length, struct http_client_answer *ret_answer);

/* Reads one answer from a connected socket, up to the end of the connection. */
int http_client_read(int fd, struct http_client_answer *ret_answer);

/* The same with JSON both ways: body may be NULL and is not taken over. The result is then yours; NULL when
 * the answer is not 2xx or not JSON. */
json_t *http_client_json(int port, const char *method, const char *path, const json_t *body)
    __attribute__((warn_unused_result));

#endif
