/* http_curl - one transfer as libcurl sees it: its options, its body and its errors. For http*.c only. */
#ifndef FELUCCA_HTTP_HTTP_CURL_H
#define FELUCCA_HTTP_HTTP_CURL_H

#include "common/http/http_transfer.h"

/* Sets everything that the request asks for. False: it cannot be made. */
bool http_curl_prepare(struct http_transfer *transfer, const struct http_request *request);
/* The body from its start again; false: it cannot be, or should not (see http_curl.c). */
bool http_curl_rewind(struct http_transfer *transfer);
void http_curl_release(struct http_transfer *transfer);

/* Tells how it ended. code is a CURLcode. */
void http_curl_answer(struct http_transfer *transfer, int code, struct http_answer *ret_answer);

#endif
