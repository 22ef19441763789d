#include "common/http/http_sign.h"

#include "common/base/cleanup.h"
#include "common/base/sha256.h"
#include "common/http/http_lines.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <string.h>

/* A body that is made while it goes out cannot be digested before. It goes as AWS's own guide to HealthImaging has such a
 * body go: TLS is what keeps it whole. */
static bool declare_body(struct http_transfer *transfer, const struct http_request *request)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    uint8_t digest[SHA256_SIZE];
    if (request->source) {
        text_format(&line, "X-Amz-Decoded-Content-Length: %" PRId64, request->source->size);
        return http_lines_add(transfer, text_string(&line)) &&
               http_lines_add(transfer, "X-Amz-Content-Sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
    }
    const char *content = request->content ? request->content : "";
    sha256(content, strlen(content), digest);
    text_append(&line, "X-Amz-Content-Sha256: ");
    for (size_t i = 0; i < sizeof digest; i++)
        text_format(&line, "%02x", digest[i]);
    return http_lines_add(transfer, text_string(&line));
}

bool http_sign_prepare(struct http_transfer *transfer, const struct http_request *request)
{
    const struct http_signature *signature = request->signature;
    CURL *easy = transfer->easy;
    return !signature || (declare_body(transfer, request) &&
                          curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, signature->scope) == CURLE_OK &&
                          curl_easy_setopt(easy, CURLOPT_USERNAME, signature->key) == CURLE_OK &&
                          curl_easy_setopt(easy, CURLOPT_PASSWORD, signature->secret) == CURLE_OK);
}
