/* http_curl - one transfer as libcurl sees it: its options, its body and its errors. For http*.c only. */
#ifndef FELUCCA_HTTP_HTTP_CURL_H
#define FELUCCA_HTTP_HTTP_CURL_H

#include "common/http/http_message.h"

struct http;

struct http_transfer {
    struct http *http;
    struct http_transfer *previous, *next;
    void *easy;           /* CURL * */
    void *header_list;    /* struct curl_slist * */
    char error_text[256]; /* CURL_ERROR_SIZE */
    http_done *done;
    void *context;
    struct http_source source; /* size 0 and no read: no body */
    bool has_body;
    struct text content; /* the source of a body that was copied */
    size_t content_offset;
    int64_t handed;  /* bytes of the body given to libcurl in this attempt */
    bool handed_all; /* in some attempt */
    bool source_failed;
    bool begun_again;              /* on a new connection */
    int64_t started_at, handed_at; /* monotonic; handed_at 0: not yet all */
    int64_t answer_ms;
    size_t answer_max;
    bool oversize;
    bool late;          /* answer_ms is over */
    bool head_complete; /* the empty line behind the answer's headers came */
    bool is_chunked;
    struct text answer_body;
};

/* Sets everything that the request asks for. False: it cannot be made. */
bool http_curl_prepare(struct http_transfer *transfer, const struct http_request *request);
/* The body from its start again; false: it cannot be, or should not (see http_curl.c). */
bool http_curl_rewind(struct http_transfer *transfer);
void http_curl_release(struct http_transfer *transfer);

/* Tells how it ended. code is a CURLcode. */
void http_curl_answer(struct http_transfer *transfer, int code, struct http_answer *ret_answer);

#endif
