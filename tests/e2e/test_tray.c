/* felucca-tray, through the whole pipeline: what is put into a folder arrives once and unchanged, when it is whole; what is no
 * good is set aside with a sentence; and a tray in trouble is told, and harms no other. */
#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/operator_view.h"
#include "tests/support/process.h"
#include "tests/support/require.h"
#include "tests/support/inject_plan.h"
#include "tests/support/sabotage.h"
#include "tests/support/scene.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { SOON_MS = 60000, BYTES = 20000 };

static struct scene scene;
static const char *const *tray_environment;

static void set_up(void)
{
    scene_open(&scene);
    (void)sandbox_make_folder(scene.sandbox, "in");
    (void)sandbox_make_folder(scene.sandbox, "other");
}

static void tear_down(void)
{
    scene_close(&scene);
}

/* Two trays, and all processes. settle: of the first one. */
static void begin(const char *settle, const char *taken, const char *more)
{
    AUTO(text_release) struct text lines = TEXT_EMPTY;
    text_format(&lines,
                "%strays:\n  - { name: IN, folder: %s/in, settle: %s, taken: %s }\n"
                "  - { name: OTHER, folder: %s/other, settle: 200ms }\n",
                more, sandbox_folder(scene.sandbox), settle, taken, sandbox_folder(scene.sandbox));
    scene_set_up(&scene, text_string(&lines));
    pipeline_start_all(scene.pipeline);
    pipeline_equip(scene.pipeline, PIPELINE_TRAY, tray_environment, NULL);
    (void)pipeline_launch(scene.pipeline, PIPELINE_TRAY);
}

static void shell(const char *script, const char *first, const char *second)
{
    const char *const argv[] = {"sh", "-ec", script, "sh", first, second, NULL};
    AUTO(text_release) struct text output = TEXT_EMPTY;
    int status = process_run(argv, NULL, SOON_MS, &output);
    ck_assert_msg(status == 0, "%s ended with %d:\n%s", script, status, text_string(&output));
}

static void copy(const char *from, const char *to)
{
    shell("cp -r \"$1\" \"$2\"", from, to);
}

static bool is_there(void *context)
{
    return file_exists(context);
}

static bool is_gone(void *context)
{
    return !file_exists(context);
}

static void await_file(const char *path)
{
    pipeline_check(scene.pipeline, wait_until(is_there, (void *)(uintptr_t)path, SOON_MS), path);
}

static void await_absence(const char *path)
{
    pipeline_check(scene.pipeline, wait_until(is_gone, (void *)(uintptr_t)path, SOON_MS), path);
}

static const char *at(const char *path)
{
    return sandbox_path(scene.sandbox, "%s", path);
}

static void collect(void *context, const char *uid, const char *path)
{
    struct scene_instances *instances = context;
    (void)path;
    instances->uids = realloc(instances->uids, (instances->count + 1) * sizeof *instances->uids);
    memcpy(instances->uids[instances->count++], uid, strlen(uid) + 1);
}

/* All instances of the studies that were written, each in one delivery. */
static void wait_arrived(size_t deliveries)
{
    AUTO(scene_instances_release) struct scene_instances all = SCENE_INSTANCES_EMPTY;
    scene_each_file(&scene, collect, &all);
    scene_wait_done(&scene, &all);
    ck_assert(operator_wait_jobs(scene.pipeline, "sent", "kheops-main", NULL, deliveries, SOON_MS));
}

/* ---- what is good ---- */

static bool is_emptied(void *context)
{
    return folder_count(context, "") == (size_t)0;
}

START_TEST(a_folder_arrives_and_lies_in_done)
{
    begin("200ms", "move", "");
    const char *study = scene_study(&scene, 1, 2, 3, BYTES);
    shell("mkdir -p \"$2/a/b\" && cp -r \"$1\" \"$2/a/b/study\"", study, at("in"));
    wait_arrived(6);
    ck_assert(wait_until(is_emptied, (void *)(uintptr_t)at("in/a"), SOON_MS));
    shell("diff -r \"$1\" \"$2\"", study, at("in/done/a/b/study"));
    ck_assert_uint_eq(folder_count(at("in/failed"), ""), 0);
    /* The same once more is known, and its name is taken. */
    copy(study, at("in/a/b/study"));
    ck_assert(wait_until(is_emptied, (void *)(uintptr_t)at("in/a"), SOON_MS));
    ck_assert_uint_eq(folder_count(at("in/done"), ""), 12);
    ck_assert_uint_eq(operator_count_jobs(scene.pipeline, NULL, "kheops-main", NULL),
                      6 + 2); /* and the album's shares */
    ck_assert(pipeline_metric(scene.pipeline, PIPELINE_TRAY, 0, "felucca_tray_files_total") == 12);
}
END_TEST

