/* Crash points on the way of a file through a tray: hit once each, in a real process. Every good file arrives, once; every bad
 * one is set aside; and none is left. */
#include "common/base/cleanup.h"
#include "common/base/crash.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/files.h"
#include "tests/support/operator_view.h"
#include "tests/support/pipeline.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

enum { PATIENCE_MS = 90000, FILES = 3 };

static const struct point {
    const char *name, *process;
} points[] = {
#define X(name, process, happened, becomes, repeats) {#name, process},
    CRASH_POINT_MAP(X)
#undef X
};

static struct sandbox *sandbox;
static struct simulator *kheops;
static struct pipeline *pipeline;
static struct text at, marks;

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    simulator_destroy(&kheops);
    sandbox_destroy(&sandbox);
    text_release(&at);
    text_release(&marks);
}

/* From the second time on, so that each crash has files behind and in front of it. */
static const char *const *crash_at(const char *point)
{
    static const char *environment[3];
    bool alone = strcmp(point, "TRAY_FAILED_DUE") == 0;
    text_format(&at, "FELUCCA_CRASH_AT=%s:%d", point, alone ? 1 : 2);
    text_format(&marks, "FELUCCA_CRASH_MARKS=%s", sandbox_make_folder(sandbox, "marks"));
    environment[0] = text_string(&at);
    environment[1] = text_string(&marks);
    return environment;
}

static void write_files(const char *folder, uint64_t seed)
{
    for (unsigned i = 0; i < FILES; i++) {
        struct dicom_spec spec;
        dicom_spec_init(&spec, seed + i);
        ck_assert_int_eq(dicom_write(&spec, sandbox_path(sandbox, "%s/%u.dcm", folder, i)), 0);
    }
}

static void set_up(const char *const *environment)
{
    static const char *const tokens[] = {"--token", "main:write:MAINWRITE", NULL};
    AUTO(text_release) struct text more = TEXT_EMPTY;
    kheops = simulator_start(sandbox, "kheops", tokens);
    text_format(&more,
                "trays:\n  - { name: MOVED, folder: %s, settle: 200ms }\n"
                "  - { name: DELETED, folder: %s, settle: 200ms, taken: delete }\n",
                sandbox_make_folder(sandbox, "moved"), sandbox_make_folder(sandbox, "deleted"));
    const struct pipeline_destination destination = {
        .name = "main", .simulator = kheops, .token = "MAINWRITE"};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, text_string(&more)};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_use_programs(pipeline, FELUCCA_CRASH_BIN);
    pipeline_equip(pipeline, PIPELINE_TRAY, environment, NULL);
    pipeline_start(pipeline, PIPELINE_ROUTER);
    pipeline_start(pipeline, PIPELINE_SENDER);
    write_files("moved", 100);
    write_files("deleted", 200);
    (void)sandbox_write(sandbox, "moved/readme", "no DICOM file");
    (void)pipeline_launch(pipeline, PIPELINE_TRAY);
}

static bool is_emptied(void *context)
{
    const struct point *point = context;
    (void)pipeline_revive(pipeline);
    return file_exists(sandbox_path(sandbox, "marks/%s", point->name)) &&
           folder_count(sandbox_path(sandbox, "moved"), "") ==
               folder_count(sandbox_path(sandbox, "moved/done"), "") +
                   folder_count(sandbox_path(sandbox, "moved/failed"), "") &&
           folder_count(sandbox_path(sandbox, "deleted"), "") ==
               folder_count(sandbox_path(sandbox, "deleted/done"), "");
}

START_TEST(a_tray_survives)
{
    const struct point *point = &points[_i];
    if (strcmp(point->process, "tray") != 0)
        return;
    sandbox = sandbox_create();
    set_up(crash_at(point->name));
    pipeline_check(pipeline, wait_until(is_emptied, (void *)(uintptr_t)point, PATIENCE_MS), point->name);
    pipeline_check(pipeline, simulator_wait_instances(kheops, 2 * FILES, PATIENCE_MS), "not all arrived");
    pipeline_check(pipeline, operator_wait_jobs(pipeline, "sent", "main", NULL, 2 * FILES, PATIENCE_MS),
                   "they are not sent once each");
    pipeline_check(pipeline, operator_count_jobs(pipeline, NULL, "main", NULL) == 2 * FILES,
                   "more was taken");
    ck_assert_uint_eq(folder_count(sandbox_path(sandbox, "moved/done"), ".dcm"), FILES);
    ck_assert(file_exists(sandbox_path(sandbox, "moved/failed/readme")) ||
              folder_count(sandbox_path(sandbox, "moved/failed"), "") > 2);
    ck_assert_uint_le(folder_count(sandbox_path(sandbox, "deleted"), ""),
                      strcmp(point->name, "TRAY_DELETE_DUE") == 0);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("crash_tray");
    tests_timeout(tests, 300);
    tests_abreast(tests, 3);
    tests_fixture(tests, NULL, tear_down);
    tests_rows(tests, a_tray_survives, ROWS(points));
    return tests_run(tests);
}
