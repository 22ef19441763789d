/* How often KHEOPS is asked about tokens, and who hears the answers. The server answers by a script. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/kheops/token_watch.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/scripted_server.h"
#include "tests/support/suite.h"

#include <string.h>
#include <unistd.h>

enum { ALBUMS = 3, LIMIT_MS = 10000 };

static const struct scripted_answer active = {
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 64\r\n\r\n"
    "{\"active\":true,\"scope\":\"read send write\",\"album_id\":\"album-001\"}",
    SCRIPTED_KEEP, 0};

static struct sandbox *sandbox;
static struct scripted_server *server;
static struct config *config;
static struct http *http;
static struct token_watch *watch;
static int reports, replaced_ones, answers;
static int64_t last_serial;

static void count_report(void *context, const struct token_report *report)
{
    (void)context;
    replaced_ones += report->replaced;
    ck_assert_str_eq(report->place.destination, "main");
    ck_assert_int_eq(report->introspection->state, INTROSPECTION_ACTIVE);
    ck_assert_int_gt(report->serial, last_serial);
    last_serial = report->serial;
    reports++;
}

static void count_answer(void *context, struct introspection *introspection)
{
    (void)context;
    ck_assert_int_eq(introspection->state, INTROSPECTION_ACTIVE);
    ck_assert_str_eq(introspection->album_id, "album-001");
    answers++;
}

/* Three albums with tokens of their own, and one source token for all, in a file for each. */
static void set_up_with(const struct scripted_answer *script, size_t count)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY, errors = TEXT_EMPTY, warnings = TEXT_EMPTY;
    sandbox = sandbox_create();
    server = scripted_server_start(script, count);
    text_format(&yaml,
                "state_dir: %s\nnodes:\n  - aet: TEST\n    destinations:\n      - name: main\n"
                "        stow_url: http://127.0.0.1:%d/api/studies\n        albums:\n",
                sandbox_folder(sandbox), scripted_server_port(server));
    for (int i = 0; i < ALBUMS; i++)
        text_format(&yaml,
                    "          - { name: a%d, destination_token: WRITE%d, source_token: '${file:%s}',\n"
                    "              api_url: 'http://127.0.0.1:%d/api' }\n",
                    i, i, sandbox_write(sandbox, (const char *[]){"s0", "s1", "s2"}[i], "SEND\n"),
                    scripted_server_port(server));
    const char *path = sandbox_write(sandbox, "felucca.yaml", text_string(&yaml));
    if (config_load(path, &config, &errors, &warnings) != 0)
        ck_abort_msg("%s", text_string(&errors));
    ck_assert_int_eq(http_create(&http), 0);
    watch = token_watch_create(http, count_report, NULL);
    reports = replaced_ones = answers = 0;
    last_serial = 0;
}

static void set_up(void)
{
    set_up_with(&active, 1);
}

static void tear_down(void)
{
    token_watch_destroy(&watch);
    http_destroy(&http);
    config_destroy(&config);
    scripted_server_destroy(&server);
    sandbox_destroy(&sandbox);
}

/* Until so many reports came, and then until nothing is asked any more. */
static void run(int reports_wanted)
{
    int64_t end = clock_monotonic_ms() + LIMIT_MS;
    do {
        ck_assert_msg(clock_monotonic_ms() < end, "%d reports", reports);
        token_watch_turn(watch);
        http_poll(http, NULL, 0, 20);
    } while (reports < reports_wanted || http_active(http) > 0);
    ck_assert_int_eq(reports, reports_wanted);
}

static void ask_source(const char *album, int64_t since)
{
    token_watch_ask(watch, &(struct token_place){"main", album, WORK_TOKEN_SOURCE}, since, count_answer,
                    NULL);
}

START_TEST(a_token_of_many_albums_is_asked_about_once)
{
    token_watch_configure(watch, config, WORK_SHARE);
    run(2 * ALBUMS);
    ck_assert_uint_eq(scripted_server_requests(server), ALBUMS + 1);
    token_watch_turn(watch);
    ck_assert_uint_eq(http_active(http), 0);
    token_watch_configure(watch, config, WORK_SHARE); /* a reload */
    run(4 * ALBUMS);
    ck_assert_uint_eq(scripted_server_requests(server), 2 * (ALBUMS + 1));
}
END_TEST

START_TEST(refusals_at_once_share_a_question)
{
    token_watch_configure(watch, config, WORK_SHARE);
    run(2 * ALBUMS);
    size_t before = scripted_server_requests(server);
    int64_t refused = clock_monotonic_ms() + 1; /* after all that is known */
    while (clock_monotonic_ms() < refused)
        http_poll(http, NULL, 0, 1);
    ask_source("a0", refused);
    ask_source("a1", refused);
    ask_source("a1", refused);
    run(2 * ALBUMS + 2);
    ck_assert_int_eq(answers, 3);
    ask_source("a2", refused); /* a moment later: the answer is fresh enough */
    ck_assert_int_eq(answers, 4);
    ck_assert_uint_eq(scripted_server_requests(server), before + 1);
}
END_TEST

