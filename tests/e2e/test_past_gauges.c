/* What the router shows at its metrics port of a destination and an album that left the configuration: nothing of now. */
#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/http_client.h"
#include "tests/support/port.h"
#include "tests/support/rig.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { SOON_MS = 30000 };

static struct rig *rig;
static int port; /* of the router: the receiver has the first one */

static void configure(const char *without)
{
    char words[32];
    (void)snprintf(words, sizeof words, "port: %d }", port - 1);
    rig_configure(rig, NULL, without);
    rig_reword(rig, "port: 0 }", words);
}

static void set_up(void)
{
    rig = rig_create(NULL);
    rig_stop(rig);
    port = port_free_run(2) + 1;
    configure(NULL);
    rig_start(rig);
    rig_check(rig, port_wait(port, SOON_MS), "no metrics");
}

static void tear_down(void)
{
    rig_destroy(&rig);
}

struct shown {
    const char *start;
    bool is_shown;
};

static bool is_as_it_should(void *context)
{
    const struct shown *shown = context;
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    return http_client_request(port, "GET", "/metrics", NULL, NULL, 0, &answer) == 200 &&
           (strstr(text_string(&answer.body), shown->start) != NULL) == shown->is_shown;
}

static void await(const char *start, bool is_shown)
{
    struct shown shown = {start, is_shown};
    rig_check(rig, cast_until(rig->cast, is_as_it_should, &shown, SOON_MS), start);
}

static const struct past_row {
    const char *without; /* left out of the configuration */
    const char *gone[2], *stays;
} past_rows[] = {
    {"mr",
     {"felucca_condition_unmatched_seconds{destination=\"main\",album=\"mr\"}",
      "felucca_condition_unmatched_series{destination=\"main\",album=\"mr\"}"},
     "felucca_condition_unmatched_seconds{destination=\"main\",album=\"ct\"}"},
    {"other",
     {"felucca_token_expires_timestamp_seconds{destination=\"other\",album=\"\",token=\"stow\"}",
      "felucca_token_active{destination=\"other\",album=\"\",token=\"stow\"}"},
     "felucca_token_active{destination=\"main\",album=\"\",token=\"stow\"}"},
};

START_TEST(what_left_the_configuration_is_not_shown)
{
    const struct past_row *row = &past_rows[_i];
    struct actor *sender = cast_add(rig->cast, WORK_SEND, 1);
    rig_check(rig, actor_wait_greeted(rig->cast, sender, SOON_MS), "not greeted");
    ck_assert(actor_tell_token(rig->cast, sender, "main", "MAIN"));
    ck_assert(actor_tell_token(rig->cast, sender, "other", "OTHER"));
    for (size_t i = 0; i < ROWS(row->gone); i++)
        await(row->gone[i], true);
    configure(row->without);
    process_signal(rig->router, SIGHUP);
    for (size_t i = 0; i < ROWS(row->gone); i++)
        await(row->gone[i], false);
    await(row->stays, true);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("past_gauges");
    tests_abreast(tests, 2);
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, what_left_the_configuration_is_not_shown, ROWS(past_rows));
    return tests_run(tests);
}
