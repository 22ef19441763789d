/* http_transfer - one request under way, with libcurl's handle of it. For http*.c only. */
#ifndef FELUCCA_HTTP_HTTP_TRANSFER_H
#define FELUCCA_HTTP_HTTP_TRANSFER_H

#include "common/http/http_message.h"

struct http;

struct http_transfer {
    struct http *http;
    struct http_transfer *previous, *next;
    void *easy;        /* CURL * */
    void *header_list; /* struct curl_slist * */
    void *recipients;  /* of mail: struct curl_slist * */
    bool is_mail;
    char error_text[256]; /* CURL_ERROR_SIZE */
    http_done *done;
    void *context;
    struct http_source source; /* size 0 and no read: no body */
    bool has_body;
    bool http2;          /* is offered */
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
    size_t head_bytes;  /* of the heads of its answers */
    bool head_complete; /* the empty line behind the answer's headers came */
    bool early;         /* the answer began before the last byte of the body was out */
    bool is_chunked;
    struct text proxy_name; /* of the proxy that was asked for, without credentials; "" for another or none */
    bool proxied;           /* the request goes through a proxy, as far as is known */
    bool proxy_says; /* the answer is a proxy's own: Proxy-Status (RFC 9209), squid's X-Squid-Error, 407 */
    struct text answer_body;
};

#endif
