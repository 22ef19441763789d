/* Errors of the file system, one after the other, at every kind of call that the real programs make on what
 * counts: a library in front of libc lets them fail. The receiver has to answer "out of resources" and leave
 * nothing half done; the router goes on, or ends with status 75 and recovers; nothing that was acknowledged
 * is lost, and no job ends as failed. */
#include "tests/support/scene.h"

#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/suite.h"
#include "tests/support/sabotage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { INSTANCES = 6, FILE_BYTES = 200 << 10, PATIENCE_MS = SCENE_PATIENCE_MS, TEMPORARY = 75 };

static struct scene scene;
static struct sabotage *sabotage;

static void set_up(void)
{
    scene_open(&scene);
    /* The library that is loaded before asks the kernel for more than the receiver may. */
    scene_set_up(&scene, "sandbox: off\n");
    sabotage = sabotage_create(scene.sandbox);
}

static void tear_down(void)
{
    scene_close(&scene);
    sabotage_destroy(&sabotage);
}

/* ---- rows ---- */

struct row {
    const char *label;
    int calls; /* of enum inject_call */
    const char *pattern;
    int error;
    int skip;  /* so many calls go well before; from then on all fail, until the trouble is over */
    bool half; /* the first write that fails takes a part */
};

#define ALL_CALLS (INJECT_OPEN | INJECT_WRITE | INJECT_SYNC | INJECT_RENAME | INJECT_UNLINK)

static const struct row receiver_rows[] = {
    {"no descriptor for the part file", INJECT_OPEN, "*.part", EMFILE, 2, false},
    {"no space for its name", INJECT_OPEN, "*.part", ENOSPC, 2, false},
    {"quota before its name", INJECT_OPEN, "*.part", EDQUOT, 0, false},
    {"read-only before its name", INJECT_OPEN, "*.part", EROFS, 1, false},
    {"no space for the header", INJECT_WRITE, "*.part", ENOSPC, 0, false},
    {"no space for half of the header", INJECT_WRITE, "*.part", ENOSPC, 0, true},
    {"no space in the data set", INJECT_WRITE, "*.part", ENOSPC, 8, false},
    {"no space in the middle of a write", INJECT_WRITE, "*.part", ENOSPC, 8, true},
    {"quota in the data set", INJECT_WRITE, "*.part", EDQUOT, 5, false},
    {"the disk fails in the data set", INJECT_WRITE, "*.part", EIO, 6, false},
    {"the disk fails when flushing", INJECT_SYNC, "*.part", EIO, 1, false},
    {"no space when flushing", INJECT_SYNC, "*.part", ENOSPC, 0, false},
    {"quota when flushing", INJECT_SYNC, "*.part", EDQUOT, 3, false},
    {"the disk fails at the rename", INJECT_RENAME, "*.dcm", EIO, 0, false},
    {"no space for the new name", INJECT_RENAME, "*.dcm", ENOSPC, 2, false},
    {"read-only at the rename", INJECT_RENAME, "*.dcm", EROFS, 1, false},
    {"the disk fails flushing the folder", INJECT_SYNC, "*/incoming", EIO, 0, false},
    {"no space flushing the folder", INJECT_SYNC, "*/incoming", ENOSPC, 3, false},
    {"everything fails, also cleaning up", ALL_CALLS, "*/incoming*", EIO, 7, false},
    {"read-only from now on", ALL_CALLS, "*/incoming*", EROFS, 4, false},
};

static const struct row router_ends_rows[] = {
    {"no space for the log", INJECT_WRITE, "*/jobs.db-wal", ENOSPC, 0, false},
    {"no space in the middle of a commit", INJECT_WRITE, "*/jobs.db-wal", ENOSPC, 7, true},
    {"quota for the log", INJECT_WRITE, "*/jobs.db-wal", EDQUOT, 3, false},
    {"the disk fails at the log", INJECT_WRITE, "*/jobs.db-wal", EIO, 5, false},
    {"read-only at the log", INJECT_WRITE, "*/jobs.db-wal", EROFS, 0, false},
    {"the disk fails when flushing", INJECT_SYNC, "*/jobs.db-wal", EIO, 0, false},
    {"no space when flushing", INJECT_SYNC, "*/jobs.db-wal", ENOSPC, 2, false},
};