START_TEST(a_taken_file_may_be_deleted)
{
    begin("200ms", "delete", "");
    copy(scene_study(&scene, 2, 1, 3, BYTES), at("in/study"));
    wait_arrived(3);
    ck_assert(wait_until(is_emptied, (void *)(uintptr_t)at("in"), SOON_MS));
}
END_TEST

static bool are_four(void *context)
{
    return folder_count(context, "") == (size_t)4;
}

START_TEST(names_are_kept_whatever_they_are)
{
    begin("200ms", "move", "");
    const char *study = scene_study(&scene, 3, 1, 4, BYTES);
    shell("set -- \"$2\" \"$1\"/*; "
          "cp \"$2\" \"$1/two\nlines \\\"quoted\\\" \"'$(x)'; "
          "cp \"$3\" \"$1/$(printf '\\377\\376')\"; "
          "cp \"$4\" \"$1/$(printf '%0250d' 0)\"; "
          "cp \"$5\" \"$1/-rf\"; ",
          study, at("in"));
    wait_arrived(4);
    ck_assert(wait_until(are_four, (void *)(uintptr_t)at("in/done"), SOON_MS));
    ck_assert(file_exists(at("in/done/-rf")));
    ck_assert(file_exists(at("in/done/two\nlines \"quoted\" $(x)")));
}
END_TEST

/* ---- what is not whole ---- */

START_TEST(a_file_that_grows_is_left_alone_until_it_is_whole)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    begin("3s", "move", "");
    const char *slow = scene_study(&scene, 4, 1, 1, BYTES), *quick = scene_study(&scene, 5, 1, 1, BYTES);
    shell("for f in \"$1\"/*; do cp \"$f\" \"$2\"; done", slow, at("copied"));
    file_read(at("copied"), &bytes);
    file_write(at("in/growing"), bytes.bytes, bytes.length / 2);
    file_write(at("in/hidden.part"), bytes.bytes, bytes.length);
    copy(quick, at("in/quick"));
    ck_assert(operator_wait_jobs(scene.pipeline, "sent", "kheops-main", NULL, 1, SOON_MS));
    ck_assert(file_exists(at("in/growing")) && file_exists(at("in/hidden.part")));
    file_write(at("in/growing"), bytes.bytes, bytes.length);
    wait_arrived(2);
    await_file(at("in/done/growing"));
    ck_assert(file_exists(at("in/hidden.part")));
}
END_TEST

START_TEST(a_file_that_stays_cut_is_set_aside)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY, why = TEXT_EMPTY;
    begin("200ms", "move", "");
    shell("for f in \"$1\"/*; do cp \"$f\" \"$2\"; done", scene_study(&scene, 6, 1, 1, BYTES), at("copied"));
    file_read(at("copied"), &bytes);
    file_write(at("in/half"), bytes.bytes, bytes.length / 2);
    await_file(at("in/failed/half"));
    file_read(at("in/failed/half.why.txt"), &why);
    ck_assert_msg(strstr(text_string(&why), "cut off"), "%s", text_string(&why));
    ck_assert_uint_eq(operator_count_jobs(scene.pipeline, NULL, "kheops-main", NULL), 0);
}
END_TEST

/* ---- what is no good ---- */

static void check_why(const char *name, const char *says)
{
    AUTO(text_release) struct text why = TEXT_EMPTY;
    struct stat status;
    await_absence(sandbox_path(scene.sandbox, "in/%s", name));
    const char *path = sandbox_path(scene.sandbox, "in/failed/%s", name);
    ck_assert_msg(lstat(path, &status) == 0, "%s is not there", path);
    file_read(sandbox_path(scene.sandbox, "in/failed/%s.why.txt", name), &why);
    ck_assert_msg(strstr(text_string(&why), says), "%s: %s", name, text_string(&why));
}

