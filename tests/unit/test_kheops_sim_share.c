/* What the simulated KHEOPS answers to sharing, introspection, and questions about what it has. */
#include "tests/support/simulator.h"

#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/port.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static struct sandbox *sandbox;
static struct simulator *sim;
static char study[DICOM_UID_SIZE], series[DICOM_UID_SIZE], sop[DICOM_UID_SIZE];

/* One stored instance in album main. */
static void set_up(void)
{
    static const char *const options[] = {"--token", "main:write:WRITE",
                                          "--token", "main:read,send:SOURCE",
                                          "--token", "main:read:READONLY",
                                          "--token", "research:write:TARGET",
                                          "--token", "research:read:TARGETREAD",
                                          "--token", "main:write:REVOKED",
                                          "--token", "research:read,send:ELSEWHERE",
                                          NULL};
    sandbox = sandbox_create();
    sim = simulator_start(sandbox, "kheops", options);
    simulator_order(sim, "/sim/tokens/REVOKED", "{\"revoked\": true}");
    simulator_order(sim, "/sim/tokens", "{\"user\": true, \"token\": \"USER\"}");
    struct dicom_spec spec;
    dicom_spec_init(&spec, 1);
    memcpy(study, spec.study_uid, sizeof study);
    memcpy(series, spec.series_uid, sizeof series);
    memcpy(sop, spec.sop_uid, sizeof sop);
    const char *file = sandbox_path(sandbox, "a.dcm");
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    ck_assert_int_eq(dicom_write(&spec, file), 0);
    ck_assert_int_eq(simulator_stow(sim, "WRITE", NULL, &file, 1, &answer), 200);
}

static void tear_down(void)
{
    simulator_destroy(&sim);
    sandbox_destroy(&sandbox);
}

/* A path with $STUDY and $SERIES replaced, appended. */
static void append_path(struct text *out, const char *path)
{
    while (*path) {
        if (string_starts_with(path, "$STUDY")) {
            text_append(out, study);
            path += strlen("$STUDY");
        } else if (string_starts_with(path, "$SERIES")) {
            text_append(out, series);
            path += strlen("$SERIES");
        } else {
            text_append_char(out, *path++);
        }
    }
}

static int request(const char *method, const char *path, const char *headers, const char *body,
                   struct http_client_answer *ret_answer)
{
    AUTO(text_release) struct text full = TEXT_EMPTY;
    append_path(&full, path);
    return http_client_request(sim->port, method, text_string(&full), headers, body, body ? strlen(body) : 0,
                               ret_answer);
}

#define TARGET       "Accept: application/json\r\nAuthorization: Bearer TARGET\r\n"
#define SOURCE       "X-Authorization-Source: Bearer SOURCE\r\n"
#define SHARE        "/api/studies/$STUDY/series/$SERIES"
#define PAGE(status) "HTTP Status " status

static const struct share_row {
    const char *label, *path, *headers;
    const char *order; /* a change of token TARGET before, or NULL */
    const char *changed;
    int status;
    const char *says; /* "" means no body at all */
} share_rows[] = {
    {"shared", SHARE, TARGET SOURCE, NULL, NULL, 201, ""},
    {"study is no OID", "/api/studies/3.1/series/$SERIES", TARGET SOURCE, NULL, NULL, 400,
     "StudyInstanceUID is not"},
    {"series is no OID", "/api/studies/$STUDY/series/1.40.3", TARGET SOURCE, NULL, NULL, 400,
     "SeriesInstanceUID is not"},
    {"no token", SHARE, SOURCE, NULL, NULL, 401, PAGE("401")},
    {"token revoked", SHARE, "Authorization: Bearer REVOKED\r\n" SOURCE, NULL, NULL, 401, PAGE("401")},
    {"source malformed", SHARE, TARGET "X-Authorization-Source: SOURCE\r\n", NULL, NULL, 401, PAGE("401")},
    {"source revoked", SHARE, TARGET "X-Authorization-Source: Bearer REVOKED\r\n", NULL, NULL, 403,
     PAGE("403")},
    {"source is a user token", SHARE, TARGET "X-Authorization-Source: Bearer USER\r\n", NULL, NULL, 403,
     "message"},
    {"target without write", SHARE, "Accept: application/json\r\nAuthorization: Bearer TARGETREAD\r\n" SOURCE,
     NULL, NULL, 403, "message"},
    {"source without send", SHARE, TARGET "X-Authorization-Source: Bearer READONLY\r\n", NULL, NULL, 404,
     "Series Not Found"},
    {"source of another album", SHARE, TARGET "X-Authorization-Source: Bearer ELSEWHERE\r\n", NULL, NULL, 404,
     "Series Not Found"},
    {"no source", SHARE, TARGET, NULL, NULL, 404, "Series Not Found"},
    {"unknown series", "/api/studies/$STUDY/series/1.2.3", TARGET SOURCE, NULL, NULL, 404,
     "Series Not Found"},
    {"source's author no longer admin", SHARE, TARGET SOURCE, "{\"author_admin\": false}", "SOURCE", 403,
     PAGE("403")},
    {"target's author no longer member", SHARE, TARGET SOURCE, "{\"author_member\": false}", "TARGET", 401,
     PAGE("401")},
    {"study: all series", "/api/studies/$STUDY", TARGET SOURCE, NULL, NULL, 201, ""},
    {"study: unknown", "/api/studies/1.2.3", TARGET SOURCE, NULL, NULL, 403, "Study Not Found"},
};

