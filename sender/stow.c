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
    THERE_MS = 5 * 1000, /* an upload waits for it */
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
    struct http_signature signature;
    const struct http_request request = {.method = HTTP_POST,
                                         .url = text_string(&url),
                                         .headers = headers,
                                         .header_count = count,
                                         .source = &source,
                                         .signature = credentials_signature(credentials, &signature),
                                         .tls = credentials_tls(destination),
                                         .proxy = text_string(&credentials->proxy),
                                         .http2 = destination->http2,
                                         .send_rate = destination->rate,
                                         .answer_max = most < HTTP_ANSWER_MAX ? most : HTTP_ANSWER_MAX};
    http_start(http, &request, done, context, ret_transfer);
}

/* A question to QIDO-RS, at this address. */
static void ask(struct http *http, const struct config_destination *destination,
                const struct credentials *credentials, const struct text *url, int64_t answer_ms,
                http_done *done, void *context, struct http_transfer **ret_transfer)
{
    size_t count;
    AUTO(memory_free) struct http_header *headers = join_headers(credentials, NULL, &count);
    struct http_signature signature;
    const struct http_request request = {.method = HTTP_GET,
                                         .url = text_string(url),
                                         .headers = headers,
                                         .header_count = count,
                                         .signature = credentials_signature(credentials, &signature),
                                         .tls = credentials_tls(destination),
                                         .proxy = text_string(&credentials->proxy),
                                         .http2 = destination->http2,
                                         .answer_max = PRESENT_MOST,
                                         .answer_ms = answer_ms};
    http_start(http, &request, done, context, ret_transfer);
}

static int path_length(const struct config_destination *destination)
{
    return (int)strcspn(destination->stow_url, "?");
}

void stow_ask_present(struct http *http, const struct config_destination *destination,
                      const struct credentials *credentials, const char *study, const char *series,
                      http_done *done, void *context, struct http_transfer **ret_transfer)
{
    AUTO(text_release) struct text url = TEXT_EMPTY;
    text_format(&url, "%.*s/%s/series/%s/instances?includefield=00080018", path_length(destination),
                destination->stow_url, study, series);
    ask(http, destination, credentials, &url, PRESENT_MS, done, context, ret_transfer);
}

void stow_ask_there(struct http *http, const struct config_destination *destination,
                    const struct credentials *credentials, const char *study, const char *series,
                    http_done *done, void *context, struct http_transfer **ret_transfer)
{
    AUTO(text_release) struct text url = TEXT_EMPTY;
    text_format(&url, "%.*s", path_length(destination), destination->stow_url);
    if (series)
        text_format(&url, "/%s/series?SeriesInstanceUID=%s", study, series);
    else
        text_format(&url, "?StudyInstanceUID=%s", study);
    ask(http, destination, credentials, &url, THERE_MS, done, context, ret_transfer);
}

void stow_ask_fetch(struct http *http, const struct config_destination *destination,
                    const struct credentials *credentials, const char *study, http_done *done, void *context,
                    struct http_transfer **ret_transfer)
{
    AUTO(text_release) struct text url = TEXT_EMPTY;
    size_t count;
    AUTO(memory_free) struct http_header *headers = join_headers(credentials, NULL, &count);
    text_format(&url, "%s/studies/%s/fetch", destination->api_url, study);
    struct http_signature signature;
    const struct http_request request = {.method = HTTP_POST,
                                         .url = text_string(&url),
                                         .headers = headers,
                                         .header_count = count,
                                         .signature = credentials_signature(credentials, &signature),
                                         .tls = credentials_tls(destination),
                                         .proxy = text_string(&credentials->proxy),
                                         .http2 = destination->http2,
                                         .answer_max = ANSWER_BASE,
                                         .answer_ms = FETCH_MS};
    http_start(http, &request, done, context, ret_transfer);
}

/* The matches of an answer, a JSON array; NULL when it has none that can be read. Is then yours. */
static json_t *read_matches(const struct http_answer *answer)
{
    static const struct json_limits limits = {.bytes = PRESENT_MOST, .depth = PRESENT_DEPTH};
    json_t *matches = NULL;
    if (answer->trouble != HTTP_NONE || answer->status != 200 ||
        json_read(text_string(&answer->body), answer->body.length, &limits, &matches) != 0)
        return NULL;
    if (!json_is_array(matches))
        json_release(&matches);
    return matches;
}

static const char *first_value(const json_t *match, const char *tag)
{
    return json_string_value(json_array_get(json_object_get(json_object_get(match, tag), "Value"), 0));
}

bool stow_read_present(const struct http_answer *answer,
                       void (*each)(void *context, const char *sop_instance), void *context)
{
    AUTO(json_release) json_t *matches = read_matches(answer);
    for (size_t i = 0; i < json_array_size(matches); i++) {
        const char *uid = first_value(json_array_get(matches, i), "00080018");
        if (uid)
            each(context, uid);
    }
    return matches != NULL;
}

enum stow_there stow_read_there(const struct http_answer *answer, const char *study, const char *series)
{
    if (answer->trouble == HTTP_NONE && answer->status == 204)
        return STOW_NOT_THERE;
    AUTO(json_release) json_t *matches = read_matches(answer);
    for (size_t i = 0; i < json_array_size(matches); i++) {
        const char *uid = first_value(json_array_get(matches, i), series ? "0020000E" : "0020000D");
        if (uid && strcmp(uid, series ? series : study) == 0)
            return STOW_THERE;
    }
    /* A list of others is of a server that overlooks the question's condition: it may be a part. */
    return matches && json_array_size(matches) == 0 ? STOW_NOT_THERE : STOW_UNTOLD;
}
