/* A destination never sends with a token that opens a wrong album, or none: real processes, simulated KHEOPS. The
 * waits of a blocked destination are those of an installation, a minute. */
#include "common/base/cleanup.h"
#include "tests/support/files.h"
#include "tests/support/operator_view.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 60000, SOON_MS = 35000 /* less than the probe of a blocked target takes */ };

#define OWN     "the STOW token opens the album of \"all\""
#define ANOTHER "the STOW token opens another album than the one that everything went to so far"
#define NOBODYS "the STOW token is a person's login token"

static struct sandbox *sandbox;
static struct simulator *kheops;
static struct pipeline *pipeline;

static void set_up(void)
{
    static const char *const tokens[] = {
        "--token", "main:write:MAINWRITE",    "--token", "main:write:MAINWRITENEXT",
        "--token", "main:read,send:MAINSEND", "--token", "all:write:ALLWRITE",
        "--token", "other:write:OTHERWRITE",  "--token", "other:read,send:OTHERSEND",
        NULL};
    sandbox = sandbox_create();
    kheops = simulator_start(sandbox, "kheops", tokens);
    simulator_order(kheops, "/sim/tokens", "{\"user\":true,\"token\":\"PERSON\"}");
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    simulator_destroy(&kheops);
    sandbox_destroy(&sandbox);
}

static void check(bool ok, const char *what)
{
    pipeline_check(pipeline, ok, what);
}

static void put_token(const char *place, const char *token)
{
    file_write_string(sandbox_path(sandbox, "token-%s", place), token);
}

/* stow: what is in the file of the token MAINWRITE. */
static void make(const char *stow)
{
    const struct pipeline_album album = {"all", "ALLWRITE", "MAINSEND", NULL};
    const struct pipeline_destination destination = {
        .name = "main", .simulator = kheops, .token = "MAINWRITE", .albums = &album, .album_count = 1};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, "retry:\n  first: 100ms\n  ceiling: 15m\n"};
    pipeline = pipeline_create(sandbox, &options);
    put_token("MAINWRITE", stow);
}

static void begin(const char *stow)
{
    make(stow);
    pipeline_start_all(pipeline);
}

static void send_study(uint64_t seed)
{
    pipeline_send_small_study(pipeline, sandbox, seed, 3);
}

static void await_blocked(const char *says)
{
    check(operator_wait_state(pipeline, "main", NULL, "blocked", says, SOON_MS), says);
}

static void await_stored(int64_t count)
{
    check(simulator_wait_instances(kheops, count, SOON_MS), "what waited does not go");
}

static void expect_in(const char *album, int64_t count)
{
    ck_assert_msg(simulator_stored_in(kheops, album) == count, "%lld instances in %s",
                  (long long)simulator_stored_in(kheops, album), album);
}

static int move_main(struct text *ret_output)
{
    const char *argv[] = {
        FELUCCA_BIN "/felucca", "--config", pipeline_config(pipeline), "destination", "move", "main", NULL};
    return process_run(argv, NULL, PATIENCE_MS, ret_output);
}

/* ---- a wrong token ---- */

static const struct row {
    const char *token, *says;
    bool from_start; /* it is there before anything was sent */
    int killed;      /* a stage that is killed while it is blocked; -1: none */
} rows[] = {
    {"ALLWRITE", OWN, false, -1},
    {"ALLWRITE", OWN, true, -1},
    {"OTHERWRITE", ANOTHER, false, -1},
    {"PERSON", NOBODYS, false, -1},
    {"PERSON", NOBODYS, true, -1},
    {"ALLWRITE", OWN, true, PIPELINE_SENDER},
    {"OTHERWRITE", ANOTHER, false, PIPELINE_SENDER},
    {"OTHERWRITE", ANOTHER, false, PIPELINE_ROUTER},
    {"PERSON", NOBODYS, true, PIPELINE_ROUTER},
};

START_TEST(nothing_goes_with_a_wrong_token)
{
    const struct row *row = &rows[_i];
    int64_t good = row->from_start ? 0 : 3;
    begin(row->from_start ? row->token : "MAINWRITE");
    if (!row->from_start) {
        send_study(1);
        check(simulator_wait_shared(kheops, "all", 3, PATIENCE_MS), "not shared");
        if (row->killed != PIPELINE_SENDER)
            put_token("MAINWRITE", row->token);
    }
    if (row->killed == PIPELINE_SENDER && !row->from_start) {
        process_kill(pipeline_process(pipeline, PIPELINE_SENDER, 0));
        put_token("MAINWRITE", row->token);
        pipeline_start_again(pipeline, PIPELINE_SENDER, 0);
    }
    send_study(2);
    await_blocked(row->says);
    if (row->killed >= 0) {
        pipeline_kill_and_restart(pipeline, (enum pipeline_stage)row->killed, 0);
        send_study(3);
        await_blocked(row->says);
    }
    expect_in("main", good);
    ck_assert_int_eq(simulator_count(kheops, "instances"), good);
    put_token("MAINWRITE", "MAINWRITENEXT");
    await_stored(good + (row->killed >= 0 ? 6 : 3));
    expect_in("main", simulator_count(kheops, "instances"));
    check(operator_wait_state(pipeline, "main", NULL, "up", NULL, PATIENCE_MS), "not up");
    pipeline_stop_all(pipeline);
}
END_TEST