START_TEST(what_is_no_good_is_set_aside_and_stops_nothing)
{
    static const char *const rows[][2] = {{"readme", "no DICOM file"},       {"empty", "no DICOM file"},
                                          {"a.zip", "no DICOM file"},        {"pipe", "no regular file"},
                                          {"link", "no regular file"},       {"dangling", "no regular file"},
                                          {"to-a-folder", "no regular file"}};
    struct dicom_spec spec;
    (void)sandbox_write(scene.sandbox, "secret", "nothing of this may be read");
    (void)sandbox_write(scene.sandbox, "in/readme", "no DICOM file, and no archive");
    (void)sandbox_write(scene.sandbox, "in/empty", "");
    (void)sandbox_write(scene.sandbox, "in/a.zip", "PK\3\4 and then nothing of use");
    ck_assert_int_eq(mkfifo(at("in/pipe"), 0600), 0);
    ck_assert_int_eq(symlink("../secret", at("in/link")), 0);
    ck_assert_int_eq(symlink("nowhere", at("in/dangling")), 0);
    ck_assert_int_eq(symlink("../other", at("in/to-a-folder")), 0);
    dicom_spec_init(&spec, 10);
    static const struct dicom_element other[] = {{0x0008, 0x0018, "UI", "1.2.3.4", 0, NULL, 0}};
    spec.extra = other;
    spec.extra_count = 1;
    ck_assert_int_eq(dicom_write(&spec, at("in/mismatched")), 0);
    begin("200ms", "move", "");
    copy(scene_study(&scene, 7, 1, 2, BYTES), at("in/study"));
    wait_arrived(2);
    for (size_t i = 0; i < ROWS(rows); i++)
        check_why(rows[i][0], rows[i][1]);
    check_why("mismatched", "other UIDs");
    ck_assert(file_exists(at("secret")));
    ck_assert_uint_eq(folder_count(at("in/failed"), ".why.txt"), ROWS(rows) + 1);
}
END_TEST

/* ---- trouble ---- */

struct wanted {
    const char *says;
    bool is_said;
};

static bool status_says(void *context)
{
    const struct wanted *wanted = context;
    const char *const words[] = {"status", NULL};
    AUTO(text_release) struct text output = TEXT_EMPTY, line = TEXT_EMPTY;
    (void)scene_felucca(&scene, words, &output);
    for (const char *c = text_string(&output); *c; c++) { /* it is wrapped */
        bool blank = *c == ' ' || *c == '\n';
        if (!blank || (line.length > 0 && line.bytes[line.length - 1] != ' '))
            text_append_char(&line, blank ? ' ' : *c);
    }
    return (strstr(text_string(&line), wanted->says) != NULL) == wanted->is_said;
}

static void await_status(const char *says, bool is_said)
{
    struct wanted wanted = {says, is_said};
    pipeline_check(scene.pipeline, wait_until(status_says, &wanted, SOON_MS), says);
}

START_TEST(a_folder_that_is_gone_is_told_and_harms_no_other)
{
    begin("200ms", "move", "");
    await_file(at("in/failed"));
    ck_assert_int_eq(rename(at("in"), at("elsewhere")), 0);
    AUTO(text_release) struct text checked = TEXT_EMPTY;
    (void)scene_felucca(&scene, (const char *const[]){"check", "--offline", NULL}, &checked);
    ck_assert_msg(strstr(text_string(&checked), "tray IN: its folder"), "%s", text_string(&checked));
    await_status("taken from tray IN since", true);
    await_status("cannot be opened: No such file or directory", true);
    copy(scene_study(&scene, 8, 1, 2, BYTES), at("other/study"));
    wait_arrived(2);
    ck_assert_int_eq(rename(at("elsewhere"), at("in")), 0);
    await_status("taken from tray IN", false);
    copy(scene_study(&scene, 9, 1, 2, BYTES), at("in/study"));
    wait_arrived(4);
}
END_TEST

/* A tray's own folder may be anything: nothing is written through it. */
START_TEST(a_planted_link_is_not_followed)
{
    (void)sandbox_make_folder(scene.sandbox, "target");
    ck_assert_int_eq(symlink(at("target"), at("in/done")), 0);
    begin("200ms", "move", "");
    copy(scene_study(&scene, 11, 1, 1, BYTES), at("in/study"));
    await_status("/in/done cannot be written", true);
    ck_assert_uint_eq(folder_count(at("target"), ""), 0);
    ck_assert_uint_eq(folder_count(at("in/study"), ""), 1);
    ck_assert_int_eq(unlink(at("in/done")), 0);
    wait_arrived(1);
}
END_TEST

START_TEST(a_short_disk_is_waited_for)
{
    begin("200ms", "move", "receiver: {min_free_space: 1000TiB}\n");
    copy(scene_study(&scene, 12, 1, 2, BYTES), at("in/study"));
    await_status("tray IN since", true);
    await_status("room on the spool's disk", true);
    ck_assert_uint_eq(folder_count(at("in/study"), ""), 2);
    ck_assert_uint_eq(folder_count(at("state/spool/incoming"), ".dcm"), 0);
}
END_TEST

