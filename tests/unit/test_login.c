/* What a request carries by each kind of login; when a login server is asked, and what is said of it. It answers by a
 * script. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/login/login.h"
#include "tests/support/loading.h"
#include "tests/support/scripted_server.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LIMIT_MS = 20000 };

#define TOKEN_OF(name, life)                                                                               \
    {                                                                                                      \
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"access_token\":" \
        "\"" name "\",\"token_type\":\"Bearer\",\"expires_in\":" life "}",                                 \
            SCRIPTED_CLOSE, 0                                                                              \
    }
#define NOTHING "\r\nContent-Length: 0"
#define ANSWER(status, body)                                                       \
    {                                                                              \
        "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n" body, SCRIPTED_CLOSE, 0 \
    }

static struct scripted_server *server;
static struct loading loading;
static struct http *http;
static struct logins *logins;
static int64_t now;

static int64_t now_ms(void)
{
    return now;
}

static struct login_place place(void)
{
    return login_place_of(config_find_destination(loading.config, "x"));
}

/* auth: with %d for the port of the login server. */
static void load(const char *auth)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    text_append(&yaml, "nodes:\n  - aet: A\n    destinations:\n      - name: x\n        kheops: false\n"
                       "        stow_url: https://k/studies\n        auth: ");
    const char *port = strstr(auth, "%d");
    text_append_bytes(&yaml, auth, port ? (size_t)(port - auth) : strlen(auth));
    if (port)
        text_format(&yaml, "%d%s", server ? scripted_server_port(server) : 1, port + 2);
    loading_start(&loading, text_string(&yaml));
    ck_assert_msg(loading.code == 0, "%s", text_string(&loading.errors));
    logins_configure(logins, loading.config);
}

static void set_up(void)
{
    now = 1000000;
    ck_assert_int_eq(http_create(&http), 0);
    logins = logins_create(http);
    logins_set_clock(logins, now_ms);
}

static void tear_down(void)
{
    logins_destroy(&logins);
    http_destroy(&http);
    scripted_server_destroy(&server);
    loading_end(&loading);
}

/* ---- what is carried ---- */

/* The value of a header of a request now; NULL: none. */
static const char *carries(const char *name)
{
    static struct text value;
    AUTO(credentials_wipe) struct credentials credentials = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const struct login_place at = place();
    int code = login_credentials(logins, &at, &credentials, &reason);
    ck_assert_msg(code == 0, "%d %s", code, text_string(&reason));
    for (size_t i = 0; i < credentials.header_count; i++) {
        if (strcasecmp(credentials.headers[i].name, name) != 0)
            continue;
        text_clear(&value);
        text_append(&value, credentials.headers[i].value);
        return text_string(&value);
    }
    return NULL;
}

START_TEST(token_and_password_are_carried)
{
    load("{ type: token, token: abc.def }\n");
    ck_assert_str_eq(carries("Authorization"), "Bearer abc.def");
    loading_end(&loading);
    load("{ type: basic, user: M\xC3\xBCller, password: 'a:b' }\n");
    ck_assert_str_eq(carries("Authorization"), "Basic TcO8bGxlcjphOmI=");
    loading_end(&loading);
    load("{ type: token }\n");
    ck_assert_ptr_null(carries("Authorization"));
}
END_TEST

START_TEST(a_signature_is_described)
{
    AUTO(credentials_wipe) struct credentials credentials = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct http_signature signature;
    load(
        "{ type: aws_sigv4, access_key: AKID, secret_key: geheim, session_token: sess, region: eu-central-1 }\n");
    const struct login_place at = place();
    ck_assert_int_eq(login_credentials(logins, &at, &credentials, &reason), 0);
    ck_assert_ptr_nonnull(credentials_signature(&credentials, &signature));
    ck_assert_str_eq(signature.scope, "aws:amz:eu-central-1:medical-imaging");
    ck_assert_str_eq(signature.key, "AKID");
    ck_assert_str_eq(signature.secret, "geheim");
    ck_assert_str_eq(credentials.headers[0].name, "X-Amz-Security-Token");
    ck_assert_str_eq(credentials.headers[0].value, "sess");
}
END_TEST

START_TEST(a_missing_secret_is_told)
{
    AUTO(credentials_wipe) struct credentials credentials = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    load("{ type: basic, user: u, password: '${file:/nowhere/password}' }\n");
    const struct login_place at = place();
    ck_assert_int_eq(login_credentials(logins, &at, &credentials, &reason), ERR_ABSENT);
    ck_assert_str_eq(text_string(&reason),
                     "auth: password: the file /nowhere/password cannot be read: No such file or directory");
}
END_TEST

