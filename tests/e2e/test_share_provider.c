/* A token that is refused while KHEOPS's login provider is away shows itself as 500 of a share: KHEOPS is asked about the
 * tokens, once a rest, and what it says of them counts; and a good one that is put into its file ends every rest at once,
 * also that of what looked like an outage. Real processes, simulated KHEOPS; the waits are those of an installation. */
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/operator_view.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

enum { PATIENCE_MS = 60000, SOON_MS = 35000 /* less than any rest takes here */, SERIES = 4 };

#define RETRY "retry:\n  first: 10m\n  ceiling: 15m\n"
/* Each request that is refused after the last question began may ask another: so there is one at a time. */
#define ONE_SHARE "sharer:\n  slots: 1\n"

static struct sandbox *sandbox;
static struct simulator *kheops;
static struct pipeline *pipeline;

static void set_up(void)
{
    static const char *const tokens[] = {
        "--token", "main:write:MAINWRITE",    "--token", "main:read,send:MAINSEND",
        "--token", "all:write:ALLWRITE",      "--token", "all:write:ALLWRITENEXT",
        "--token", "main:read,send:SENDNEXT", NULL};
    static const struct pipeline_album album = {"all", "ALLWRITE", "MAINSEND", NULL};
    sandbox = sandbox_create();
    kheops = simulator_start(sandbox, "kheops", tokens);
    const struct pipeline_destination destination = {
        .name = "main", .simulator = kheops, .token = "MAINWRITE", .albums = &album, .album_count = 1};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, RETRY ONE_SHARE};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_start_all(pipeline);
    pipeline_send_small_study(pipeline, sandbox, 1, 1);
    pipeline_check(pipeline, simulator_wait_shared(kheops, "all", 1, PATIENCE_MS), "not shared");
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

static void replace(const char *token, const char *next)
{
    file_write_string(sandbox_path(sandbox, "token-%s", token), next);
}

static const struct row {
    const char *token, *next, *says;
} rows[] = {{"ALLWRITE", "ALLWRITENEXT", "the destination token is not active"},
            {"MAINSEND", "SENDNEXT", "the source token is not active"}};

START_TEST(a_500_is_asked_about)
{
    const struct row *row = &rows[_i];
    simulator_order(kheops, "/sim/parts", "{\"login provider\": false}");
    simulator_order_token(kheops, row->token, "{\"revoked\":true}");
    int64_t asked = simulator_count(kheops, "requests.introspect");
    pipeline_send_small_study(pipeline, sandbox, 2, SERIES);
    check(operator_wait_state(pipeline, "main", "all", "blocked", row->says, PATIENCE_MS), row->says);
    check(simulator_count(kheops, "answers.share.500") > 0, "KHEOPS did not say 500");
    /* Both tokens once, however many series wait. */
    check(simulator_count(kheops, "requests.introspect") - asked <= 2, "asked more than once a rest");
    check(operator_largest(pipeline, "main", "all", "attempts") == 0, "attempts were counted");
    replace(row->token, row->next);
    check(simulator_wait_shared(kheops, "all", 1 + SERIES, SOON_MS), "a good token does not end the rest");
    check(operator_wait_state(pipeline, "main", "all", "up", NULL, PATIENCE_MS), "not up");
    pipeline_stop_all(pipeline);
}
END_TEST

/* KHEOPS could not be asked when it said 500, so that it looked like an outage: ten minutes of rest at first. */
START_TEST(a_good_token_ends_what_looked_like_an_outage)
{
    const struct row *row = &rows[_i];
    simulator_order(kheops, "/sim/parts", "{\"login provider\": false}");
    simulator_order(kheops, "/sim/faults", "{\"kind\":\"introspect\",\"action\":\"status\",\"status\":500}");
    simulator_order_token(kheops, row->token, "{\"revoked\":true}");
    pipeline_send_small_study(pipeline, sandbox, 2, SERIES);
    check(operator_wait_state(pipeline, "main", "all", "backing off", "500", PATIENCE_MS), "not backing off");
    json_decref(http_client_json(kheops->admin_port, "DELETE", "/sim/faults", NULL));
    replace(row->token, row->next);
    check(simulator_wait_shared(kheops, "all", 1 + SERIES, SOON_MS), "a good token does not end the rest");
    check(operator_wait_state(pipeline, "main", "all", "up", NULL, PATIENCE_MS), "not up");
    pipeline_stop_all(pipeline);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("share_provider");
    tests_abreast(tests, 2);
    tests_timeout(tests, 180);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, a_500_is_asked_about, ROWS(rows));
    tests_rows(tests, a_good_token_ends_what_looked_like_an_outage, ROWS(rows));
    return tests_run(tests);
}
