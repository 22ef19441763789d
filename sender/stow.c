#include "sender/stow.h"

#include "common/base/cleanup.h"
#include "common/base/json.h"
#include "common/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_BASE = 256 * 1024,      /* an HTML page of somebody's */
    ANSWER_AN_INSTANCE = 8 * 1024, /* five times what KHEOPS needs for one */
    PRESENT_MOST = 2 << 20,
    PRESENT_DEPTH = 64,
    PRESENT_MS = 30 * 1000,
    FETCH_MS = 60 * 1000
};

#define ACCEPT_STOW "application/dicom+json, application/dicom+xml;q=0.5"

void stow_append_url(const struct config_destination *destination, struct text *url)
{
    text_append(url, destination->stow_url);
    if (destination->skip_verify)
        text_append(url, strchr(destination->stow_url, '?') ? "&skipVerify=true" : "?skipVerify=true");
}

static bool has_header(const struct credentials *credentials, const char *name)
{
    for (size_t i = 0; i < credentials->header_count; i++) {
        if (strcasecmp(credentials->headers[i].name, name) == 0)
            return true;
    }
    return false;
}

/* The destination's headers and ours; an Accept of the destination wins. The array is then yours, to free();
 * its strings are borrowed. */
static struct http_header *join_headers(const struct credentials *credentials, const char *content_type,
                                        size_t *ret_count)
{
    struct http_header *headers = memory_new(credentials->header_count + 2, sizeof *headers);
    size_t count = 0;
    for (size_t i = 0; i < credentials->header_count; i++) {
        if (strcasecmp(credentials->headers[i].name, "Content-Type") != 0)
            headers[count++] = credentials->headers[i];
    }
    if (content_type)
        headers[count++] = (struct http_header){(char *)"Content-Type", (char *)content_type};
    if (!has_header(credentials, "Accept"))
        headers[count++] = (struct http_header){(char *)"Accept", (char *)ACCEPT_STOW};
    *ret_count = count;
    return headers;
}

void stow_start(struct http *http, const struct config_destination *destination,
                const struct credentials *credentials, struct multipart *multipart, size_t instances,
                http_done *done, void *context, struct http_transfer **ret_transfer)
{
    AUTO(text_release) struct text url = TEXT_EMPTY;
    size_t count, most = ANSWER_BASE + instances * ANSWER_AN_INSTANCE;
    AUTO(memory_free)
    struct http_header *headers = join_headers(credentials, multipart_content_type(multipart), &count);
    const struct http_source source = multipart_source(multipart);
    stow_append_url(destination, &url);
    const struct http_request request = {.method = HTTP_POST,
                                         .url = text_string(&url),
                                         .headers = headers,
                                         .header_count = count,
                                         .source = &source,
                                         .tls = credentials_tls(destination),
                                         .proxy = text_string(&credentials->proxy),
                                         .http2 = destination->http2,
                                         .answer_max = most < HTTP_ANSWER_MAX ? most : HTTP_ANSWER_MAX};
    http_start(http, &request, done, context, ret_transfer);
}

void stow_ask_present(struct http *http, const struct config_destination *destination,
                      const struct credentials *credentials, const char *study, const char *series,
                      http_done *done, void *context, struct http_transfer **ret_transfer)
{
    AUTO(text_release) struct text url = TEXT_EMPTY;
    size_t count;
    AUTO(memory_free) struct http_header *headers = join_headers(credentials, NULL, &count);
    int path = (int)strcspn(destination->stow_url, "?");
    text_format(&url, "%.*s/%s/series/%s/instances?includefield=00080018", path, destination->stow_url, study,
                series);
    const struct http_request request = {.method = HTTP_GET,
                                         .url = text_string(&url),
                                         .headers = headers,
                                         .header_count = count,
                                         .tls = credentials_tls(destination),
                                         .proxy = text_string(&credentials->proxy),
                                         .http2 = destination->http2,
                                         .answer_max = PRESENT_MOST,
                                         .answer_ms = PRESENT_MS};
    http_start(http, &request, done, context, ret_transfer);
}

void stow_ask_fetch(struct http *http, const struct config_destination *destination,
                    const struct credentials *credentials, const char *study, http_done *done, void *context,
                    struct http_transfer **ret_transfer)
{
    AUTO(text_release) struct text url = TEXT_EMPTY;
    size_t count;
    AUTO(memory_free) struct http_header *headers = join_headers(credentials, NULL, &count);
    text_format(&url, "%s/studies/%s/fetch", destination->api_url, study);
    const struct http_request request = {.method = HTTP_POST,
                                         .url = text_string(&url),
                                         .headers = headers,
                                         .header_count = count,
                                         .tls = credentials_tls(destination),
                                         .proxy = text_string(&credentials->proxy),
                                         .http2 = destination->http2,
                                         .answer_max = ANSWER_BASE,
                                         .answer_ms = FETCH_MS};
    http_start(http, &request, done, context, ret_transfer);
}

bool stow_read_present(const struct http_answer *answer,
                       void (*each)(void *context, const char *sop_instance), void *context)
{
    if (answer->trouble != HTTP_NONE || answer->status != 200)
        return false;
    static const struct json_limits limits = {.bytes = PRESENT_MOST, .depth = PRESENT_DEPTH};
    AUTO(json_release) json_t *matches = NULL;
    if (json_read(text_string(&answer->body), answer->body.length, &limits, &matches) != 0 ||
        !json_is_array(matches))
        return false;
    for (size_t i = 0; i < json_array_size(matches); i++) {
        const json_t *uid = json_object_get(json_array_get(matches, i), "00080018");
        const json_t *value = json_array_get(json_object_get(uid, "Value"), 0);
        if (json_is_string(value))
            each(context, json_string_value(value));
    }
    return true;
}
