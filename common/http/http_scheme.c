#include "common/http/http_scheme.h"

#include <curl/curl.h>
#include <string.h>

static bool says_one_of(const char *text, const char *const *phrases)
{
    for (; *phrases; phrases++) {
        if (strstr(text, *phrases))
            return true;
    }
    return false;
}

/* What it said to our greeting is no TLS. */
static bool speaks_no_tls(const struct http_transfer *transfer, CURLcode code)
{
    static const char *const openssl[] = {"wrong version number", "packet length too long", NULL};
    return code == CURLE_SSL_CONNECT_ERROR && says_one_of(transfer->error_text, openssl);
}

/* It says so (nginx, Apache, Tomcat, Go). Others just end the connection. */
static bool speaks_tls(const struct http_transfer *transfer, CURLcode code, int status)
{
    static const char *const pages[] = {
        "plain HTTP request was sent to HTTPS port", "speaking plain HTTP to an SSL-enabled server port",
        "combination of host and port requires TLS", "sent an HTTP request to an HTTPS server", NULL};
    return code == CURLE_OK && status == 400 && says_one_of(text_string(&transfer->answer_body), pages);
}

bool http_scheme_is_wrong(const struct http_transfer *transfer, int code, int status, const char *server,
                          struct text *ret_reason)
{
    bool secure = strncmp(server, "https:", 6) == 0;
    if (secure && speaks_no_tls(transfer, (CURLcode)code))
        text_format(ret_reason, "%s speaks no TLS: write http:// into its URL, or the port that speaks TLS",
                    server);
    else if (!secure && speaks_tls(transfer, (CURLcode)code, status))
        text_format(ret_reason, "%s does not speak HTTP but TLS: write https:// into its URL", server);
    else
        return false;
    return true;
}
