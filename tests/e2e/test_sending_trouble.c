/* One instance, file or token is bad: what becomes of the others, and of it. Real processes, simulated
 * KHEOPS. */
#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/files.h"
#include "tests/support/operator_view.h"
#include "tests/support/sabotage.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 90000, INSTANCE_BYTES = 40 << 10, ATTEMPTS = 5 };

static struct sandbox *sandbox;
static struct simulator *kheops;
static struct sabotage *sabotage;
static struct pipeline *pipeline;

static void set_up(void)
{
    static const char *const tokens[] = {"--token", "main:write:MAINWRITE", NULL};
    sandbox = sandbox_create();
    kheops = simulator_start(sandbox, "kheops", tokens);
    const struct pipeline_destination destination = {
        .name = "main", .simulator = kheops, .token = "MAINWRITE", .more = "        connections: 1\n"};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, "sender: { slots: 2, batch_instances: 50 }\n"};
    sabotage = sabotage_create(sandbox);
    pipeline = pipeline_create(sandbox, &options);
    pipeline_equip(pipeline, PIPELINE_SENDER, sabotage_environment(sabotage), NULL);
    pipeline_start(pipeline, PIPELINE_ROUTER);
    pipeline_start(pipeline, PIPELINE_RECEIVER);
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    sabotage_destroy(&sabotage);
    simulator_destroy(&kheops);
    sandbox_destroy(&sandbox);
}

static void check(bool ok, const char *what)
{
    pipeline_check(pipeline, ok, what);
}

/* ---- studies ---- */

static void send_study(uint64_t seed, unsigned instances)
{
    struct dicom_spec base;
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *folder = sandbox_make_folder(sandbox, "studies/%llu", (unsigned long long)seed);
    dicom_spec_init(&base, seed);
    dicom_shape(&base, INSTANCE_BYTES);
    ck_assert_int_eq(dicom_write_study(&base, seed, 1, instances, folder, NULL, NULL), 0);
    int status = pipeline_storescu(pipeline_port(pipeline), "FELUCCA", folder, PATIENCE_MS, &output);
    check(status == 0, text_string(&output));
}

static const char *queue(void)
{
    return sandbox_path(sandbox, "state/spool/queue");
}

static bool is_taken_in(void *context)
{
    return folder_count(queue(), ".dcm") == *(const size_t *)context;
}

/* All of it is decided about, and no sender is there yet. */
static void wait_taken_in(size_t instances)
{
    check(wait_until(is_taken_in, &instances, PATIENCE_MS), "not taken in");
}

static int64_t requests(void)
{
    return simulator_count(kheops, "requests.stow");
}

/* Attempts that the sender has told of, of which most had no request. */
static int64_t not_sent(void)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    int64_t count = 0;
    file_read(sandbox_path(sandbox, "sender-0.log"), &log);
    for (const char *at = text_string(&log); (at = strstr(at, "batch not sent")); at++)
        count++;
    return count;
}

static size_t failed(void)
{
    return operator_count_jobs(pipeline, "failed", "main", NULL);
}

/* ---- what cannot be sent ends as failed, when others can be ---- */

struct patience {
    size_t failed;
    int64_t tries;
};

/* How often jobs that are still waiting were tried. */
static int64_t tries_so_far(void)
{
    return operator_largest(pipeline, "main", NULL, "tries");
}

static bool was_tried_again(void *context)
{
    const struct patience *patience = context;
    return failed() == patience->failed || tries_so_far() > patience->tries;
}

/* A study arrives, and another, each between two tries of what does not: only so its tries count. */
static void send_others_until_failed(size_t wanted, uint64_t seed, int64_t stored)
{
    int rounds = 0;
    for (; failed() < wanted && rounds < 3 * ATTEMPTS; rounds++) {
        struct patience patience = {wanted, tries_so_far()};
        send_study(seed++, 1);
        check(simulator_wait_instances(kheops, ++stored, PATIENCE_MS), "others are held up");
        check(wait_until(was_tried_again, &patience, PATIENCE_MS), "it is not tried again");
    }
    check(failed() == wanted, "it is tried for ever");
    check(rounds >= ATTEMPTS - 2, "it was given up too early");
}

static void check_reasons(const char *const *says, size_t count)
{
    json_t *jobs = operator_jobs(pipeline, "failed", "main", NULL), *job;
    size_t i, found = 0;
    for (size_t k = 0; k < count; k++) {
        json_array_foreach(jobs, i, job)
        {
            const char *reason = json_string_value(json_object_get(job, "reason"));
            found += reason && strstr(reason, says[k]);
        }
    }
    if (found != count || json_array_size(jobs) != count)
        fprintf(stderr, "%s\n", json_dumps(jobs, 0));
    check(found == count && json_array_size(jobs) == count, "not the failures that should be");
    json_decref(jobs);
}

