/* http_message - a request to be made, and the answer that came. */
#ifndef FELUCCA_HTTP_HTTP_MESSAGE_H
#define FELUCCA_HTTP_HTTP_MESSAGE_H

#include "common/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    HTTP_ANSWER_MAX = 16 << 20,  /* bytes of an answer's body, unless the request allows less */
    HTTP_CONNECT_MS = 10 * 1000, /* patience with connecting, TLS included */
    HTTP_SILENCE_S = 150, /* no byte in either direction: longer than nginx's 120 s, which answer 504 */
    HTTP_ANSWER_MS = 300 * 1000,      /* from the last byte of the request to the last of the answer */
    HTTP_RETRY_AFTER_MAX_MS = 3600000 /* a longer Retry-After counts as this */
};

enum http_method { HTTP_GET, HTTP_POST, HTTP_PUT };

struct http_header {
    char *name;
    char *value;
};

/* A body that is made while it is sent. */
struct http_source {
    void *context;
    int64_t size; /* exactly */
    ssize_t (*read)(void *context, char *buffer,
                    size_t capacity); /* at least 1 byte; 0 or less: cannot go on */
    bool (*rewind)(void *context);    /* to the start; false: cannot */
};

/* NULL members: the system's certificates, no client certificate. */
struct http_tls {
    const char *ca_file, *client_cert, *client_key;
    bool insecure; /* neither certificate nor name is checked */
};

/* AWS Signature Version 4 of method, address, headers and, where it is content, the body. Copied. */
struct http_signature {
    const char *scope; /* "aws:amz:REGION:SERVICE" */
    const char *key, *secret;
};

#define HTTP_PROXY_OF_ENVIRONMENT "environment"

/* A message for a mail server (SMTP): the request's content is its whole text, its url smtp://HOST:PORT, or
 * smtps:// for TLS from the first byte on. */
struct http_mail {
    const char *from;            /* an address */
    const char *const *to;       /* addresses, ended by NULL */
    const char *user, *password; /* NULL: nobody logs in. Copied, and wiped afterwards */
    bool starttls;               /* encrypted after the greeting, or nothing is sent */
};

struct http_request {
    enum http_method method;
    const char *url;
    const struct http_header *headers;
    size_t header_count;
    const struct http_source *source; /* its context is borrowed until done; NULL: content, or no body */
    const char *content;              /* copied, and wiped afterwards; NULL: no body */
    const struct http_mail *mail;     /* it is mail, and no HTTP; else NULL */
    const struct http_signature *signature; /* NULL: it is not signed */
    struct http_tls tls;
    /* NULL or "": none; HTTP_PROXY_OF_ENVIRONMENT: what http_proxy and its like say; else the proxy's URL, with
     * credentials percent-encoded. Copied. */
    const char *proxy;
    bool http2;        /* offer HTTP/2 (https only) */
    size_t answer_max; /* 0: HTTP_ANSWER_MAX */
    int64_t answer_ms; /* 0: HTTP_ANSWER_MS */
    int64_t send_rate; /* bytes a second that go out at most; 0: as many as pass */
};

#define HTTP_TROUBLE_MAP(X) /* name, meaning */                                                          \
    X(NONE, "there is a complete answer")                                                                \
    X(REQUEST, "it could not be made: URL, CA file or client certificate is not usable")                 \
    X(UNROUTED, "no way there from here: its name is not resolved, or there is no route")                \
    X(UNREACHABLE, "no connection")                                                                      \
    X(PROXY, "a proxy on the way wants credentials, or lets nothing through")                            \
    X(TLS, "no trust: the server's certificate, or no common ground")                                    \
    X(TIMEOUT, "too slow, or silent")                                                                    \
    X(BROKEN, "the connection ended before the answer did, or what came is not HTTP, or came too early") \
    X(OVERSIZE, "the answer is larger than allowed; its status is known, unless its head is")            \
    X(SOURCE, "the body's source could not go on")

enum http_trouble {
#define X(name, meaning) HTTP_##name,
    HTTP_TROUBLE_MAP(X)
#undef X
        HTTP_TROUBLES
};

/* Of mail: status and body are the server's last reply, trouble is HTTP_BROKEN where it refuses the message. */
struct http_answer {
    enum http_trouble trouble;
    int status;             /* 0: none came */
    char content_type[128]; /* "" when none */
    struct text body;       /* "" when none */
    int64_t retry_after_ms; /* 0: not said */
    struct text location;   /* where a redirect points; its path only where it is ours; "" when nowhere */
    bool early;         /* it began before the last byte of the body was out: it cannot be about all of it */
    bool body_sent;     /* all of the request went out, once at least: it may have been carried out */
    int64_t sent_bytes; /* of the body, that went out last */
    int64_t milliseconds;
    struct text reason; /* trouble: a sentence for the operator */
};

/* answer is borrowed during the call, and the transfer is gone. It may start and cancel others. */
typedef void http_done(void *context, struct http_answer *answer);

#endif
