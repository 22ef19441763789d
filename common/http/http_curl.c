#include "common/http/http_curl.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/config/secret.h"
#include "common/http/http_head.h"
#include "common/http/http_lines.h"
#include "common/http/http_mail.h"
#include "common/http/http_proxy.h"
#include "common/http/http_scheme.h"
#include "common/http/http_sign.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    IDLE_S = 50,                 /* a connection at rest is dropped then */
    SLOWEST_BYTES_A_SECOND = 50, /* less, over HTTP_SILENCE_S, is silence */
    UPLOAD_BUFFER = 512 * 1024 /* measured: larger ones gain nothing on loopback, and each request has one */
};

/* ---- what libcurl calls ---- */

static size_t transfer_read_body(char *buffer, size_t size, size_t count, void *context)
{
    struct http_transfer *transfer = context;
    ssize_t got = transfer->source.read(transfer->source.context, buffer, size * count);
    if (got <= 0 || got > transfer->source.size - transfer->handed) {
        transfer->source_failed = true;
        return CURL_READFUNC_ABORT;
    }
    transfer->handed += got;
    if (transfer->handed == transfer->source.size)
        transfer->handed_at = clock_monotonic_ms();
    return (size_t)got;
}

/* Whether it may go out twice although the server may have the first one: a question of ours; and over HTTP/2 a short
 * body, since nginx ends a connection after so many requests and refuses streams that it has not looked at, which cannot
 * be told from one that it has. */
static bool may_go_twice(const struct http_transfer *transfer)
{
    bool is_question = transfer->source.context == transfer;
    return is_question || (transfer->http2 && transfer->source.size <= UPLOAD_BUFFER);
}

/* A reused connection was dead: the request begins again on another one. Not when the body had gone out whole: then
 * the server may have it and be at work on it, what is lost may be the answer alone, and the caller finds out what
 * became of it. */
bool http_curl_rewind(struct http_transfer *transfer)
{
    bool whole = transfer->handed == transfer->source.size;
    transfer->handed_all |= whole;
    if (!transfer->source.read)
        return true;
    if ((whole && !may_go_twice(transfer)) || !transfer->source.rewind(transfer->source.context))
        return false;
    transfer->handed = 0;
    transfer->handed_at = 0;
    return true;
}

static int rewind_body(void *context, curl_off_t offset, int origin)
{
    return offset == 0 && origin == SEEK_SET && http_curl_rewind(context) ? CURL_SEEKFUNC_OK
                                                                          : CURL_SEEKFUNC_FAIL;
}

static size_t transfer_take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct http_transfer *transfer = context;
    size_t length = size * count;
    if (length > transfer->answer_max - transfer->answer_body.length) {
        transfer->oversize = true;
        return 0;
    }
    text_append_bytes(&transfer->answer_body, bytes, length);
    return length;
}

static ssize_t read_content(void *context, char *buffer, size_t capacity)
{
    struct http_transfer *transfer = context;
    size_t left = transfer->content.length - transfer->content_offset;
    size_t length = left < capacity ? left : capacity;
    memcpy(buffer, transfer->content.bytes + transfer->content_offset, length);
    transfer->content_offset += length;
    return (ssize_t)length;
}

static bool rewind_content(void *context)
{
    ((struct http_transfer *)context)->content_offset = 0;
    return true;
}

/* ---- options ---- */

static bool is_header_text(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' && *text != '\t')
            return false;
    }
    return true;
}

/* "Name:" takes a header away that libcurl has by itself. From a request that it signs nothing is taken away: it would
 * sign such a line, and send none. */
static bool add_headers(struct http_transfer *transfer, const struct http_request *request)
{
    bool typed = request->signature != NULL;
    bool fine = request->signature || http_lines_add(transfer, "Expect:");
    for (size_t i = 0; fine && i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        AUTO(secret_wipe) struct text line = TEXT_EMPTY;
        if (!*header->name || !is_header_text(header->name) || !is_header_text(header->value))
            return false;
        typed |= strcasecmp(header->name, "Content-Type") == 0;
        /* "Name;" is libcurl's way to say a header without a value. */
        text_format(&line, *header->value ? "%s: %s" : "%s;", header->name, header->value);
        fine = http_lines_add(transfer, text_string(&line));
    }
    return fine && (typed || http_lines_add(transfer, "Content-Type:"));
}

static void choose_source(struct http_transfer *transfer, const struct http_request *request)
{
    transfer->has_body = request->source || request->content;
    if (request->source) {
        transfer->source = *request->source;
    } else if (request->content) {
        text_append(&transfer->content, request->content);
        transfer->source = (struct http_source){.context = transfer,
                                                .size = (int64_t)transfer->content.length,
                                                .read = read_content,
                                                .rewind = rewind_content};
    }
    if (transfer->source.size == 0)
        transfer->handed_at = transfer->started_at;
}

