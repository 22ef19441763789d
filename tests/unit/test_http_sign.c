/* Signature Version 4, of requests as a server gets them: computed here once more from what AWS documents ("Create a signed
 * AWS API request"). */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/sha256.h"
#include "common/http/http.h"
#include "tests/support/scripted_server.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LIMIT_MS = 10000, BODY = 2 << 20 /* more than libcurl sends without being asked to */ };

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

static const struct http_signature signature = {"aws:amz:eu-central-1:medical-imaging", "AKIDEXAMPLE",
                                                SECRET};
static const struct scripted_answer fine = {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", SCRIPTED_CLOSE,
                                            0};

static struct scripted_server *server;

static void set_up(void)
{
    server = scripted_server_start(&fine, 1);
}

static void tear_down(void)
{
    scripted_server_destroy(&server);
}

/* ---- a request ---- */

static ssize_t read_body(void *context, char *buffer, size_t capacity)
{
    size_t *left = context, length = *left < capacity ? *left : capacity;
    memset(buffer, 'x', length);
    *left -= length;
    return (ssize_t)length;
}

static bool rewind_body(void *context)
{
    *(size_t *)context = BODY;
    return true;
}

static void count(void *context, struct http_answer *answer)
{
    ck_assert_msg(answer->status == 200, "%s", text_string(&answer->reason));
    ++*(int *)context;
}

static void make(struct http_request *request, const char *path, struct text *ret_request)
{
    AUTO(http_destroy) struct http *http = NULL;
    AUTO(text_release) struct text url = TEXT_EMPTY;
    int answers = 0;
    int64_t end = clock_monotonic_ms() + LIMIT_MS;
    text_format(&url, "http://127.0.0.1:%d%s", scripted_server_port(server), path);
    request->url = text_string(&url);
    request->signature = &signature;
    ck_assert_int_eq(http_create(&http), 0);
    http_start(http, request, count, &answers, NULL);
    while (answers == 0 && clock_monotonic_ms() < end)
        http_poll(http, NULL, 0, 100);
    ck_assert_int_eq(answers, 1);
    scripted_server_request(server, 0, ret_request);
}

/* ---- its signature ---- */

/* The value of a header, without blanks around it; is then yours, NULL: there is none. */
static char *header_of(const char *request, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = strstr(request, "\r\n"); line && strncmp(line, "\r\n\r\n", 4) != 0;
         line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, length) != 0 || line[2 + length] != ':')
            continue;
        const char *value = line + 2 + length + 1;
        value += strspn(value, " ");
        return memory_string_n(value, strcspn(value, "\r"));
    }
    return NULL;
}

/* What stands behind NAME= in the header; is then yours. */
static char *part_of(const char *header, const char *name)
{
    const char *at = strstr(header, name);
    ck_assert_msg(at != NULL, "%s: %s", name, header);
    return memory_string_n(at + strlen(name), strcspn(at + strlen(name), ","));
}

static void append_hex(const uint8_t *digest, struct text *out)
{
    for (size_t i = 0; i < SHA256_SIZE; i++)
        text_format(out, "%02x", digest[i]);
}

static void append_digest(const char *text, struct text *out)
{
    uint8_t digest[SHA256_SIZE];
    sha256(text, strlen(text), digest);
    append_hex(digest, out);
}

/* "host:127.0.0.1\n…" of the names that are signed. */
static void append_headers(const char *request, const char *names, struct text *out)
{
    AUTO(memory_free) char *list = memory_string(names);
    char *rest = NULL;
    for (char *name = strtok_r(list, ";", &rest); name; name = strtok_r(NULL, ";", &rest)) {
        AUTO(memory_free) char *value = header_of(request, name);
        ck_assert_msg(value != NULL, "%s is signed, and not there: %s", name, request);
        text_format(out, "%s:%s\n", name, value);
    }
}

static void append_canonical(const char *request, const char *names, struct text *out)
{
    const char *path = strchr(request, ' ') + 1, *query = strchr(path, '?');
    size_t length = strcspn(path, " ?"), query_length = query ? strcspn(query + 1, " ") : 0;
    AUTO(memory_free) char *digest = header_of(request, "x-amz-content-sha256");
    ck_assert_ptr_nonnull(digest);
    text_format(out, "%.*s\n%.*s\n%.*s\n", (int)strcspn(request, " "), request, (int)length, path,
                (int)query_length, query ? query + 1 : "");
    append_headers(request, names, out);
    text_format(out, "\n%s\n%s", names, digest);
}

