#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/http/http.h"
#include "tests/support/port.h"
#include "tests/support/scripted_server.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
#define MEBIBYTE  (1 << 20)
#define LIMIT_MS  10000

/* What done was told. */
struct outcome {
    unsigned calls;
    enum http_trouble trouble;
    int status;
    bool body_sent;
    int64_t sent_bytes, retry_after_ms;
    char content_type[128];
    struct text body, reason, location;
};

static void release(struct outcome *outcome)
{
    text_release(&outcome->body);
    text_release(&outcome->reason);
    text_release(&outcome->location);
}

static void done(void *context, struct http_answer *answer)
{
    struct outcome *outcome = context;
    outcome->calls++;
    outcome->trouble = answer->trouble;
    outcome->status = answer->status;
    outcome->body_sent = answer->body_sent;
    outcome->sent_bytes = answer->sent_bytes;
    outcome->retry_after_ms = answer->retry_after_ms;
    memcpy(outcome->content_type, answer->content_type, sizeof outcome->content_type);
    text_append_bytes(&outcome->body, answer->body.bytes, answer->body.length);
    text_append(&outcome->reason, text_string(&answer->reason));
    text_append(&outcome->location, text_string(&answer->location));
}

static void run(struct http *http, struct outcome *outcome)
{
    int64_t deadline = clock_monotonic_ms() + LIMIT_MS;
    unsigned before = outcome->calls;
    while (outcome->calls == before && clock_monotonic_ms() < deadline)
        http_poll(http, NULL, 0, 100);
    ck_assert_uint_eq(outcome->calls, before + 1);
}

static char *url_of(int port, const char *rest)
{
    AUTO(text_release) struct text url = TEXT_EMPTY;
    text_format(&url, "http://127.0.0.1:%d%s", port, rest);
    return text_take(&url);
}

/* A body of bytes that tell their place. */
struct pattern {
    int64_t size, at, fails_at; /* fails_at 0: never */
    unsigned rewinds;
};

static char pattern_byte(int64_t at)
{
    return (char)(at * 7 + at / 251);
}

static ssize_t pattern_read(void *context, char *buffer, size_t capacity)
{
    struct pattern *pattern = context;
    size_t i = 0;
    if (pattern->fails_at > 0 && pattern->at >= pattern->fails_at)
        return -1;
    for (; i < capacity && pattern->at < pattern->size; i++)
        buffer[i] = pattern_byte(pattern->at++);
    return (ssize_t)i;
}

static bool pattern_rewind(void *context)
{
    struct pattern *pattern = context;
    pattern->at = 0;
    pattern->rewinds++;
    return true;
}

static struct http_source pattern_source(struct pattern *pattern)
{
    return (struct http_source){pattern, pattern->size, pattern_read, pattern_rewind};
}

static void check_pattern(const char *body, size_t length, int64_t size)
{
    ck_assert_int_eq((int64_t)length, size);
    for (int64_t i = 0; i < size; i++) {
        if (body[i] != pattern_byte(i))
            ck_abort_msg("byte %lld of the body differs", (long long)i);
    }
}

static struct http *http;

static void setup(void)
{
    ck_assert_int_eq(http_create(&http), 0);
}

static void teardown(void)
{
    http_destroy(&http);
}

/* ---- good answers ---- */