/* A large file whose data set is whole, and hardly takes room: trailing padding (PS3.5, 7.8) up to 3.9 GB, as a hole. */
static void write_large(const char *path)
{
    static const unsigned char padding[] = {0xFC, 0xFF, 0xFC, 0xFF, 'O', 'B', 0, 0, 0, 0, 0, 0xE8};
    enum { LENGTH_HIGH = 0xE8 };
    AUTO(fd_close) int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    ck_assert_int_eq(write(fd, padding, sizeof padding), sizeof padding);
    off_t end = lseek(fd, 0, SEEK_END) + ((off_t)LENGTH_HIGH << 24);
    ck_assert_int_eq(ftruncate(fd, end), 0);
}

/* The disk has room for two gigabytes, and a file of four lies there: it waits, and the others do not. */
START_TEST(a_file_without_room_holds_up_no_other)
{
    AUTO(text_release) struct text more = TEXT_EMPTY;
    struct statvfs disk;
    ck_assert_int_eq(statvfs(sandbox_folder(scene.sandbox), &disk), 0);
    text_format(&more, "receiver: {min_free_space: %lluB}\n",
                (unsigned long long)disk.f_bavail * disk.f_frsize - (UINT64_C(2) << 30));
    begin("200ms", "move", text_string(&more));
    shell("cp \"$(find \"$1\" -type f)\" \"$2\"", scene_study(&scene, 99, 1, 1, BYTES), at("large"));
    write_large(at("large"));
    shell("mv \"$1\" \"$2\"", at("large"), at("in"));
    await_status("a file of 3892 MB waits for room on the spool's disk", true);
    for (uint64_t study = 1; study <= 8; study++)
        copy(scene_study(&scene, study, 1, 1, BYTES), sandbox_path(scene.sandbox, "in/study%d", (int)study));
    ck_assert(operator_wait_jobs(scene.pipeline, "sent", "kheops-main", NULL, 8, SOON_MS));
    ck_assert(file_exists(at("in/large")));
}
END_TEST

/* A limit that the disk does not tell of, as a quota is: the file that exceeds it waits alone. */
START_TEST(a_file_beyond_a_limit_holds_up_no_other)
{
    enum { LIMIT = 300 * 1000, LARGE = 600 * 1000 };
    const struct rlimit limit = {LIMIT, LIMIT};
    begin("200ms", "move", "");
    struct process *tray = pipeline_process(scene.pipeline, PIPELINE_TRAY, 0);
    ck_assert_int_eq(prlimit(process_pid(tray), RLIMIT_FSIZE, &limit, NULL), 0);
    copy(scene_study(&scene, 99, 1, 1, LARGE), at("in/large"));
    await_status("kB has no room on the spool's disk", true);
    for (uint64_t study = 1; study <= 8; study++)
        copy(scene_study(&scene, study, 1, 1, BYTES), sandbox_path(scene.sandbox, "in/study%d", (int)study));
    ck_assert(operator_wait_jobs(scene.pipeline, "sent", "kheops-main", NULL, 8, SOON_MS));
    ck_assert_uint_eq(folder_count(at("in/large"), ""), 1);
    ck_assert_uint_eq(folder_count(at("state/spool/incoming"), ".part"), 0);
}
END_TEST

/* A folder that somebody else owns: what is in it is taken once, and told, and moved when it can be. */
START_TEST(what_cannot_be_moved_away_is_not_taken_twice)
{
    AUTO(sabotage_destroy) struct sabotage *sabotage = sabotage_create(scene.sandbox);
    sabotage_begin(sabotage, INJECT_RENAME, "*/in/done/*", EACCES, 0);
    tray_environment = sabotage_environment(sabotage);
    begin("200ms", "move", "");
    copy(scene_study(&scene, 15, 1, 2, BYTES), at("in/study"));
    copy(scene_study(&scene, 16, 1, 2, BYTES), at("other/study"));
    wait_arrived(4);
    await_status("2 of its files are done with and cannot be moved away: Permission denied", true);
    process_signal(pipeline_process(scene.pipeline, PIPELINE_TRAY, 0), SIGKILL);
    (void)process_wait(pipeline_process(scene.pipeline, PIPELINE_TRAY, 0), SOON_MS);
    pipeline_start_again(scene.pipeline, PIPELINE_TRAY, 0);
    await_status("2 of its files are done with", true);
    sabotage_end(sabotage);
    ck_assert(wait_until(is_emptied, (void *)(uintptr_t)at("in/study"), SOON_MS));
    ck_assert_uint_eq(folder_count(at("in/done/study"), ""), 2);
    ck_assert_uint_eq(operator_count_jobs(scene.pipeline, "sent", "kheops-main", NULL), 4);
}
END_TEST