static CURLcode set_method(struct http_transfer *transfer, const struct http_request *request)
{
    CURL *easy = transfer->easy;
    if (request->method == HTTP_GET)
        return curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    CURLcode code = curl_easy_setopt(easy, CURLOPT_POST, 1L);
    if (code == CURLE_OK && request->method == HTTP_PUT)
        code = curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "PUT");
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->source.size);
    if (code == CURLE_OK && transfer->source.size == 0)
        return curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_READFUNCTION, transfer_read_body);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, rewind_body);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_SEEKDATA, transfer);
    if (code == CURLE_OK && transfer->source.size >= UPLOAD_BUFFER)
        code = curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BUFFER);
    return code;
}

static CURLcode set_tls(CURL *easy, const struct http_tls *tls)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, tls->insecure ? 0L : 1L);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, tls->insecure ? 0L : 2L);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (code == CURLE_OK && tls->ca_file)
        code = curl_easy_setopt(easy, CURLOPT_CAINFO, tls->ca_file);
    if (code == CURLE_OK && tls->client_cert)
        code = curl_easy_setopt(easy, CURLOPT_SSLCERT, tls->client_cert);
    if (code == CURLE_OK && tls->client_key)
        code = curl_easy_setopt(easy, CURLOPT_SSLKEY, tls->client_key);
    return code;
}

/* Options that are the same for all requests. None of these can fail with a libcurl of today. */
static void set_house_rules(struct http_transfer *transfer)
{
    CURL *easy = transfer->easy;
    (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error_text);
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* Else the end of a request waits for the thread that resolves its name, half a minute where no name server
     * answers, and with it the loop. */
    (void)curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    /* Asks for a plain answer, and reads a compressed one all the same: what is counted is what comes out. */
    (void)curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "identity");
    (void)curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_S);
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_CONNECT_MS);
    (void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)SLOWEST_BYTES_A_SECOND);
    (void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)HTTP_SILENCE_S);
    (void)curl_easy_setopt(easy, CURLOPT_USERAGENT, "felucca/" FELUCCA_VERSION);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, transfer_take_body);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, http_head_take);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
}

bool http_curl_prepare(struct http_transfer *transfer, const struct http_request *request)
{
    CURL *easy = transfer->easy = curl_easy_init();
    if (!easy)
        return false;
    transfer->answer_ms = request->answer_ms ? request->answer_ms : HTTP_ANSWER_MS;
    transfer->answer_max = request->answer_max ? request->answer_max : HTTP_ANSWER_MAX;
    transfer->http2 = request->http2;
    choose_source(transfer, request);
    set_house_rules(transfer);
    if (request->mail)
        return http_mail_prepare(transfer, request) && set_tls(easy, &request->tls) == CURLE_OK;
    if (request->send_rate > 0)
        (void)curl_easy_setopt(easy, CURLOPT_MAX_SEND_SPEED_LARGE, (curl_off_t)request->send_rate);
    long version = request->http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1;
    return add_headers(transfer, request) && http_sign_prepare(transfer, request) &&
           curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, version) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->header_list) == CURLE_OK &&
           set_method(transfer, request) == CURLE_OK && set_tls(easy, &request->tls) == CURLE_OK &&
           http_proxy_prepare(transfer, request);
}

void http_curl_release(struct http_transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    transfer->easy = NULL;
    http_lines_release(transfer);
    curl_slist_free_all(transfer->recipients);
    transfer->recipients = NULL;
    secret_wipe(&transfer->content);
    text_release(&transfer->answer_body);
    text_release(&transfer->proxy_name);
}

/* ---- how it ended ---- */

static bool was_connected(const struct http_transfer *transfer)
{
    double seconds = 0;
    if (transfer->easy)
        (void)curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME, &seconds);
    return seconds > 0;
}

static bool was_resolved(const struct http_transfer *transfer)
{
    curl_off_t microseconds = 0;
    if (transfer->easy)
        (void)curl_easy_getinfo(transfer->easy, CURLINFO_NAMELOOKUP_TIME_T, &microseconds);
    return microseconds > 0;
}

/* The kernel says so of this machine's own network. */
static bool has_no_route(const struct http_transfer *transfer)
{
    long code = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &code);
    return code == ENETUNREACH || code == EHOSTUNREACH || code == ENETDOWN || code == EADDRNOTAVAIL ||
           code == EACCES || code == EPERM;
}

/* libcurl has a limit of its own for a single line, and says of it that memory is short. */
static bool has_long_head(const struct http_transfer *transfer, CURLcode code)
{
    return transfer->head_bytes > HTTP_HEAD_MAX ||
           (code == CURLE_OUT_OF_MEMORY && was_connected(transfer) && !transfer->head_complete);
}