START_TEST(share_answers)
{
    const struct share_row *row = &share_rows[_i];
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    if (row->order) {
        AUTO(text_release) struct text path = TEXT_EMPTY;
        text_format(&path, "/sim/tokens/%s", row->changed);
        simulator_order(sim, text_string(&path), row->order);
    }
    int status = request("PUT", row->path, row->headers, NULL, &answer);
    ck_assert_msg(status == row->status, "%s: %d %s", row->label, status, text_string(&answer.body));
    ck_assert_msg(*row->says ? strstr(text_string(&answer.body), row->says) != NULL : answer.body.length == 0,
                  "%s: %s", row->label, text_string(&answer.body));
    AUTO(text_release) struct text album = TEXT_EMPTY, wanted = TEXT_EMPTY;
    simulator_album_text(sim, "research", &album);
    if (status == 201)
        text_format(&wanted, "%s*1", series);
    ck_assert_msg(strcmp(text_string(&album), text_string(&wanted)) == 0, "%s: %s", row->label,
                  text_string(&album));
}
END_TEST

START_TEST(sharing_twice_tells_users_once)
{
    for (int i = 0; i < 2; i++) {
        AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
        ck_assert_int_eq(request("PUT", SHARE, TARGET SOURCE, NULL, &answer), 201);
    }
    json_t *counts = simulator_counts(sim);
    json_t *album = json_array_get(json_object_get(counts, "albums"), 1);
    json_t *member = json_array_get(json_object_get(album, "series"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(album, "name")), "research");
    ck_assert_int_eq(json_integer_value(json_object_get(member, "puts")), 2);
    ck_assert_int_eq(json_integer_value(json_object_get(member, "events")), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(member, "early_puts")), 0);
    json_decref(counts);
}
END_TEST

static bool series_is_shared(void *context)
{
    (void)context;
    return simulator_wait_shared(sim, "research", 1, 0);
}

/* Two PUTs that bring the same series into the same album make the same row; later ones do not. */
START_TEST(two_puts_of_one_row_collide)
{
    AUTO(text_release) struct text path = TEXT_EMPTY, head = TEXT_EMPTY;
    AUTO(http_client_answer_release) struct http_client_answer first = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(http_client_answer_release) struct http_client_answer second = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(http_client_answer_release) struct http_client_answer third = HTTP_CLIENT_ANSWER_EMPTY;
    simulator_order(
        sim, "/sim/faults",
        "{\"kind\":\"share\",\"action\":\"none\",\"stage\":\"stored\",\"delay_ms\":1500,\"first\":1}");
    append_path(&path, SHARE);
    text_format(&head,
                "PUT %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n" TARGET SOURCE
                "\r\n",
                text_string(&path));
    AUTO(fd_close) int fd = port_connect(sim->port);
    ck_assert(send(fd, head.bytes, head.length, MSG_NOSIGNAL) == (ssize_t)head.length);
    ck_assert(wait_until(series_is_shared, NULL, 10000));
    ck_assert_int_eq(request("PUT", SHARE, TARGET SOURCE, NULL, &second), 500);
    ck_assert_ptr_nonnull(strstr(text_string(&second.body), "Internal server error"));
    ck_assert_int_eq(http_client_read(fd, &first), 201);
    ck_assert_int_eq(request("PUT", SHARE, TARGET SOURCE, NULL, &third), 201);
    ck_assert_int_eq(simulator_count(sim, "collisions"), 1);
}
END_TEST

