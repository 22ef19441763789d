/* A real felucca-sender that has a work which waits for another one to end. The router is a fake, KHEOPS simulated. */
#include "common/base/cleanup.h"
#include "tests/support/result_words.h"
#include "tests/support/stock.h"
#include "tests/support/suite.h"
#include "tests/support/workplace.h"

#include <signal.h>
#include <string.h>

enum { LIMIT_MS = 30000, SMALL = 5000 };

static const char *const simulator_options[] = {"--token", "main:write:MAINWRITE", NULL};
static const struct pipeline_destination destinations[] = {{.name = "main", .token = "MAINWRITE"}};

static struct workplace *workplace;
static struct work *first, *second;

/* Two works, of which the second one waits for the first one. */
static void set_up(void)
{
    workplace = workplace_create("felucca-sender", simulator_options, destinations, ROWS(destinations), NULL);
    first = stock_work(workplace->spool, "main", 1, 2, 1, SMALL);
    second = stock_work(workplace->spool, "main", 2, 2, 1, SMALL);
    (void)snprintf(first->id, sizeof first->id, "first");
    (void)snprintf(second->id, sizeof second->id, "second");
    (void)snprintf(second->after, sizeof second->after, "first");
}

static void tear_down(void)
{
    work_destroy(&first);
    work_destroy(&second);
    workplace_destroy(&workplace);
}

static int64_t counted(const char *path)
{
    return simulator_count(workplace->simulator, path);
}

static void meet(const char *fault)
{
    simulator_order(workplace->simulator, "/sim/faults", fault);
}

/* The first one is at the server, which does not answer before it is told; the second one is here. */
static void give_both(void)
{
    fake_router_give(workplace->router, first);
    while (counted("in_flight") == 0)
        ck_assert_ptr_null(fake_router_wait_result(workplace->router, 20));
    fake_router_give(workplace->router, second);
    while (!fake_router_holds(workplace->router, "second"))
        ck_assert_ptr_null(fake_router_wait_result(workplace->router, 20));
    ck_assert_int_eq(counted("requests.stow"), 1);
}

#define UNBEGUN "retry retry"

static void check_next(const char *id, const char *says)
{
    AUTO(text_release) struct text words = TEXT_EMPTY;
    AUTO(work_result_destroy)
    struct work_result *result = fake_router_wait_result(workplace->router, LIMIT_MS);
    ck_assert_ptr_nonnull(result);
    ck_assert_str_eq(result->id, id);
    ck_assert(result->unbegun == (strcmp(says, UNBEGUN) == 0));
    result_describe(result, &words);
    ck_assert_str_eq(text_string(&words), says);
}

#define SLOWLY "{\"kind\":\"stow\",\"stage\":\"before\",\"delay_ms\":2500,\"first\":1,"

START_TEST(it_begins_when_the_one_before_it_has_ended)
{
    meet(SLOWLY "\"action\":\"none\"}");
    give_both();
    check_next("first", "done done");
    check_next("second", "done done");
    ck_assert_int_eq(counted("in_flight_max"), 1);
    ck_assert_int_eq(counted("instances"), 4);
}
END_TEST

START_TEST(it_goes_back_unbegun_when_that_did_not_go_well)
{
    meet(SLOWLY "\"action\":\"status\",\"status\":503}");
    give_both();
    check_next("first", "retry/slow retry/slow");
    check_next("second", UNBEGUN);
    ck_assert_int_eq(counted("requests.stow"), 1);
}
END_TEST

/* The router gives it before it has heard of that. */
START_TEST(it_goes_back_unbegun_when_that_has_gone_badly_already)
{
    meet(SLOWLY "\"action\":\"status\",\"status\":503}");
    fake_router_give(workplace->router, first);
    while (counted("in_flight") == 0)
        ck_assert_ptr_null(fake_router_wait_result(workplace->router, 20));
    ck_assert(workplace_wait_log(workplace, "batch not sent", LIMIT_MS));
    fake_router_give(workplace->router, second);
    check_next("first", "retry/slow retry/slow");
    check_next("second", UNBEGUN);
    ck_assert_int_eq(counted("requests.stow"), 1);
}
END_TEST

START_TEST(it_begins_at_once_when_that_has_ended_already)
{
    fake_router_give(workplace->router, first);
    check_next("first", "done done");
    fake_router_give(workplace->router, second);
    check_next("second", "done done");
}
END_TEST

START_TEST(it_goes_back_when_the_process_stops)
{
    meet(SLOWLY "\"action\":\"none\"}");
    give_both();
    process_signal(workplace->process, SIGTERM);
    ck_assert(fake_router_wait_bye(workplace->router, LIMIT_MS));
    check_next("second", UNBEGUN);
    check_next("first", "done done");
    ck_assert_int_eq(process_wait(workplace->process, LIMIT_MS), 0);
    ck_assert_int_eq(counted("requests.stow"), 1);
}
END_TEST

START_TEST(it_is_forgotten_when_others_have_it)
{
    meet("{\"kind\":\"stow\",\"stage\":\"before\",\"delay_ms\":8000,\"first\":1,\"action\":\"none\"}");
    give_both();
    fake_router_give_away(workplace->router, "second");
    while (fake_router_holds(workplace->router, "second"))
        ck_assert_ptr_null(fake_router_wait_result(workplace->router, 20));
    check_next("first", "done done");
    ck_assert_int_eq(counted("requests.stow"), 1);
}
END_TEST

START_TEST(it_begins_when_others_have_the_one_before)
{
    meet("{\"kind\":\"stow\",\"action\":\"hang\",\"first\":1}");
    give_both();
    fake_router_give_away(workplace->router, "first");
    check_next("second", "done done");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("worker_behind");
    tests_abreast(tests, 3);
    tests_fixture(tests, set_up, tear_down);
    tests_timeout(tests, 120);
    tests_add(tests, it_begins_when_the_one_before_it_has_ended);
    tests_add(tests, it_goes_back_unbegun_when_that_did_not_go_well);
    tests_add(tests, it_goes_back_unbegun_when_that_has_gone_badly_already);
    tests_add(tests, it_begins_at_once_when_that_has_ended_already);
    tests_add(tests, it_goes_back_when_the_process_stops);
    tests_add(tests, it_is_forgotten_when_others_have_it);
    tests_add(tests, it_begins_when_others_have_the_one_before);
    return tests_run(tests);
}
