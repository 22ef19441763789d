/* What holds requests for storage commitment: errors of the file system at each call on spool/commitments/, and failures of
 * power. Success is not said of what is not durable, what was answered with Success is reported, and an error that lasts
 * neither holds up another request nor has one reported twice. */
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/files.h"
#include "tests/support/pipeline.h"
#include "tests/support/requester.h"
#include "tests/support/sabotage.h"
#include "tests/support/shadow.h"
#include "tests/support/stock.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 60000, RESOURCE_LIMITATION = 0x0213, WORDS = 12 };

static struct sandbox *sandbox;
static struct requester *requester;
static struct pipeline *pipeline;
static struct sabotage *sabotage;
static struct shadow *shadow;

static void equip(enum pipeline_stage stage)
{
    static const char *words[PIPELINE_STAGES][WORDS];
    const char **end = words[stage];
    for (const char *const *word = sabotage_environment(sabotage); *word; word++)
        *end++ = *word;
    if (shadow)
        shadow_words(shadow, end);
    pipeline_equip(pipeline, stage, words[stage], NULL);
}

static void set_up(bool with_power)
{
    static const struct pipeline_destination nowhere = {.name = "nowhere",
                                                        .stow_url = "http://127.0.0.1:9/studies"};
    AUTO(text_release) struct text lines = TEXT_EMPTY;
    sandbox = sandbox_create();
    if (with_power)
        shadow = shadow_create(sandbox, sandbox_path(sandbox, "state"));
    requester = requester_create(sandbox, "CT01");
    text_append(&lines, "FELUCCA\n    sources: [ ");
    requester_append_source(requester, &lines);
    text_append(&lines, " ]");
    const struct pipeline_node node = {text_string(&lines), &nowhere, 1};
    /* The library that is loaded before asks the kernel for more than the receiver may. */
    const struct pipeline_options options = {.nodes = &node, .node_count = 1, .more = "sandbox: off\n"};
    pipeline = pipeline_create(sandbox, &options);
    sabotage = sabotage_create(sandbox);
    equip(PIPELINE_RECEIVER);
    equip(PIPELINE_ROUTER);
    (void)pipeline_start(pipeline, PIPELINE_ROUTER);
    (void)pipeline_start(pipeline, PIPELINE_RECEIVER);
    (void)pipeline_start(pipeline, PIPELINE_COMMITTER);
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    requester_destroy(&requester);
    sabotage_destroy(&sabotage);
    shadow_destroy(&shadow);
    sandbox_destroy(&sandbox);
}

/* An instance that was never seen, so that it is decided soon. */
static int ask(const char *transaction)
{
    const char *const never[] = {"1.2.3.4", NULL};
    return requester_ask(requester, pipeline_port(pipeline), "FELUCCA", transaction, never, NULL);
}

static void check(bool ok, const char *label, const char *what)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    text_format(&sentence, "%s: %s", label, what);
    pipeline_check(pipeline, ok, text_string(&sentence));
}

static bool is_reported(const char *transaction)
{
    return requester_wait(requester, transaction, "type 2", PATIENCE_MS);
}

static size_t files(const char *ending)
{
    return folder_count(sandbox_path(sandbox, "state/spool/commitments"), ending);
}

static bool is_empty(void *context)
{
    (void)context;
    return files("") == 0;
}

/* ---- the receiver writes ---- */

struct row {
    const char *label;
    int calls; /* of enum inject_call */
    const char *pattern;
    int error;
    bool half;
};

#define ALL_CALLS (INJECT_OPEN | INJECT_WRITE | INJECT_SYNC | INJECT_RENAME | INJECT_UNLINK)

static const struct row receiver_rows[] = {
    {"no descriptor", INJECT_OPEN, "*/commitments/*.part", EMFILE, false},
    {"no space for its name", INJECT_OPEN, "*/commitments/*.part", ENOSPC, false},
    {"read-only", INJECT_OPEN, "*/commitments/*.part", EROFS, false},
    {"no space in it", INJECT_WRITE, "*/commitments/*.part", ENOSPC, false},
    {"no space for half of it", INJECT_WRITE, "*/commitments/*.part", ENOSPC, true},
    {"the disk fails when writing", INJECT_WRITE, "*/commitments/*.part", EIO, false},
    {"the disk fails when flushing", INJECT_SYNC, "*/commitments/*.part", EIO, false},
    {"quota when flushing", INJECT_SYNC, "*/commitments/*.part", EDQUOT, false},
    {"the disk fails at the rename", INJECT_RENAME, "*/commitments/*.request", EIO, false},
    {"the disk fails flushing the folder", INJECT_SYNC, "*/commitments", EIO, false},
    {"everything fails, also cleaning up", ALL_CALLS, "*/commitments*", EIO, false},
};