/* The sharer tells what it knows only later: then it stops all the same, whoever runs. */
START_TEST(an_own_album_that_is_known_later_stops_it_too)
{
    make("ALLWRITE");
    (void)pipeline_start(pipeline, PIPELINE_ROUTER);
    (void)pipeline_start(pipeline, PIPELINE_RECEIVER);
    (void)pipeline_start(pipeline, PIPELINE_SENDER);
    send_study(1);
    await_stored(3); /* nobody could know */
    (void)pipeline_start(pipeline, PIPELINE_SHARER);
    await_blocked(OWN);
    send_study(2);
    pipeline_kill_and_restart(pipeline, PIPELINE_ROUTER, 0);
    pipeline_kill_and_restart(pipeline, PIPELINE_SENDER, 0);
    await_blocked(OWN);
    ck_assert_int_eq(simulator_count(kheops, "instances"), 3);
    pipeline_stop_all(pipeline);
}
END_TEST

/* ---- renewed, moved ---- */

START_TEST(another_token_of_the_same_album_goes_on_at_once)
{
    begin("MAINWRITE");
    send_study(1);
    await_stored(3);
    put_token("MAINWRITE", "MAINWRITENEXT");
    send_study(2);
    await_stored(6);
    expect_in("main", 6);
    check(operator_wait_state(pipeline, "main", NULL, "up", NULL, PATIENCE_MS), "not up");
    pipeline_stop_all(pipeline);
}
END_TEST

START_TEST(a_destination_is_moved_by_an_operator)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    begin("MAINWRITE");
    send_study(1);
    check(simulator_wait_shared(kheops, "all", 3, PATIENCE_MS), "not shared");
    ck_assert_int_eq(move_main(&output), 1); /* its token opens the album of old */
    ck_assert_ptr_nonnull(strstr(text_string(&output), "goes there already"));
    put_token("MAINWRITE", "OTHERWRITE");
    put_token("MAINSEND", "OTHERSEND");
    send_study(2);
    await_blocked("felucca destination move main");
    text_clear(&output);
    ck_assert_msg(move_main(&output) == 0, "%s", text_string(&output));
    await_stored(6);
    expect_in("other", 3);
    check(simulator_wait_shared(kheops, "all", 6, SOON_MS), "not shared out of the new album");
    pipeline_kill_and_restart(pipeline, PIPELINE_ROUTER, 0); /* it is durable */
    pipeline_kill_and_restart(pipeline, PIPELINE_SENDER, 0);
    send_study(3);
    await_stored(9);
    expect_in("other", 6);
    put_token("MAINWRITE", "MAINWRITENEXT");
    send_study(4);
    await_blocked(ANOTHER);
    expect_in("main", 3);
    pipeline_stop_all(pipeline);
}
END_TEST

START_TEST(what_is_wrong_cannot_be_confirmed)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    begin("MAINWRITE");
    send_study(1);
    await_stored(3);
    put_token("MAINWRITE", "ALLWRITE");
    send_study(2);
    await_blocked(OWN);
    ck_assert_int_eq(move_main(&output), 1);
    ck_assert_msg(strstr(text_string(&output), OWN) != NULL, "%s", text_string(&output));
    pipeline_stop_all(pipeline);
}
END_TEST

/* ---- KHEOPS cannot be asked ---- */

#define MUTE "{\"kind\":\"introspect\",\"action\":\"status\",\"status\":502}"

static void hear_again(void)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    int status = http_client_request(kheops->admin_port, "DELETE", "/sim/faults", NULL, NULL, 0, &answer);
    ck_assert_int_eq(status / 100, 2);
}

START_TEST(a_new_token_waits_until_kheops_can_be_asked)
{
    simulator_order(kheops, "/sim/faults", MUTE);
    begin("MAINWRITE");
    send_study(1);
    check(operator_wait_state(pipeline, "main", NULL, "backing off", "waits until KHEOPS can be asked",
                              SOON_MS),
          "does not say for what it waits");
    ck_assert_int_eq(simulator_count(kheops, "requests.stow"), 0);
    hear_again();
    await_stored(3);
    simulator_order(kheops, "/sim/faults", MUTE);
    process_signal(pipeline_process(pipeline, PIPELINE_SENDER, 0), SIGHUP);
    send_study(2); /* with the token that was confirmed */
    await_stored(6);
    put_token("MAINWRITE", "MAINWRITENEXT");
    send_study(3);
    check(operator_wait_state(pipeline, "main", NULL, "backing off", "waits until KHEOPS can be asked",
                              SOON_MS),
          "does not wait with the new token");
    ck_assert_int_eq(simulator_count(kheops, "instances"), 6);
    hear_again();
    await_stored(9);
    pipeline_stop_all(pipeline);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("token_album");
    tests_abreast(tests, 3);
    tests_timeout(tests, 180);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, nothing_goes_with_a_wrong_token, ROWS(rows));
    tests_add(tests, an_own_album_that_is_known_later_stops_it_too);
    tests_add(tests, another_token_of_the_same_album_goes_on_at_once);
    tests_add(tests, a_destination_is_moved_by_an_operator);
    tests_add(tests, what_is_wrong_cannot_be_confirmed);
    tests_add(tests, a_new_token_waits_until_kheops_can_be_asked);
    return tests_run(tests);
}
