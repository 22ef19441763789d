/* The logs of the four processes: a study can be followed through all of them, nobody writes a line for each
 * instance, JSON lines are JSON whatever a peer sends, and signals make them more and less detailed. */
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/base/receipt.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/scene.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 60000, INSTANCES = 200, BATCH = 10 /* as the pipeline of the tests has it */ };

static struct scene scene;

static void set_up(void)
{
    scene_open(&scene);
}

static void tear_down(void)
{
    scene_close(&scene);
}

static void read_log(enum pipeline_stage stage, struct text *ret_log)
{
    static const char *const names[] = {"receiver", "router", "sender", "sharer"};
    text_clear(ret_log);
    file_read(sandbox_path(scene.sandbox, "%s-0.log", names[stage]), ret_log);
}

/* ---- one study ---- */

/* The line with both texts, appended; "" when there is none. */
static void find_line(const char *log, const char *first, const char *second, struct text *ret_line)
{
    for (const char *line = log, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        next = next ? next + 1 : line + strlen(line);
        text_clear(ret_line);
        text_append_bytes(ret_line, line, (size_t)(next - line));
        if (strstr(text_string(ret_line), first) && strstr(text_string(ret_line), second))
            return;
    }
    text_clear(ret_line);
}

static void value_of(const char *line, const char *key, struct text *ret_value)
{
    const char *value = strstr(line, key);
    text_clear(ret_value);
    if (value)
        text_append_bytes(ret_value, value + strlen(key), strcspn(value + strlen(key), " \n"));
}

static size_t count_lines(const char *log)
{
    size_t lines = 0;
    for (; (log = strchr(log, '\n')); log++)
        lines++;
    return lines;
}

enum { RECEIPT_TIME = 12 };

/* Beginning and end of a process, its workers or tokens, and what each study, batch or share deserves. */
static const size_t most_lines[PIPELINE_STAGES] = {[PIPELINE_RECEIVER] = 8,
                                                   [PIPELINE_ROUTER] = 24,
                                                   [PIPELINE_SENDER] = 8 + 2 * INSTANCES / BATCH,
                                                   [PIPELINE_SHARER] = 9};

/* A receipt begins with its time; what came in one millisecond has no order. */
static bool came_not_after(const struct text *earlier, const struct text *later)
{
    return strncmp(text_string(earlier), text_string(later), RECEIPT_TIME) <= 0;
}

static void ck_followed(const char *study)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    AUTO(text_release) struct text line = TEXT_EMPTY;
    AUTO(text_release) struct text receipt = TEXT_EMPTY;
    AUTO(text_release) struct text first = TEXT_EMPTY;
    AUTO(text_release) struct text last = TEXT_EMPTY;
    AUTO(text_release) struct text key = TEXT_EMPTY;
    text_format(&key, "study=%s", study);
    read_log(PIPELINE_ROUTER, &log);
    find_line(text_string(&log), text_string(&key), "taken in", &line);
    value_of(text_string(&line), "first_receipt=", &receipt);
    pipeline_check(scene.pipeline, receipt.length == RECEIPT_LENGTH, "the router does not tell of the study");
    read_log(PIPELINE_RECEIVER, &log);
    find_line(text_string(&log), "association ended",
              "calling=MODALITY called=FELUCCA address=127.0.0.1 instances=200", &line);
    value_of(text_string(&line), "first_receipt=", &first);
    value_of(text_string(&line), "last_receipt=", &last);
    /* Receipts are in the order of time. A hint that got lost, since the router was just starting, lets the router
     * tell of the study with a later one first. */
    pipeline_check(scene.pipeline,
                   first.length == RECEIPT_LENGTH && came_not_after(&first, &receipt) &&
                       came_not_after(&receipt, &last),
                   "the receiver does not tell of the receipt");
    read_log(PIPELINE_SENDER, &log);
    find_line(text_string(&log), text_string(&key), "batch sent", &line);
    text_clear(&receipt);
    value_of(text_string(&line), "first_receipt=", &receipt);
    /* headers are read side by side, so another one may be the first of its batch */
    pipeline_check(scene.pipeline,
                   receipt.length == RECEIPT_LENGTH && came_not_after(&first, &receipt) &&
                       came_not_after(&receipt, &last),
                   "the sender does not tell of the study's first batch");
    read_log(PIPELINE_SHARER, &log);
    find_line(text_string(&log), text_string(&key), "series shared", &line);
    pipeline_check(scene.pipeline, line.length > 0, "the sharer does not tell of the study");
}