START_TEST(what_cannot_be_written_down_is_refused)
{
    const struct row *row = &receiver_rows[_i];
    set_up(false);
    requester_listen(requester, "0000");
    check(ask("1.2.1") == 0 && is_reported("1.2.1"), row->label, "nothing is taken before the trouble");
    check(wait_until(is_empty, NULL, PATIENCE_MS), row->label, "something is left of it");
    /* The router, which opens the same files, is not to meet it instead. */
    process_kill(pipeline_process(pipeline, PIPELINE_ROUTER, 0));
    if (row->half)
        sabotage_begin_half(sabotage, row->pattern, row->error, 0);
    else
        sabotage_begin(sabotage, row->calls, row->pattern, row->error, 0);
    check(ask("1.2.2") == RESOURCE_LIMITATION, row->label, "it is not refused");
    check(sabotage_met(sabotage) > 0, row->label, "the trouble was not met");
    check(files(".request") == 0, row->label, "a request that was refused is left");
    check(row->calls & INJECT_UNLINK || files("") == 0, row->label, "a file that was begun is left");
    sabotage_end(sabotage);
    pipeline_start_again(pipeline, PIPELINE_ROUTER, 0);
    check(ask("1.2.2") == 0 && is_reported("1.2.2"), row->label, "it is not taken afterwards");
}
END_TEST

/* ---- the router reads, and removes ---- */

START_TEST(what_cannot_be_read_waits)
{
    set_up(false);
    requester_listen(requester, "0000");
    sabotage_begin(sabotage, INJECT_READ, "*/commitments/*.request", EIO, 0);
    check(ask("1.3.1") == 0, "read", "it is not taken");
    check(sabotage_wait_met(sabotage, PATIENCE_MS), "read", "nobody reads it");
    check(requester_heard(requester, "1.3.1", NULL) == 0 && files(".unreadable") == 0, "read",
          "an error of the disk is taken for a bad request");
    sabotage_end(sabotage);
    check(is_reported("1.3.1"), "read", "no report afterwards");
    check(wait_until(is_empty, NULL, PATIENCE_MS), "read", "something is left of it");
}
END_TEST

/* A file that the disk has lost stays in incoming/. Who asks for something else hears of it all the same. */
START_TEST(what_cannot_be_taken_in_holds_up_no_other)
{
    struct dicom_spec spec;
    set_up(false);
    requester_listen(requester, "0000");
    sabotage_begin(sabotage, INJECT_READ, "*/incoming/*.dcm", EIO, 0);
    dicom_spec_init(&spec, 1);
    const char *incoming = sandbox_path(sandbox, "state/spool/incoming");
    AUTO(memory_free) char *path = stock_receive(incoming, &spec, "FELUCCA");
    check(sabotage_wait_met(sabotage, PATIENCE_MS), "stuck", "nobody reads it");
    check(ask("1.5.1") == 0 && is_reported("1.5.1"), "stuck", "another one has to wait for it");
    check(file_exists(path), "stuck", "it could be read");
    sabotage_end(sabotage);
}
END_TEST

/* More than a scan takes in at once; each asked for twice, so that a second file has to go at once. */
START_TEST(what_cannot_be_removed_is_reported_once)
{
    enum { REQUESTS = 12 };
    char transaction[16];
    set_up(false);
    sabotage_begin(sabotage, INJECT_UNLINK, "*/commitments/*", EIO, 0);
    for (int i = 0; i < 2 * REQUESTS; i++) {
        (void)snprintf(transaction, sizeof transaction, "1.4.%d", i / 2 + 1);
        check(ask(transaction) == 0, transaction, "it is not taken");
    }
    requester_listen(requester, "0000");
    for (int i = 1; i <= REQUESTS; i++) {
        (void)snprintf(transaction, sizeof transaction, "1.4.%d", i);
        check(is_reported(transaction), transaction, "no report");
    }
    check(sabotage_met(sabotage) > 0 && files(".request") == (size_t)2 * REQUESTS, "unlink",
          "nothing is left");
    /* Asked for by itself, with a scan before it. */
    check(ask("1.4.99") == 0 && is_reported("1.4.99"), "unlink", "another one has to wait for it");
    sabotage_end(sabotage);
    check(wait_until(is_empty, NULL, PATIENCE_MS), "unlink", "they stay");
    for (int i = 1; i <= REQUESTS; i++) {
        (void)snprintf(transaction, sizeof transaction, "1.4.%d", i);
        check(requester_heard(requester, transaction, NULL) == 1, transaction, "it is reported twice");
    }
}
END_TEST

