/* Trouble of many kinds at once, and a good destination beside it: a poisonous instance and one that is too large for a
 * firewall, a proxy that answers 200 to whatever comes, a name that no server resolves, a login server that is silent, an
 * album whose token is revoked, another to which nothing is let through, a destination outside of its window, a sender that lacks a token's
 * file, and a router that stands still for 7 s. What is good is delivered, about as fast as without all of that. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/front.h"
#include "tests/support/network.h"
#include "tests/support/nginx.h"
#include "tests/support/operator_view.h"
#include "tests/support/pipeline.h"
#include "tests/support/silent_names.h"
#include "tests/support/suite.h"
#include "tests/support/varied.h"
#include "tests/support/wall.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PATIENCE_MS = 180000,
    NOT_PERMITTED = 77,
    STUDIES = 9, /* of the good one, with and without the others */
    INSTANCES = 4,
    BAD_INSTANCES = 12,
    BAD_STUDIES = 6,
    BODY_LIMIT = 256 << 10,
    STOP_MS = 7000,
    HICCUP_MS = 1000 /* of a busy machine; what waits for another's trouble waits for its seconds of rest */
};

static struct network *network;
static struct sandbox *sandbox;
static struct simulator *good, *bad;
static struct front *firewall;
static struct nginx *liar;
static struct pipeline *pipeline;

static void check(bool ok, const char *what)
{
    pipeline_check(pipeline, ok, what);
}

static const struct pipeline_album good_albums[] = {{"all", "ALLWRITE", "MAINSEND", NULL},
                                                    {"revoked", "REVOKED", "MAINSEND", NULL}};
static const struct pipeline_album bad_album = {"walled", "WALLEDWRITE", "BADSEND", NULL};

static void start_servers(void)
{
    static const char *const good_tokens[] = {
        "--token", "main:write:GOODWRITE", "--token", "main:read,send:MAINSEND",
        "--token", "all:write:ALLWRITE",   "--token", "other:write:REVOKED",
        NULL};
    static const char *const bad_tokens[] = {
        "--token", "main:write:BADWRITE",      "--token", "main:read,send:BADSEND",
        "--token", "walled:write:WALLEDWRITE", NULL};
    const struct nginx_server lies = {
        0, NULL, NULL, false,
        "location / { default_type text/html; return 200 \"<html>welcome</html>\"; }\n"};
    good = simulator_start(sandbox, "good", good_tokens);
    bad = simulator_start(sandbox, "bad", bad_tokens);
    firewall = front_modsecurity(sandbox, "apache", bad->port, BODY_LIMIT);
    liar = nginx_start(sandbox, "liar", &lies, 1);
    simulator_order(good, "/sim/tokens/REVOKED", "{\"revoked\":true}");
}

static void start_pipeline(void)
{
    AUTO(text_release) struct text bad_url = TEXT_EMPTY;
    AUTO(text_release) struct text liar_url = TEXT_EMPTY;
    AUTO(text_release) struct text shut_url = TEXT_EMPTY;
    AUTO(text_release) struct text closed = TEXT_EMPTY;
    text_format(&bad_url, "http://127.0.0.1:%d/api/studies", firewall->port);
    text_append(&closed, "        kheops: false\n        time_zone: Etc/UTC\n        window: ");
    wall_append_span(12 * 60, 60, &closed);
    text_append_char(&closed, '\n');
    text_format(&liar_url, "http://127.0.0.1:%d/studies", liar->ports[0]);
    text_format(&shut_url, "http://127.0.0.1:%d/shut/studies", liar->ports[0]);
    const struct pipeline_destination goods[] = {
        {.name = "good", .simulator = good, .token = "GOODWRITE", .albums = good_albums, .album_count = 2}};
    const struct pipeline_destination bads[] = {
        {.name = "bad",
         .simulator = bad,
         .stow_url = text_string(&bad_url),
         .token = "BADWRITE",
         .albums = &bad_album,
         .album_count = 1,
         .more = "        allow_other_origin: true\n"},
        {.name = "liar", .stow_url = text_string(&liar_url), .more = "        kheops: false\n"},
        {.name = "shut",
         .stow_url = text_string(&shut_url),
         .more = "        kheops: false\n        auth: { type: oauth2, token_url: 'http://" SILENT_NAME
                 "/token', client_id: c, client_secret: s }\n"},
        {.name = "lost", .stow_url = "http://" SILENT_NAME "/studies", .more = "        kheops: false\n"},
        {.name = "closed", .stow_url = "http://127.0.0.1:9/studies", .more = text_string(&closed)}};
    const struct pipeline_node nodes[] = {{"GOOD", goods, ROWS(goods)}, {"BAD", bads, ROWS(bads)}};
    const struct pipeline_options options = {nodes, ROWS(nodes), NULL};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_start_all(pipeline);
}

static void set_up(void)
{
    network = network_create();
    sandbox = sandbox_create();
    silent_names_begin(sandbox);
    start_servers();
    start_pipeline();
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    nginx_destroy(&liar);
    front_destroy(&firewall);
    simulator_destroy(&bad);
    simulator_destroy(&good);
    sandbox_destroy(&sandbox);
    network_destroy(&network);
}

