/* A destination's home while it moves: a real router, and senders that the test plays. What is on its way belongs to the
 * album that its WORK named. */
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/config/address.h"
#include "tests/support/rig.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { SOON_MS = 20000 };

#define OLD "album-old"
#define NEW "album-new"

static struct rig *rig;
static struct actor *sender;

static void set_up(void)
{
    rig = rig_create(NULL);
    sender = cast_add(rig->cast, WORK_SEND, 1);
    rig_check(rig, actor_wait_greeted(rig->cast, sender, SOON_MS), "the router answers no HELLO");
}

static void tear_down(void)
{
    rig_destroy(&rig);
}

static bool may_use(struct actor *actor, const char *album_id)
{
    return actor_tell_token(rig->cast, actor, "other", album_id);
}

static void move_home(void)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    int status = rig_felucca(rig, (const char *const[]){"destination", "move", "other", NULL}, &output);
    rig_check(rig, status == 0, text_string(&output));
}

static struct work *wait_work(const char *home)
{
    struct work *work = actor_wait_work(rig->cast, sender, SOON_MS);
    rig_check(rig, work != NULL, "no work comes");
    ck_assert_pstr_eq(work->home, home);
    return work;
}

/* As a sender says it whose token opens this album. */
static void say_result(struct work *work, enum work_outcome outcome, enum blame blame, const char *opens)
{
    AUTO(work_result_destroy) struct work_result *result = work_result_create(work);
    for (size_t i = 0; i < result->answer_count; i++)
        work_answer_set(&result->answers[i], outcome, blame, 0, "as played by a test");
    result->opens = memory_string(opens);
    actor_say_result(sender, result);
    rig_check(rig, actor_wait_acknowledged(rig->cast, sender, work->id, SOON_MS), "not acknowledged");
}

static void say_stored(struct work *work, const char *opens)
{
    say_result(work, WORK_DONE_OUTCOME, BLAME_NOBODY, opens);
}

START_TEST(what_is_on_its_way_while_it_moves_goes_to_the_new_album_too)
{
    ck_assert(may_use(sender, OLD));
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    AUTO(work_destroy) struct work *first = wait_work(OLD);
    ck_assert(!may_use(sender, NEW));
    move_home();
    say_stored(first, OLD);
    AUTO(work_destroy) struct work *again = wait_work(NEW);
    ck_assert_int_eq(rig_jobs(rig, "delivery", "sent", NULL, NULL), 0);
    say_stored(again, NEW);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "sent", 1, SOON_MS), "not sent");
}
END_TEST

/* With nothing stored there yet, and after another restart. */
START_TEST(a_move_is_settled_at_once)
{
    ck_assert(may_use(sender, OLD));
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    AUTO(work_destroy) struct work *first = wait_work(OLD);
    say_stored(first, OLD);
    ck_assert(!may_use(sender, NEW));
    move_home();
    ck_assert(!may_use(sender, OLD));
    rig_kill(rig);
    rig_start(rig);
    rig_check(rig, rig_wait_log(rig, "worker says hello", SOON_MS), "the router does not begin");
    ck_assert(!may_use(sender, OLD));
    ck_assert(may_use(sender, NEW));
    rig_receive(rig, "SECOND", 2, 1, 1, NULL);
    AUTO(work_destroy) struct work *next = wait_work(NEW);
    say_stored(next, NEW);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "sent", 2, SOON_MS), "not sent");
}
END_TEST

/* A token of the new album was wrong for the former one, and is right now. */
START_TEST(a_refusal_for_the_former_album_blocks_nobody)
{
    ck_assert(may_use(sender, OLD));
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    AUTO(work_destroy) struct work *first = wait_work(OLD);
    ck_assert(!may_use(sender, NEW));
    move_home();
    say_result(first, WORK_BLOCKED_OUTCOME, BLAME_TOKEN, NEW);
    AUTO(work_destroy) struct work *again = wait_work(NEW);
    say_stored(again, NEW);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "sent", 1, SOON_MS), "not sent");
    AUTO(text_release) struct text said = TEXT_EMPTY;
    ck_assert_int_eq(rig_felucca(rig, (const char *const[]){"status", "--json", NULL}, &said), 0);
    ck_assert_msg(!strstr(text_string(&said), "as played by a test"), "%s", text_string(&said));
}
END_TEST

/* A worker that was given up as lost tells late. */
START_TEST(a_late_result_of_the_former_album_stores_nothing_in_the_new_one)
{
    ck_assert(may_use(sender, OLD));
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    AUTO(work_destroy) struct work *first = wait_work(OLD);
    ck_assert(!may_use(sender, NEW));
    move_home();
    actor_drop(sender, first->id); /* its lease is lost, and the work is given anew */
    AUTO(work_destroy) struct work *again = wait_work(NEW);
    say_stored(first, OLD);
    ck_assert_int_eq(rig_jobs(rig, "delivery", "sent", NULL, NULL), 0);
    say_stored(again, NEW);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "sent", 1, SOON_MS), "not sent");
}
END_TEST

/* A reload brings another URL while a request is on its way. */
START_TEST(what_went_to_the_former_address_goes_to_the_new_one_too)
{
    ck_assert(may_use(sender, OLD));
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    AUTO(work_destroy) struct work *first = wait_work(OLD);
    ck_assert_uint_eq(strlen(first->address), ADDRESS_SIZE - 1);
    rig_reword(rig, "http://127.0.0.1:10/api/studies", "http://127.0.0.1:10/new/api/studies");
    process_signal(rig->router, SIGHUP);
    rig_check(rig, rig_wait_log(rig, "configuration read again", SOON_MS), "not reloaded");
    say_stored(first, OLD);
    AUTO(work_destroy) struct work *again = wait_work(OLD);
    ck_assert_str_ne(again->address, first->address);
    ck_assert_int_eq(rig_jobs(rig, "delivery", "sent", NULL, NULL), 0);
    say_stored(again, OLD);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "sent", 1, SOON_MS), "not sent");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("home");
    tests_abreast(tests, 4);
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, what_is_on_its_way_while_it_moves_goes_to_the_new_album_too);
    tests_add(tests, a_move_is_settled_at_once);
    tests_add(tests, a_refusal_for_the_former_album_blocks_nobody);
    tests_add(tests, a_late_result_of_the_former_album_stores_nothing_in_the_new_one);
    tests_add(tests, what_went_to_the_former_address_goes_to_the_new_one_too);
    return tests_run(tests);
}