START_TEST(another_token_is_another_question)
{
    token_watch_configure(watch, config, WORK_SHARE);
    run(2 * ALBUMS);
    size_t before = scripted_server_requests(server);
    (void)sandbox_write(sandbox, "s1", "SENDNEXT\n");
    int64_t refused = clock_monotonic_ms() + 1;
    while (clock_monotonic_ms() < refused)
        http_poll(http, NULL, 0, 1);
    ask_source("a0", refused);
    ask_source("a1", refused);
    run(2 * ALBUMS + 2);
    ck_assert_int_eq(answers, 2);
    ck_assert_uint_eq(scripted_server_requests(server), before + 2);
}
END_TEST

/* ---- once an hour ---- */

static int64_t ahead_ms;

static int64_t clock_ahead(void)
{
    return clock_monotonic_ms() + ahead_ms;
}

/* Turns until so many more requests came; then nothing more is due. */
static void run_requests(size_t more)
{
    int64_t end = clock_monotonic_ms() + LIMIT_MS;
    size_t wanted = scripted_server_requests(server) + more;
    do {
        ck_assert_msg(clock_monotonic_ms() < end, "%zu requests", scripted_server_requests(server));
        token_watch_turn(watch);
        http_poll(http, NULL, 0, 20);
    } while (scripted_server_requests(server) < wanted || http_active(http) > 0);
    token_watch_turn(watch);
    ck_assert_uint_eq(http_active(http), 0);
    ck_assert_uint_eq(scripted_server_requests(server), wanted);
}

START_TEST(all_are_asked_again_after_an_hour)
{
    ahead_ms = 0;
    token_watch_set_clock(watch, clock_ahead);
    token_watch_configure(watch, config, WORK_SHARE);
    run_requests(ALBUMS + 1);
    for (int hour = 1; hour <= 3; hour++) {
        ahead_ms = (int64_t)hour * TOKEN_WATCH_HOUR_MS - LIMIT_MS; /* what passes while this runs is less */
        token_watch_turn(watch);
        ck_assert_uint_eq(http_active(http), 0);
        ahead_ms += 2 * LIMIT_MS;
        run_requests(ALBUMS + 1);
    }
    ck_assert_int_eq(reports, 4 * 2 * ALBUMS);
}
END_TEST

/* Nobody was refused, nobody asks: the file alone tells. */
START_TEST(a_replaced_token_is_noticed)
{
    ahead_ms = 0;
    token_watch_set_clock(watch, clock_ahead);
    token_watch_configure(watch, config, WORK_SHARE);
    run_requests(ALBUMS + 1);
    ck_assert_int_eq(replaced_ones, 2 * ALBUMS); /* the first of each place */
    (void)sandbox_write(sandbox, "s1", "SENDNEXT\n");
    ahead_ms += TOKEN_WATCH_LOOK_MS;
    run_requests(1);
    ck_assert_int_eq(replaced_ones, 2 * ALBUMS + 1);
    ck_assert_int_eq(reports, 2 * ALBUMS + 1);
    ck_assert_int_eq(unlink(sandbox_path(sandbox, "s1")), 0); /* nothing can be asked about ... */
    ahead_ms += TOKEN_WATCH_LOOK_MS;
    token_watch_turn(watch);
    (void)sandbox_write(sandbox, "s1", "SENDNEXT\n"); /* ... and it is back: that counts, too */
    ahead_ms += TOKEN_WATCH_LOOK_MS;
    run_requests(1);
    ck_assert_int_eq(replaced_ones, 2 * ALBUMS + 2);
    token_watch_configure(watch, config, WORK_SHARE); /* a reload, which changes none */
    run_requests(ALBUMS + 2);
    ck_assert_int_eq(replaced_ones, 2 * ALBUMS + 2);
}
END_TEST

/* Nothing is reported, and it is asked again soon. */
START_TEST(an_outage_is_asked_about_again_after_a_minute)
{
    static const struct scripted_answer down = {"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
                                                SCRIPTED_KEEP, 0};
    tear_down();
    set_up_with(&down, 1);
    ahead_ms = 0;
    token_watch_set_clock(watch, clock_ahead);
    token_watch_configure(watch, config, WORK_SHARE);
    run_requests(ALBUMS + 1);
    ck_assert_int_eq(reports, 0);
    ahead_ms = TOKEN_WATCH_OUTAGE_MS - LIMIT_MS;
    token_watch_turn(watch);
    ck_assert_uint_eq(http_active(http), 0);
    ahead_ms += 2 * LIMIT_MS;
    run_requests(ALBUMS + 1);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("token_watch");
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, a_token_of_many_albums_is_asked_about_once);
    tests_add(tests, refusals_at_once_share_a_question);
    tests_add(tests, another_token_is_another_question);
    tests_add(tests, all_are_asked_again_after_an_hour);
    tests_add(tests, a_replaced_token_is_noticed);
    tests_add(tests, an_outage_is_asked_about_again_after_a_minute);
    return tests_run(tests);
}
