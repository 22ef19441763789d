/* http - requests to HTTP servers, several at once from one thread: the only room that knows libcurl.
 *
 *     http_start(http, &request, done, context, &transfer);   copies what it needs, returns at once
 *     http_poll(http, fds, count, wait_ms);                   moves all on; calls done() for what ended
 *
 * HTTP/1.1 with connections kept alive and reused per server (dropped after 50 s of rest, before nginx does
 * it at 65), an exact Content-Length, no "Expect: 100-continue". A body is read from its source while it goes
 * out, straight into the buffer that is sent, and read again from its start when a reused connection turns
 * out to be dead; not when it had gone out whole, since the server may be at work on it (over HTTP/2 only where it is
 * long). There is no limit on the whole duration, but: on connecting, on silence in either
 * direction, and on the time from the last byte of the request to the last of the answer; answers are
 * bounded. Redirects are never followed. A 2xx that begins before the last byte of the body is out is no answer.
 * What the environment says of proxies counts where a request asks for it; what a proxy says by itself is told as the
 * proxy's. Nothing is logged, and no sentence in an answer holds a header, a
 * query or user information. Names are resolved in threads: one that is not answered holds up nothing but its own
 * request, which ends after HTTP_CONNECT_MS. */
#ifndef FELUCCA_HTTP_HTTP_H
#define FELUCCA_HTTP_HTTP_H

#include "common/http/http_message.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct http;
struct http_transfer;

/* 0 or ERR_NOMEM. */
int http_create(struct http **ret_http);
/* Cancels what is under way. */
void http_destroy(struct http **http);

/* Begins a request; done is called once, from http_poll(), also when it could not even be made. *ret_transfer
 * is for http_cancel() and good until then; may be NULL. */
void http_start(struct http *http, const struct http_request *request, http_done *done, void *context,
                struct http_transfer **ret_transfer);

/* Ends a request without calling done; *transfer is NULL afterwards. NULL is fine. */
void http_cancel(struct http_transfer **transfer);

/* Moves all requests on and calls done for those that ended. When none ended, waits for the first of:
 * something to do for a request, one of the descriptors ready (at most 8; revents are set), wait_ms over. */
void http_poll(struct http *http, struct pollfd *fds, size_t count, int64_t wait_ms);

size_t http_active(const struct http *http);

#endif
