/* What operators want, asked of a real router with the real command, and by whoever finds the socket. */
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/wire/bus.h"
#include "common/wire/control.h"
#include "common/service/service.h"
#include "tests/support/files.h"
#include "tests/support/rig.h"
#include "tests/support/suite.h"

#include <string.h>
#include <sys/stat.h>

enum { SOON_MS = 30000 };

static struct rig *rig;

static void tear_down(void)
{
    rig_destroy(&rig);
}

#define FELUCCA(status, says, ...) rig_expect(rig, status, says, (const char *const[]){__VA_ARGS__, NULL})

/* ---- hold and release ---- */

START_TEST(held_destination_gets_nothing)
{
    rig = rig_create(NULL);
    struct actor *sender = cast_add(rig->cast, WORK_SEND, 4);
    struct actor *sharer = cast_add(rig->cast, WORK_SHARE, 4);
    rig_check(rig, actor_wait_greeted(rig->cast, sender, SOON_MS), "no sender");
    rig_check(rig, actor_wait_greeted(rig->cast, sharer, SOON_MS), "no sharer");
    rig_receive(rig, "FIRST", 1, 1, 1, NULL);
    struct work *first = actor_wait_work(rig->cast, sender, SOON_MS);
    rig_check(rig, first != NULL, "no work");
    FELUCCA(EXIT_OK, "main is held", "hold", "main");
    FELUCCA(EXIT_OK, "main is held already", "hold", "main");
    /* What is under way is finished; its shares wait as well. */
    rig_check(rig, actor_finish(rig->cast, sender, first, WORK_DONE_OUTCOME), "not acknowledged");
    work_destroy(&first);
    rig_receive(rig, "FIRST", 2, 1, 1, NULL);
    rig_receive(rig, "SECOND", 3, 1, 1, NULL);
    struct work *other = actor_wait_work(rig->cast, sender, SOON_MS);
    rig_check(rig, other && strcmp(other->destination, "other") == 0, "the other destination waits too");
    rig_check(rig, actor_finish(rig->cast, sender, other, WORK_DONE_OUTCOME), "not acknowledged");
    work_destroy(&other);
    rig_check(rig, rig_wait_jobs(rig, "share", "queued", 2, SOON_MS), "the shares do not wait");
    rig_check(rig, sender->work_count == 0 && sharer->work_count == 0, "something goes to what is held");
    rig_check(rig, rig_wait_target(rig, "main", NULL, "held", SOON_MS), "not shown as held");

    rig_kill(rig);
    rig_start(rig);
    rig_check(rig, rig_wait_log(rig, "worker says hello", SOON_MS), "no worker");
    rig_check(rig, rig_wait_target(rig, "main", NULL, "held", SOON_MS), "forgotten at a restart");
    FELUCCA(EXIT_OK, "main/all is held", "hold", "main/all");
    FELUCCA(EXIT_OK, "main is released", "release", "main");
    struct work *second = actor_wait_work(rig->cast, sender, SOON_MS);
    struct work *share = actor_wait_work(rig->cast, sharer, SOON_MS);
    rig_check(rig, second && share && strcmp(share->album, "ct") == 0, "not released");
    rig_check(rig, actor_finish(rig->cast, sharer, share, WORK_DONE_OUTCOME), "not acknowledged");
    rig_check(rig, actor_finish(rig->cast, sender, second, WORK_DONE_OUTCOME), "not acknowledged");
    rig_check(rig, rig_wait_jobs(rig, "delivery", "sent", 3, SOON_MS), "not all sent");
    rig_check(rig, rig_jobs(rig, "share", "queued", "main", "all") == 2, "a held album is shared into");
    FELUCCA(EXIT_OK, "main/all is released", "release", "main/all");
    FELUCCA(EXIT_OK, "main/all is not held", "release", "main/all");
    work_destroy(&second);
    work_destroy(&share);
}
END_TEST