#define FORM   "Content-Type: application/x-www-form-urlencoded\r\n"
#define READER "Authorization: Bearer SOURCE\r\n"
#define QIDO   "/api/studies/$STUDY/series/$SERIES/instances"

static const struct question_row {
    const char *label, *method, *path, *headers, *body;
    int status;
    const char *says, *says_not;
} question_rows[] = {
    {"introspect", "POST", "/api/token/introspect", FORM READER, "token=SOURCE", 200,
     "\"scope\":\"read send\"", "exp"},
    {"introspect: album", "POST", "/api/token/introspect", FORM, "token=WRITE", 200, "\"album_id\"", NULL},
    {"introspect: unknown", "POST", "/api/token/introspect", FORM, "token=NOBODY", 200, "{\"active\":false}",
     NULL},
    {"introspect: revoked", "POST", "/api/token/introspect", FORM, "token=REVOKED", 200, "{\"active\":false}",
     NULL},
    {"introspect: user", "POST", "/api/token/introspect", FORM, "token=USER", 401, PAGE("401"), "active"},
    {"introspect: encoded", "POST", "/api/token/introspect", FORM, "x=1&token=%53OURCE", 200,
     "\"active\":true", NULL},
    {"introspect: no token", "POST", "/api/token/introspect", FORM, "nothing=1", 200, "{\"active\":false}",
     NULL},
    {"introspect: an empty form", "POST", "/api/token/introspect", FORM, NULL, 500, NULL, NULL},
    {"studies", "GET", "/api/studies", READER, NULL, 200, "$STUDY", NULL},
    {"series", "GET", "/api/studies/$STUDY/series", READER, NULL, 200, "$SERIES", NULL},
    {"instances", "GET", QIDO "?includefield=00080018", READER, NULL, 200, "\"00080018\"", NULL},
    {"instances behind the last", "GET", QIDO "?offset=1", READER, NULL, 204, NULL, NULL},
    {"of another album", "GET", QIDO, "Authorization: Bearer ELSEWHERE\r\n", NULL, 401, NULL, NULL},
    {"studies of an empty album", "GET", "/api/studies", "Authorization: Bearer ELSEWHERE\r\n", NULL, 204,
     NULL, NULL},
    {"without read", "GET", QIDO, "Authorization: Bearer WRITE\r\n", NULL, 401, NULL, NULL},
    {"without token", "GET", QIDO, NULL, NULL, 401, NULL, NULL},
    {"fetch", "POST", "/api/studies/$STUDY/fetch", "Authorization: Bearer WRITE\r\n", NULL, 200, NULL, NULL},
    {"fetch without token", "POST", "/api/studies/$STUDY/fetch", NULL, NULL, 401, NULL, NULL},
    {"no such path", "GET", "/api/nothing", READER, NULL, 404, NULL, NULL},
    {"wrong method", "DELETE", "/api/studies", READER, NULL, 405, NULL, NULL},
    {"no administration from there", "POST", "/sim/away", NULL, "{}", 400, "admin port", NULL},
};

START_TEST(question_is_answered)
{
    const struct question_row *row = &question_rows[_i];
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(text_release) struct text says = TEXT_EMPTY;
    int status = request(row->method, row->path, row->headers, row->body, &answer);
    append_path(&says, row->says ? row->says : "");
    ck_assert_msg(status == row->status, "%s: %d", row->label, status);
    ck_assert_msg(strstr(text_string(&answer.body), text_string(&says)), "%s: %s", row->label,
                  text_string(&answer.body));
    ck_assert_msg(!row->says_not || !strstr(text_string(&answer.body), row->says_not), "%s: %s", row->label,
                  text_string(&answer.body));
}
END_TEST

START_TEST(page_shows_albums)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    ck_assert_int_eq(http_client_request(sim->admin_port, "GET", "/", NULL, NULL, 0, &answer), 200);
    ck_assert(strstr(text_string(&answer.body), "<h2>main</h2>") != NULL);
    ck_assert(strstr(text_string(&answer.body), series) != NULL);
    ck_assert(strstr(text_string(&answer.body), "Felucca^Synthetic") == NULL);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("kheops_sim_share");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, share_answers, ROWS(share_rows));
    tests_add(tests, sharing_twice_tells_users_once);
    tests_add(tests, two_puts_of_one_row_collide);
    tests_rows(tests, question_is_answered, ROWS(question_rows));
    tests_add(tests, page_shows_albums);
    return tests_run(tests);
}
