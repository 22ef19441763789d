#include "tests/support/http_client.h"

#include "common/base/cleanup.h"
#include "tests/support/port.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000 };

void http_client_answer_release(struct http_client_answer *answer)
{
    text_release(&answer->headers);
    text_release(&answer->body);
    answer->status = 0;
}

bool http_client_header(const struct http_client_answer *answer, const char *name, struct text *ret_value)
{
    size_t length = strlen(name);
    for (const char *line = strstr(text_string(&answer->headers), "\r\n"); line;
         line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            const char *value = line + length + 1 + strspn(line + length + 1, " ");
            text_append_bytes(ret_value, value, strcspn(value, "\r"));
            return true;
        }
    }
    return false;
}

/* The chunks' content in place of the chunked body; false when it is cut. */
static bool unchunk(struct text *body)
{
    AUTO(text_release) struct text whole = TEXT_EMPTY;
    size_t at = 0;
    for (;;) {
        const char *line = text_string(body) + at;
        char *end;
        unsigned long size = strtoul(line, &end, 16);
        if (end == line || strncmp(end, "\r\n", 2) != 0)
            return false;
        at += (size_t)(end - line) + 2;
        if (size == 0)
            break;
        if (at + size + 2 > body->length)
            return false;
        text_append_bytes(&whole, body->bytes + at, size);
        at += size + 2;
    }
    struct text old = *body;
    *body = whole;
    whole = old;
    return true;
}

static bool split(const struct text *all, struct http_client_answer *ret_answer)
{
    const char *end = strstr(text_string(all), "\r\n\r\n");
    if (!end || strncmp(all->bytes, "HTTP/1.1 ", 9) != 0)
        return false;
    size_t head = (size_t)(end - all->bytes) + 2;
    text_append_bytes(&ret_answer->headers, all->bytes, head);
    text_append_bytes(&ret_answer->body, all->bytes + head + 2, all->length - head - 2);
    AUTO(text_release) struct text length = TEXT_EMPTY;
    AUTO(text_release) struct text coding = TEXT_EMPTY;
    if (http_client_header(ret_answer, "Content-Length", &length))
        return strtoull(text_string(&length), NULL, 10) == ret_answer->body.length;
    if (http_client_header(ret_answer, "Transfer-Encoding", &coding))
        return unchunk(&ret_answer->body);
    return true;
}

int http_client_read(int fd, struct http_client_answer *ret_answer)
{
    AUTO(text_release) struct text all = TEXT_EMPTY;
    char block[8192];
    for (;;) {
        struct pollfd ready = {fd, POLLIN, 0};
        if (poll(&ready, 1, PATIENCE_MS) <= 0)
            break;
        ssize_t n = read(fd, block, sizeof block);
        if (n <= 0)
            break;
        text_append_bytes(&all, block, (size_t)n);
    }
    if (split(&all, ret_answer))
        ret_answer->status = (int)strtol(text_string(&ret_answer->headers) + 9, NULL, 10);
    return ret_answer->status;
}

/* A server may answer and close before it has read everything: what it said still counts. */
static void send_all(int fd, const char *bytes, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t n = send(fd, bytes + done, length - done, MSG_NOSIGNAL);
        if (n < 0)
            return;
        done += (size_t)n;
    }
}

int http_client_request(int port, const char *method, const char *path, const char *headers, const void *body,
                        size_t length, struct http_client_answer *ret_answer)
{
    AUTO(fd_close) int fd = port_connect(port);
    AUTO(text_release) struct text head = TEXT_EMPTY;
    text_format(&head, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n", method, path, port);
    if (headers)
        text_append(&head, headers);
    if (body || strcmp(method, "GET") != 0)
        text_format(&head, "Content-Length: %zu\r\n", length);
    text_append(&head, "\r\n");
    send_all(fd, head.bytes, head.length);
    if (body)
        send_all(fd, body, length);
    return http_client_read(fd, ret_answer);
}

json_t *http_client_json(int port, const char *method, const char *path, const json_t *body)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    int status = http_client_request(port, method, path, text ? "Content-Type: application/json\r\n" : NULL,
                                     text, text ? strlen(text) : 0, &answer);
    free(text);
    if (status < 200 || status > 299)
        return NULL;
    return json_loadb(text_string(&answer.body), answer.body.length, 0, NULL);
}