static bool is_taken_in(void *context)
{
    AUTO(text_release) struct text queue = TEXT_EMPTY;
    text_format(&queue, "%s/spool/queue", pipeline_state_dir(scene.pipeline));
    return folder_count(text_string(&queue), ".dcm") == *(const size_t *)context;
}

/* All of it is there before the first batch is made, so that batches are full. The router first: hints of a
 * receiver that has not reached it yet are lost, and the next scan makes a second line of the study. */
static void receive_then_send(unsigned instances)
{
    size_t expected = instances;
    pipeline_log_level(scene.pipeline, "info");
    pipeline_start(scene.pipeline, PIPELINE_ROUTER);
    pipeline_start(scene.pipeline, PIPELINE_RECEIVER);
    const char *folder = scene_study(&scene, 1, 1, instances, 2000);
    ck_assert(scene_send(&scene, folder, sandbox_path(scene.sandbox, "storescu.log")));
    pipeline_check(scene.pipeline, wait_until(is_taken_in, &expected, PATIENCE_MS), "not taken in");
    pipeline_start(scene.pipeline, PIPELINE_SENDER);
    pipeline_start(scene.pipeline, PIPELINE_SHARER);
}

START_TEST(a_study_is_followed_in_few_lines)
{
    char study[DICOM_UID_SIZE];
    scene_set_up(&scene, NULL);
    receive_then_send(INSTANCES);
    pipeline_check(scene.pipeline, simulator_wait_instances(scene.kheops, INSTANCES, PATIENCE_MS),
                   "all arrives");
    pipeline_check(scene.pipeline, simulator_wait_shared(scene.kheops, "ct", 1, PATIENCE_MS), "it is shared");
    pipeline_stop_all(scene.pipeline);
    dicom_uid(study, 1, 0, 0);
    ck_followed(study);
    for (int stage = 0; stage < PIPELINE_STAGES; stage++) {
        AUTO(text_release) struct text log = TEXT_EMPTY;
        read_log((enum pipeline_stage)stage, &log);
        pipeline_check(scene.pipeline, count_lines(text_string(&log)) <= most_lines[stage], "too many lines");
    }
}
END_TEST

/* ---- trouble with each instance is not a line for each ---- */

static bool all_failed(void *context)
{
    static const char *const words[] = {"jobs", "--state", "failed", "--limit", "1000", "--json", NULL};
    AUTO(text_release) struct text output = TEXT_EMPTY;
    (void)context;
    return scene_felucca(&scene, words, &output) == 0 && count_lines(text_string(&output)) >= INSTANCES;
}

START_TEST(many_failures_are_few_lines)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    scene_set_up(&scene, "sender: { slots: 1, batch_instances: 50 }\n");
    simulator_order(scene.kheops, "/sim/faults",
                    "{\"kind\":\"stow\",\"stage\":\"instance\",\"action\":\"refuse\",\"reason\":49152}");
    receive_then_send(INSTANCES);
    pipeline_check(scene.pipeline, wait_until(all_failed, NULL, PATIENCE_MS), "every job fails");
    pipeline_stop_all(scene.pipeline);
    read_log(PIPELINE_ROUTER, &log);
    ck_assert_msg(strstr(text_string(&log), "jobs failed stage=send destination=kheops-main"), "%s",
                  text_string(&log));
    ck_assert_msg(count_lines(text_string(&log)) < 40, "%s", text_string(&log));
}
END_TEST