/* ---- a login server ---- */

#define OAUTH2 \
    "{ type: oauth2, token_url: 'http://127.0.0.1:%d/t', client_id: 'me & co', client_secret: 'ge:heim'"

struct heard {
    int calls;
    enum login_verdict verdict;
    struct text sentence;
};

static void hear(void *context, enum login_verdict verdict, const char *sentence)
{
    struct heard *heard = context;
    heard->calls++;
    heard->verdict = verdict;
    text_clear(&heard->sentence);
    text_append(&heard->sentence, sentence);
}

static void ask(struct heard *heard)
{
    const struct login_place at = place();
    login_ask(logins, &at, hear, heard);
}

static void run(struct heard *heard, int calls)
{
    int64_t end = clock_monotonic_ms() + LIMIT_MS;
    while (heard->calls < calls || http_active(http) > 0) {
        ck_assert_msg(clock_monotonic_ms() < end, "%d answers", heard->calls);
        http_poll(http, NULL, 0, 20);
    }
    ck_assert_int_eq(heard->calls, calls);
}

static bool waits(void)
{
    AUTO(credentials_wipe) struct credentials credentials = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const struct login_place at = place();
    int code = login_credentials(logins, &at, &credentials, &reason);
    ck_assert_int_ge(code, 0);
    return code == LOGIN_WAITS;
}

static void start(const struct scripted_answer *answers, size_t count, const char *auth)
{
    server = scripted_server_start(answers, count);
    load(auth);
}

static void get_token(void)
{
    struct heard heard = {0};
    ask(&heard);
    run(&heard, 1);
    ck_assert_msg(heard.verdict == LOGIN_FINE, "%s", text_string(&heard.sentence));
    text_release(&heard.sentence);
}

START_TEST(slots_share_one_question)
{
    static const struct scripted_answer answers[] = {TOKEN_OF("first", "100")};
    AUTO(text_release) struct text request = TEXT_EMPTY;
    struct heard heard = {0};
    start(answers, 1, OAUTH2 ", scope: 'a b', audience: https://k }\n");
    ck_assert(waits());
    for (int i = 0; i < 8; i++)
        ask(&heard);
    run(&heard, 8);
    ck_assert_str_eq(carries("Authorization"), "Bearer first");
    ask(&heard);
    ck_assert_int_eq(heard.calls, 9);
    ck_assert_uint_eq(scripted_server_requests(server), 1);
    text_release(&heard.sentence);
    scripted_server_request(server, 0, &request);
    /* RFC 6749, 2.3.1: me%20%26%20co:ge%3Aheim */
    ck_assert_msg(
        strstr(text_string(&request), "Authorization: Basic bWUlMjAlMjYlMjBjbzpnZSUzQWhlaW0=\r\n") &&
            strstr(text_string(&request), "Content-Type: application/x-www-form-urlencoded\r\n") &&
            strstr(text_string(&request),
                   "\r\n\r\ngrant_type=client_credentials&scope=a%20b&audience=https%3A%2F%2Fk"),
        "%s", text_string(&request));
}
END_TEST

START_TEST(a_secret_goes_into_the_form_where_it_has_to)
{
    static const struct scripted_answer answers[] = {TOKEN_OF("first", "\"100\"")};
    AUTO(text_release) struct text request = TEXT_EMPTY;
    start(answers, 1, OAUTH2 ", secret_in: form }\n");
    get_token();
    scripted_server_request(server, 0, &request);
    ck_assert_msg(
        strstr(text_string(&request),
               "\r\n\r\ngrant_type=client_credentials&client_id=me%20%26%20co&client_secret=ge%3Aheim") &&
            !strstr(text_string(&request), "Authorization:"),
        "%s", text_string(&request));
    now += 89 * 1000; /* a life that is told as a text is one */
    ck_assert(!waits());
    now += 11 * 1000;
    ck_assert(waits());
}
END_TEST