static void sign(const char *scope, const char *text, struct text *out)
{
    uint8_t key[SHA256_SIZE], next[SHA256_SIZE];
    AUTO(memory_free) char *parts = memory_string(scope);
    char *rest = NULL;
    sha256_hmac("AWS4" SECRET, strlen("AWS4" SECRET), parts, strcspn(parts, "/"), key);
    (void)strtok_r(parts, "/", &rest);
    for (char *part = strtok_r(NULL, "/", &rest); part; part = strtok_r(NULL, "/", &rest)) {
        sha256_hmac(key, sizeof key, part, strlen(part), next);
        memcpy(key, next, sizeof key);
    }
    sha256_hmac(key, sizeof key, text, strlen(text), next);
    append_hex(next, out);
}

static void check(const char *request)
{
    AUTO(memory_free) char *header = header_of(request, "Authorization");
    ck_assert_msg(header && string_starts_with(header, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), "%s",
                  request);
    AUTO(memory_free) char *scope = part_of(header, "Credential=AKIDEXAMPLE/");
    AUTO(memory_free) char *names = part_of(header, "SignedHeaders=");
    AUTO(memory_free) char *said = part_of(header, "Signature=");
    AUTO(memory_free) char *date = header_of(request, "X-Amz-Date");
    AUTO(text_release) struct text canonical = TEXT_EMPTY, text = TEXT_EMPTY, ours = TEXT_EMPTY;
    ck_assert_msg(string_ends_with(scope, "/eu-central-1/medical-imaging/aws4_request"), "%s", scope);
    append_canonical(request, names, &canonical);
    text_format(&text, "AWS4-HMAC-SHA256\n%s\n%s\n", date, scope);
    append_digest(text_string(&canonical), &text);
    sign(scope, text_string(&text), &ours);
    ck_assert_msg(strcmp(text_string(&ours), said) == 0, "%s, not %s, of\n%s\n%s", said, text_string(&ours),
                  text_string(&canonical), request);
    ck_assert_ptr_null(strstr(request, SECRET));
}

START_TEST(an_upload_is_signed)
{
    AUTO(text_release) struct text sent = TEXT_EMPTY;
    size_t left = BODY;
    const struct http_source source = {&left, BODY, read_body, rewind_body};
    const struct http_header headers[] = {
        {(char *)"Content-Type", (char *)"multipart/related; type=\"application/dicom\"; boundary=b"},
        {(char *)"X-Amz-Security-Token", (char *)"session"},
        {(char *)"Accept", (char *)"application/dicom+json, application/dicom+xml;q=0.5"}};
    struct http_request request = {
        .method = HTTP_POST, .headers = headers, .header_count = 3, .source = &source};
    make(&request, "/datastore/d9a2a515/studies", &sent);
    check(text_string(&sent));
    ck_assert_ptr_nonnull(
        strstr(text_string(&sent), "X-Amz-Content-Sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD\r\n"));
    ck_assert_ptr_nonnull(strstr(text_string(&sent), "X-Amz-Decoded-Content-Length: 2097152\r\n"));
}
END_TEST

START_TEST(a_question_is_signed)
{
    AUTO(text_release) struct text sent = TEXT_EMPTY;
    const struct http_header headers[] = {{(char *)"Accept", (char *)"application/dicom+json"}};
    struct http_request request = {.method = HTTP_GET, .headers = headers, .header_count = 1};
    make(&request, "/datastore/d9a2a515/studies?StudyInstanceUID=1.2.3", &sent);
    check(text_string(&sent));
}
END_TEST

START_TEST(a_body_that_is_there_is_digested)
{
    AUTO(text_release) struct text sent = TEXT_EMPTY;
    const struct http_header headers[] = {{(char *)"Content-Type", (char *)"application/json"}};
    struct http_request request = {
        .method = HTTP_POST, .headers = headers, .header_count = 1, .content = "{}"};
    make(&request, "/notices", &sent);
    check(text_string(&sent));
    ck_assert_ptr_nonnull(
        strstr(text_string(&sent),
               "X-Amz-Content-Sha256: 44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\r\n"));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("http_sign");
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, an_upload_is_signed);
    tests_add(tests, a_question_is_signed);
    tests_add(tests, a_body_that_is_there_is_digested);
    return tests_run(tests);
}