static const struct row router_starts_rows[] = {
    {"no descriptor for the database", INJECT_OPEN, "*/jobs.db", EMFILE, 0, false},
    {"the disk fails opening the database", INJECT_OPEN, "*/jobs.db", EIO, 0, false},
    {"the database is read-only", INJECT_OPEN, "*/jobs.db", EROFS, 0, false},
    {"the disk fails reading the database", INJECT_READ, "*/jobs.db", EIO, 0, false},
    {"the disk fails reading the log", INJECT_READ, "*/jobs.db-wal", EIO, 0, false},
    {"no descriptor for the log", INJECT_OPEN, "*/jobs.db-wal", EMFILE, 0, false},
    {"no space for the log's index", INJECT_WRITE | INJECT_TRUNCATE, "*/jobs.db-shm", ENOSPC, 0, false},
    {"no space for the log", INJECT_WRITE, "*/jobs.db-wal", ENOSPC, 0, false},
    {"no descriptor for the lock", INJECT_OPEN, "*/jobs.db.lock", EMFILE, 0, false},
    {"read-only from the beginning", ALL_CALLS | INJECT_TRUNCATE, "*/state/*", EROFS, 0, false},
    {"the disk fails from the beginning", ALL_CALLS | INJECT_READ | INJECT_TRUNCATE, "*/state/*", EIO, 0,
     false},
};

static const struct row router_goes_on_rows[] = {
    {"no descriptor for an instance", INJECT_OPEN, "*/incoming/*.dcm", EMFILE, 0, false},
    {"no descriptor in the parser", INJECT_OPEN, "*/incoming/*.dcm", EMFILE, 1, false},
    {"the disk fails reading an instance", INJECT_READ, "*/incoming/*.dcm", EIO, 0, false},
    {"the disk fails in the parser", INJECT_READ, "*/incoming/*.dcm", EIO, 3, false},
    {"the disk fails moving to queue", INJECT_RENAME, "*/queue/*", EIO, 0, false},
    {"no space moving to queue", INJECT_RENAME, "*/queue/*", ENOSPC, 2, false},
    {"read-only moving to queue", INJECT_RENAME, "*/queue/*", EROFS, 0, false},
    {"the disk fails deleting", INJECT_UNLINK, "*/queue/*", EIO, 0, false},
    {"read-only when deleting", INJECT_UNLINK, "*/queue/*", EROFS, 2, false},
};

static const struct row header_rows[] = {
    {"no descriptor for kept headers", INJECT_OPEN, "*/headers/*", EMFILE, 0, false},
    {"no space for a study's kept headers", INJECT_OPEN, "*/headers/*", ENOSPC, 0, false},
    {"no space for a kept header", INJECT_WRITE, "*/headers/*", ENOSPC, 2, false},
    {"no space in the middle of a kept header", INJECT_WRITE, "*/headers/*", ENOSPC, 2, true},
    {"the disk fails at a kept header", INJECT_WRITE, "*/headers/*", EIO, 0, false},
    {"read-only at a kept header", INJECT_OPEN | INJECT_WRITE, "*/headers/*", EROFS, 0, false},
};

static const struct row sender_rows[] = {
    {"no descriptor for an instance", INJECT_OPEN, "*.dcm", EMFILE, 0, false},
    {"the disk fails opening an instance", INJECT_OPEN, "*.dcm", EIO, 2, false},
    {"the disk fails reading its header", INJECT_READ, "*.dcm", EIO, 0, false},
    {"the disk fails in the data set", INJECT_READ, "*.dcm", EIO, 4, false},
};

/* ---- what all have in common ---- */

static void begin(const struct row *row)
{
    if (row->half)
        sabotage_begin_half(sabotage, row->pattern, row->error, row->skip);
    else
        sabotage_begin(sabotage, row->calls, row->pattern, row->error, row->skip);
}

static void check(bool ok, const struct row *row, const char *what)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    text_format(&sentence, "%s: %s", row->label, what);
    pipeline_check(scene.pipeline, ok, text_string(&sentence));
}

static void check_status(const struct row *row)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    static const char *const words[] = {"status", NULL};
    check(scene_felucca(&scene, words, &output) == 0 && strstr(text_string(&output), "kheops-main"), row,
          "felucca status does not work");
}

static void find_broken(void *context, const char *path)
{
    *(bool *)context = *(bool *)context || strstr(path, "/jobs.db.broken");
}

static void check_kept(const struct row *row)
{
    bool found = false;
    folder_walk(pipeline_state_dir(scene.pipeline), find_broken, &found);
    check(!found, row, "an error of the disk is taken for a damaged database");
}

/* Sends a study of its own; what was acknowledged is added. */
static bool send_study(uint64_t seed, const char *folder, struct scene_instances *acknowledged,
                       size_t *ret_refused)
{
    static unsigned sent;
    const char *output = sandbox_path(scene.sandbox, "storescu-%u.log", sent++);
    bool taken = scene_send(&scene, folder, output);
    scene_acknowledged(output, seed, acknowledged, ret_refused);
    return taken;
}

