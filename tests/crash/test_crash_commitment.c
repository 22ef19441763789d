/* Crash points on the way of a commitment: hit once each, in an association, the router or the committer. What was delivered is
 * reported, and at most once more. */
#include "common/base/cleanup.h"
#include "common/base/crash.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/files.h"
#include "tests/support/pipeline.h"
#include "tests/support/requester.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 90000, SEED = 5 };

#define TRANSACTION "1.2.3.4"

static const struct point {
    const char *name, *process, *repeats;
} points[] = {
#define X(name, process, happened, becomes, repeats) {#name, process, #repeats},
    CRASH_POINT_MAP(X)
#undef X
};

static struct sandbox *sandbox;
static struct simulator *kheops;
static struct requester *requester;
static struct pipeline *pipeline;
static struct text at, marks;
static struct process *waits; /* who asks, where it waits for the report on its association */
static const char *said;

static void tear_down(void)
{
    process_destroy(&waits);
    pipeline_destroy(&pipeline);
    requester_destroy(&requester);
    simulator_destroy(&kheops);
    sandbox_destroy(&sandbox);
    text_release(&at);
    text_release(&marks);
}

static const char *const *crash_at(const char *point)
{
    static const char *environment[3];
    text_format(&at, "FELUCCA_CRASH_AT=%s", point);
    text_format(&marks, "FELUCCA_CRASH_MARKS=%s", sandbox_make_folder(sandbox, "marks"));
    environment[0] = text_string(&at);
    environment[1] = text_string(&marks);
    return environment;
}

static void set_up(const char *const *environment)
{
    static const char *const tokens[] = {"--token", "main:write:MAINWRITE", NULL};
    AUTO(text_release) struct text lines = TEXT_EMPTY;
    kheops = simulator_start(sandbox, "kheops", tokens);
    requester = requester_create(sandbox, "CT01");
    text_append(&lines, "FELUCCA\n    sources: [ { aet: MODALITY }, ");
    requester_append_source(requester, &lines);
    text_append(&lines, " ]");
    const struct pipeline_destination destination = {
        .name = "main", .simulator = kheops, .token = "MAINWRITE"};
    const struct pipeline_node node = {text_string(&lines), &destination, 1};
    const struct pipeline_options options = {&node, 1, NULL};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_use_programs(pipeline, FELUCCA_CRASH_BIN);
    pipeline_equip(pipeline, PIPELINE_ROUTER, environment, NULL);
    pipeline_equip(pipeline, PIPELINE_RECEIVER, environment, NULL);
    pipeline_equip(pipeline, PIPELINE_COMMITTER, environment, NULL);
    pipeline_start(pipeline, PIPELINE_ROUTER);
    pipeline_start(pipeline, PIPELINE_RECEIVER);
    pipeline_start(pipeline, PIPELINE_SENDER);
    pipeline_start(pipeline, PIPELINE_COMMITTER);
    requester_listen(requester, "0000");
    pipeline_send_small_study(pipeline, sandbox, SEED, 1);
}

/* Points of a report on the association that asked. */
static bool is_of_association(const struct point *point)
{
    static const char *const names[] = {"ASSOCIATION_REPORT_ANSWERED", "ASSOCIATION_OUTCOME_DURABLE",
                                        "ROUTER_REPORT_OFFERED", "ROUTER_OUTCOME_TAKEN"};
    for (size_t i = 0; i < ROWS(names); i++)
        if (strcmp(names[i], point->name) == 0)
            return true;
    return false;
}

static bool has_said(const char *text)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    if (!said || !file_exists(said))
        return false;
    file_read(said, &log);
    return strstr(text_string(&log), text) != NULL;
}

static size_t heard(void)
{
    return requester_heard(requester, TRANSACTION, NULL) + has_said("report " TRANSACTION);
}

/* Until it is answered, and then it stays. */
static bool is_taken_and_waits(void *context)
{
    char uid[DICOM_UID_SIZE];
    (void)context;
    (void)pipeline_revive(pipeline);
    if (waits && (has_said("status 0000") || process_running(waits)))
        return has_said("status 0000");
    dicom_uid(uid, SEED, 1, 1);
    process_destroy(&waits);
    waits =
        requester_ask_and_wait(requester, sandbox, pipeline_port(pipeline), TRANSACTION, uid, "0000", &said);
    return false;
}

/* As a modality does: until it is answered. */
static bool is_taken(void *context)
{
    char uid[DICOM_UID_SIZE];
    const char *const instances[] = {uid, NULL};
    (void)context;
    dicom_uid(uid, SEED, 1, 1);
    (void)pipeline_revive(pipeline);
    return requester_ask(requester, pipeline_port(pipeline), "FELUCCA", TRANSACTION, instances, NULL) == 0;
}

static bool is_reported(void *context)
{
    const struct point *point = context;
    (void)pipeline_revive(pipeline);
    return file_exists(sandbox_path(sandbox, "marks/%s", point->name)) &&
           (requester_heard(requester, TRANSACTION, "type 1") > 0 || has_said("type 1"));
}

/* Whether the router knows that all was reported, and no file is left. */
static bool is_settled(void *context)
{
    (void)context;
    (void)pipeline_revive(pipeline);
    const char *const argv[] = {"sqlite3", "-readonly", sandbox_path(sandbox, "state/jobs.db"),
                                "SELECT count(*) FROM commitment WHERE state NOT IN ('reported', 'dropped')",
                                NULL};
    AUTO(text_release) struct text output = TEXT_EMPTY;
    return process_run(argv, NULL, PATIENCE_MS, &output) == 0 && strcmp(text_string(&output), "0\n") == 0 &&
           folder_count(sandbox_path(sandbox, "state/spool/commitments"), ".request") == 0;
}

START_TEST(a_commitment_survives)
{
    const struct point *point = &points[_i];
    size_t most = strcmp(point->repeats, "NOTHING") == 0 ? 1 : 2;
    if (strcmp(point->process, "commitment") != 0)
        return;
    sandbox = sandbox_create();
    set_up(crash_at(point->name));
    bool taken = is_of_association(point) ? wait_until(is_taken_and_waits, NULL, PATIENCE_MS)
                                          : wait_until(is_taken, NULL, PATIENCE_MS);
    pipeline_check(pipeline, taken, "it is not taken");
    pipeline_check(pipeline, wait_until(is_reported, (void *)point, PATIENCE_MS), point->name);
    pipeline_check(pipeline, wait_until(is_settled, NULL, PATIENCE_MS), "it is not settled");
    printf("%s: %zu reports\n", point->name, heard());
    pipeline_check(pipeline, heard() <= most, "more is reported than may be");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("crash_commitment");
    tests_timeout(tests, 300);
    tests_abreast(tests, 3);
    tests_fixture(tests, NULL, tear_down);
    tests_rows(tests, a_commitment_survives, ROWS(points));
    return tests_run(tests);
}