static enum http_trouble trouble_of(const struct http_transfer *transfer, CURLcode code)
{
    if (transfer->source_failed)
        return HTTP_SOURCE;
    if (transfer->oversize || has_long_head(transfer, code))
        return HTTP_OVERSIZE;
    if (transfer->late)
        return HTTP_TIMEOUT;
    if (code == CURLE_OPERATION_TIMEDOUT && !was_resolved(transfer))
        return HTTP_UNROUTED;
    if (code == CURLE_UNSUPPORTED_PROTOCOL && was_connected(transfer))
        return HTTP_BROKEN; /* what came is not HTTP/1 */
    switch (code) {
    case CURLE_OK:
        return HTTP_NONE;
    case CURLE_FAILED_INIT:
    case CURLE_OUT_OF_MEMORY:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_UNKNOWN_OPTION:
    case CURLE_NOT_BUILT_IN:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
        return HTTP_REQUEST;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return HTTP_UNROUTED;
    case CURLE_COULDNT_CONNECT:
        return has_no_route(transfer) ? HTTP_UNROUTED : HTTP_UNREACHABLE;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CLIENTCERT:
        return HTTP_TLS;
    case CURLE_OPERATION_TIMEDOUT:
        return HTTP_TIMEOUT;
    default:
        return HTTP_BROKEN;
    }
}

/* "https://kheops.example.org:8443", nothing else of the URL. */
static void append_server(struct http_transfer *transfer, struct text *out)
{
    char *url = NULL, *scheme = NULL, *host = NULL, *port = NULL;
    CURLU *parts = curl_url();
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_EFFECTIVE_URL, &url);
    if (parts && url && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
        text_format(out, "%s://%s", scheme, host);
        if (curl_url_get(parts, CURLUPART_PORT, &port, 0) == CURLUE_OK)
            text_format(out, ":%s", port);
    } else {
        text_append(out, "the server");
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parts);
}

static void append_connect_error(struct http_transfer *transfer, CURLcode code, struct text *out)
{
    long os_error = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &os_error);
    if (code == CURLE_COULDNT_CONNECT && os_error != 0)
        text_append(out, strerror((int)os_error));
    else if (code == CURLE_OPERATION_TIMEDOUT)
        text_append(out, "no name server answered");
    else
        text_append(out, curl_easy_strerror(code));
}

/* The answer is there; all that is wrong with it is its time, or its end. */
static void append_broken(const struct http_transfer *transfer, CURLcode code,
                          const struct http_answer *answer, struct text *out)
{
    if (code == CURLE_OK && answer->status == 0)
        text_append(out, " ended the connection before it had answered");
    else if (code == CURLE_OK && answer->status / 100 == 2 && transfer->early)
        text_format(
            out, " answered %d before it had the whole request, so that the answer cannot be about all of it",
            answer->status);
    else if (code == CURLE_OK)
        text_format(out, " answered %d and ended the connection before the end of its answer",
                    answer->status);
    else
        text_format(out, " ended the connection without a complete answer (%s)",
                    curl_easy_strerror(code == CURLE_SEND_FAIL_REWIND ? CURLE_GOT_NOTHING : code));
}

static void tell_trouble(struct http_transfer *transfer, CURLcode code, struct http_answer *answer)
{
    struct text *out = &answer->reason;
    const char *detail = transfer->error_text[0] ? transfer->error_text : curl_easy_strerror(code);
    switch (answer->trouble) {
    case HTTP_UNROUTED:
    case HTTP_UNREACHABLE:
        text_append(out, "no connection to ");
        if (!http_proxy_append_unreachable(transfer, (int)code, out))
            append_server(transfer, out);
        text_append(out, ": ");
        append_connect_error(transfer, code, out);
        break;
    case HTTP_TLS:
        append_server(transfer, out);
        text_format(out, " is not trusted: %s", detail);
        break;
    case HTTP_REQUEST:
        text_append(out, "the request to ");
        append_server(transfer, out);
        text_format(out, " cannot be made: %s", detail);
        break;
    case HTTP_SOURCE:
        text_append(out, "the body of the request could not be read");
        break;
    case HTTP_TIMEOUT:
        append_server(transfer, out);
        text_append(out,
                    was_connected(transfer) ? " did not answer in time" : " could not be connected in time");
        break;
    case HTTP_OVERSIZE:
        append_server(transfer, out);
        text_append(out, transfer->oversize ? " sent an answer longer than allowed"
                                            : " sent headers longer than allowed");
        break;
    default:
        append_server(transfer, out);
        append_broken(transfer, code, answer, out);
        break;
    }
}

/* Scheme, host and port; the path only where it is the one that was asked for, give or take a slash: another
 * may say back what was sent, and this goes into logs. */
