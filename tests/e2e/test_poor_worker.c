/* Two real senders or sharers, of which one lacks something that the other has: nobody waits, nothing is blamed but that
 * worker, and operators read which one and why. */
#include "common/base/cleanup.h"
#include "tests/support/authority.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/network.h"
#include "tests/support/nginx.h"
#include "tests/support/operator_view.h"
#include "tests/support/pipeline.h"
#include "tests/support/process.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PATIENCE_MS = 90000, STUDIES = 6 };

static struct sandbox *sandbox;
static struct simulator *kheops;
static struct nginx *nginx;
static struct pipeline *pipeline;

static const struct pipeline_album album = {"all", "ALLWRITE", "MAINSEND", NULL};

/* A way to KHEOPS that only who has the authority's certificate trusts. */
static void start_tls(struct text *url, struct text *more)
{
    const struct certificate ca = authority_create(sandbox, "ca");
    const struct certificate good = authority_sign(sandbox, &ca, "good", "IP:127.0.0.1", 2);
    const struct nginx_server server = {kheops->port, good.certificate, good.key, false, NULL};
    nginx = nginx_start(sandbox, "nginx", &server, 1);
    text_format(url, "https://127.0.0.1:%d/api/studies", nginx->ports[0]);
    text_format(more, "        ca_file: %s\n        allow_other_origin: true\n", ca.certificate);
}

static void set_up(void)
{
    static const char *const tokens[] = {
        "--token", "main:write:MAINWRITE", "--token", "main:read,send:MAINSEND",
        "--token", "all:write:ALLWRITE",   NULL};
    AUTO(text_release) struct text url = TEXT_EMPTY;
    AUTO(text_release) struct text more = TEXT_EMPTY;
    AUTO(text_release) struct text endpoint = TEXT_EMPTY;
    sandbox = sandbox_create();
    kheops = simulator_start(sandbox, "kheops", tokens);
    start_tls(&url, &more);
    const struct pipeline_destination destination = {.name = "main",
                                                     .simulator = kheops,
                                                     .stow_url = text_string(&url),
                                                     .token = "MAINWRITE",
                                                     .albums = &album,
                                                     .album_count = 1,
                                                     .more = text_string(&more)};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    text_format(&endpoint, "endpoints: { work: \"ipc://%s\" }\n", sandbox_path(sandbox, "work"));
    const struct pipeline_options options = {&node, 1, text_string(&endpoint)};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_start(pipeline, PIPELINE_ROUTER);
    pipeline_start(pipeline, PIPELINE_RECEIVER);
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    nginx_destroy(&nginx);
    simulator_destroy(&kheops);
    sandbox_destroy(&sandbox);
}

static void check(bool ok, const char *what)
{
    pipeline_check(pipeline, ok, what);
}

/* What one worker has not: a file of that name, or (the spool) what the router has in its folder. */
static const struct lack {
    const char *label;
    enum pipeline_stage stage;
    const char *text, *other; /* of its configuration */
    const char *says;
    const char *duty;
} lacks[] = {
    {"the token's file", PIPELINE_SENDER, "token-MAINWRITE", "token-NOBODY", "token-NOBODY", "send to main"},
    {"the authority's certificate", PIPELINE_SENDER, "/ca.pem", "/none.pem", "none.pem", "send to main"},
    {"the spool", PIPELINE_SENDER, "/state\n", "/empty\n", "spool", "send to main"},
    {"a fresh configuration", PIPELINE_SENDER, "name: main", "name: former", "configuration", "send to main"},
    {"the album's token file", PIPELINE_SHARER, "token-ALLWRITE", "token-NOBODY", "token-NOBODY",
     "share into main/all"},
    /* From here on only where a network of its own can be made. */
    {"a way to KHEOPS", PIPELINE_SENDER, NULL, NULL, "KHEOPS can be asked", "send to main"},
    {"a way to the album's KHEOPS", PIPELINE_SHARER, NULL, NULL, "no connection", "share into main/all"},
};
enum { LACKS_OF_A_WAY = 2 };

/* With a network of its own, in which it reaches the router's socket, which is a file, and no server. */
static size_t start_isolated(enum pipeline_stage stage)
{
    static const char *const alone[] = {"unshare", "--net", NULL};
    pipeline_equip(pipeline, stage, NULL, alone);
    return pipeline_launch(pipeline, stage);
}

