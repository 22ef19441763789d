#include "common/http/http_head.h"

#include "common/http/http_proxy.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

/* Whether bytes of the request's body have still to go out. */
static bool flows_still(const struct http_transfer *transfer)
{
    curl_off_t sent = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    return transfer->source.size > 0 &&
           (transfer->handed < transfer->source.size || sent < transfer->source.size);
}

static bool begins(const char *line, size_t length, const char *with)
{
    return length >= strlen(with) && strncasecmp(line, with, strlen(with)) == 0;
}

/* "HTTP/1.1 200 OK"; 0: it has none. */
static long status_of(const char *line, size_t length)
{
    const char *blank = memchr(line, ' ', length);
    return blank && line + length - blank >= 4
               ? strtol((const char[]){blank[1], blank[2], blank[3], '\0'}, NULL, 10)
               : 0;
}

/* libcurl takes an end in the middle of the headers for an end of the headers: we do not. */
size_t http_head_take(char *line, size_t size, size_t count, void *context)
{
    struct http_transfer *transfer = context;
    size_t length = size * count;
    transfer->head_bytes += length;
    if (transfer->head_bytes > HTTP_HEAD_MAX)
        return 0;
    if (begins(line, length, "HTTP/")) {
        transfer->head_complete = transfer->is_chunked = false;
        transfer->early = status_of(line, length) >= 200 && flows_still(transfer);
    }
    http_proxy_take_header(transfer, line, length);
    if (begins(line, length, "Transfer-Encoding:"))
        transfer->is_chunked = true;
    if (length <= 2 && length > 0 && line[length - 1] == '\n')
        transfer->head_complete = true;
    return length;
}