/* ---- over the association that asked ---- */

static struct process *wait_there(const char *transaction)
{
    const char *log;
    return requester_ask_and_wait(requester, sandbox, pipeline_port(pipeline), transaction, "1.2.3.4", "0000",
                                  &log);
}

/* It is told there, and nobody can know: it is told again. */
START_TEST(an_answer_that_cannot_be_written_down_is_asked_for_again)
{
    set_up(false);
    requester_listen(requester, "0000");
    sabotage_begin(sabotage, INJECT_OPEN, "*/commitments/*.outcome*", EIO, 0);
    struct process *waits = wait_there("1.6.1");
    bool again = is_reported("1.6.1");
    int status = process_wait(waits, PATIENCE_MS);
    bool met = sabotage_met(sabotage) > 0;
    process_destroy(&waits);
    sabotage_end(sabotage);
    check(met, "outcome", "the trouble was not met");
    check(status == 0, "outcome", "it is not told there");
    check(again, "outcome", "nobody tells it again");
    check(wait_until(is_empty, NULL, PATIENCE_MS), "outcome", "something is left of it");
    check(requester_heard(requester, "1.6.1", NULL) == 1, "outcome", "it is told too often");
}
END_TEST

/* Its association hears nothing of it, and so nobody does before that is over. */
START_TEST(a_report_that_cannot_be_offered_is_the_committers)
{
    set_up(false);
    requester_listen(requester, "0000");
    sabotage_begin(sabotage, INJECT_WRITE, "*/commitments/*.report*", ENOSPC, 0);
    struct process *waits = wait_there("1.6.2");
    bool met = sabotage_wait_met(sabotage, PATIENCE_MS);
    bool early = requester_heard(requester, "1.6.2", NULL) > 0;
    process_destroy(&waits);
    check(met, "report", "nobody offers it");
    check(!early, "report", "two have it");
    check(is_reported("1.6.2"), "report", "nobody tells it");
    sabotage_end(sabotage);
    check(wait_until(is_empty, NULL, PATIENCE_MS), "report", "something is left of it");
}
END_TEST

/* ---- power ---- */

/* True: it was reported after all. */
static bool survives_a_failure(const char *transaction)
{
    check(ask(transaction) == 0, transaction, "it is not taken");
    shadow_lose_power(shadow, pipeline);
    bool is_there = files(".request") == 1;
    pipeline_start_all_again(pipeline);
    if (!is_there)
        return false;
    requester_listen(requester, "0000");
    return is_reported(transaction);
}

START_TEST(what_was_answered_survives_a_power_failure)
{
    set_up(true);
    check(survives_a_failure("1.5.1"), "power", "Success was said, and it is lost");
    check(wait_until(is_empty, NULL, PATIENCE_MS), "power", "something is left of it");
}
END_TEST

/* That the one above can fail: a flush that does nothing. */
START_TEST(a_flush_that_does_nothing_is_noticed)
{
    static const char *const patterns[] = {"*/commitments/*.part", "*/commitments"};
    set_up(true);
    sabotage_begin(sabotage, INJECT_SYNC, patterns[_i], 0, 0);
    check(ask("1.5.2") == 0, patterns[_i], "it is not taken");
    shadow_lose_power(shadow, pipeline);
    AUTO(text_release) struct text listing = TEXT_EMPTY;
    const char *const argv[] = {"/bin/sh", "-c", "cat \"$0\"/*.request",
                                sandbox_path(sandbox, "state/spool/commitments"), NULL};
    (void)process_run(argv, NULL, PATIENCE_MS, &listing);
    ck_assert_msg(!strstr(text_string(&listing), "1.5.2"), "it is there: %s", text_string(&listing));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("commitment files");
    tests_timeout(tests, 240);
    tests_abreast(tests, 4);
    tests_fixture(tests, NULL, tear_down);
    tests_rows(tests, what_cannot_be_written_down_is_refused, ROWS(receiver_rows));
    tests_add(tests, what_cannot_be_read_waits);
    tests_add(tests, what_cannot_be_taken_in_holds_up_no_other);
    tests_add(tests, what_cannot_be_removed_is_reported_once);
    tests_add(tests, an_answer_that_cannot_be_written_down_is_asked_for_again);
    tests_add(tests, a_report_that_cannot_be_offered_is_the_committers);
    tests_add(tests, what_was_answered_survives_a_power_failure);
    tests_rows(tests, a_flush_that_does_nothing_is_noticed, 2);
    return tests_run(tests);
}