/* Of 100 s it is fetched anew 10 to 20 s before its end, when it is used; the old one goes on meanwhile. */
START_TEST(what_is_used_is_fetched_ahead)
{
    static const struct scripted_answer answers[] = {TOKEN_OF("first", "100"), TOKEN_OF("second", "100")};
    struct heard none = {0};
    start(answers, 2, OAUTH2 " }\n");
    get_token();
    now += 79 * 1000;
    ck_assert_str_eq(carries("Authorization"), "Bearer first");
    logins_turn(logins);
    ck_assert_uint_eq(http_active(http), 0);
    now += 11 * 1000 + 1;
    logins_turn(logins);
    ck_assert_uint_eq(http_active(http), 1);
    ck_assert_str_eq(carries("Authorization"), "Bearer first");
    run(&none, 0);
    ck_assert_str_eq(carries("Authorization"), "Bearer second");
    ck_assert_uint_eq(scripted_server_requests(server), 2);
}
END_TEST

/* Its end may stand in it in whole seconds. */
START_TEST(a_short_life_ends_a_second_sooner)
{
    static const struct scripted_answer answers[] = {TOKEN_OF("first", "5")};
    start(answers, 1, OAUTH2 " }\n");
    get_token();
    now += 3700;
    ck_assert(!waits());
    now += 300;
    ck_assert(waits());
}
END_TEST

START_TEST(what_nobody_uses_is_not)
{
    static const struct scripted_answer answers[] = {TOKEN_OF("first", "100")};
    start(answers, 1, OAUTH2 " }\n");
    get_token();
    now += 91 * 1000;
    logins_turn(logins);
    ck_assert_uint_eq(http_active(http), 0);
}
END_TEST

START_TEST(an_outage_while_the_token_lasts_is_not_felt)
{
    static const struct scripted_answer answers[] = {
        TOKEN_OF("first", "1000"), ANSWER("503 Away" NOTHING, ""), TOKEN_OF("second", "1000")};
    struct heard none = {0};
    start(answers, 3, OAUTH2 " }\n");
    get_token();
    ck_assert_str_eq(carries("Authorization"), "Bearer first");
    now += 941 * 1000; /* at most 60 s ahead */
    logins_turn(logins);
    run(&none, 0);
    ck_assert_str_eq(carries("Authorization"), "Bearer first");
    const struct login_place at = place();
    ck_assert(login_is_well(logins, &at));
    logins_turn(logins);
    ck_assert_uint_eq(http_active(http), 0); /* it rests */
    now += LOGIN_REST_MS;
    logins_turn(logins);
    run(&none, 0);
    ck_assert_str_eq(carries("Authorization"), "Bearer second");
}
END_TEST

START_TEST(a_refused_token_is_asked_for_anew_once)
{
    static const struct scripted_answer answers[] = {TOKEN_OF("first", "1000"), TOKEN_OF("second", "1000"),
                                                     TOKEN_OF("third", "1000"), TOKEN_OF("fourth", "1000")};
    start(answers, 4, OAUTH2 " }\n");
    const struct login_place at = place();
    get_token();
    ck_assert(login_renew(logins, &at, "first"));
    ck_assert(waits());
    ck_assert(login_renew(logins, &at, "first")); /* another slot's */
    get_token();
    ck_assert(login_renew(logins, &at, "first"));
    ck_assert_str_eq(carries("Authorization"), "Bearer second");
    ck_assert(!login_renew(logins, &at, "second")); /* twice in a row: not because of its age */
    get_token();
    login_taken(logins, &at, "third");
    ck_assert(login_renew(logins, &at, "third"));
    get_token();
    ck_assert_str_eq(carries("Authorization"), "Bearer fourth");
    ck_assert_uint_eq(scripted_server_requests(server), 4);
}
END_TEST

START_TEST(other_credentials_forget_the_token)
{
    static const struct scripted_answer answers[] = {TOKEN_OF("first", "1000"), TOKEN_OF("second", "1000")};
    start(answers, 2, OAUTH2 " }\n");
    get_token();
    loading_end(&loading);
    load(OAUTH2 ", scope: other }\n");
    ck_assert(waits());
    get_token();
    ck_assert_str_eq(carries("Authorization"), "Bearer second");
}
END_TEST

/* ---- what is said of it ---- */

