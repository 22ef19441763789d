/* Crash points on the way of a notice: hit once each, in the router or the notifier. The notice is told, and at most once
 * more, under the same id. */
#include "common/base/cleanup.h"
#include "common/base/crash.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/notice_targets.h"
#include "tests/support/pipeline.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 90000 };

static const struct point {
    const char *name, *process, *repeats;
} points[] = {
#define X(name, process, happened, becomes, repeats) {#name, process, #repeats},
    CRASH_POINT_MAP(X)
#undef X
};

static struct sandbox *sandbox;
static struct simulator *kheops;
static struct notice_targets *targets;
static struct pipeline *pipeline;
static struct process *notifier;
static struct text at, marks;

static void tear_down(void)
{
    process_destroy(&notifier);
    pipeline_destroy(&pipeline);
    simulator_destroy(&kheops);
    notice_targets_destroy(&targets);
    sandbox_destroy(&sandbox);
    text_release(&at);
    text_release(&marks);
}

static const char *const *crash_at(const char *point)
{
    static const char *environment[3];
    text_clear(&at);
    text_clear(&marks);
    text_format(&at, "FELUCCA_CRASH_AT=%s", point);
    text_format(&marks, "FELUCCA_CRASH_MARKS=%s", sandbox_make_folder(sandbox, "marks"));
    environment[0] = text_string(&at);
    environment[1] = text_string(&marks);
    return environment;
}

static void start_notifier(const char *const *environment)
{
    const char *const argv[] = {FELUCCA_CRASH_BIN "/felucca-notifier", "--config", pipeline_config(pipeline),
                                NULL};
    const struct process_options how = {.environment = environment,
                                        .output = sandbox_path(sandbox, "notifier-0.log")};
    process_destroy(&notifier);
    notifier = process_start(argv, &how);
}

/* The destination's token is unknown, so it will be blocked. */
static void set_up(const char *const *environment)
{
    static const char *const tokens[] = {"--token", "main:write:MAINWRITE", NULL};
    AUTO(text_release) struct text more = TEXT_EMPTY;
    kheops = simulator_start(sandbox, "kheops", tokens);
    notice_targets_append(targets, "", "blocked 1s", &more);
    const struct pipeline_destination destination = {.name = "main", .simulator = kheops, .token = "UNKNOWN"};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, text_string(&more)};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_use_programs(pipeline, FELUCCA_CRASH_BIN);
    pipeline_equip(pipeline, PIPELINE_ROUTER, environment, NULL);
    pipeline_start(pipeline, PIPELINE_ROUTER);
    pipeline_start(pipeline, PIPELINE_RECEIVER);
    pipeline_start(pipeline, PIPELINE_SENDER);
    start_notifier(environment);
    pipeline_send_small_study(pipeline, sandbox, 1, 1);
}

/* Starts what died; whether both targets were told and the point was hit. */
static bool all_told(void *context)
{
    const struct point *point = context;
    if (!process_running(notifier))
        start_notifier(crash_at(point->name));
    (void)pipeline_revive(pipeline);
    return file_exists(sandbox_path(sandbox, "marks/%s", point->name)) &&
           notice_targets_count(targets, "webhook", "\"state\": \"begins\"") > 0 &&
           notice_targets_count(targets, "mail", "main is blocked, nothing goes there.") > 0;
}

/* Whether the router knows that both took it: nothing is left to be told. */
static bool is_settled(void *context)
{
    (void)context;
    const char *const argv[] = {"sqlite3", "-readonly", sandbox_path(sandbox, "state/jobs.db"),
                                "SELECT count(*) FROM message WHERE state = 'sent'", NULL};
    AUTO(text_release) struct text output = TEXT_EMPTY;
    return process_run(argv, NULL, PATIENCE_MS, &output) == 0 && strtol(text_string(&output), NULL, 10) == 2;
}

START_TEST(a_notice_survives)
{
    const struct point *point = &points[_i];
    size_t most = strcmp(point->repeats, "NOTHING") == 0 ? 1 : 2;
    if (strcmp(point->process, "notices") != 0)
        return;
    sandbox = sandbox_create();
    targets = notice_targets_start(sandbox);
    set_up(crash_at(point->name));
    pipeline_check(pipeline, wait_until(all_told, (void *)point, PATIENCE_MS), point->name);
    pipeline_check(pipeline, wait_until(is_settled, NULL, PATIENCE_MS), "it is not settled");
    size_t webhooks = notice_targets_count(targets, "webhook", "\"state\": \"begins\"");
    size_t mails = notice_targets_count(targets, "mail", "main is blocked, nothing goes there.");
    printf("%s: %zu webhooks, %zu mails\n", point->name, webhooks, mails);
    /* What died had both in hand. */
    pipeline_check(pipeline, webhooks <= most && mails <= most, "more is told again than may be");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("crash_notifier");
    tests_timeout(tests, 240);
    tests_abreast(tests, 3);
    tests_fixture(tests, NULL, tear_down);
    tests_rows(tests, a_notice_survives, ROWS(points));
    return tests_run(tests);
}
