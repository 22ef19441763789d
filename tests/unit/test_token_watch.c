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
    ck_assert_int_eq(replaced_ones, 0); /* of the first of each place nothing is known */
    (void)sandbox_write(sandbox, "s1", "SENDNEXT\n");
    ahead_ms += TOKEN_WATCH_LOOK_MS;
    run_requests(1);
    ck_assert_int_eq(replaced_ones, 1);
    ck_assert_int_eq(reports, 2 * ALBUMS + 1);
    ck_assert_int_eq(unlink(sandbox_path(sandbox, "s1")), 0); /* nothing can be asked about ... */
    ahead_ms += TOKEN_WATCH_LOOK_MS;
    token_watch_turn(watch);
    (void)sandbox_write(sandbox, "s1", "SENDNEXT\n"); /* ... and it is back: that counts, too */
    ahead_ms += TOKEN_WATCH_LOOK_MS;
    run_requests(1);
    ck_assert_int_eq(replaced_ones, 2);
    token_watch_configure(watch, config, WORK_SHARE); /* a reload, which changes none */
    run_requests(ALBUMS + 2);
    ck_assert_int_eq(replaced_ones, 2);
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

/* ---- permission ---- */

static int permitted_ones, refused_ones, undecided_ones;
static bool apply_again; /* whoever is told finds another token in the file, and applies once more */

static const struct token_place stow_place = {"main", NULL, WORK_TOKEN_STOW};

static void take_permission(void *context, enum token_permission permission, const char *sentence)
{
    (void)sentence;
    permitted_ones += permission == TOKEN_PERMITTED;
    refused_ones += permission == TOKEN_REFUSED;
    undecided_ones += permission == TOKEN_UNDECIDED;
    if (!apply_again)
        return;
    ck_assert_msg(permitted_ones < 3, "told again and again, before anybody was asked");
    (void)sandbox_write(sandbox, "stow", "ANOTHER\n");
    token_watch_ask_permission(watch, &stow_place, clock_monotonic_ms(), take_permission, context);
}

static void permit(bool allowed)
{
    const struct work_permit answer = {.serial = last_serial, .allowed = allowed};
    token_watch_permit(watch, &answer);
}

/* A destination with a STOW token in a file. */
static void set_up_stow(const struct scripted_answer *script, size_t count)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY, errors = TEXT_EMPTY, warnings = TEXT_EMPTY;
    tear_down();
    sandbox = sandbox_create();
    server = scripted_server_start(script, count);
    text_format(&yaml,
                "state_dir: %s\nnodes:\n  - aet: TEST\n    destinations:\n      - name: main\n"
                "        stow_url: http://127.0.0.1:%d/api/studies\n"
                "        headers: 'Authorization: Bearer ${file:%s}'\n",
                sandbox_folder(sandbox), scripted_server_port(server),
                sandbox_write(sandbox, "stow", "FIRST\n"));
    const char *path = sandbox_write(sandbox, "felucca.yaml", text_string(&yaml));
    ck_assert_msg(config_load(path, &config, &errors, &warnings) == 0, "%s", text_string(&errors));
    ck_assert_int_eq(http_create(&http), 0);
    watch = token_watch_create(http, count_report, NULL);
    ahead_ms = 0;
    token_watch_set_clock(watch, clock_ahead);
    reports = replaced_ones = permitted_ones = refused_ones = undecided_ones = 0;
    last_serial = 0;
    apply_again = false;
    token_watch_configure(watch, config, WORK_SEND);
}

/* The file changes between the report and its answer. */
START_TEST(a_permission_for_a_token_that_is_gone_ends)
{
    set_up_stow(&active, 1);
    token_watch_ask_permission(watch, &stow_place, clock_monotonic_ms(), take_permission, NULL);
    run(1);
    apply_again = true;
    permit(true);
    ck_assert_int_eq(permitted_ones, 1);
    apply_again = false;
    run(2); /* it is asked about the other token */
    ck_assert_ptr_null(token_watch_album(watch, &stow_place, "ANOTHER"));
    permit(true);
    ck_assert_int_eq(permitted_ones, 2);
    ck_assert_ptr_nonnull(token_watch_album(watch, &stow_place, "ANOTHER"));
    ck_assert_ptr_null(token_watch_album(watch, &stow_place, "FIRST"));
}
END_TEST

/* A late answer to the report about the former token says nothing about this one. */
START_TEST(a_late_permission_is_for_nobody)
{
    set_up_stow(&active, 1);
    run(1);
    int64_t former = last_serial;
    (void)sandbox_write(sandbox, "stow", "ANOTHER\n");
    ahead_ms += TOKEN_WATCH_LOOK_MS;
    run(2);
    token_watch_permit(watch, &(struct work_permit){.serial = former, .allowed = true});
    ck_assert_ptr_null(token_watch_album(watch, &stow_place, "ANOTHER"));
    ck_assert_ptr_null(token_watch_album(watch, &stow_place, "FIRST"));
}
END_TEST

/* Without a question, and not twice in a moment; what is permitted stays so until the router answers. */
START_TEST(what_is_known_is_told_again)
{
    set_up_stow(&active, 1);
    token_watch_tell_again(watch, &stow_place); /* nothing is known yet */
    ck_assert_int_eq(reports, 0);
    run(1);
    token_watch_tell_again(watch, &stow_place); /* the router has not answered */
    ck_assert_int_eq(reports, 1);
    permit(true);
    token_watch_tell_again(watch, &stow_place);
    ck_assert_int_eq(reports, 2);
    ck_assert_ptr_nonnull(token_watch_album(watch, &stow_place, "FIRST"));
    permit(true);
    token_watch_tell_again(watch, &stow_place); /* a moment ago */
    ck_assert_int_eq(reports, 2);
    ahead_ms += TOKEN_WATCH_OUTAGE_MS;
    token_watch_tell_again(watch, &stow_place);
    ck_assert_int_eq(reports, 3);
    permit(false);
    ck_assert_ptr_null(token_watch_album(watch, &stow_place, "FIRST"));
    ck_assert_uint_eq(scripted_server_requests(server), 1);
}
END_TEST

/* A maintenance page takes no permission away; of a token that has none it is told. */
START_TEST(what_was_permitted_goes_on_while_something_else_answers)
{
    static const struct scripted_answer script[] = {
        {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 64\r\n\r\n"
         "{\"active\":true,\"scope\":\"read send write\",\"album_id\":\"album-001\"}",
         SCRIPTED_KEEP, 0},
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", SCRIPTED_KEEP, 0}};
    set_up_stow(script, ROWS(script));
    run(1);
    permit(true);
    ck_assert_pstr_eq(token_watch_album(watch, &stow_place, "FIRST"), "album-001");
    ahead_ms += TOKEN_WATCH_HOUR_MS;
    run_requests(1);
    ck_assert_int_eq(reports, 1);
    ck_assert_pstr_eq(token_watch_album(watch, &stow_place, "FIRST"), "album-001");
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
    tests_add(tests, a_permission_for_a_token_that_is_gone_ends);
    tests_add(tests, a_late_permission_is_for_nobody);
    tests_add(tests, what_is_known_is_told_again);
    tests_add(tests, what_was_permitted_goes_on_while_something_else_answers);
    return tests_run(tests);
}
