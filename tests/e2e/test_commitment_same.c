/* Reports on storage commitment over the association that asked: made there where its requester waits, by nobody else meanwhile,
 * and by the committer where it does not. */
#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/files.h"
#include "tests/support/pipeline.h"
#include "tests/support/requester.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 60000, SEED = 13 };

#define STRANGE "1.2.3.4.5.6.7"

static struct sandbox *sandbox;
static struct simulator *kheops;
static struct requester *requester, *other;
static struct pipeline *pipeline;
static struct process *waits;
static const char *said;
static char uid[DICOM_UID_SIZE];

static void set_up(void)
{
    static const char *const tokens[] = {"--token", "main:write:MAINWRITE", NULL};
    AUTO(text_release) struct text lines = TEXT_EMPTY;
    sandbox = sandbox_create();
    kheops = simulator_start(sandbox, "kheops", tokens);
    requester = requester_create(sandbox, "CT01");
    text_append(&lines, "FELUCCA\n    sources: [ { aet: MODALITY }, ");
    requester_append_source(requester, &lines);
    other = requester_create(sandbox, "CT02");
    text_append(&lines, ", ");
    requester_append_source(other, &lines);
    text_append(&lines, " ]");
    const struct pipeline_destination destination = {
        .name = "main", .simulator = kheops, .token = "MAINWRITE"};
    const struct pipeline_node node = {text_string(&lines), &destination, 1};
    const struct pipeline_options options = {&node, 1, NULL};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_start_all(pipeline);
    dicom_uid(uid, SEED, 1, 1);
}

static void tear_down(void)
{
    process_destroy(&waits);
    pipeline_destroy(&pipeline);
    requester_destroy(&requester);
    requester_destroy(&other);
    simulator_destroy(&kheops);
    sandbox_destroy(&sandbox);
}

static void check(bool ok, const char *what)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    if (!ok && said && file_exists(said))
        file_read(said, &log);
    if (!ok)
        printf("%s\n", text_string(&log));
    pipeline_check(pipeline, ok, what);
}

static void ask_and_wait(const char *transaction, const char *instance, const char *answer)
{
    waits = requester_ask_and_wait(requester, sandbox, pipeline_port(pipeline), transaction, instance, answer,
                                   &said);
}

static bool is_said(void *context)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    if (!file_exists(said))
        return false;
    file_read(said, &log);
    return strstr(text_string(&log), context) != NULL;
}