static const struct row {
    const char *label;
    struct scripted_answer answer;
    enum login_verdict verdict;
    const char *says; /* behind the name of the server */
} rows[] = {
    {"a wrong secret",
     ANSWER("401 Unauthorized", "{\"error\":\"invalid_client\",\"error_description\":\"ge:heim\"}"),
     LOGIN_REFUSED,
     " gives no token: it answers 401 (invalid_client); check client_id and client_secret, and secret_in"},
    {"a wrong scope", ANSWER("400 Bad Request", "{\"error\":\"invalid_scope\"}"), LOGIN_REFUSED,
     " gives no token: it answers 400 (invalid_scope); check scope"},
    {"an error that says our secret", ANSWER("400 Bad Request", "{\"error\":\"ge:heim\"}"), LOGIN_REFUSED,
     " gives no token: it answers 400; check token_url and what auth says of the client"},
    {"a wrong address", ANSWER("404 Not Found", "<html>"), LOGIN_REFUSED,
     " gives no token: it answers 404; check token_url"},
    {"a redirect", ANSWER("302 Found\r\nLocation: http://127.0.0.1:1/x" NOTHING, ""), LOGIN_REFUSED,
     " gives no token: it answers 302; it redirects, which is not followed: write the address that it points to into "
     "token_url"},
    {"no token", ANSWER("200 OK", "<html>welcome</html>"), LOGIN_REFUSED,
     " gives no token: it answers 200; there is no token in that: is token_url its token endpoint?"},
    {"what is no token", ANSWER("200 OK", "{\"access_token\":\"a\\r\\nb\"}"), LOGIN_REFUSED,
     " gives no token: it answers 200; there is no token in that: is token_url its token endpoint?"},
    {"another type", ANSWER("200 OK", "{\"access_token\":\"a\",\"token_type\":\"mac\"}"), LOGIN_REFUSED,
     " gives no token: it answers 200; its tokens are of a type that is not known here; have it give bearer tokens"},
    {"trouble", ANSWER("500 Trouble" NOTHING, ""), LOGIN_AWAY, " is in trouble: it answers 500"},
    {"too many", ANSWER("429 Too Many" NOTHING, ""), LOGIN_AWAY, " is in trouble: it answers 429"},
    {"later", ANSWER("400 Bad Request", "{\"error\":\"temporarily_unavailable\"}"), LOGIN_AWAY,
     " is in trouble: it answers 400"},
    {"an end", {"", SCRIPTED_CLOSE, 0}, LOGIN_AWAY, " gives no token: http://127.0.0.1:"},
};

START_TEST(it_is_told_as_itself)
{
    const struct row *row = &rows[_i];
    struct heard heard = {0};
    AUTO(text_release) struct text wanted = TEXT_EMPTY;
    start(&row->answer, 1, OAUTH2 " }\n");
    ask(&heard);
    run(&heard, 1);
    text_format(&wanted, "the login server http://127.0.0.1:%d%s", scripted_server_port(server), row->says);
    ck_assert_msg(heard.verdict == row->verdict, "%s: %s", row->label, text_string(&heard.sentence));
    ck_assert_msg(string_starts_with(text_string(&heard.sentence), text_string(&wanted)), "%s: %s",
                  row->label, text_string(&heard.sentence));
    ck_assert_ptr_null(strstr(text_string(&heard.sentence), "heim"));
    ck_assert_uint_eq(scripted_server_requests(server), 1);
    text_release(&heard.sentence);
}
END_TEST

/* 64 KiB are read, and no more. */
START_TEST(a_long_answer_is_no_token)
{
    AUTO(text_release) struct text long_answer = TEXT_EMPTY;
    struct heard heard = {0};
    text_append(&long_answer, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"access_token\":\"");
    for (int i = 0; i < 65 * 1024; i++)
        text_append_char(&long_answer, 'x');
    text_append(&long_answer, "\"}");
    const struct scripted_answer answer = {text_string(&long_answer), SCRIPTED_CLOSE, 0};
    start(&answer, 1, OAUTH2 " }\n");
    ask(&heard);
    run(&heard, 1);
    ck_assert_int_eq(heard.verdict, LOGIN_AWAY);
    ck_assert_ptr_nonnull(strstr(text_string(&heard.sentence), "sent an answer longer than allowed"));
    text_release(&heard.sentence);
}
END_TEST

