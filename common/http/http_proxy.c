#include "common/http/http_proxy.h"

#include "common/base/cleanup.h"

#include <curl/curl.h>
#include <string.h>

enum { PROXY_AUTHENTICATION_REQUIRED = 407 };

/* ---- options ---- */

/* http://host:port, without what stands before the "@". */
static void append_name(const char *url, struct text *out)
{
    const char *host = strstr(url, "://");
    const char *at = strrchr(url, '@');
    if (host)
        text_format(out, "%.*s%s", (int)(host + 3 - url), url, at ? at + 1 : host + 3);
}

bool http_proxy_prepare(struct http_transfer *transfer, const struct http_request *request)
{
    const char *proxy = request->proxy ? request->proxy : "";
    CURL *easy = transfer->easy;
    /* Else the head of a CONNECT's answer would be taken for the head of the answer. */
    if (curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) != CURLE_OK)
        return false;
    transfer->proxied = *proxy != '\0';
    if (strcmp(proxy, HTTP_PROXY_OF_ENVIRONMENT) == 0)
        return true; /* libcurl's own way */
    append_name(proxy, &transfer->proxy_name);
    return curl_easy_setopt(easy, CURLOPT_PROXY, proxy) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOPROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC) == CURLE_OK;
}

/* ---- what a proxy says ---- */

static bool is_header(const char *line, size_t length, const char *name)
{
    size_t name_length = strlen(name);
    return length > name_length && strncasecmp(line, name, name_length) == 0 && line[name_length] == ':';
}

void http_proxy_take_header(struct http_transfer *transfer, const char *line, size_t length)
{
    if (length >= 5 && strncasecmp(line, "HTTP/", 5) == 0)
        transfer->proxy_says = false; /* another answer begins */
    if (is_header(line, length, "X-Squid-Error") ||
        (is_header(line, length, "Proxy-Status") && memmem(line, length, "error=", 6)))
        transfer->proxy_says = true;
}

/* The status that a proxy gave by itself, to CONNECT or in the server's place; 0: it did not. */
static long own_status(const struct http_transfer *transfer)
{
    long tunnel = 0, status = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &tunnel);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (tunnel != 0 && (tunnel < 200 || tunnel > 299))
        return tunnel;
    bool own = transfer->proxied && tunnel == 0 && status >= 400 &&
               (transfer->proxy_says || status == PROXY_AUTHENTICATION_REQUIRED);
    return own ? status : 0;
}

static void append_proxy(const struct http_transfer *transfer, struct text *out)
{
    text_append(out, "the proxy");
    if (transfer->proxy_name.length > 0)
        text_format(out, " %s", text_string(&transfer->proxy_name));
}

bool http_proxy_refused(struct http_transfer *transfer, const char *server, enum http_trouble *ret_trouble,
                        struct text *reason)
{
    long status = own_status(transfer);
    if (status == 0)
        return false;
    *ret_trouble = status >= 500 ? HTTP_UNREACHABLE : HTTP_PROXY;
    append_proxy(transfer, reason);
    text_format(reason, " answers %ld: ", status);
    if (status == PROXY_AUTHENTICATION_REQUIRED)
        text_append(reason,
                    "it wants credentials, or others; put user:password into the file that the destination's "
                    "`proxy` names");
    else if (status >= 500)
        text_format(reason, "it does not reach %s", server);
    else
        text_format(reason, "it lets nothing through to %s; ask those who run the proxy to allow that",
                    server);
    return true;
}

bool http_proxy_append_unreachable(struct http_transfer *transfer, int code, struct text *reason)
{
    bool known = transfer->proxy_name.length > 0 || code == CURLE_COULDNT_RESOLVE_PROXY;
    if (known)
        append_proxy(transfer, reason);
    return known;
}