/* A state folder with a spool in which nothing is. */
static void make_empty_spool(void)
{
    static const char *const folders[] = {"incoming", "queue", "quarantine", "kept", "dropped"};
    for (size_t i = 0; i < ROWS(folders); i++)
        (void)sandbox_make_folder(sandbox, "empty/spool/%s", folders[i]);
}

static void read_status(struct text *ret_status)
{
    const char *const argv[] = {FELUCCA_BIN "/felucca", "--config", pipeline_config(pipeline), "status",
                                NULL};
    (void)process_run(argv, NULL, PATIENCE_MS, ret_status);
    for (size_t i = 0; i < ret_status->length; i++) /* it is wrapped */
        ret_status->bytes[i] = ret_status->bytes[i] == '\n' ? ' ' : ret_status->bytes[i];
}

static bool is_told(void *context)
{
    const struct lack *lack = context;
    AUTO(text_release) struct text status = TEXT_EMPTY;
    read_status(&status);
    const char *at = strstr(text_string(&status), " cannot ");
    return at && strstr(at, lack->duty) && strstr(at, lack->says);
}

static bool nothing_is_told(void *context)
{
    AUTO(text_release) struct text status = TEXT_EMPTY;
    (void)context;
    read_status(&status);
    return !strstr(text_string(&status), " cannot ");
}

static void check_states(void)
{
    check(operator_wait_state(pipeline, "main", NULL, "up", NULL, PATIENCE_MS), "the destination is blamed");
    check(operator_wait_state(pipeline, "main", "all", "up", NULL, PATIENCE_MS), "the album is blamed");
}

static bool a_metric_tells_it(void *context)
{
    (void)context;
    return pipeline_metric(pipeline, PIPELINE_ROUTER, 0, "felucca_workers_resting") == 1;
}

/* The router has heard of the good ones and of the poor one. */
static bool all_are_there(void *context)
{
    enum { WORKERS = 3 };
    (void)context;
    return pipeline_metric(pipeline, PIPELINE_ROUTER, 0, "felucca_workers") == WORKERS;
}

START_TEST(what_one_worker_lacks_is_told_and_holds_up_nobody)
{
    const struct lack *lack = &lacks[_i];
    make_empty_spool();
    enum pipeline_stage other = lack->stage == PIPELINE_SENDER ? PIPELINE_SHARER : PIPELINE_SENDER;
    pipeline_start(pipeline, other);
    pipeline_start(pipeline, lack->stage);
    /* What a worker lacks that is the only one is what all lack: the good one is there first. */
    pipeline_send_small_study(pipeline, sandbox, 1, 1);
    check(operator_wait_jobs(pipeline, "shared", "main", "all", 1, PATIENCE_MS), "the good ones do not work");
    /* Of two with the same credit the one that came last is asked first. */
    size_t poor = lack->text ? pipeline_start_changed(pipeline, lack->stage, lack->text, lack->other)
                             : start_isolated(lack->stage);
    check(wait_until(all_are_there, NULL, PATIENCE_MS), "the poor one does not say hello");
    for (uint64_t seed = 2; seed <= STUDIES; seed++)
        pipeline_send_small_study(pipeline, sandbox, seed, 1);
    check(simulator_wait_instances(kheops, STUDIES, PATIENCE_MS), lack->label);
    check(pipeline_wait_drained(pipeline, PATIENCE_MS), lack->label);
    check(operator_wait_jobs(pipeline, "shared", "main", "all", STUDIES, PATIENCE_MS), lack->label);
    check_states();
    check(wait_until(is_told, (void *)lack, PATIENCE_MS), "status does not name the worker and the reason");
    check(wait_until(a_metric_tells_it, NULL, PATIENCE_MS), "no metric tells it");
    check(operator_count_jobs(pipeline, "failed", "main", NULL) == 0, "something failed");
    process_kill(pipeline_process(pipeline, lack->stage, poor));
    check(wait_until(nothing_is_told, NULL, PATIENCE_MS), "it is told of a worker that is gone");
}
END_TEST

int main(void)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    bool isolated = network_possible(&reason);
    if (!isolated)
        printf("without a network of its own for a worker: %s\n", text_string(&reason));
    struct tests *tests = tests_create("poor_worker");
    tests_abreast(tests, 2);
    tests_timeout(tests, 240);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, what_one_worker_lacks_is_told_and_holds_up_nobody,
               ROWS(lacks) - (isolated ? 0 : LACKS_OF_A_WAY));
    return tests_run(tests);
}
