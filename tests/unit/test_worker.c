/* The worker's side of the work protocol, against a router played by the test over a real socket. */
#include "common/worker/worker.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/wire/bus.h"
#include "tests/support/deadline.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

#define RECEIPT "0193a5b2c4d100112233445566778899"

/* ---- the stage: one worker, one socket of a router, what either side has seen ---- */

static struct sandbox *sandbox;
static struct config config;
static struct bus *router;
static struct worker *worker;
static struct work *started;
static char stopped[WORK_ID_SIZE];
static unsigned starts, aborts, permits;
static int64_t last_permit;

static struct bus_message last;
static struct work_message heard;

static void start(void *context, struct work *work)
{
    (void)context;
    starts++;
    work_destroy(&started);
    started = work;
}

static void stop(void *context, const char *work_id)
{
    (void)context;
    aborts++;
    (void)snprintf(stopped, sizeof stopped, "%s", work_id);
}

static void permit(void *context, const struct work_permit *permit)
{
    (void)context;
    permits++;
    last_permit = permit->serial;
}

static void set_up(void)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct worker_handler handler = {.start = start, .abort = stop, .permit = permit};
    sandbox = sandbox_create();
    config.endpoints.work = (char *)"ipc://work.sock";
    ck_assert_int_eq(chdir(sandbox_folder(sandbox)), 0);
    ck_assert_int_eq(bus_create(&config, BUS_ROUTER, config.endpoints.work, &router, &reason), 0);
    ck_assert_int_eq(worker_create(&config, WORK_SEND, 3, &handler, &worker, &reason), 0);
}

static void tear_down(void)
{
    work_destroy(&started);
    work_message_release(&heard);
    bus_message_release(&last);
    worker_destroy(&worker);
    bus_destroy(&router);
    sandbox_destroy(&sandbox);
}

/* Turns the worker until the router hears this verb. */
static bool hears(void *context)
{
    enum work_verb *verb = context;
    worker_turn(worker);
    work_message_release(&heard);
    bus_message_release(&last);
    return bus_receive(router, &last) == 0 &&
           work_decode(last.frames[0], last.lengths[0], last.frames[1], last.lengths[1], &heard) == 0 &&
           heard.verb == *verb;
}

static void await(enum work_verb verb)
{
    ck_assert_msg(wait_until(hears, &verb, 20000), "no %s", work_verb_name(verb));
}

static void say(const struct work_message *message)
{
    AUTO(text_release) struct text json = TEXT_EMPTY;
    const char *verb = work_verb_name(message->verb);
    work_encode(message, &json);
    ck_assert_int_eq(bus_send(router, &last.peer, verb, strlen(verb), text_string(&json), json.length), 0);
}

static void say_gone(enum work_verb verb, const char *id)
{
    char gone[1][WORK_ID_SIZE] = {""};
    struct work_message message = {.verb = verb, .gone = gone, .gone_count = 1};
    (void)snprintf(gone[0], WORK_ID_SIZE, "%s", id);
    say(&message);
}

static void say_verb(enum work_verb verb)
{
    struct work_message message = {.verb = verb};
    say(&message);
}

static void say_work(const char *id)
{
    struct work_item item = {.id = 1, .receipt = RECEIPT, .size = 10};
    struct work work = {.stage = WORK_SEND,
                        .destination = (char *)"d",
                        .study = (char *)"1",
                        .items = &item,
                        .item_count = 1};
    (void)snprintf(work.id, sizeof work.id, "%s", id);
    struct work_message message = {.verb = WORK_WORK, .work = &work};
    say(&message);
}

static bool has_started(void *context)
{
    unsigned *wanted = context;
    worker_turn(worker);
    return starts >= *wanted;
}

static void await_starts(unsigned wanted)
{
    ck_assert(wait_until(has_started, &wanted, 20000));
}

static void welcome(void)
{
    await(WORK_HELLO);
    say_verb(WORK_PONG);
}