static void append_location(const char *location, const char *asked, struct text *out)
{
    const char *host = strstr(location, "://"), *asked_host = strstr(asked, "://");
    if (!host || !asked_host)
        return;
    host += 3;
    const char *path = host + strcspn(host, "/?#"), *at = host;
    for (const char *c = host; c < path; c++)
        at = *c == '@' ? c + 1 : at;
    text_format(out, "%.*s%.*s", (int)(host - location), location, (int)(path - at), at);
    size_t length = strcspn(path, "?#"), most = length;
    const char *asked_path = asked_host + 3 + strcspn(asked_host + 3, "/?#");
    size_t asked_length = strcspn(asked_path, "?#");
    length -= length > 0 && path[length - 1] == '/';
    asked_length -= asked_length > 0 && asked_path[asked_length - 1] == '/';
    if (length == asked_length && memcmp(path, asked_path, length) == 0)
        text_append_bytes(out, path, most);
    else
        text_append(out, "/...");
}

static void take_headers(struct http_transfer *transfer, struct http_answer *answer)
{
    long status = 0;
    char *type = NULL, *location = NULL, *asked = NULL;
    curl_off_t retry_after = 0, sent = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_TYPE, &type);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &retry_after);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &location);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    answer->status = status >= 200 && status <= 999 ? (int)status : 0;
    (void)snprintf(answer->content_type, sizeof answer->content_type, "%s", type ? type : "");
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_EFFECTIVE_URL, &asked);
    if (location && asked)
        append_location(location, asked, &answer->location);
    if (retry_after > HTTP_RETRY_AFTER_MAX_MS / 1000)
        answer->retry_after_ms = HTTP_RETRY_AFTER_MAX_MS;
    else if (retry_after > 0)
        answer->retry_after_ms = (int64_t)retry_after * 1000;
    answer->sent_bytes = sent;
}

/* An empty body counts only when the server said that it is empty: not when the connection just ended. A stream of
 * HTTP/2 has an end of its own. */
static bool is_whole(struct http_transfer *transfer, const struct http_answer *answer)
{
    curl_off_t length = -1;
    long version = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_VERSION, &version);
    bool is_delimited = length >= 0 || transfer->is_chunked || version == CURL_HTTP_VERSION_2_0 ||
                        answer->status == 204 || answer->status == 304;
    return answer->status != 0 && transfer->head_complete &&
           (is_delimited || transfer->answer_body.length > 0);
}

/* What the server did not say has no status, and no body of it went anywhere. */
static void forget_answer(const struct http_transfer *transfer, struct http_answer *answer)
{
    answer->status = 0;
    answer->sent_bytes = 0;
    text_clear(&answer->location);
    answer->milliseconds = clock_monotonic_ms() - transfer->started_at;
}

static bool told_by_proxy(struct http_transfer *transfer, struct http_answer *answer)
{
    AUTO(text_release) struct text server = TEXT_EMPTY;
    append_server(transfer, &server);
    if (!http_proxy_refused(transfer, text_string(&server), &answer->trouble, &answer->reason))
        return false;
    forget_answer(transfer, answer);
    return true;
}

static bool told_of_scheme(struct http_transfer *transfer, int code, struct http_answer *answer)
{
    AUTO(text_release) struct text server = TEXT_EMPTY;
    append_server(transfer, &server);
    if (!http_scheme_is_wrong(transfer, code, answer->status, text_string(&server), &answer->reason))
        return false;
    answer->trouble = HTTP_TLS;
    forget_answer(transfer, answer);
    return true;
}

void http_curl_answer(struct http_transfer *transfer, int code, struct http_answer *ret_answer)
{
    struct http_answer *answer = ret_answer;
    answer->trouble = trouble_of(transfer, (CURLcode)code);
    if (transfer->is_mail) {
        http_mail_answer(transfer, code, answer);
        if (answer->trouble != HTTP_NONE && answer->reason.length == 0)
            tell_trouble(transfer, (CURLcode)code, answer);
        return;
    }
    if (transfer->easy)
        take_headers(transfer, answer);
    if (transfer->easy && told_by_proxy(transfer, answer))
        return;
    bool premature = transfer->early && answer->status / 100 == 2; /* it cannot know what it says */
    if (answer->trouble == HTTP_NONE && (premature || !is_whole(transfer, answer)))
        answer->trouble = HTTP_BROKEN;
    if (transfer->easy && told_of_scheme(transfer, code, answer))
        return;
    answer->milliseconds = clock_monotonic_ms() - transfer->started_at;
    answer->early = transfer->early && answer->status != 0;
    bool whole =
        transfer->source.size == 0 ? was_connected(transfer) : answer->sent_bytes >= transfer->source.size;
    answer->body_sent = whole || transfer->handed_all;
    answer->body = transfer->answer_body;
    transfer->answer_body = (struct text)TEXT_EMPTY;
    if (answer->trouble != HTTP_NONE)
        tell_trouble(transfer, (CURLcode)code, answer);
}