/* What a disk refuses while it is written to stays where it is, and is taken when it takes it. */
START_TEST(a_disk_that_fails_is_told_and_loses_nothing)
{
    AUTO(sabotage_destroy) struct sabotage *sabotage = sabotage_create(scene.sandbox);
    sabotage_begin(sabotage, INJECT_SYNC, "*/incoming/*", EIO, 0);
    tray_environment = sabotage_environment(sabotage);
    begin("200ms", "move", "");
    copy(scene_study(&scene, 17, 1, 2, BYTES), at("in/study"));
    await_status("the disk of the spool failed", true);
    ck_assert_uint_eq(folder_count(at("in/study"), ""), 2);
    sabotage_end(sabotage);
    wait_arrived(2);
    ck_assert_uint_eq(operator_count_jobs(scene.pipeline, "sent", "kheops-main", NULL), 2);
}
END_TEST

START_TEST(folders_that_are_too_deep_are_told)
{
    begin("200ms", "move", "");
    shell("cd \"$1\" && for i in $(seq 40); do mkdir d && cd d; done && touch bottom", at("in"), "");
    await_status("folders inside more than 32 others", true);
    copy(scene_study(&scene, 13, 1, 2, BYTES), at("in/study"));
    wait_arrived(2);
}
END_TEST

START_TEST(a_process_that_is_away_is_told)
{
    begin("200ms", "move", "");
    await_file(at("state/imports/IN.tray"));
    await_status("felucca-tray does not run", false);
    process_signal(pipeline_process(scene.pipeline, PIPELINE_TRAY, 0), SIGTERM);
    ck_assert_int_eq(process_wait(pipeline_process(scene.pipeline, PIPELINE_TRAY, 0), SOON_MS), 0);
    await_status("felucca-tray does not run: nothing is taken from tray IN. Start it.", true);
    copy(scene_study(&scene, 14, 1, 2, BYTES), at("in/study"));
    pipeline_start_again(scene.pipeline, PIPELINE_TRAY, 0);
    wait_arrived(2);
}
END_TEST

/* ---- the configuration ---- */

START_TEST(wrong_trays_are_told)
{
    static const struct row {
        const char *trays, *says;
    } rows[] = {
        {"[ { name: A/B, folder: /srv/in } ]", "write 1 to 16 letters, digits, _ and -"},
        {"[ { name: A, folder: /srv/in }, { name: A, folder: /srv/b } ]", "is there twice"},
        {"[ { name: A, folder: /srv/in }, { name: B, folder: /srv/in/b } ]", "that of another tray"},
        {"[ { name: A, folder: /srv/in, node: NOBODY } ]", "is the aet of none of the nodes"},
        {"[ { name: A, folder: / } ]", "has state_dir in it"},
        {"[ { name: A } ]", "the key folder is missing"},
    };
    AUTO(text_release) struct text more = TEXT_EMPTY, output = TEXT_EMPTY;
    const char *const words[] = {"check", "--offline", NULL};
    text_format(&more, "trays: %s\n", rows[_i].trays);
    scene_set_up(&scene, text_string(&more));
    int status = scene_felucca(&scene, words, &output);
    ck_assert_msg(status == 3 && strstr(text_string(&output), rows[_i].says), "%d: %s", status,
                  text_string(&output));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("tray");
    tests_fixture(tests, set_up, tear_down);
    tests_timeout(tests, 150);
    tests_abreast(tests, 4);
    tests_add(tests, a_folder_arrives_and_lies_in_done);
    tests_add(tests, a_taken_file_may_be_deleted);
    tests_add(tests, names_are_kept_whatever_they_are);
    tests_add(tests, a_file_that_grows_is_left_alone_until_it_is_whole);
    tests_add(tests, a_file_that_stays_cut_is_set_aside);
    tests_add(tests, what_is_no_good_is_set_aside_and_stops_nothing);
    tests_add(tests, a_folder_that_is_gone_is_told_and_harms_no_other);
    tests_add(tests, a_planted_link_is_not_followed);
    tests_add(tests, a_short_disk_is_waited_for);
    tests_add(tests, a_file_without_room_holds_up_no_other);
    tests_add(tests, a_file_beyond_a_limit_holds_up_no_other);
    tests_add(tests, what_cannot_be_moved_away_is_not_taken_twice);
    tests_add(tests, a_disk_that_fails_is_told_and_loses_nothing);
    tests_add(tests, folders_that_are_too_deep_are_told);
    tests_add(tests, a_process_that_is_away_is_told);
    tests_rows(tests, wrong_trays_are_told, 6);
    return tests_run(tests);
}