static void finish(const char *id)
{
    struct work_result *result = work_result_create(started);
    ck_assert_str_eq(result->id, id);
    work_answer_set(&result->answers[0], WORK_DONE_OUTCOME, BLAME_NOBODY, 200, NULL);
    worker_finish(worker, &result);
    ck_assert_ptr_null(result);
}

/* ---- tests ---- */

START_TEST(it_speaks_first_and_says_what_it_can_do)
{
    await(WORK_HELLO);
    ck_assert_int_eq(heard.slots, 3);
    ck_assert_int_eq(heard.stage, WORK_SEND);
    ck_assert_int_eq(heard.protocol, WORK_PROTOCOL);
    ck_assert_uint_eq(strlen(heard.session), WORK_SESSION_SIZE - 1);
    ck_assert(!worker_connected(worker));
    say_verb(WORK_PONG);
    await(WORK_PING);
    ck_assert(worker_connected(worker));
}
END_TEST

START_TEST(it_says_hello_again_when_the_router_asks_who)
{
    welcome();
    await(WORK_PING);
    char session[WORK_SESSION_SIZE];
    memcpy(session, heard.session, sizeof session);
    say_verb(WORK_WHO);
    await(WORK_HELLO);
    ck_assert_str_eq(heard.session, session);
}
END_TEST

START_TEST(a_ping_lists_what_it_holds)
{
    welcome();
    say_work("w-1");
    await_starts(1);
    await(WORK_PING);
    ck_assert_uint_eq(heard.held_count, 1);
    ck_assert_str_eq(heard.held[0], "w-1");
}
END_TEST

START_TEST(the_same_work_twice_is_done_once)
{
    welcome();
    say_work("w-1");
    say_work("w-1");
    say_work("w-2");
    await_starts(2);
    ck_assert_str_eq(started->id, "w-2");
    ck_assert_uint_eq(starts, 2);
}
END_TEST

START_TEST(a_result_is_resent_until_it_is_acknowledged)
{
    welcome();
    say_work("w-1");
    await_starts(1);
    finish("w-1");
    await(WORK_RESULT);
    say_verb(WORK_PONG);
    await(WORK_RESULT);
    ck_assert_str_eq(heard.result->id, "w-1");
    ck_assert(worker_busy(worker));
    struct work_message ack = {.verb = WORK_ACK, .acknowledged = "w-1"};
    say(&ack);
    await(WORK_PING);
    if (heard.held_count > 0)
        await(WORK_PING); /* the first may have crossed the ACK */
    ck_assert_uint_eq(heard.held_count, 0);
    ck_assert(!worker_busy(worker));
}
END_TEST

static bool is_silent(void *context)
{
    (void)context;
    worker_turn(worker);
    return !worker_connected(worker);
}

static void await_silence(void)
{
    int64_t before = clock_monotonic_ms();
    ck_assert(wait_until(is_silent, NULL, 20000));
    ck_assert_int_ge(clock_monotonic_ms() - before, WORK_SILENCE_MS / 2);
}

START_TEST(a_silent_router_ends_nothing)

{
    welcome();
    say_work("w-1");
    await_starts(1);
    finish("w-1");
    say_work("w-2");
    await_starts(2);
    await_silence();
    ck_assert_uint_eq(aborts, 0);
    await(WORK_HELLO);
    ck_assert_uint_eq(heard.held_count, 2);
    say_verb(WORK_PONG);
    await(WORK_PING);
    ck_assert_uint_eq(heard.held_count, 2);
    ck_assert_uint_eq(aborts, 0);
}
END_TEST

/* What was on its way for so long is others' by now. */
START_TEST(a_silent_router_gives_no_work)
{
    welcome();
    await(WORK_PING);
    await_silence();
    say_work("w-1");
    say_verb(WORK_PONG);
    say_work("w-2");
    await_starts(1);
    ck_assert_str_eq(started->id, "w-2");
}
END_TEST

