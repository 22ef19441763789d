/* A real felucca-sender and a real nginx in front of the simulated KHEOPS: whom it trusts, connections that
 * nginx ends in its own ways, HTTP/2, and bodies that are too large for it. */
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/authority.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/nginx.h"
#include "tests/support/result_words.h"
#include "tests/support/scripted_server.h"
#include "tests/support/stock.h"
#include "tests/support/suite.h"
#include "tests/support/workplace.h"

#include <stdlib.h>
#include <string.h>

enum { LIMIT_MS = 60000, SMALL = 5000, LARGE = 400 * 1000 };

/* What each server of nginx is about. */
enum { IDLE, FEW, GOOD, WRONG, EXPIRED, OTHER, CLIENT, TWO, EMPTY };

static struct sandbox *sandbox;
static struct simulator *kheops;
static struct nginx *nginx;
static struct scripted_server *silent; /* answers 200 and nothing else, when it has all of a request */
static struct workplace *workplace;
static struct certificate ca, client;

static void start_nginx(void)
{
    static const char id[] = "ssl_session_cache off;\n";
    AUTO(text_release) struct text verify = TEXT_EMPTY;
    ca = authority_create(sandbox, "ca");
    const struct certificate stranger = authority_create(sandbox, "stranger");
    const struct certificate good = authority_sign(sandbox, &ca, "good", "IP:127.0.0.1", 2);
    const struct certificate wrong = authority_sign(sandbox, &ca, "wrong", "DNS:wrong.example.org", 2);
    const struct certificate expired = authority_sign(sandbox, &ca, "expired", "IP:127.0.0.1", -1);
    const struct certificate other = authority_sign(sandbox, &stranger, "other", "IP:127.0.0.1", 2);
    const int port = kheops->port;
    client = authority_sign(sandbox, &ca, "client", "DNS:felucca", 2);
    static const struct scripted_answer nothing = {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
                                                   SCRIPTED_CLOSE, 0};
    silent = scripted_server_start(&nothing, 1);
    text_format(&verify, "ssl_client_certificate %s;\nssl_verify_client on;\n", ca.certificate);
    const struct nginx_server servers[] = {
        [IDLE] = {port, NULL, NULL, false, "keepalive_timeout 5ms;\n"},
        [FEW] = {port, NULL, NULL, false, "keepalive_requests 3;\n"},
        [GOOD] = {port, good.certificate, good.key, false, id},
        [WRONG] = {port, wrong.certificate, wrong.key, false, id},
        [EXPIRED] = {port, expired.certificate, expired.key, false, id},
        [OTHER] = {port, other.certificate, other.key, false, id},
        [CLIENT] = {port, good.certificate, good.key, false, text_string(&verify)},
        [TWO] = {port, good.certificate, good.key, true,
                 "keepalive_requests 10;\nclient_max_body_size 1m;\n"},
        [EMPTY] = {scripted_server_port(silent), good.certificate, good.key, true, NULL},
    };
    nginx = nginx_start(sandbox, "nginx", servers, ROWS(servers));
}

/* Destinations, by the server that each is at. */
static const struct place {
    const char *name;
    int server;
    bool authority, certificate;
    const char *more;
} places[] = {
    {"idle", IDLE, false, false, ""},
    {"few", FEW, false, false, ""},
    {"good", GOOD, true, false, ""},
    {"unknown-authority", GOOD, false, false, ""},
    {"wrong-name", WRONG, true, false, ""},
    {"expired", EXPIRED, true, false, ""},
    {"expired-insecure", EXPIRED, false, false, "        insecure: true\n"},
    {"other-authority", OTHER, true, false, ""},
    {"client", CLIENT, true, true, ""},
    {"no-client", CLIENT, true, false, ""},
    {"two", TWO, true, false, "        http2: true\n"},
    {"empty", EMPTY, true, false, "        http2: true\n        kheops: false\n"},
};