START_TEST(a_body_goes_out_as_it_is)
{
    static const struct scripted_answer script[] = {{OK_ANSWER, SCRIPTED_KEEP, 0}};
    struct scripted_server *server = scripted_server_start(script, 1);
    AUTO(memory_free) char *url = url_of(scripted_server_port(server), "/api/studies?skipVerify=true");
    struct pattern pattern = {.size = 3 * MEBIBYTE + 17};
    const struct http_source source = pattern_source(&pattern);
    const struct http_header headers[] = {{(char *)"Content-Type", (char *)"application/x-test"},
                                          {(char *)"Authorization", (char *)"Bearer TEST"},
                                          {(char *)"X-Empty", (char *)""}};
    const struct http_request request = {
        .method = HTTP_POST, .url = url, .headers = headers, .header_count = 3, .source = &source};
    AUTO(release) struct outcome outcome = {0};
    AUTO(text_release) struct text seen = TEXT_EMPTY;
    http_start(http, &request, done, &outcome, NULL);
    run(http, &outcome);
    ck_assert_int_eq(outcome.trouble, HTTP_NONE);
    ck_assert_int_eq(outcome.status, 200);
    ck_assert_str_eq(outcome.content_type, "text/plain");
    ck_assert_str_eq(text_string(&outcome.body), "hello");
    ck_assert(outcome.body_sent);
    ck_assert_int_eq(outcome.sent_bytes, pattern.size);
    scripted_server_request(server, 0, &seen);
    ck_assert(string_starts_with(text_string(&seen), "POST /api/studies?skipVerify=true HTTP/1.1\r\n"));
    const char *end = strstr(text_string(&seen), "\r\n\r\n");
    ck_assert_ptr_nonnull(end);
    AUTO(memory_free) char *head = memory_string_n(seen.bytes, (size_t)(end - seen.bytes) + 2);
    ck_assert_ptr_nonnull(strstr(head, "\r\nContent-Length: 3145745\r\n"));
    ck_assert_ptr_nonnull(strstr(head, "\r\nAuthorization: Bearer TEST\r\n"));
    ck_assert_ptr_nonnull(strstr(head, "\r\nX-Empty:\r\n"));
    ck_assert_ptr_null(strcasestr(head, "Expect"));
    ck_assert_ptr_null(strcasestr(head, "Transfer-Encoding"));
    check_pattern(end + 4, seen.length - (size_t)(end + 4 - seen.bytes), pattern.size);
    scripted_server_destroy(&server);
}
END_TEST

