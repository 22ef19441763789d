#include "receiver/hints.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/wire/bus.h"
#include "tests/support/deadline.h"
#include "tests/support/port.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

enum { WAIT_MS = 10000 };

static const char receipt[] = "0194f0c0ffee0123456789abcdef0123";

static struct sandbox *sandbox;
static struct config config;
static struct hints *hints;
static struct bus *router;

static void set_up(void)
{
    sandbox = sandbox_create();
    config = (struct config){.state_dir = (char *)sandbox_folder(sandbox)};
    AUTO(text_release) struct text endpoint = TEXT_EMPTY;
    text_format(&endpoint, "ipc://%s/hints", sandbox_folder(sandbox));
    config.endpoints.hints = text_take(&endpoint);
    config.metrics.bind = (char *)"127.0.0.1";
}

static void open_router(void)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_int_eq(bus_create(&config, BUS_PULL, config.endpoints.hints, &router, &reason), 0);
}

static void tear_down(void)
{
    hints_destroy(&hints);
    bus_destroy(&router);
    free(config.endpoints.hints);
    sandbox_destroy(&sandbox);
}

static bool router_hears(void *context)
{
    (void)context;
    struct bus_message message;
    if (bus_receive(router, &message) != 0)
        return false;
    ck_assert_uint_eq(message.lengths[0], RECEIPT_LENGTH);
    ck_assert_str_eq(message.frames[0], receipt);
    bus_message_release(&message);
    return true;
}

/* A hint is dropped while the helper is not connected yet, so it is told until it is heard. */
static bool tell_and_hear(void *context)
{
    hints_tell(hints, HINT_INSTANCE, receipt, 1000);
    return router_hears(context);
}

START_TEST(a_receipt_reaches_the_router)
{
    ck_assert_int_eq(hints_create(&config, &hints), 0);
    open_router();
    ck_assert(wait_until(tell_and_hear, NULL, WAIT_MS));
}
END_TEST

static bool helper_ended(void *context)
{
    (void)context;
    pid_t pid = waitpid(-1, NULL, WNOHANG);
    return pid > 0 && hints_reaped(hints, pid);
}

START_TEST(a_dead_helper_is_replaced_and_misses_nothing)
{
    ck_assert_int_eq(hints_create(&config, &hints), 0);
    open_router();
    ck_assert(wait_until(tell_and_hear, NULL, WAIT_MS));
    while (router_hears(NULL))
        continue;
    pid_t first = hints_helper(hints);
    ck_assert_int_gt(first, 0);
    ck_assert(!hints_reaped(hints, first + 1));
    ck_assert_int_eq(kill(first, SIGKILL), 0);
    ck_assert(wait_until(helper_ended, NULL, WAIT_MS));
    ck_assert_int_eq(hints_helper(hints), 0);

    hints_revive(hints, &config, 5000, NULL, NULL);
    pid_t second = hints_helper(hints);
    ck_assert_int_gt(second, 0);
    ck_assert(wait_until(tell_and_hear, NULL, WAIT_MS));
    hints_revive(hints, &config, 9000, NULL, NULL);
    ck_assert_int_eq(hints_helper(hints), second);
}
END_TEST

START_TEST(a_helper_is_not_started_again_and_again)
{
    ck_assert_int_eq(hints_create(&config, &hints), 0);
    for (int round = 0; round < 2; round++) {
        ck_assert_int_eq(kill(hints_helper(hints), SIGKILL), 0);
        ck_assert(wait_until(helper_ended, NULL, WAIT_MS));
        if (round == 0)
            hints_revive(hints, &config, 5000, NULL, NULL);
    }
    hints_revive(hints, &config, 5999, NULL, NULL);
    ck_assert_int_eq(hints_helper(hints), 0);
    hints_revive(hints, &config, 6000, NULL, NULL);
    ck_assert_int_gt(hints_helper(hints), 0);
}
END_TEST

START_TEST(a_restart_takes_the_new_configuration)
{
    ck_assert_int_eq(hints_create(&config, &hints), 0);
    config.metrics.port = port_free();
    ck_assert(!port_accepts(config.metrics.port));
    hints_restart_helper(hints);
    ck_assert(wait_until(helper_ended, NULL, WAIT_MS));
    hints_revive(hints, &config, 0, NULL, NULL);
    ck_assert(port_wait(config.metrics.port, WAIT_MS));
}
END_TEST

START_TEST(the_helper_ends_with_its_owner)
{
    ck_assert_int_eq(hints_create(&config, &hints), 0);
    pid_t helper = hints_helper(hints);
    int64_t begun_ms = clock_monotonic_ms();
    hints_destroy(&hints);
    ck_assert_int_eq(waitpid(helper, NULL, WNOHANG), -1);
    ck_assert_int_lt(clock_monotonic_ms() - begun_ms, 2500);
}
END_TEST

static const int terminal_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};

START_TEST(a_signal_to_everybody_does_not_end_the_helper)
{
    ck_assert_int_eq(hints_create(&config, &hints), 0);
    open_router();
    ck_assert(wait_until(tell_and_hear, NULL, WAIT_MS));
    ck_assert_int_eq(kill(hints_helper(hints), terminal_signals[_i]), 0);
    while (router_hears(NULL))
        continue;
    ck_assert(wait_until(tell_and_hear, NULL, WAIT_MS));
    ck_assert_int_eq(waitpid(hints_helper(hints), NULL, WNOHANG), 0);
}
END_TEST

START_TEST(telling_never_blocks)
{
    ck_assert_int_eq(hints_create(&config, &hints), 0);
    ck_assert_int_eq(kill(hints_helper(hints), SIGSTOP), 0);
    for (int i = 0; i < 100000; i++)
        hints_tell(hints, HINT_INSTANCE, receipt, 1);
    ck_assert_int_eq(kill(hints_helper(hints), SIGKILL), 0);
    ck_assert(wait_until(helper_ended, NULL, WAIT_MS));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("hints");
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, a_receipt_reaches_the_router);
    tests_add(tests, a_dead_helper_is_replaced_and_misses_nothing);
    tests_add(tests, a_helper_is_not_started_again_and_again);
    tests_add(tests, a_restart_takes_the_new_configuration);
    tests_add(tests, the_helper_ends_with_its_owner);
    tests_rows(tests, a_signal_to_everybody_does_not_end_the_helper, ROWS(terminal_signals));
    tests_add(tests, telling_never_blocks);
    return tests_run(tests);
}