/* ---- who cannot be held, and who cannot be asked ---- */

START_TEST(command_says_what_is_wrong)
{
    rig = rig_create(NULL);
    FELUCCA(EXIT_NO, "there is no destination or album \"mian\"; there are: main, other, main/ct", "hold",
            "mian");
    FELUCCA(EXIT_NO, "no destination or album \"main/x\"", "release", "main/x");
    FELUCCA(EXIT_NO, "\"done\":false", "hold", "mian", "--json");
    FELUCCA(EXIT_OK, "\"changed\":1", "hold", "other", "--json");
    FELUCCA(EXIT_USAGE, "takes one DESTINATION", "hold");
    FELUCCA(EXIT_USAGE, "takes one DESTINATION", "release", "main", "other");
    rig_kill(rig);
    FELUCCA(EXIT_UNREACHABLE, "router not reachable: nobody listens there", "hold", "main");
    ck_assert_int_eq(remove(sandbox_path(rig->sandbox, "state/run/control/sock")), 0);
    FELUCCA(EXIT_UNREACHABLE, "router not reachable: there is no socket", "hold", "main");
    FELUCCA(EXIT_UNREACHABLE, "state/run/control/sock", "release", "main");
}
END_TEST

static const struct permission {
    const char *label;
    mode_t state, socket;
} permissions[] = {
    {"its user", 0750, 0600},
    {"its user alone", 0700, 0600},
    {"its user and a group that may write", 0770, 0660},
};

START_TEST(socket_is_for_whoever_may_write)
{
    const struct permission *row = &permissions[_i];
    static const char *const sockets[] = {"control/sock", "work/sock", "hints/sock"};
    rig = rig_create(NULL);
    rig_stop(rig);
    ck_assert_int_eq(chmod(rig->state, row->state), 0);
    (void)umask(0); /* what whoever starts the router allows does not matter */
    rig_start(rig);
    rig_check(rig, rig_wait_log(rig, "recovered", SOON_MS), "no router");
    for (size_t i = 0; i < ROWS(sockets); i++) {
        struct stat status;
        ck_assert_int_eq(stat(sandbox_path(rig->sandbox, "state/run/%s", sockets[i]), &status), 0);
        ck_assert_msg((status.st_mode & 07777) == row->socket, "%s: %s: %o", row->label, sockets[i],
                      status.st_mode);
    }
}
END_TEST

/* ---- garbage ---- */

struct waiting {
    struct bus *bus;
    struct control_answer *answer;
};

static bool has_answer(void *context)
{
    struct waiting *waiting = context;
    struct bus_message message;
    if (bus_receive(waiting->bus, &message) != 0)
        return false;
    ck_assert_int_eq(control_answer_decode(message.frames[0], message.lengths[0], waiting->answer), 0);
    bus_message_release(&message);
    return true;
}

static bool is_said(void *context)
{
    const struct text *json = ((void **)context)[1];
    return bus_send(((void **)context)[0], NULL, text_string(json), json->length, NULL, 0) == 0;
}

/* Says it to the control socket, and waits for the answer when there is to be one. */
static void say(struct bus *bus, struct text *json, struct control_answer *ret_answer)
{
    struct waiting waiting = {bus, ret_answer};
    rig_check(rig, cast_until(rig->cast, is_said, (void *[]){bus, json}, SOON_MS), "cannot be said");
    if (ret_answer)
        rig_check(rig, cast_until(rig->cast, has_answer, &waiting, SOON_MS), "not answered");
}