static void start_workplace(void)
{
    struct pipeline_destination destinations[ROWS(places)];
    struct text urls[ROWS(places)] = {TEXT_EMPTY}, more[ROWS(places)] = {TEXT_EMPTY};
    for (size_t i = 0; i < ROWS(places); i++) {
        const struct place *place = &places[i];
        const char *scheme = place->server <= FEW ? "http" : "https";
        text_format(&urls[i], "%s://127.0.0.1:%d/api/studies", scheme, nginx->ports[place->server]);
        text_append(&more[i], place->more);
        if (place->authority)
            text_format(&more[i], "        ca_file: %s\n", ca.certificate);
        if (place->certificate)
            text_format(&more[i], "        client_cert: %s\n        client_key: %s\n", client.certificate,
                        client.key);
        destinations[i] = (struct pipeline_destination){.name = place->name,
                                                        .token = "MAINBOTH",
                                                        .stow_url = text_string(&urls[i]),
                                                        .more = text_string(&more[i])};
    }
    workplace = workplace_create("felucca-sender", NULL, destinations, ROWS(destinations), NULL);
    for (size_t i = 0; i < ROWS(places); i++) {
        text_release(&urls[i]);
        text_release(&more[i]);
    }
}

static void setup(void)
{
    static const char *const options[] = {"--token", "main:read,write:MAINBOTH", NULL};
    sandbox = sandbox_create();
    kheops = simulator_start(sandbox, "kheops", options);
    start_nginx();
    start_workplace();
}

static void teardown(void)
{
    workplace_destroy(&workplace);
    nginx_destroy(&nginx);
    scripted_server_destroy(&silent);
    simulator_destroy(&kheops);
    sandbox_destroy(&sandbox);
}

/* The outcomes and, behind a bar, the first reason. */
static const char *describe(const struct work_result *result)
{
    static struct text says;
    text_clear(&says);
    result_describe(result, &says);
    text_format(&says, " | %s", result->answers[0].reason ? result->answers[0].reason : "");
    return text_string(&says);
}

static void check_says(const struct work_result *result, const char *outcome, const char *reason)
{
    const char *says = describe(result);
    size_t length = strlen(outcome);
    ck_assert_msg(strncmp(says, outcome, length) == 0 && strncmp(says + length, " | ", 3) == 0 &&
                      strstr(says + length, reason),
                  "wanted: %s | %s, found: %s", outcome, reason, says);
}

static void send(const char *destination, uint64_t seed, size_t count, uint64_t bytes, const char *outcome,
                 const char *reason)
{
    struct work *work = stock_work(workplace->spool, destination, seed, count, 1, bytes);
    AUTO(work_result_destroy) struct work_result *result = workplace_do(workplace, &work);
    check_says(result, outcome, reason);
}

/* ---- whom it trusts ---- */

static const struct trust_row {
    const char *destination, *outcome, *says;
} trust_rows[] = {
    /* the question about the token goes first; whom one worker does not trust another one may */
    {"good", "done done", ""},
    {"unknown-authority", "retry/worker retry/worker", "is not trusted"},
    {"other-authority", "retry/worker retry/worker", "is not trusted"},
    {"wrong-name", "retry/worker retry/worker", "no alternative certificate subject name matches"},
    {"expired", "retry/worker retry/worker", "expired"},
    {"expired-insecure", "done done", ""},
    {"client", "done done", ""},
    {"no-client", "retry/group retry/group", "client certificate"},
};

START_TEST(only_who_shows_the_right_certificate_gets_images)
{
    int64_t stored = 0;
    for (size_t i = 0; i < ROWS(trust_rows); i++) {
        const struct trust_row *row = &trust_rows[i];
        send(row->destination, i + 1, 2, SMALL, row->outcome, row->says);
        stored += string_starts_with(row->outcome, "done") ? 2 : 0;
        ck_assert_msg(simulator_count(kheops, "instances") == stored, "%s", row->destination);
    }
    AUTO(text_release) struct text log = TEXT_EMPTY;
    file_read(workplace->log, &log);
    const char *said = strstr(text_string(&log), "insecure: true");
    ck_assert_msg(said && strstr(said, "expired-insecure"), "not said at start");
    ck_assert_ptr_null(strstr(said + 1, "insecure: true"));
}
END_TEST