START_TEST(a_put_without_body_says_so)
{
    static const struct scripted_answer script[] = {
        {"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", SCRIPTED_KEEP, 0}};
    struct scripted_server *server = scripted_server_start(script, 1);
    AUTO(memory_free) char *url = url_of(scripted_server_port(server), "/series");
    const struct http_request request = {.method = HTTP_PUT, .url = url};
    AUTO(release) struct outcome outcome = {0};
    AUTO(text_release) struct text seen = TEXT_EMPTY;
    http_start(http, &request, done, &outcome, NULL);
    run(http, &outcome);
    ck_assert_int_eq(outcome.status, 201);
    scripted_server_request(server, 0, &seen);
    ck_assert(string_starts_with(text_string(&seen), "PUT /series HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(text_string(&seen), "\r\nContent-Length: 0\r\n"));
    ck_assert_ptr_null(strcasestr(text_string(&seen), "Content-Type"));
    scripted_server_destroy(&server);
}
END_TEST

START_TEST(a_copied_body_goes_out)
{
    static const struct scripted_answer script[] = {{OK_ANSWER, SCRIPTED_KEEP, 0}};
    struct scripted_server *server = scripted_server_start(script, 1);
    AUTO(memory_free) char *url = url_of(scripted_server_port(server), "/introspect");
    char content[] = "token=TEST";
    const struct http_request request = {.method = HTTP_POST, .url = url, .content = content};
    AUTO(release) struct outcome outcome = {0};
    AUTO(text_release) struct text seen = TEXT_EMPTY;
    http_start(http, &request, done, &outcome, NULL);
    memset(content, 'x', sizeof content - 1);
    run(http, &outcome);
    scripted_server_request(server, 0, &seen);
    ck_assert(string_ends_with(text_string(&seen), "\r\n\r\ntoken=TEST"));
    scripted_server_destroy(&server);
}
END_TEST

START_TEST(connections_are_kept)
{
    static const struct scripted_answer script[] = {{OK_ANSWER, SCRIPTED_KEEP, 0}};
    struct scripted_server *server = scripted_server_start(script, 1);
    AUTO(memory_free) char *url = url_of(scripted_server_port(server), "/");
    const struct http_request request = {.method = HTTP_GET, .url = url};
    AUTO(release) struct outcome outcome = {0};
    for (unsigned i = 0; i < 20; i++) {
        http_start(http, &request, done, &outcome, NULL);
        run(http, &outcome);
        ck_assert_int_eq(outcome.status, 200);
    }
    ck_assert_uint_eq(scripted_server_requests(server), 20);
    ck_assert_uint_eq(scripted_server_connections(server), 1);
    scripted_server_destroy(&server);
}
END_TEST

/* The server ends a connection at rest just when it is used again: the body goes out from its start anew. */
START_TEST(a_dead_connection_is_replaced)
{
    static const struct scripted_answer script[] = {
        {OK_ANSWER, SCRIPTED_KEEP, 0}, {"", SCRIPTED_CLOSE, 1}, {OK_ANSWER, SCRIPTED_KEEP, 0}};
    struct scripted_server *server = scripted_server_start(script, 3);
    AUTO(memory_free) char *url = url_of(scripted_server_port(server), "/");
    struct pattern pattern = {.size = 16 * MEBIBYTE};
    const struct http_source source = pattern_source(&pattern);
    const struct http_request request = {.method = HTTP_POST, .url = url, .source = &source};
    AUTO(release) struct outcome outcome = {0};
    AUTO(text_release) struct text seen = TEXT_EMPTY;
    http_start(http, &request, done, &outcome, NULL);
    run(http, &outcome);
    (void)pattern_rewind(&pattern);
    http_start(http, &request, done, &outcome, NULL);
    run(http, &outcome);
    ck_assert_msg(outcome.trouble == HTTP_NONE, "%s", text_string(&outcome.reason));
    ck_assert_int_eq(outcome.status, 200);
    ck_assert_uint_eq(pattern.rewinds, 2);
    ck_assert_uint_eq(scripted_server_requests(server), 3);
    scripted_server_request(server, 2, &seen);
    const char *body = strstr(text_string(&seen), "\r\n\r\n") + 4;
    check_pattern(body, seen.length - (size_t)(body - seen.bytes), pattern.size);
    scripted_server_destroy(&server);
}
END_TEST

/* Nobody asked for it, but something in front of a server may compress what it says all the same. */
START_TEST(a_compressed_answer_is_read)
{
    static const struct scripted_answer script[] = {
        {"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: 27\r\n\r\n"
         "\x78\x01\x4b\xc9\x49\x4e\xc9\x28\x48\x4e\xca\x48\x2c\xc8\xca\x48\xcd\xce\x05\x72\x52\xd2\x01\x5d\x51\x08\x84",
         SCRIPTED_KEEP, 0}};
    struct scripted_server *server = scripted_server_start(script, 1);
    AUTO(memory_free) char *url = url_of(scripted_server_port(server), "/");
    const struct http_request request = {.method = HTTP_GET, .url = url};
    AUTO(release) struct outcome outcome = {0};
    AUTO(text_release) struct text asked = TEXT_EMPTY;
    http_start(http, &request, done, &outcome, NULL);
    run(http, &outcome);
    ck_assert_int_eq(outcome.trouble, HTTP_NONE);
    ck_assert_str_eq(text_string(&outcome.body), "dlcdhpcbhapjhekmdhpdg");
    scripted_server_request(server, 0, &asked);
    ck_assert_ptr_nonnull(strstr(text_string(&asked), "Accept-Encoding: identity\r\n"));
    scripted_server_destroy(&server);
}
END_TEST

/* All of the body went out, be it short or long: then it may be the answer that is lost, and the server at work. */
static const int64_t whole_bodies[] = {100, 200 * 1000, 2 * MEBIBYTE};

START_TEST(a_body_that_went_out_is_not_sent_again)
{
    static const struct scripted_answer script[] = {
        {OK_ANSWER, SCRIPTED_KEEP, 0}, {"", SCRIPTED_CLOSE, 0}, {OK_ANSWER, SCRIPTED_KEEP, 0}};
    struct scripted_server *server = scripted_server_start(script, 3);
    AUTO(memory_free) char *url = url_of(scripted_server_port(server), "/");
    struct pattern pattern = {.size = whole_bodies[_i]};
    const struct http_source source = pattern_source(&pattern);
    const struct http_request request = {.method = HTTP_POST, .url = url, .source = &source};
    AUTO(release) struct outcome outcome = {0};
    http_start(http, &request, done, &outcome, NULL);
    run(http, &outcome);
    (void)pattern_rewind(&pattern);
    http_start(http, &request, done, &outcome, NULL);
    run(http, &outcome);
    ck_assert_int_eq(outcome.trouble, HTTP_BROKEN);
    ck_assert_int_eq(outcome.status, 0);
    ck_assert(outcome.body_sent);
    ck_assert_uint_eq(scripted_server_requests(server), 2);
    scripted_server_destroy(&server);
}
END_TEST

/* A question of ours does no harm twice. */
START_TEST(a_question_is_asked_again)
{
    static const struct scripted_answer script[] = {
        {OK_ANSWER, SCRIPTED_KEEP, 0}, {"", SCRIPTED_CLOSE, 0}, {OK_ANSWER, SCRIPTED_KEEP, 0}};
    struct scripted_server *server = scripted_server_start(script, 3);
    AUTO(memory_free) char *url = url_of(scripted_server_port(server), "/introspect");
    const struct http_request request = {.method = HTTP_POST, .url = url, .content = "token=TEST"};
    AUTO(release) struct outcome outcome = {0};
    for (int i = 0; i < 2; i++) {
        http_start(http, &request, done, &outcome, NULL);
        run(http, &outcome);
    }
    ck_assert_int_eq(outcome.trouble, HTTP_NONE);
    ck_assert_uint_eq(scripted_server_requests(server), 3);
    scripted_server_destroy(&server);
}
END_TEST

/* ---- answers that are none ---- */

static const struct trouble_row {
    const char *label;
    struct scripted_answer answer;
    int64_t body; /* of the request */
    int64_t answer_ms;
    size_t answer_max;
    enum http_trouble trouble;
    int status; /* -1: any */
    bool body_sent;
    int64_t retry_after_ms;
    const char *location;
} trouble_rows[] = {
    {"the connection ends without an answer",
     {"", SCRIPTED_CLOSE, 0},
     1000,
     0,
     0,
     HTTP_BROKEN,
     0,
     true,
     0,
     ""},
    {"... in the middle of the headers",
     {"HTTP/1.1 200 OK\r\nContent-Le", SCRIPTED_CLOSE, 0},
     1000,
     0,
     0,
     HTTP_BROKEN,
     -1,
     true,
     0,
     ""},
    {"... in the middle of the body",
     {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"0008", SCRIPTED_CLOSE, 0},
     1000,
     0,
     0,
     HTTP_BROKEN,
     200,
     true,
     0,
     ""},
    {"... before the body went out",
     {"", SCRIPTED_CLOSE, 1000},
     64 * MEBIBYTE,
     0,
     0,
     HTTP_BROKEN,
     0,
     false,
     0,
     ""},
    {"not HTTP",
     {"220 mail.example.org ESMTP\r\n", SCRIPTED_CLOSE, 0},
     1000,
     0,
     0,
     HTTP_BROKEN,
     0,
     true,
     0,
     ""},
    {"silence", {"", SCRIPTED_HANG, 0}, 1000, 300, 0, HTTP_TIMEOUT, 0, true, 0, ""},
    {"silence, no body", {"", SCRIPTED_HANG, 0}, 0, 300, 0, HTTP_TIMEOUT, 0, true, 0, ""},
    {"a trickle without end",
     {"HTTP/1.1 200 OK\r\n\r\n", SCRIPTED_DRIP, 0},
     1000,
     500,
     0,
     HTTP_TIMEOUT,
     200,
     true,
     0,
     ""},
    {"200 and then nothing, not even a length",
     {"HTTP/1.1 200 OK\r\n\r\n", SCRIPTED_CLOSE, 0},
     1000,
     0,
     0,
     HTTP_BROKEN,
     200,
     true,
     0,
     ""},
    {"200, said to be empty",
     {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", SCRIPTED_CLOSE, 0},
     1000,
     0,
     0,
     HTTP_NONE,
     200,
     true,
     0,
     ""},
    {"chunks that end too early",
     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", SCRIPTED_CLOSE, 0},
     1000,
     0,
     0,
     HTTP_BROKEN,
     200,
     true,
     0,
     ""},
    {"longer than allowed", {OK_ANSWER, SCRIPTED_KEEP, 0}, 1000, 0, 4, HTTP_OVERSIZE, 200, true, 0, ""},
    {"exactly as long as allowed", {OK_ANSWER, SCRIPTED_KEEP, 0}, 1000, 0, 5, HTTP_NONE, 200, true, 0, ""},
    {"401 while the body still flows",
     {"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", SCRIPTED_HANG, 1000},
     64 * MEBIBYTE,
     0,
     0,
     HTTP_NONE,
     401,
     false,
     0,
     ""},
    {"200 while the body still flows, all of which is taken",
     {OK_ANSWER, SCRIPTED_KEEP, 1000},
     64 * MEBIBYTE,
     0,
     0,
     HTTP_BROKEN,
     200,
     true,
     0,
     ""},
    {"200 while the body still flows, and nothing of it is taken any more",
     {OK_ANSWER, SCRIPTED_CLOSE, 1000},
     64 * MEBIBYTE,
     0,
     0,
     HTTP_BROKEN,
     -1,
     false,
     0,
     ""},
    {"busy, with a time",
     {"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", SCRIPTED_KEEP, 0},
     1000,
     0,
     0,
     HTTP_NONE,
     503,
     true,
     7000,
     ""},
    {"busy for a year",
     {"HTTP/1.1 503 Busy\r\nRetry-After: 31536000\r\nContent-Length: 0\r\n\r\n", SCRIPTED_KEEP, 0},
     1000,
     0,
     0,
     HTTP_NONE,
     503,
     true,
     HTTP_RETRY_AFTER_MAX_MS,
     ""},
    {"a redirect is told, not followed",
     {"HTTP/1.1 308 Moved\r\nLocation: https://other.example.org/api/studies?token=x\r\nContent-Length: "
      "0\r\n\r\n",
      SCRIPTED_KEEP, 0},
     1000,
     0,
     0,
     HTTP_NONE,
     308,
     true,
     0,
     "https://other.example.org/api/studies"},
    {"... to another path, which may say anything",
     {"HTTP/1.1 302 Moved\r\nLocation: "
      "https://user:x@other.example.org:81/login/x?token=x\r\nContent-Length: 0\r\n\r\n",
      SCRIPTED_KEEP, 0},
     1000,
     0,
     0,
     HTTP_NONE,
     302,
     true,
     0,
     "https://other.example.org:81/..."},
};

START_TEST(trouble_is_told)
{
    const struct trouble_row *row = &trouble_rows[_i];
    struct scripted_server *server = scripted_server_start(&row->answer, 1);
    AUTO(memory_free) char *url = url_of(scripted_server_port(server), "/api/studies?secret=query");
    struct pattern pattern = {.size = row->body};
    const struct http_source source = pattern_source(&pattern);
    const struct http_request request = {.method = row->body > 0 ? HTTP_POST : HTTP_GET,
                                         .url = url,
                                         .source = row->body > 0 ? &source : NULL,
                                         .answer_ms = row->answer_ms,
                                         .answer_max = row->answer_max};
    AUTO(release) struct outcome outcome = {0};
    http_start(http, &request, done, &outcome, NULL);
    run(http, &outcome);
    ck_assert_msg(outcome.trouble == row->trouble, "%s: trouble %d, %s", row->label, (int)outcome.trouble,
                  text_string(&outcome.reason));
    ck_assert_msg(row->status < 0 || outcome.status == row->status, "%s: status %d", row->label,
                  outcome.status);
    ck_assert_msg(outcome.body_sent == row->body_sent, "%s: body_sent", row->label);
    ck_assert_msg(outcome.retry_after_ms == row->retry_after_ms, "%s: Retry-After", row->label);
    ck_assert_msg(strcmp(text_string(&outcome.location), row->location) == 0, "%s: %s", row->label,
                  text_string(&outcome.location));
    ck_assert_msg((outcome.reason.length > 0) == (row->trouble != HTTP_NONE), "%s: reason", row->label);
    ck_assert_msg(!strstr(text_string(&outcome.reason), "secret"), "%s: %s", row->label,
                  text_string(&outcome.reason));
    ck_assert_msg(scripted_server_connections(server) == 1, "%s: connections", row->label);
    scripted_server_destroy(&server);
}
END_TEST

static const struct sentence_row {
    const char *label;
    struct scripted_answer answer;
    int64_t body;
    const char *says;
} sentence_rows[] = {
    {"200 that came early",
     {OK_ANSWER, SCRIPTED_KEEP, 1000},
     64 * MEBIBYTE,
     "answered 200 before it had the whole request"},
    {"401 that came early, without an end",
     {"HTTP/1.1 401 No\r\n\r\n", SCRIPTED_KEEP, 1000},
     64 * MEBIBYTE,
     NULL},
    {"200 without an end",
     {"HTTP/1.1 200 OK\r\n\r\n", SCRIPTED_CLOSE, 0},
     1000,
     "answered 200 and ended the connection before the end of its answer"},
};

START_TEST(a_broken_answer_is_told_as_it_is)
{
    const struct sentence_row *row = &sentence_rows[_i];
    struct scripted_server *server = scripted_server_start(&row->answer, 1);
    AUTO(memory_free) char *url = url_of(scripted_server_port(server), "/");
    struct pattern pattern = {.size = row->body};
    const struct http_source source = pattern_source(&pattern);
    const struct http_request request = {
        .method = HTTP_POST, .url = url, .source = &source, .answer_ms = 2000};
    AUTO(release) struct outcome outcome = {0};
    http_start(http, &request, done, &outcome, NULL);
    run(http, &outcome);
    const char *reason = text_string(&outcome.reason);
    ck_assert_msg(outcome.trouble != HTTP_NONE, "%s", row->label);
    ck_assert_msg(!row->says || strstr(reason, row->says), "%s: %s", row->label, reason);
    ck_assert_msg(row->says || !strstr(reason, "cannot be about all of it"), "%s: %s", row->label, reason);
    ck_assert_msg(!strstr(reason, "No error"), "%s: %s", row->label, reason);
    scripted_server_destroy(&server);
}
END_TEST

/* Appends a header that is as long as said, in lines of that length. */
static void append_header(size_t total, size_t line, struct text *out)
{
    for (size_t length = 0; length < total; length += line) {
        text_append(out, "X-Long: ");
        for (size_t i = 0; i < line; i++)
            text_append_char(out, 'x');
        text_append(out, "\r\n");
    }
}

/* Neither is the memory used up, nor can another worker do it. */
START_TEST(an_endless_header_is_told)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    text_append(&bytes, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
    append_header(4 * MEBIBYTE, _i == 0 ? 4 * MEBIBYTE : 1000, &bytes);
    text_append(&bytes, "\r\n");
    const struct scripted_answer answer = {text_string(&bytes), SCRIPTED_CLOSE, 0};
    struct scripted_server *server = scripted_server_start(&answer, 1);
    AUTO(memory_free) char *url = url_of(scripted_server_port(server), "/");
    const struct http_request request = {.method = HTTP_GET, .url = url};
    AUTO(release) struct outcome outcome = {0};
    http_start(http, &request, done, &outcome, NULL);
    run(http, &outcome);
    ck_assert_msg(outcome.trouble == HTTP_OVERSIZE, "%d: %s", (int)outcome.trouble,
                  text_string(&outcome.reason));
    ck_assert_ptr_nonnull(strstr(text_string(&outcome.reason), "headers longer than allowed"));
    scripted_server_destroy(&server);
}
END_TEST

/* ---- requests that do not get through ---- */

static const struct unmade_row {
    const char *label, *url; /* %d: a port where nobody is; NULL ca_file */
    const char *ca_file, *header;
    enum http_trouble trouble;
    const char *says;
} unmade_rows[] = {
    {"nobody listens", "http://127.0.0.1:%d/", NULL, "", HTTP_UNREACHABLE,
     "no connection to http://127.0.0.1:"},
    {"no such name", "http://felucca.invalid:%d/", NULL, "", HTTP_UNROUTED, "felucca.invalid"},
    {"no URL", "http://", NULL, "", HTTP_REQUEST, "cannot be made"},
    {"another protocol", "ftp://user:password@127.0.0.1:%d/", NULL, "", HTTP_REQUEST, "cannot be made"},
    {"no such CA file", "https://127.0.0.1:%d/", "/nonexistent/ca.pem", "", HTTP_UNREACHABLE,
     "no connection"},
    {"a header with a line break", "http://127.0.0.1:%d/", NULL, "a\r\nX: b", HTTP_REQUEST, "cannot be made"},
};

START_TEST(what_cannot_be_made_is_told)
{
    const struct unmade_row *row = &unmade_rows[_i];
    AUTO(text_release) struct text url = TEXT_EMPTY;
    const char *port = strstr(row->url, "%d");
    text_append_bytes(&url, row->url, port ? (size_t)(port - row->url) : strlen(row->url));
    if (port)
        text_format(&url, "%d%s", port_free(), port + 2);
    const struct http_header header = {(char *)"X-Test", (char *)row->header};
    const struct http_request request = {.method = HTTP_GET,
                                         .url = text_string(&url),
                                         .headers = &header,
                                         .header_count = 1,
                                         .tls = {.ca_file = row->ca_file}};
    AUTO(release) struct outcome outcome = {0};
    http_start(http, &request, done, &outcome, NULL);
    ck_assert_uint_eq(outcome.calls, 0);
    run(http, &outcome);
    ck_assert_msg(outcome.trouble == row->trouble, "%s: trouble %d, %s", row->label, (int)outcome.trouble,
                  text_string(&outcome.reason));
    ck_assert_msg(strstr(text_string(&outcome.reason), row->says), "%s: %s", row->label,
                  text_string(&outcome.reason));
    ck_assert_msg(!strstr(text_string(&outcome.reason), "password"), "%s: %s", row->label,
                  text_string(&outcome.reason));
    ck_assert_msg(!outcome.body_sent, "%s", row->label);
    ck_assert_uint_eq(http_active(http), 0);
}
END_TEST

START_TEST(tls_to_a_plain_server_is_told)
{
    static const struct scripted_answer script[] = {{"HTTP/1.1 400 Bad\r\n\r\n", SCRIPTED_CLOSE, 0}};
    struct scripted_server *server = scripted_server_start(script, 1);
    AUTO(text_release) struct text url = TEXT_EMPTY;
    text_format(&url, "https://127.0.0.1:%d/", scripted_server_port(server));
    const struct http_request with_bad_ca = {
        .method = HTTP_GET, .url = text_string(&url), .tls = {.ca_file = "/nonexistent/ca.pem"}};
    AUTO(release) struct outcome outcome = {0};
    http_start(http, &with_bad_ca, done, &outcome, NULL);
    run(http, &outcome);
    ck_assert_int_eq(outcome.trouble, HTTP_REQUEST);
    ck_assert_int_eq(outcome.status, 0);
    scripted_server_destroy(&server);
}
END_TEST

START_TEST(a_source_that_fails_ends_the_request)
{
    static const struct scripted_answer script[] = {{OK_ANSWER, SCRIPTED_KEEP, 0}};
    struct scripted_server *server = scripted_server_start(script, 1);
    AUTO(memory_free) char *url = url_of(scripted_server_port(server), "/");
    struct pattern pattern = {.size = 4 * MEBIBYTE, .fails_at = MEBIBYTE};
    const struct http_source source = pattern_source(&pattern);
    const struct http_request request = {.method = HTTP_POST, .url = url, .source = &source};
    AUTO(release) struct outcome outcome = {0};
    http_start(http, &request, done, &outcome, NULL);
    run(http, &outcome);
    ck_assert_int_eq(outcome.trouble, HTTP_SOURCE);
    ck_assert(!outcome.body_sent);
    scripted_server_destroy(&server);
}
END_TEST

/* ---- the loop ---- */

START_TEST(a_cancelled_request_is_not_told)
{
    static const struct scripted_answer script[] = {{"", SCRIPTED_HANG, 0}};
    struct scripted_server *server = scripted_server_start(script, 1);
    AUTO(memory_free) char *url = url_of(scripted_server_port(server), "/");
    const struct http_request request = {.method = HTTP_GET, .url = url};
    struct http_transfer *transfer = NULL;
    AUTO(release) struct outcome outcome = {0};
    http_start(http, &request, done, &outcome, &transfer);
    while (scripted_server_requests(server) == 0)
        http_poll(http, NULL, 0, 10);
    http_cancel(&transfer);
    ck_assert_ptr_null(transfer);
    http_poll(http, NULL, 0, 10);
    ck_assert_uint_eq(outcome.calls, 0);
    ck_assert_uint_eq(http_active(http), 0);
    scripted_server_destroy(&server);
}
END_TEST

START_TEST(another_descriptor_ends_the_wait)
{
    struct pollfd fds[] = {{.fd = eventfd(0, EFD_CLOEXEC), .events = POLLIN},
                           {.fd = eventfd(1, EFD_CLOEXEC), .events = POLLIN}};
    int64_t start = clock_monotonic_ms();
    http_poll(http, fds, 2, 60000);
    ck_assert_int_lt(clock_monotonic_ms() - start, 30000);
    ck_assert_int_eq(fds[0].revents, 0);
    ck_assert_int_eq(fds[1].revents, POLLIN);
    fd_close(&fds[0].fd);
    fd_close(&fds[1].fd);
}
END_TEST

struct chain {
    struct http_request request;
    struct outcome outcome;
    unsigned left;
};

static void done_and_again(void *context, struct http_answer *answer)
{
    struct chain *chain = context;
    done(&chain->outcome, answer);
    if (chain->left-- > 0)
        http_start(http, &chain->request, done_and_again, chain, NULL);
}

START_TEST(done_may_begin_another)
{
    static const struct scripted_answer script[] = {{OK_ANSWER, SCRIPTED_KEEP, 0}};
    struct scripted_server *server = scripted_server_start(script, 1);
    AUTO(memory_free) char *url = url_of(scripted_server_port(server), "/");
    struct chain chain = {.request = {.method = HTTP_GET, .url = url}, .left = 5};
    int64_t deadline = clock_monotonic_ms() + LIMIT_MS;
    http_start(http, &chain.request, done_and_again, &chain, NULL);
    while (http_active(http) > 0 && clock_monotonic_ms() < deadline)
        http_poll(http, NULL, 0, 100);
    ck_assert_uint_eq(chain.outcome.calls, 6);
    release(&chain.outcome);
    scripted_server_destroy(&server);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("http");
    tests_fixture(tests, setup, teardown);
    tests_add(tests, a_body_goes_out_as_it_is);
    tests_add(tests, a_put_without_body_says_so);
    tests_add(tests, a_copied_body_goes_out);
    tests_add(tests, connections_are_kept);
    tests_add(tests, a_dead_connection_is_replaced);
    tests_add(tests, a_compressed_answer_is_read);
    tests_rows(tests, a_body_that_went_out_is_not_sent_again, ROWS(whole_bodies));
    tests_add(tests, a_question_is_asked_again);
    tests_rows(tests, trouble_is_told, ROWS(trouble_rows));
    tests_rows(tests, a_broken_answer_is_told_as_it_is, ROWS(sentence_rows));
    tests_rows(tests, an_endless_header_is_told, 2);
    tests_rows(tests, what_cannot_be_made_is_told, ROWS(unmade_rows));
    tests_add(tests, tls_to_a_plain_server_is_told);
    tests_add(tests, a_source_that_fails_ends_the_request);
    tests_add(tests, a_cancelled_request_is_not_told);
    tests_add(tests, another_descriptor_ends_the_wait);
    tests_add(tests, done_may_begin_another);
    return tests_run(tests);
}