/* ---- studies ---- */

static void send_study(const char *aet, uint64_t seed, unsigned instances, vary_instance *vary)
{
    const struct varied study = {aet, seed, instances, 10 * 1000, vary};
    varied_send(pipeline, sandbox, &study, PATIENCE_MS);
}

/* What the firewall takes for a request inside of the request, and more than it takes at once. */
static void spoil_two(void *context, struct dicom_spec *spec, unsigned series, unsigned instance)
{
    (void)context, (void)series;
    spec->extra = instance == 5 ? &varied_poison : NULL;
    spec->extra_count = instance == 5;
    dicom_shape(spec, instance == 8 ? 2 * BODY_LIMIT : 10 * 1000);
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The median, over some studies, of the time from storescu to the last instance at the good destination. */
static int64_t delay_of_good(uint64_t first_seed)
{
    int64_t delays[STUDIES], there = simulator_count(good, "instances");
    for (unsigned i = 0; i < STUDIES; i++) {
        int64_t began = clock_monotonic_ms();
        send_study("GOOD", first_seed + i, INSTANCES, NULL);
        there += INSTANCES;
        check(simulator_wait_instances(good, there, PATIENCE_MS), "the good destination waits");
        delays[i] = clock_monotonic_ms() - began;
    }
    qsort(delays, STUDIES, sizeof *delays, compare);
    return delays[STUDIES / 2];
}

/* ---- trouble ---- */

static bool is_over(void *context)
{
    return clock_monotonic_ms() >= *(const int64_t *)context;
}

static void stop_router(void)
{
    struct process *router = pipeline_process(pipeline, PIPELINE_ROUTER, 0);
    int64_t end = clock_monotonic_ms() + STOP_MS;
    process_signal(router, SIGSTOP);
    (void)wait_until(is_over, &end, STOP_MS + PATIENCE_MS);
    process_signal(router, SIGCONT);
}

static void make_trouble(void)
{
    pipeline_start_changed(pipeline, PIPELINE_SENDER, "token-GOODWRITE", "token-NOBODY");
    send_study("BAD", 1000, BAD_INSTANCES, spoil_two);
    for (uint64_t i = 1; i < BAD_STUDIES; i++)
        send_study("BAD", 1000 + i, INSTANCES, NULL);
    check(operator_wait_state(pipeline, "lost", NULL, "backing off", NULL, PATIENCE_MS),
          "the name is resolved");
    check(operator_wait_state(pipeline, "shut", NULL, "backing off", "the login server http://" SILENT_NAME,
                              PATIENCE_MS),
          "who has no token sends");
    check(operator_wait_state(pipeline, "liar", NULL, "backing off", NULL, PATIENCE_MS),
          "the liar is believed");
}

static void check_all_good_is_there(void)
{
    const int64_t goods = 2 * (STUDIES * INSTANCES), bads = BAD_INSTANCES - 2 + (BAD_STUDIES - 1) * INSTANCES;
    check(simulator_wait_instances(good, goods, PATIENCE_MS), "something good is missing");
    check(operator_wait_jobs(pipeline, "shared", "good", "all", 2 * STUDIES, PATIENCE_MS),
          "a share is missing");
    check(simulator_wait_instances(bad, bads, PATIENCE_MS), "what stood beside the spoilt ones is missing");
    check(operator_wait_state(pipeline, "good", NULL, "up", NULL, PATIENCE_MS), "the good one is blamed");
    check(operator_wait_state(pipeline, "good", "all", "up", NULL, PATIENCE_MS), "the good album is blamed");
    check(operator_count_jobs(pipeline, "failed", "good", NULL) == 0, "something good failed");
    check(operator_count_jobs(pipeline, "sent", "liar", NULL) == 0, "the liar is believed");
    check(operator_count_jobs(pipeline, "sent", "shut", NULL) == 0, "something went without a token");
    check(operator_count_jobs(pipeline, "queued", "closed", NULL) ==
              BAD_INSTANCES + (BAD_STUDIES - 1) * INSTANCES,
          "what waits for its window was tried, or failed");
}

START_TEST(what_is_good_goes_on_beside_all_trouble)
{
    int64_t alone = delay_of_good(1);
    make_trouble();
    int64_t beside = delay_of_good(100);
    stop_router();
    check_all_good_is_there();
    printf("the good destination's delay: %lld ms alone, %lld ms beside the others, ratio %.2f\n",
           (long long)alone, (long long)beside, (double)beside / (double)alone);
    (void)fflush(stdout);
    check(beside <= 2 * alone + HICCUP_MS, "the good destination waits for the others");
}
END_TEST

int main(void)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (!network_possible(&reason)) {
        printf("skipped: %s\n", text_string(&reason));
        return NOT_PERMITTED;
    }
    struct tests *tests = tests_create("neighbours");
    tests_timeout(tests, 600);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, what_is_good_goes_on_beside_all_trouble);
    return tests_run(tests);
}