START_TEST(one_that_failed_rests_and_comes_back)
{
    static const struct scripted_answer answers[] = {
        ANSWER("503 Away" NOTHING, ""), ANSWER("503 Away" NOTHING, ""), TOKEN_OF("first", "100")};
    struct heard heard = {0};
    start(answers, 3, OAUTH2 " }\n");
    const struct login_place at = place();
    ck_assert(login_is_well(logins, &at));
    ask(&heard);
    run(&heard, 1);
    ask(&heard); /* is told at once */
    ck_assert_int_eq(heard.calls, 2);
    ck_assert_int_eq(heard.verdict, LOGIN_AWAY);
    ck_assert(!login_is_well(logins, &at));
    ck_assert_uint_eq(scripted_server_requests(server), 1);
    now += LOGIN_REST_MS;
    ck_assert(!login_is_well(logins, &at)); /* and asks */
    run(&heard, 2);
    now += LOGIN_REST_MS; /* the rest doubles */
    ask(&heard);
    ck_assert_int_eq(heard.calls, 3);
    ck_assert_uint_eq(scripted_server_requests(server), 2);
    now += LOGIN_REST_MS;
    get_token();
    ck_assert(login_is_well(logins, &at));
    text_release(&heard.sentence);
}
END_TEST

/* Somebody may have mended it. */
START_TEST(a_reload_ends_the_rest)
{
    static const struct scripted_answer answers[] = {ANSWER("503 Away" NOTHING, ""),
                                                     TOKEN_OF("first", "100")};
    struct heard heard = {0};
    start(answers, 2, OAUTH2 " }\n");
    ask(&heard);
    run(&heard, 1);
    logins_configure(logins, loading.config);
    get_token();
    text_release(&heard.sentence);
}
END_TEST

START_TEST(a_login_server_is_asked_through_the_proxy)
{
    static const struct scripted_answer answers[] = {TOKEN_OF("first", "100")};
    AUTO(text_release) struct text request = TEXT_EMPTY;
    start(answers, 1,
          "{ type: oauth2, token_url: 'http://login.example.org/t', client_id: c, client_secret: s }\n"
          "        proxy: http://127.0.0.1:%d\n");
    get_token();
    scripted_server_request(server, 0, &request);
    ck_assert_msg(string_starts_with(text_string(&request), "POST http://login.example.org/t HTTP/1.1\r\n"),
                  "%s", text_string(&request));
}
END_TEST

START_TEST(who_is_gone_hears_nothing)
{
    static const struct scripted_answer answers[] = {TOKEN_OF("first", "100")};
    struct heard gone = {0}, heard = {0};
    start(answers, 1, OAUTH2 " }\n");
    ask(&gone);
    ask(&heard);
    login_forget(logins, &gone);
    run(&heard, 1);
    ck_assert_int_eq(gone.calls, 0);
    text_release(&heard.sentence);
}
END_TEST

START_TEST(a_missing_client_secret_is_told)
{
    struct heard heard = {0};
    AUTO(text_release) struct text checked = TEXT_EMPTY;
    load(
        "{ type: oauth2, token_url: 'http://127.0.0.1:1/t', client_id: c, client_secret: '${file:/nowhere/s}' }\n");
    ask(&heard);
    ck_assert_int_eq(heard.calls, 1);
    ck_assert_int_eq(heard.verdict, LOGIN_REFUSED);
    ck_assert_str_eq(text_string(&heard.sentence),
                     "auth: client_secret: the file /nowhere/s cannot be read: No such file or directory");
    const struct login_place at = place();
    ck_assert_int_eq(login_check(&at, &checked), ERR_ABSENT);
    ck_assert_str_eq(text_string(&checked), text_string(&heard.sentence));
    text_release(&heard.sentence);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("login");
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, token_and_password_are_carried);
    tests_add(tests, a_signature_is_described);
    tests_add(tests, a_missing_secret_is_told);
    tests_add(tests, slots_share_one_question);
    tests_add(tests, a_secret_goes_into_the_form_where_it_has_to);
    tests_add(tests, what_is_used_is_fetched_ahead);
    tests_add(tests, a_short_life_ends_a_second_sooner);
    tests_add(tests, what_nobody_uses_is_not);
    tests_add(tests, an_outage_while_the_token_lasts_is_not_felt);
    tests_add(tests, a_refused_token_is_asked_for_anew_once);
    tests_add(tests, other_credentials_forget_the_token);
    tests_rows(tests, it_is_told_as_itself, ROWS(rows));
    tests_add(tests, a_long_answer_is_no_token);
    tests_add(tests, one_that_failed_rests_and_comes_back);
    tests_add(tests, a_reload_ends_the_rest);
    tests_add(tests, a_login_server_is_asked_through_the_proxy);
    tests_add(tests, who_is_gone_hears_nothing);
    tests_add(tests, a_missing_client_secret_is_told);
    return tests_run(tests);
}