/* ---- connections that end ---- */

/* The connection that the sender keeps is closed by nginx while it rests. */
START_TEST(a_connection_closed_at_rest_is_nobodys_trouble)
{
    for (uint64_t i = 1; i <= 5; i++) {
        send("idle", i, 3, i % 2 ? SMALL : LARGE, "done done done", "");
        ck_assert(nginx_wait_no_client(nginx, IDLE, LIMIT_MS));
    }
}
END_TEST

/* Otherwise the body was out, perhaps whole, when nginx closed the connection. */
static bool is_done(uint64_t seed)
{
    struct work *work = stock_work(workplace->spool, "idle", seed, 1, 1, SMALL);
    AUTO(work_result_destroy) struct work_result *result = workplace_do(workplace, &work);
    if (result->answers[0].outcome == WORK_DONE_OUTCOME)
        return true;
    check_says(result, "retry/slow", "ended the connection without a complete answer");
    return false;
}

/* nginx may close it in the very moment of the next request, which nobody can order. What was in it is not known to be
 * there until it goes again, and nothing worse. */
START_TEST(a_connection_closed_when_it_is_used_is_at_most_slow)
{
    enum { COUNT = 40 };
    size_t closed = 0;
    for (uint64_t i = 1; i <= COUNT; i++) {
        while (!is_done(i))
            ck_assert_uint_lt(closed++, COUNT);
    }
    ck_assert_int_eq(simulator_count(kheops, "instances"), COUNT);
}
END_TEST

/* Lines of nginx's access log with this text; the largest number at the end of one of them. */
static size_t count_requests(const char *text, long *ret_most)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    size_t count = 0;
    *ret_most = 0;
    file_read(nginx->access_log, &log);
    for (const char *line = text_string(&log), *end; (end = strchr(line, '\n')); line = end + 1) {
        AUTO(memory_free) char *copy = memory_string_n(line, (size_t)(end - line));
        long number = strtol(strrchr(copy, ' '), NULL, 10);
        if (!string_starts_with(copy, text))
            continue;
        count++;
        *ret_most = number > *ret_most ? number : *ret_most;
    }
    return count;
}

/* count works of so many small instances, at most four on their way at a time; all have to be done. */
static void send_many(const char *destination, size_t count, size_t instances)
{
    AUTO(text_release) struct text wanted = TEXT_EMPTY;
    size_t given = 0, done = 0;
    for (size_t i = 0; i < instances; i++)
        text_format(&wanted, "%sdone", i ? " " : "");
    while (done < count) {
        for (; given < count && given < done + 4; given++) {
            struct work *work = stock_work(workplace->spool, destination, 1000 + given, instances, 1, SMALL);
            fake_router_give(workplace->router, work);
            work_destroy(&work);
        }
        AUTO(work_result_destroy)
        struct work_result *result = fake_router_wait_result(workplace->router, LIMIT_MS);
        ck_assert_ptr_nonnull(result);
        check_says(result, text_string(&wanted), "");
        done++;
    }
    ck_assert_int_eq(simulator_count(kheops, "stored"), (int64_t)(count * instances));
}

START_TEST(a_connection_ends_after_few_requests)
{
    long most;
    send_many("few", 40, 2);
    ck_assert_uint_ge(count_requests("HTTP/1.1 200", &most), 40);
    ck_assert_int_eq(most, 3);
}
END_TEST