START_TEST(one_bad_instance_costs_few_requests)
{
    enum { ALL = 50, MOST = 1 + 2 * 6 }; /* 2 log2(50) is 11.3 */
    static const char *const says[] = {"the server answers 500"};
    char sop[DICOM_UID_SIZE];
    AUTO(text_release) struct text order = TEXT_EMPTY;
    dicom_uid(sop, 1, 1, 17);
    text_format(&order, "{\"kind\":\"stow\",\"sop\":\"%s\",\"action\":\"status\",\"status\":500}", sop);
    simulator_order(kheops, "/sim/faults", text_string(&order));
    send_study(1, ALL);
    wait_taken_in(ALL);
    pipeline_start(pipeline, PIPELINE_SENDER);
    check(simulator_wait_instances(kheops, ALL - 1, PATIENCE_MS), "the good ones are not delivered");
    ck_assert_int_le(requests(), MOST + 3); /* the bad one alone may have been tried again meanwhile */
    check(simulator_count(kheops, "stored") == ALL - 1, "stored more than once");
    send_others_until_failed(1, 2, ALL - 1);
    check_reasons(says, 1);
    check(folder_count(queue(), ".dcm") == 1, "the file of what failed is kept");
}
END_TEST

/* ---- bad files ---- */

enum { FILES = 12 };

struct files {
    char *paths[FILES];
    size_t count;
};

static void take_path(void *context, const char *path)
{
    struct files *files = context;
    ck_assert_uint_lt(files->count, FILES);
    files->paths[files->count++] = strdup(path);
}

/* Receipts are ordered by time, and are in folders that are not. */
static int by_receipt(const void *a, const void *b)
{
    return strcmp(strrchr(*(char *const *)a, '/'), strrchr(*(char *const *)b, '/'));
}

START_TEST(bad_files_stop_no_others)
{
    static const char *const says[] = {"is gone", "not as long as it was", "cannot be read"};
    enum { GOOD = FILES - (int)ROWS(says), HEAD_READS = 2 };
    struct files files = {.count = 0};
    AUTO(text_release) struct text pattern = TEXT_EMPTY;
    send_study(1, FILES);
    wait_taken_in(FILES);
    folder_walk(queue(), take_path, &files);
    qsort(files.paths, files.count, sizeof *files.paths, by_receipt);
    ck_assert_int_eq(unlink(files.paths[2]), 0);
    ck_assert_int_eq(truncate(files.paths[5], file_size(files.paths[5]) - 100), 0);
    text_format(&pattern, "*%s", strrchr(files.paths[8], '/'));
    sabotage_begin(sabotage, INJECT_READ, text_string(&pattern), EIO, HEAD_READS);
    pipeline_start(pipeline, PIPELINE_SENDER);
    check(simulator_wait_instances(kheops, GOOD, PATIENCE_MS), "the others are not delivered");
    check(simulator_count(kheops, "cut") == 1, "not in the middle of a request");
    check(operator_wait_jobs(pipeline, "failed", "main", NULL, 2, PATIENCE_MS), "not parked");
    check_reasons(says, 2);
    send_others_until_failed(3, 2, GOOD);
    check_reasons(says, 3);
    for (size_t i = 0; i < files.count; i++)
        free(files.paths[i]);
}
END_TEST

/* ---- tokens ---- */

START_TEST(a_new_token_lets_the_backlog_go)
{
    enum { STUDIES = 6, INSTANCES = 5, ALL = STUDIES * INSTANCES };
    pipeline_start(pipeline, PIPELINE_SENDER);
    send_study(1, INSTANCES);
    check(simulator_wait_instances(kheops, INSTANCES, PATIENCE_MS), "not delivered");
    simulator_order_token(kheops, "MAINWRITE", "{\"revoked\":true}");
    simulator_order(kheops, "/sim/tokens", "{\"album\":\"main\",\"scope\":\"write\",\"token\":\"MAINNEXT\"}");
    int64_t questions = simulator_count(kheops, "requests.introspect");
    for (uint64_t seed = 2; seed <= STUDIES; seed++)
        send_study(seed, INSTANCES);
    check(operator_wait_state(pipeline, "main", NULL, "blocked", "the STOW token is not active", PATIENCE_MS),
          "not blocked");
    /* One for each attempt at the most, sent or not, and one for that which is under way. */
    int64_t asked = simulator_count(kheops, "requests.introspect") - questions;
    check(asked <= requests() + not_sent() + 1, "asked too often");
    (void)sandbox_write(sandbox, "token-MAINWRITE", "MAINNEXT\n");
    check(simulator_wait_instances(kheops, ALL, PATIENCE_MS), "the backlog does not drain");
    check(operator_wait_state(pipeline, "main", NULL, "up", NULL, PATIENCE_MS), "not up again");
    check(operator_largest(pipeline, "main", NULL, "attempts") == 0, "an attempt was counted");
    check(failed() == 0, "something failed");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("sending_trouble");
    tests_abreast(tests, 3);
    tests_timeout(tests, 240);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, one_bad_instance_costs_few_requests);
    tests_add(tests, bad_files_stop_no_others);
    tests_add(tests, a_new_token_lets_the_backlog_go);
    return tests_run(tests);
}