START_TEST(garbage_is_refused_and_hurts_nobody)
{
    static const char *const parts[] = {"", "\xff\xfe", "{}", "[[[[[[[[", "{\"protocol\":1}", "hold main"};
    AUTO(bus_destroy) struct bus *bus = NULL;
    AUTO(text_release) struct text endpoint = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(text_release) struct text json = TEXT_EMPTY;
    struct config config = {0};
    rig = rig_create(NULL);
    text_format(&endpoint, "ipc://%s/run/control/sock", rig->state);
    ck_assert_int_eq(bus_create(&config, BUS_DEALER, text_string(&endpoint), &bus, &reason), 0);
    for (size_t i = 0; i < ROWS(parts); i++) {
        AUTO(control_answer_release) struct control_answer answer = {0};
        text_clear(&json);
        text_append(&json, parts[i]);
        say(bus, &json, &answer);
        ck_assert_int_eq(answer.stage, CONTROL_REFUSED);
        ck_assert_msg(answer.sentence.length > 10, "%s", parts[i]);
    }
    /* It would drop everything, and was asked only to look. */
    AUTO(control_request_release) struct control_request look = {.all = true, .dry_run = true};
    AUTO(control_answer_release) struct control_answer refused = {0};
    text_clear(&json);
    ck_assert_int_eq(control_request_start(&look, CONTROL_DROP), 0);
    control_request_encode(&look, &json);
    say(bus, &json, &refused);
    ck_assert_int_eq(refused.stage, CONTROL_REFUSED);
    ck_assert_str_eq(text_string(&refused.sentence), "\"dry_run\" means nothing with drop: leave it out");
    AUTO(control_request_release) struct control_request request = {0};
    AUTO(control_answer_release) struct control_answer two = {0};
    struct waiting waiting = {bus, &two};
    text_clear(&json);
    ck_assert_int_eq(control_request_start(&request, CONTROL_HOLD), 0);
    control_request_encode(&request, &json);
    ck_assert_int_eq(bus_send(bus, NULL, text_string(&json), json.length, "x", 1), 0);
    rig_check(rig, cast_until(rig->cast, has_answer, &waiting, SOON_MS), "not answered");
    ck_assert_str_eq(text_string(&two.sentence), "a request is one frame, and this has two");
    AUTO(control_answer_release) struct control_answer answer = {0};
    while (json.length <= CONTROL_REQUEST_MAX)
        text_append(&json, "[[[[[[[[[[[[[[[[");
    say(bus, &json, &answer);
    ck_assert_ptr_nonnull(strstr(text_string(&answer.sentence), "larger than 512 KiB"));
    /* What no request can ever be ends the connection, and nothing else. */
    while (json.length <= BUS_FRAME_MAX)
        text_append(&json, "[[[[[[[[[[[[[[[[");
    say(bus, &json, NULL);
    FELUCCA(EXIT_OK, "main is held", "hold", "main");
    rig_check(rig, process_running(rig->router), "the router ended");
}
END_TEST

/* Where state_dir is a volume that several hosts have, the sockets are elsewhere. */
START_TEST(sockets_are_in_run_dir)
{
    static const char *const sockets[] = {"hints", "work", "control"};
    AUTO(text_release) struct text more = TEXT_EMPTY;
    rig = rig_create(NULL);
    rig_stop(rig);
    text_format(&more, "run_dir: %s\n", sandbox_path(rig->sandbox, "sockets"));
    rig_configure(rig, text_string(&more), NULL);
    rig_start(rig);
    rig_check(rig, rig_wait_log(rig, "recovered", SOON_MS), "it does not start");
    for (size_t i = 0; i < ROWS(sockets); i++)
        ck_assert(file_exists(sandbox_path(rig->sandbox, "sockets/%s/sock", sockets[i])));
    FELUCCA(EXIT_OK, "main", "hold", "main");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("control");
    tests_abreast(tests, 4);
    tests_timeout(tests, 120);
    tests_fixture(tests, NULL, tear_down);
    tests_add(tests, held_destination_gets_nothing);
    tests_add(tests, command_says_what_is_wrong);
    tests_rows(tests, socket_is_for_whoever_may_write, ROWS(permissions));
    tests_add(tests, garbage_is_refused_and_hurts_nobody);
    tests_add(tests, sockets_are_in_run_dir);
    return tests_run(tests);
}