/* nginx ends an HTTP/2 connection after keepalive_requests with GOAWAY, here after 10 instead of 1,000. */
START_TEST(http2_connections_end_and_nothing_is_lost)
{
    long most;
    send_many("two", 100, 2);
    ck_assert_uint_ge(count_requests("HTTP/2.0 200", &most), 100);
    ck_assert_int_ge(most, 10);
    ck_assert_int_le(most, 11);
}
END_TEST

/* A stream has an end of its own: no length is said, and the answer is whole. */
START_TEST(an_empty_200_over_http2_is_an_empty_answer)
{
    long most;
    send("empty", 1, 2, SMALL, "done done", "stored: 200 without a list");
    ck_assert_uint_eq(scripted_server_requests(silent), 1);
    ck_assert_uint_ge(count_requests("HTTP/2.0 200", &most), 1);
}
END_TEST

/* ---- 413 ---- */

/* Over HTTP/2 nginx ends the stream while the body is still on its way, and libcurl may see that before the 413:
 * then the answer is cut off, which is halved, too. */
static void send_too_much(uint64_t seed, size_t count, uint64_t bytes)
{
    struct work *work = stock_work(workplace->spool, "two", seed, count, 1, bytes);
    AUTO(work_result_destroy) struct work_result *result = workplace_do(workplace, &work);
    ck_assert_uint_eq(result->answer_count, count);
    for (size_t i = 0; i < count; i++) {
        enum blame blame = result->answers[i].blame;
        ck_assert_msg(result->answers[i].outcome == WORK_RETRY_OUTCOME &&
                          (blame == BLAME_SIZE || blame == BLAME_CUT),
                      "%s", describe(result));
    }
}

START_TEST(what_is_too_large_is_halved)
{
    send_too_much(1, 4, LARGE);
    send("two", 1, 2, LARGE, "done done", "");
    send_too_much(2, 1, 3 * LARGE);
}
END_TEST

/* ---- gone ---- */

static bool is_whole(void *context)
{
    const int64_t *before = context;
    return simulator_count(kheops, "whole") > *before;
}

/* Its body went out whole, so it is ambiguous what became of it; a cut one would not be. */
START_TEST(nginx_killed_before_the_answer)
{
    send("idle", 9, 1, SMALL, "done", ""); /* its token is permitted from here on */
    ck_assert(nginx_wait_no_client(nginx, IDLE, LIMIT_MS));
    simulator_order(kheops, "/sim/faults", "{\"kind\":\"stow\",\"action\":\"none\",\"delay_ms\":60000}");
    struct work *work = stock_work(workplace->spool, "idle", 1, 3, 1, LARGE);
    int64_t before = simulator_count(kheops, "whole");
    fake_router_give(workplace->router, work);
    ck_assert(wait_until(is_whole, &before, LIMIT_MS));
    nginx_kill(nginx);
    AUTO(work_result_destroy)
    struct work_result *result = fake_router_wait_result(workplace->router, LIMIT_MS);
    ck_assert_ptr_nonnull(result);
    check_says(result, "retry/slow retry/slow retry/slow", "connection");
    work_destroy(&work);
    send("idle", 2, 1, SMALL, "retry/destination", "127.0.0.1");
    nginx_start_again(nginx);
    json_decref(http_client_json(kheops->admin_port, "DELETE", "/sim/faults", NULL));
    send("idle", 1, 3, LARGE, "done done done", "");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("nginx");
    tests_timeout(tests, 120);
    tests_fixture(tests, setup, teardown);
    tests_add(tests, only_who_shows_the_right_certificate_gets_images);
    tests_add(tests, a_connection_closed_at_rest_is_nobodys_trouble);
    tests_add(tests, a_connection_closed_when_it_is_used_is_at_most_slow);
    tests_add(tests, a_connection_ends_after_few_requests);
    tests_add(tests, http2_connections_end_and_nothing_is_lost);
    tests_add(tests, an_empty_200_over_http2_is_an_empty_answer);
    tests_add(tests, what_is_too_large_is_halved);
    tests_add(tests, nginx_killed_before_the_answer);
    return tests_run(tests);
}
