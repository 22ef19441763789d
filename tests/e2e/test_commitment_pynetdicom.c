/* Storage commitment with pynetdicom as the modality (tests/pynetdicom/run.sh installs it). */
#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/pipeline.h"
#include "tests/support/port.h"
#include "tests/support/pynetdicom.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 90000, SEED = 11, SERIES = 2 };

#define STRANGE "1.2.3.4.5.6.7"

static struct sandbox *sandbox;
static struct simulator *kheops;
static struct pipeline *pipeline;
static int listens_on;

static void set_up(void)
{
    static const char *const tokens[] = {"--token", "main:write:MAINWRITE", NULL};
    AUTO(text_release) struct text lines = TEXT_EMPTY;
    sandbox = sandbox_create();
    kheops = simulator_start(sandbox, "kheops", tokens);
    listens_on = port_free();
    text_format(&lines,
                "FELUCCA\n    sources: [ { aet: MODALITY }, { aet: PYMOD, host: 127.0.0.1, port: %d } ]",
                listens_on);
    const struct pipeline_destination destination = {
        .name = "main", .simulator = kheops, .token = "MAINWRITE"};
    const struct pipeline_node node = {text_string(&lines), &destination, 1};
    const struct pipeline_options options = {&node, 1, NULL};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_start_all(pipeline);
    pipeline_start(pipeline, PIPELINE_COMMITTER);
    pipeline_send_small_study(pipeline, sandbox, SEED, SERIES);
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    simulator_destroy(&kheops);
    sandbox_destroy(&sandbox);
}

/* Its words are appended. */
static int ask(const char *transaction, const char *answer, const char *const *uids, struct text *ret_said)
{
    char port[16], listen_port[16];
    (void)snprintf(port, sizeof port, "%d", pipeline_port(pipeline));
    (void)snprintf(listen_port, sizeof listen_port, "%d", listens_on);
    const char *const argv[] = {pynetdicom_python(),
                                FELUCCA_SOURCE "/tests/tools/pynetdicom_requester.py",
                                listen_port,
                                port,
                                "FELUCCA",
                                "PYMOD",
                                transaction,
                                answer,
                                uids[0],
                                uids[1],
                                NULL};
    return process_run(argv, NULL, PATIENCE_MS, ret_said);
}

static int64_t count(const char *where)
{
    AUTO(text_release) struct text question = TEXT_EMPTY;
    AUTO(text_release) struct text output = TEXT_EMPTY;
    text_format(&question, "SELECT count(*) FROM commitment WHERE %s", where);
    const char *const argv[] = {"sqlite3", "-readonly", sandbox_path(sandbox, "state/jobs.db"),
                                text_string(&question), NULL};
    return process_run(argv, NULL, PATIENCE_MS, &output) == 0 ? strtoll(text_string(&output), NULL, 10) : -1;
}

static bool is_reported(void *context)
{
    (void)context;
    return count("state = 'reported'") == 1;
}

static bool is_tried(void *context)
{
    (void)context;
    return count("tries > 0 AND reason IS NOT NULL") == 1;
}

START_TEST(it_hears_what_is_committed)
{
    char first[DICOM_UID_SIZE], second[DICOM_UID_SIZE];
    AUTO(text_release) struct text said = TEXT_EMPTY, wanted = TEXT_EMPTY;
    dicom_uid(first, SEED, 1, 1);
    dicom_uid(second, SEED, 2, 1);
    const char *const uids[] = {first, second};
    int status = ask("2.25.1", "0000", uids, &said);
    text_format(&wanted, "status 0000\nreport 2.25.1 type 1 committed %s %s denied\n", first, second);
    pipeline_check(pipeline, status == 0 && strcmp(text_string(&said), text_string(&wanted)) == 0,
                   text_string(&said));
    pipeline_check(pipeline, wait_until(is_reported, NULL, PATIENCE_MS), "it is not reported");
}
END_TEST

START_TEST(it_hears_what_is_denied)
{
    char first[DICOM_UID_SIZE];
    AUTO(text_release) struct text said = TEXT_EMPTY, wanted = TEXT_EMPTY;
    dicom_uid(first, SEED, 1, 1);
    const char *const uids[] = {first, STRANGE};
    int status = ask("2.25.2", "0000", uids, &said);
    text_format(&wanted, "report 2.25.2 type 2 committed %s denied " STRANGE "=0112\n", first);
    pipeline_check(pipeline, status == 0 && strstr(text_string(&said), text_string(&wanted)),
                   text_string(&said));
}
END_TEST

/* It answers badly, and goes away: then it is told again. */
START_TEST(its_refusal_is_understood)
{
    char first[DICOM_UID_SIZE];
    AUTO(text_release) struct text said = TEXT_EMPTY;
    dicom_uid(first, SEED, 1, 1);
    const char *const uids[] = {first, NULL};
    pipeline_check(pipeline, ask("2.25.3", "0110", uids, &said) == 0, text_string(&said));
    pipeline_check(pipeline, wait_until(is_tried, NULL, PATIENCE_MS), "its answer counts as acknowledged");
    pipeline_check(pipeline, count("state = 'reported'") == 0, "it is over");
}
END_TEST

int main(void)
{
    if (!pynetdicom_python()) {
        printf("left out: no Python here has pynetdicom; `make pynetdicom-test` installs it\n");
        return 77;
    }
    struct tests *tests = tests_create("commitment pynetdicom");
    tests_timeout(tests, 240);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, it_hears_what_is_committed);
    tests_add(tests, it_hears_what_is_denied);
    tests_add(tests, its_refusal_is_understood);
    return tests_run(tests);
}