static const char *write_study(uint64_t seed)
{
    return scene_study(&scene, seed, 1, INSTANCES, FILE_BYTES);
}

static void start_with_trouble(enum pipeline_stage stage)
{
    pipeline_equip(scene.pipeline, stage, sabotage_environment(sabotage), NULL);
    pipeline_start_all(scene.pipeline);
}

/* ---- the receiver ---- */

static bool no_partial_file(void *context)
{
    (void)context;
    return folder_count(sandbox_path(scene.sandbox, "state/spool/incoming"), ".part") == 0;
}

static void receive_in_trouble(const struct row *row, uint64_t seed, struct scene_instances *acknowledged)
{
    size_t refused = 0, before = acknowledged->count;
    const char *folder = write_study(seed);
    begin(row);
    check(!send_study(seed, folder, acknowledged, &refused), row, "storescu noticed nothing");
    check(sabotage_met(sabotage) > 0, row, "the trouble was not met");
    check(refused == 1 && acknowledged->count - before < INSTANCES, row, "not refused");
    bool cleaned = !(row->calls & INJECT_UNLINK);
    check(!cleaned || wait_until(no_partial_file, NULL, PATIENCE_MS), row, "a partial file is left");
    check_status(row);
    sabotage_end(sabotage);
    if (!cleaned)
        pipeline_kill_family_and_restart(scene.pipeline, PIPELINE_RECEIVER, 0);
    check(wait_until(no_partial_file, NULL, PATIENCE_MS), row, "a partial file is left");
    check(send_study(seed, folder, acknowledged, NULL), row, "refused after the trouble");
    check(acknowledged->count - before >= INSTANCES, row, "not acknowledged after the trouble");
}

START_TEST(the_receiver_refuses_and_leaves_nothing)
{
    AUTO(scene_instances_release) struct scene_instances acknowledged = SCENE_INSTANCES_EMPTY;
    start_with_trouble(PIPELINE_RECEIVER);
    for (size_t i = 0; i < ROWS(receiver_rows); i++)
        receive_in_trouble(&receiver_rows[i], i + 1, &acknowledged);
    scene_wait_done(&scene, &acknowledged);
    pipeline_stop_all(scene.pipeline);
}
END_TEST

/* ---- the router ---- */

static void end_in_trouble(const struct row *row, uint64_t seed, struct scene_instances *acknowledged)
{
    struct process *router = pipeline_process(scene.pipeline, PIPELINE_ROUTER, 0);
    const char *folder = write_study(seed);
    begin(row);
    check(send_study(seed, folder, acknowledged, NULL), row, "the receiver noticed");
    check(process_wait(router, PATIENCE_MS) == TEMPORARY, row, "the router does not end with status 75");
    check(sabotage_met(sabotage) > 0, row, "the trouble was not met");
    check_status(row);
    sabotage_end(sabotage);
    pipeline_start_again(scene.pipeline, PIPELINE_ROUTER, 0);
    check_kept(row);
}

START_TEST(the_router_ends_and_recovers)
{
    AUTO(scene_instances_release) struct scene_instances acknowledged = SCENE_INSTANCES_EMPTY;
    start_with_trouble(PIPELINE_ROUTER);
    for (size_t i = 0; i < ROWS(router_ends_rows); i++)
        end_in_trouble(&router_ends_rows[i], i + 1, &acknowledged);
    scene_wait_done(&scene, &acknowledged);
    pipeline_stop_all(scene.pipeline);
}
END_TEST

/* Started in the middle of the trouble it ends; the database is as good as before. */
static void start_in_trouble(const struct row *row)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *const argv[] = {FELUCCA_BIN "/felucca-router", "--config", pipeline_config(scene.pipeline),
                                NULL};
    process_kill(pipeline_process(scene.pipeline, PIPELINE_ROUTER, 0));
    begin(row);
    int status = process_run(argv, sabotage_environment(sabotage), PATIENCE_MS, &output);
    if (status != TEMPORARY)
        fprintf(stderr, "status %d\n%s\n", status, text_string(&output));
    check(status == TEMPORARY, row, "the router does not end with status 75");
    check(sabotage_met(sabotage) > 0, row, "the trouble was not met");
    sabotage_end(sabotage);
    check_kept(row);
    pipeline_start_again(scene.pipeline, PIPELINE_ROUTER, 0);
    check_kept(row);
    check_status(row);
}

