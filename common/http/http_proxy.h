/* http_proxy - a transfer's way through a proxy: its options, and what a proxy says by itself. For http*.c only. */
#ifndef FELUCCA_HTTP_HTTP_PROXY_H
#define FELUCCA_HTTP_HTTP_PROXY_H

#include "common/http/http_transfer.h"

/* Sets what the request asks for. False: the proxy's URL is not usable. */
bool http_proxy_prepare(struct http_transfer *transfer, const struct http_request *request);

/* Looks at a line of an answer's head. */
void http_proxy_take_header(struct http_transfer *transfer, const char *line, size_t length);

/* Whether the request has ended at a proxy that gave an answer of its own; *ret_trouble then says what it is, and the
 * sentence, with the server's name in it, is appended to reason. */
bool http_proxy_refused(struct http_transfer *transfer, const char *server, enum http_trouble *ret_trouble,
                        struct text *reason);

/* Appends the name of the proxy that could not be connected; false: it is not known that it was one. */
bool http_proxy_append_unreachable(struct http_transfer *transfer, int code, struct text *reason);

#endif