static const enum work_verb answers[] = {WORK_PONG, WORK_WHO};

START_TEST(what_others_have_now_is_stopped_and_nothing_else)
{
    welcome();
    say_work("w-1");
    await_starts(1);
    say_work("w-2");
    await_starts(2);
    say_work("w-3");
    await_starts(3);
    finish("w-3");
    say_gone(answers[_i], "w-1");
    say_gone(answers[_i], "w-3"); /* its result stays, it may count */
    say_gone(answers[_i], "w-9");
    say_verb(WORK_PONG);
    await(WORK_PING);
    while (heard.held_count != 2)
        await(WORK_PING);
    ck_assert_str_eq(stopped, "w-1");
    ck_assert_uint_eq(aborts, 1);
}
END_TEST

static bool is_refused(void *context)
{
    (void)context;
    worker_turn(worker);
    return worker_refusal(worker) != NULL;
}

START_TEST(a_refusal_is_told_and_asked_about_again_seldom)
{
    struct work_message who = {.verb = WORK_WHO, .reason = (char *)"another version"};
    await(WORK_HELLO);
    ck_assert_ptr_null(worker_refusal(worker));
    say(&who);
    ck_assert(wait_until(is_refused, NULL, 20000));
    ck_assert_str_eq(worker_refusal(worker), "another version");
    ck_assert(!worker_connected(worker));
    ck_assert_int_gt(worker_wait_ms(worker), 20000);
    say_verb(WORK_PONG); /* a router of our version */
    await(WORK_PING);
    ck_assert_ptr_null(worker_refusal(worker));
}
END_TEST

/* The router makes another secret at each start. */
START_TEST(it_shows_the_secret_of_now)
{
    struct work_message who = {.verb = WORK_WHO, .reason = (char *)"not the secret"};
    char first[PROOF_SIZE], second[PROOF_SIZE];
    await(WORK_HELLO);
    ck_assert_str_eq(heard.proof, ""); /* there is none */
    ck_assert_int_eq(proof_make(config.endpoints.work, false, first), 0);
    await(WORK_HELLO);
    ck_assert_str_eq(heard.proof, first);
    say(&who);
    ck_assert(wait_until(is_refused, NULL, 20000));
    ck_assert_int_gt(worker_wait_ms(worker), 20000);
    ck_assert_int_eq(proof_make(config.endpoints.work, false, second), 0);
    await(WORK_HELLO);
    ck_assert_str_eq(heard.proof, second);
}
END_TEST

enum { REPORTS = 75 };

/* Reports on one album after the other. */
static bool has_reported(void *context)
{
    unsigned *reported = context;
    char album[16];
    struct work_token token = {.serial = *reported + 1,
                               .destination = (char *)"d",
                               .album = album,
                               .kind = WORK_TOKEN_SOURCE,
                               .scope = (char *)"",
                               .album_id = (char *)""};
    (void)snprintf(album, sizeof album, "a-%u", ++*reported);
    worker_report_token(worker, &token);
    worker_turn(worker);
    return *reported == REPORTS;
}

static bool hears_last_report(void *context)
{
    enum work_verb token = WORK_TOKEN;
    char album[16];
    (void)context;
    (void)snprintf(album, sizeof album, "a-%d", REPORTS);
    return hears(&token) && strcmp(heard.token->album, album) == 0;
}

/* The router goes, and its connection soon after: what is reported then cannot be sent, although it was heard a
 * moment ago. */
START_TEST(a_report_about_a_token_waits_until_it_can_be_sent)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    unsigned reported = 0;
    welcome();
    await(WORK_PING);
    say_verb(WORK_PONG);
    bus_destroy(&router);
    ck_assert(wait_until(has_reported, &reported, 20000));
    ck_assert_int_eq(bus_create(&config, BUS_ROUTER, config.endpoints.work, &router, &reason), 0);
    ck_assert(wait_until(hears_last_report, NULL, 20000));
}
END_TEST