/* ---- JSON ---- */

static const struct peer_row {
    const char *calling, *called;
} peers[] = {
    {"K\xF6ln", "FELUCCA"}, {"a\"b\\c", "FELUCCA"}, {"\x1b[2J\x07", "FELUCCA"}, {"a=b c", "FELUCCA"},
    {"A", "\xC3\x28"},      {"A", "\"}\\"},         {"\xE2\x80\xAE", "X"},
};

static void ck_json(enum pipeline_stage stage)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    read_log(stage, &log);
    AUTO(memory_free) char *copy = memory_string(text_string(&log));
    ck_assert(count_lines(copy) > 1);
    for (char *rest = copy, *line; (line = strsep(&rest, "\n"));) {
        json_error_t error;
        json_t *json = *line ? json_loads(line, JSON_REJECT_DUPLICATES, &error) : json_object();
        ck_assert_msg(json_is_object(json), "process %d: %s: %s", (int)stage, error.text, line);
        json_decref(json);
    }
}

START_TEST(json_lines_are_json)
{
    scene_set_up(&scene, "log: { format: json }\n");
    pipeline_start_all(scene.pipeline); /* they log at debug */
    const char *folder = scene_study(&scene, 1, 1, 2, 2000);
    AUTO(text_release) struct text port = TEXT_EMPTY;
    text_format(&port, "%d", pipeline_port(scene.pipeline));
    for (size_t i = 0; i < ROWS(peers); i++) {
        const char *const argv[] = {"storescu",  "--scan-directories",
                                    "-aet",      peers[i].calling,
                                    "-aec",      peers[i].called,
                                    "127.0.0.1", text_string(&port),
                                    folder,      NULL};
        int status = process_run(argv, NULL, PATIENCE_MS, NULL);
        ck_assert_msg((status == 0) == (strcmp(peers[i].called, "FELUCCA") == 0), "peer %zu: %d", i, status);
    }
    pipeline_check(scene.pipeline, simulator_wait_shared(scene.kheops, "ct", 1, PATIENCE_MS), "it is shared");
    pipeline_stop_all(scene.pipeline);
    for (int stage = 0; stage < PIPELINE_STAGES; stage++)
        ck_json((enum pipeline_stage)stage);
}
END_TEST

/* ---- signals ---- */

struct wish {
    enum pipeline_stage stage;
    const char *text;
};

static bool log_says(void *context)
{
    const struct wish *wish = context;
    AUTO(text_release) struct text log = TEXT_EMPTY;
    read_log(wish->stage, &log);
    return strstr(text_string(&log), wish->text) != NULL;
}

START_TEST(signals_change_the_detail)
{
    const enum pipeline_stage stage = (enum pipeline_stage)_i;
    static const struct {
        int signal;
        const char *says;
    } steps[] = {{SIGUSR1, "log level changed to=debug"},
                 {SIGUSR2, "log level changed to=info"},
                 {SIGUSR2, "log level changed to=warning"}};
    scene_set_up(&scene, NULL);
    pipeline_log_level(scene.pipeline, "info");
    pipeline_start_all(scene.pipeline);
    for (size_t i = 0; i < ROWS(steps); i++) {
        struct wish wish = {stage, steps[i].says};
        process_signal(pipeline_process(scene.pipeline, stage, 0), steps[i].signal);
        pipeline_check(scene.pipeline, wait_until(log_says, &wish, PATIENCE_MS), wish.text);
    }
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("logs");
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, a_study_is_followed_in_few_lines);
    tests_add(tests, many_failures_are_few_lines);
    tests_add(tests, json_lines_are_json);
    tests_rows(tests, signals_change_the_detail, PIPELINE_STAGES);
    return tests_run(tests);
}