static bool says(const char *text)
{
    return wait_until(is_said, (void *)text, PATIENCE_MS);
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

static bool is_so(void *context)
{
    return count(context) == 1;
}

static bool are_two_reported(void *context)
{
    (void)context;
    return count("state = 'reported'") == 2;
}

static bool is_empty(void *context)
{
    (void)context;
    return folder_count(sandbox_path(sandbox, "state/spool/commitments"), "") == 0;
}

static void check_over(void)
{
    check(wait_until(is_so, (void *)"state = 'reported'", PATIENCE_MS), "it is not reported");
    check(wait_until(is_empty, NULL, PATIENCE_MS), "a file is left of it");
}

/* No committer runs, and the source listens nowhere. */
START_TEST(who_waits_hears_it_there)
{
    pipeline_send_small_study(pipeline, sandbox, SEED, 1);
    ask_and_wait("1.2.1", uid, "0000");
    check(says("report 1.2.1 type 1"), "no report");
    check(is_said(uid), "without its instance");
    check_over();
    check(process_wait(waits, PATIENCE_MS) == 0, "the association does not end in peace");
    check(count("work = 'association' AND tries = 1") == 1, "somebody else had it");
}
END_TEST

START_TEST(who_waits_hears_what_is_denied)
{
    ask_and_wait("1.2.2", STRANGE, "0000");
    check(says("report 1.2.2 type 2"), "no report");
    check(is_said("denied " STRANGE "=0112"), "it is not denied");
    check_over();
}
END_TEST

/* While it waits for its images, and afterwards on a new association. */
START_TEST(who_does_not_wait_is_told_by_the_committer)
{
    const char *const one[] = {uid, NULL};
    requester_listen(requester, "0000");
    pipeline_start(pipeline, PIPELINE_COMMITTER);
    pipeline_send_small_study(pipeline, sandbox, SEED, 1);
    check(requester_ask(requester, pipeline_port(pipeline), "FELUCCA", "1.2.3", one, NULL) == 0, "not taken");
    check(requester_wait(requester, "1.2.3", "type 1", PATIENCE_MS), "no report");
    check_over();
}
END_TEST

/* It answers badly there. The committer gets it then, and not before. */
START_TEST(what_is_refused_there_is_the_committers)
{
    requester_listen(requester, "0000");
    pipeline_start(pipeline, PIPELINE_COMMITTER);
    ask_and_wait("1.2.4", STRANGE, "0110");
    check(says("report 1.2.4 type 2"), "no report");
    check(requester_wait(requester, "1.2.4", "type 2", PATIENCE_MS), "the committer does not get it");
    check_over();
    check(requester_heard(requester, "1.2.4", NULL) == 1, "it is told twice");
}
END_TEST

/* It was offered, and its association ends without an answer. */
START_TEST(who_goes_without_an_answer_is_told_by_the_committer)
{
    requester_listen(requester, "0000");
    pipeline_start(pipeline, PIPELINE_COMMITTER);
    ask_and_wait("1.2.5", STRANGE, "none");
    check(says("report comes"), "no report");
    check(count("state = 'reporting' AND work = 'association'") == 1, "it is not the association's");
    check(requester_heard(requester, "1.2.5", NULL) == 0, "two have it");
    process_kill(waits);
    check(requester_wait(requester, "1.2.5", "type 2", PATIENCE_MS), "the committer does not get it");
    check_over();
}
END_TEST

/* A requester that goes on with something else does not expect a report between. */
START_TEST(who_goes_on_is_told_by_the_committer)
{
    simulator_order(kheops, "/sim/away", "{\"away\": true}");
    requester_listen(requester, "0000");
    pipeline_start(pipeline, PIPELINE_COMMITTER);
    pipeline_send_small_study(pipeline, sandbox, SEED, 1);
    ask_and_wait("1.2.8", uid, "store");
    check(says("stored 0000"), "nothing more is taken");
    simulator_order(kheops, "/sim/away", "{\"away\": false}");
    check(requester_wait(requester, "1.2.8", "type 1", PATIENCE_MS), "the committer does not get it");
    check_over();
    check(!is_said("report 1.2.8"), "it is told in between");
}
END_TEST

/* The router dies while the report is the association's: it is still so afterwards. */
START_TEST(a_router_that_died_knows_whose_it_is)
{
    requester_listen(requester, "0000");
    pipeline_start(pipeline, PIPELINE_COMMITTER);
    ask_and_wait("1.2.6", STRANGE, "none");
    check(says("report comes"), "no report");
    process_kill(pipeline_process(pipeline, PIPELINE_ROUTER, 0));
    pipeline_start_again(pipeline, PIPELINE_ROUTER, 0);
    const char *const one[] = {STRANGE, NULL};
    requester_listen(other, "0000"); /* when it is told, the router has looked at the first one, too */
    check(requester_ask(other, pipeline_port(pipeline), "FELUCCA", "1.2.7", one, NULL) == 0 &&
              requester_wait(other, "1.2.7", "type 2", PATIENCE_MS),
          "the other one is not told");
    check(count("state = 'reporting' AND work = 'association'") == 1, "it is somebody else's");
    check(requester_heard(requester, "1.2.6", NULL) == 0, "two have it");
    process_kill(waits);
    check(requester_wait(requester, "1.2.6", "type 2", PATIENCE_MS), "the committer does not get it");
    check(wait_until(are_two_reported, NULL, PATIENCE_MS), "they are not reported");
    check(wait_until(is_empty, NULL, PATIENCE_MS), "a file is left of it");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("commitment on its association");
    tests_timeout(tests, 240);
    tests_abreast(tests, 3);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, who_waits_hears_it_there);
    tests_add(tests, who_waits_hears_what_is_denied);
    tests_add(tests, who_does_not_wait_is_told_by_the_committer);
    tests_add(tests, what_is_refused_there_is_the_committers);
    tests_add(tests, who_goes_without_an_answer_is_told_by_the_committer);
    tests_add(tests, who_goes_on_is_told_by_the_committer);
    tests_add(tests, a_router_that_died_knows_whose_it_is);
    return tests_run(tests);
}