START_TEST(nonsense_is_dropped)
{
    welcome();
    ck_assert_int_eq(bus_send(router, &last.peer, "WORK", 4, "{\"work\":", 8), 0);
    ck_assert_int_eq(bus_send(router, &last.peer, "", 0, NULL, 0), 0);
    say_work("w-1");
    await_starts(1);
    ck_assert_uint_eq(starts, 1);
}
END_TEST

START_TEST(it_takes_its_leave)
{
    welcome();
    worker_leave(worker);
    await(WORK_BYE);
    say_verb(WORK_WHO);
    await(WORK_HELLO);
    ck_assert_msg(heard.slots == 0, "whoever leaves wants no work");
}
END_TEST

/* ---- reports about tokens ---- */

static void report(int64_t serial, const char *album, enum work_token_kind kind)
{
    const struct work_token token = {.serial = serial,
                                     .destination = (char *)"d",
                                     .album = (char *)album,
                                     .kind = kind,
                                     .state = WORK_TOKEN_ACTIVE,
                                     .scope = (char *)"write",
                                     .album_id = (char *)"m"};
    worker_report_token(worker, &token);
}

static void say_permit(int64_t serial)
{
    struct work_permit answer = {.serial = serial, .allowed = true};
    struct work_message message = {.verb = WORK_PERMIT, .permit = &answer};
    say(&message);
}

static bool has_permit(void *context)
{
    worker_turn(worker);
    return permits >= *(unsigned *)context;
}

static bool hears_other_token(void *context)
{
    enum work_verb token = WORK_TOKEN;
    return hears(&token) && heard.token->serial != *(int64_t *)context;
}

/* A report is said again until it is answered; a newer one about the same token takes its place. */
START_TEST(a_report_is_said_until_it_is_answered)
{
    unsigned one = 1, two = 2;
    int64_t first = 1;
    welcome();
    report(1, NULL, WORK_TOKEN_STOW);
    await(WORK_TOKEN);
    ck_assert_int_eq(heard.token->serial, 1);
    await(WORK_TOKEN); /* no answer came: again */
    ck_assert_int_eq(heard.token->serial, 1);
    report(2, NULL, WORK_TOKEN_STOW);
    ck_assert(wait_until(hears_other_token, &first, 20000));
    ck_assert_int_eq(heard.token->serial, 2);
    say_permit(2);
    ck_assert(wait_until(has_permit, &one, 20000));
    ck_assert_int_eq(last_permit, 2);
    report(3, "a", WORK_TOKEN_SOURCE);
    await(WORK_TOKEN); /* not the second one once more */
    ck_assert_int_eq(heard.token->serial, 3);
    ck_assert_str_eq(heard.token->album, "a");
    say_permit(3);
    ck_assert(wait_until(has_permit, &two, 20000));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("worker");
    tests_abreast(tests, 4);
    tests_fixture(tests, set_up, tear_down);
    tests_timeout(tests, 60);
    tests_add(tests, it_speaks_first_and_says_what_it_can_do);
    tests_add(tests, it_says_hello_again_when_the_router_asks_who);
    tests_add(tests, a_ping_lists_what_it_holds);
    tests_add(tests, the_same_work_twice_is_done_once);
    tests_add(tests, a_result_is_resent_until_it_is_acknowledged);
    tests_add(tests, a_silent_router_ends_nothing);
    tests_add(tests, a_silent_router_gives_no_work);
    tests_rows(tests, what_others_have_now_is_stopped_and_nothing_else, ROWS(answers));
    tests_add(tests, a_refusal_is_told_and_asked_about_again_seldom);
    tests_add(tests, it_shows_the_secret_of_now);
    tests_add(tests, a_report_about_a_token_waits_until_it_can_be_sent);
    tests_add(tests, nonsense_is_dropped);
    tests_add(tests, it_takes_its_leave);
    tests_add(tests, a_report_is_said_until_it_is_answered);
    return tests_run(tests);
}