START_TEST(the_router_does_not_start_and_loses_nothing)
{
    AUTO(scene_instances_release) struct scene_instances acknowledged = SCENE_INSTANCES_EMPTY;
    pipeline_start_all(scene.pipeline);
    check(send_study(1, write_study(1), &acknowledged, NULL), &router_starts_rows[0], "storescu failed");
    scene_wait_done(&scene, &acknowledged);
    for (size_t i = 0; i < ROWS(router_starts_rows); i++)
        start_in_trouble(&router_starts_rows[i]);
    check(send_study(2, write_study(2), &acknowledged, NULL), &router_starts_rows[0], "storescu failed");
    scene_wait_done(&scene, &acknowledged);
    pipeline_check(scene.pipeline, simulator_count(scene.kheops, "stored") == 2 * INSTANCES,
                   "what was delivered is delivered again: the database was lost");
    pipeline_stop_all(scene.pipeline);
}
END_TEST

/* The trouble is met while a study goes through, and is over some time later; nobody has to
 * be started again. */
static void go_on_in_trouble(const struct row *row, uint64_t seed, struct scene_instances *acknowledged)
{
    begin(row);
    check(send_study(seed, write_study(seed), acknowledged, NULL), row, "the receiver noticed");
    check(sabotage_wait_met(sabotage, PATIENCE_MS), row, "the trouble was not met");
    check_status(row);
    sabotage_end(sabotage);
}

/* In parts that run side by side: much of it is waiting for the router to try again. */
static const struct part {
    enum pipeline_stage stage;
    const struct row *rows;
    size_t count;
} parts[] = {
    {PIPELINE_ROUTER, router_goes_on_rows, 4},
    {PIPELINE_ROUTER, router_goes_on_rows + 4, 3},
    {PIPELINE_ROUTER, router_goes_on_rows + 7, ROWS(router_goes_on_rows) - 7},
    {PIPELINE_SENDER, sender_rows, ROWS(sender_rows)},
};

START_TEST(it_goes_on)
{
    const struct part *part = &parts[_i];
    AUTO(scene_instances_release) struct scene_instances acknowledged = SCENE_INSTANCES_EMPTY;
    start_with_trouble(part->stage);
    for (size_t i = 0; i < part->count; i++)
        go_on_in_trouble(&part->rows[i], i + 1, &acknowledged);
    scene_wait_done(&scene, &acknowledged);
    pipeline_stop_all(scene.pipeline);
}
END_TEST

/* ---- kept headers ---- */

/* How many instances of the study have a header that tells something. */
static size_t count_kept(const struct row *row, const char *study)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *const words[] = {"condition", "true", "--study", study, "--json", NULL};
    size_t count = 0;
    int status = scene_felucca(&scene, words, &output);
    check(status == 0 || status == 1, row, text_string(&output));
    for (const char *at = text_string(&output); (at = strstr(at, "\"read\":\"kept header\"")); at++)
        count++;
    return count;
}

/* Everything is delivered while it lasts, its headers or not; what is kept before and after can be read. */
static void deliver_without_headers(const struct row *row, uint64_t seed,
                                    struct scene_instances *acknowledged)
{
    char study[DICOM_UID_SIZE];
    dicom_uid(study, seed, 0, 0);
    begin(row);
    check(send_study(seed, write_study(seed), acknowledged, NULL), row, "the receiver noticed");
    scene_wait_done(&scene, acknowledged);
    check(sabotage_met(sabotage) > 0, row, "the trouble was not met");
    check_status(row);
    sabotage_end(sabotage);
    check(count_kept(row, study) == (size_t)row->skip, row, "what was kept before is not there");
}

START_TEST(headers_that_cannot_be_kept_hold_nothing_back)
{
    char study[DICOM_UID_SIZE];
    const uint64_t after = ROWS(header_rows) + 1;
    AUTO(scene_instances_release) struct scene_instances acknowledged = SCENE_INSTANCES_EMPTY;
    start_with_trouble(PIPELINE_ROUTER);
    for (size_t i = 0; i < ROWS(header_rows); i++)
        deliver_without_headers(&header_rows[i], i + 1, &acknowledged);
    dicom_uid(study, after, 0, 0);
    check(send_study(after, write_study(after), &acknowledged, NULL), &header_rows[0], "refused");
    scene_wait_done(&scene, &acknowledged);
    check(count_kept(&header_rows[0], study) == INSTANCES, &header_rows[0],
          "headers are not kept after the trouble");
    pipeline_stop_all(scene.pipeline);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("file_errors");
    tests_abreast(tests, 4);
    tests_timeout(tests, 400);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, it_goes_on, ROWS(parts));
    tests_add(tests, headers_that_cannot_be_kept_hold_nothing_back);
    tests_add(tests, the_receiver_refuses_and_leaves_nothing);
    tests_add(tests, the_router_ends_and_recovers);
    tests_add(tests, the_router_does_not_start_and_loses_nothing);
    return tests_run(tests);
}
