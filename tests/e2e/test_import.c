/* `felucca import`, through the whole pipeline: what lies on disks, in archives and on media arrives once and unchanged, and
 * what cannot be taken is told and harms nothing else. */
#include "common/base/cleanup.h"
#include "common/service/service.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/operator_view.h"
#include "tests/support/process.h"
#include "tests/support/require.h"
#include "tests/support/scene.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOON_MS = 30000 };

static struct scene scene;

static void set_up(void)
{
    scene_open(&scene);
}

static void tear_down(void)
{
    scene_close(&scene);
}

static void begin(const char *more)
{
    scene_set_up(&scene, more);
    pipeline_start_all(scene.pipeline);
}

/* Runs `felucca import` with these words; it has to end with the status, and to say each line of says. */
static void import(int status, const char *const *says, const char *const *words)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *all[16] = {"import"};
    for (size_t i = 0; words[i]; i++)
        all[i + 1] = words[i];
    int got = scene_felucca(&scene, all, &output);
    ck_assert_msg(got == status, "it ended with %d:\n%s", got, text_string(&output));
    for (size_t i = 0; says[i]; i++)
        ck_assert_msg(strstr(text_string(&output), says[i]) != NULL, "no \"%s\" in:\n%s", says[i],
                      text_string(&output));
}

#define SAYS(...)         \
    (const char *const[]) \
    {                     \
        __VA_ARGS__, NULL \
    }
#define IMPORT(status, says, ...) import(status, says, (const char *const[]){__VA_ARGS__, NULL})

static void run(const char *const *argv)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    int status = process_run(argv, NULL, SOON_MS, &output);
    ck_assert_msg(status == 0, "%s ended with %d:\n%s", argv[0], status, text_string(&output));
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

/* All instances of the studies that were written have arrived, each in one delivery. */
static void collect(void *context, const char *uid, const char *path)
{
    struct scene_instances *instances = context;
    (void)path;
    instances->uids = realloc(instances->uids, (instances->count + 1) * sizeof *instances->uids);
    memcpy(instances->uids[instances->count++], uid, strlen(uid) + 1);
}

static void wait_arrived(size_t deliveries)
{
    AUTO(scene_instances_release) struct scene_instances all = SCENE_INSTANCES_EMPTY;
    scene_each_file(&scene, collect, &all);
    scene_wait_done(&scene, &all);
    ck_assert(operator_wait_jobs(scene.pipeline, "sent", "kheops-main", NULL, deliveries, SOON_MS));
}

/* ---- folders ---- */

static void write_bare(const char *path)
{
    struct dicom_spec spec;
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    dicom_spec_init(&spec, 900);
    dicom_append_head(&spec, &bytes);
    FILE *file = fopen(path, "we");
    ck_assert(file && fwrite(bytes.bytes, 1, bytes.length, file) == bytes.length && fclose(file) == 0);
}

START_TEST(a_folder_arrives_once_and_what_is_no_good_is_told)
{
    begin(NULL);
    const char *study = scene_study(&scene, 1, 2, 3, 20000);
    const char *all = sandbox_make_folder(scene.sandbox, "all/deep/deeper");
    RUN("cp", "-r", study, all);
    all = sandbox_path(scene.sandbox, "all");
    (void)sandbox_write(scene.sandbox, "all/readme.txt", "no DICOM file, and no archive");
    (void)sandbox_write(scene.sandbox, "all/empty.dcm", "");
    (void)sandbox_write(scene.sandbox, "all/broken.zip", "PK\3\4 and then nothing of use");
    ck_assert_int_eq(mkfifo(sandbox_path(scene.sandbox, "all/pipe"), 0600), 0);
    write_bare(sandbox_path(scene.sandbox, "all/bare"));
    IMPORT(EXIT_NO,
           SAYS("6 imported\n", "2 no DICOM file (PS3.10), such as", "`dcmconv` writes one",
                "1 an archive that is damaged", "felucca studies --from IMPORT"),
           all);
    wait_arrived(6);
    IMPORT(EXIT_OK, SAYS("6 imported before"), study);
    IMPORT(EXIT_OK, SAYS("6 imported\n"), "--source", "OTHER", study);
    wait_arrived(12); /* a version that is stored replaces older ones that still wait */
    IMPORT(EXIT_OK, SAYS("6 imported\n"), "--again", study);
    wait_arrived(18);
}
END_TEST

START_TEST(a_dry_run_tells_what_conditions_decide_and_changes_nothing)
{
    struct dicom_spec spec;
    begin(NULL);
    const char *study = scene_study(&scene, 2, 1, 3, 20000);
    dicom_spec_init(&spec, 3);
    spec.modality = "MR";
    ck_assert_int_eq(dicom_write(&spec, sandbox_path(scene.sandbox, "mr.dcm")), 0);
    const char *mr = sandbox_path(scene.sandbox, "mr.dcm");
    IMPORT(EXIT_OK,
           SAYS("4 would be imported\n", "destination kheops-main would take 4, not 0",
                "album ct would get the series of 3, not 1"),
           "--dry-run", study, mr);
    IMPORT(EXIT_OK, SAYS("\"would_be_imported\":4", "\"gets_not\":1", "\"whole\":true"), "--dry-run",
           "--json", study, mr);
    ck_assert_uint_eq(operator_count_jobs(scene.pipeline, NULL, "kheops-main", NULL), 0);
    IMPORT(EXIT_OK, SAYS("3 imported\n"), study);
    wait_arrived(3);
    IMPORT(EXIT_OK, SAYS("3 imported before", "1 would be imported\n"), "--dry-run", study, mr);
}
END_TEST

/* ---- archives ---- */

static const char zip_maker[] = "import os, sys, zipfile, tarfile, io\n"
                                "study, out = sys.argv[1:3]\n"
                                "files = sorted(os.path.join(study, f) for f in os.listdir(study))\n"
                                "inner = io.BytesIO()\n"
                                "with tarfile.open(fileobj=inner, mode='w:gz') as tar:\n"
                                "    for f in files[2:]: tar.add(f, '../../' + os.path.basename(f))\n"
                                "with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as z:\n"
                                "    for f in files[:2]: z.write(f, '/tmp/' + os.path.basename(f))\n"
                                "    z.writestr('inner.tar.gz', inner.getvalue())\n"
                                "    z.writestr('notes.txt', 'no DICOM file')\n"
                                "deep = open(out, 'rb').read()\n"
                                "for i in range(3):\n"
                                "    held = io.BytesIO()\n"
                                "    with zipfile.ZipFile(held, 'w') as z: z.writestr('level.zip', deep)\n"
                                "    deep = held.getvalue()\n"
                                "open(out + '.deep', 'wb').write(deep)\n"
                                "whole = open(out, 'rb').read()\n"
                                "open(out + '.cut', 'wb').write(whole[:len(whole) // 2])\n";

START_TEST(archives_arrive_with_what_is_in_them)
{
    begin(NULL);
    const char *study = scene_study(&scene, 4, 1, 4, 20000);
    const char *zip = sandbox_path(scene.sandbox, "study.zip");
    RUN("/usr/bin/python3", "-c", zip_maker, study, zip);
    IMPORT(EXIT_OK, SAYS("4 imported\n", "1 no DICOM file"), zip);
    wait_arrived(4);
    AUTO(text_release) struct text line = TEXT_EMPTY;
    text_format(&line, "'%s/felucca' --config '%s' import - < '%s'", FELUCCA_BIN,
                pipeline_config(scene.pipeline), zip);
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *const shell[] = {"sh", "-c", text_string(&line), NULL};
    ck_assert_int_eq(process_run(shell, NULL, SOON_MS, &output), EXIT_OK);
    ck_assert_msg(strstr(text_string(&output), "4 imported before"), "%s", text_string(&output));
    IMPORT(EXIT_NO, SAYS("1 an archive inside three others"), sandbox_path(scene.sandbox, "study.zip.deep"));
    IMPORT(EXIT_NO, SAYS("1 an archive that is damaged"), sandbox_path(scene.sandbox, "study.zip.cut"));
    ck_assert(!file_exists(sandbox_path(scene.sandbox, "inner.tar.gz")));
}
END_TEST

/* ---- media ---- */

static const char medium_maker[] = "import os, sys\n"
                                   "import pydicom\n"
                                   "from pydicom.fileset import FileSet\n"
                                   "study, out = sys.argv[1:3]\n"
                                   "fs = FileSet()\n"
                                   "for f in sorted(os.listdir(study)): fs.add(os.path.join(study, f))\n"
                                   "fs.write(out)\n";

START_TEST(a_dicomdir_brings_what_it_lists)
{
    AUTO(text_release) struct text found = TEXT_EMPTY;
    begin(NULL);
    const char *study = scene_study(&scene, 5, 2, 2, 20000);
    const char *medium = sandbox_make_folder(scene.sandbox, "medium");
    RUN("/usr/bin/python3", "-c", medium_maker, study, medium);
    const char *dicomdir = sandbox_path(scene.sandbox, "medium/DICOMDIR");
    struct dicom_spec other;
    dicom_spec_init(&other, 6);
    ck_assert_int_eq(dicom_write(&other, sandbox_path(scene.sandbox, "medium/UNLISTED")), 0);
    IMPORT(EXIT_OK, SAYS("4 imported\n", "1 DICOMDIR"), dicomdir);
    wait_arrived(4);
    /* Shown in lower case, as some systems do, and one file is lost. */
    RUN("sh", "-c",
        "cd \"$1\" && find . -depth -name '[A-Z]*' ! -name DICOMDIR | while read -r f; do "
        "mv \"$f\" \"$(dirname \"$f\")/$(basename \"$f\" | tr A-Z a-z)\"; done && "
        "rm \"$(find . -path './pt*' -type f | sort | head -n 1)\"",
        "sh", medium);
    IMPORT(EXIT_NO, SAYS("3 imported before", "1 listed by a DICOMDIR, and not there: "), dicomdir);
}
END_TEST

/* ---- stopped, killed, short of room ---- */

static const char *ledger_path(void)
{
    return sandbox_path(scene.sandbox, "state/imports/IMPORT.list");
}

struct progress_wanted {
    const char *path;
    int64_t bytes;
};

static bool has_grown(void *context)
{
    const struct progress_wanted *wanted = context;
    return file_size(wanted->path) >= wanted->bytes;
}

static struct process *start_import(const char *folder, const char *output)
{
    const char *const argv[] = {
        FELUCCA_BIN "/felucca", "--config", pipeline_config(scene.pipeline), "import", folder, NULL};
    return process_start(argv, &(const struct process_options){.output = output});
}

/* A line of the ledger is 118 bytes: it is killed somewhere behind its first ones. */
START_TEST(what_was_killed_goes_on_and_nothing_goes_twice)
{
    enum { INSTANCES = 400, LINE = 118 };
    begin(NULL);
    const char *study = scene_study(&scene, 7, 4, INSTANCES / 4, 9000);
    for (int64_t lines = 20; lines <= 140; lines += 60) {
        struct progress_wanted wanted = {sandbox_path(scene.sandbox, "state/imports/IMPORT.list"),
                                         lines * LINE};
        struct process *process = start_import(study, sandbox_path(scene.sandbox, "import.log"));
        ck_assert(wait_until(has_grown, &wanted, SOON_MS));
        process_signal(process, SIGKILL);
        (void)process_wait(process, SOON_MS);
        process_destroy(&process);
    }
    IMPORT(EXIT_OK, SAYS(" imported before"), study);
    wait_arrived(INSTANCES);
    IMPORT(EXIT_OK, SAYS("400 imported before"), study);
}
END_TEST

static bool waits(void *context)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    file_read(context, &output);
    return strstr(text_string(&output), "waits for room") != NULL;
}

START_TEST(a_short_disk_is_waited_for_and_a_signal_ends_it)
{
    scene_set_up(&scene, "receiver: {min_free_space: 1000TiB}\n");
    const char *study = scene_study(&scene, 8, 1, 2, 9000);
    const char *output = sandbox_write(scene.sandbox, "import.log", "");
    struct process *process = start_import(study, output);
    ck_assert(wait_until(waits, (void *)(uintptr_t)output, SOON_MS));
    process_signal(process, SIGINT);
    ck_assert_int_eq(process_wait(process, SOON_MS), EXIT_NO);
    process_destroy(&process);
    AUTO(text_release) struct text said = TEXT_EMPTY;
    file_read(output, &said);
    ck_assert_msg(strstr(text_string(&said), "the same command goes on from here"), "%s", text_string(&said));
    ck_assert(file_size(ledger_path()) == 0);
}
END_TEST

/* ---- what must not be ---- */

START_TEST(files_of_mixed_names_are_refused_alone)
{
    struct dicom_spec spec;
    begin(NULL);
    dicom_spec_init(&spec, 9);
    memcpy(spec.study_uid, "3.1.2", sizeof "3.1.2");
    const char *folder = sandbox_make_folder(scene.sandbox, "mixed");
    ck_assert_int_eq(dicom_write(&spec, sandbox_path(scene.sandbox, "mixed/unfit")), 0);
    dicom_spec_init(&spec, 10);
    static const struct dicom_element other[] = {{0x0008, 0x0018, "UI", "1.2.3.4", 0, NULL, 0}};
    spec.extra = other;
    spec.extra_count = 1;
    ck_assert_int_eq(dicom_write(&spec, sandbox_path(scene.sandbox, "mixed/mismatched")), 0);
    dicom_spec_init(&spec, 11);
    ck_assert_int_eq(dicom_write(&spec, sandbox_path(scene.sandbox, "mixed/good")), 0);
    IMPORT(EXIT_NO,
           SAYS("1 imported\n", "no destination of the node can take: ",
                "1 with other UIDs in the meta header than in the data set"),
           folder);
    ck_assert(simulator_wait_instances(scene.kheops, 1, SOON_MS));
}
END_TEST

START_TEST(wrong_words_are_told_what_would_be_right)
{
    begin(NULL);
    const char *study = scene_study(&scene, 12, 1, 1, 9000);
    IMPORT(EXIT_USAGE, SAYS("there is no such node; felucca.yaml has: FELUCCA"), "--node", "NOBODY", study);
    IMPORT(EXIT_USAGE, SAYS("write 1 to 16 letters"), "--source", "../../x", study);
    IMPORT(EXIT_USAGE, SAYS("which files or folders?"), "--dry-run");
    IMPORT(EXIT_NO, SAYS("1 not to be read: "), sandbox_path(scene.sandbox, "not-there"));
    AUTO(fd_close) int ledger = -1;
    IMPORT(EXIT_OK, SAYS("1 imported\n"), study);
    ledger = open(ledger_path(), O_RDWR | O_CLOEXEC);
    RUN("flock", "-n", ledger_path(), "true");
    const char *const holder[] = {"flock", ledger_path(), "sleep", "60", NULL};
    struct process *process = process_start(holder, NULL);
    while (process_run((const char *const[]){"flock", "-n", ledger_path(), "true", NULL}, NULL, SOON_MS,
                       NULL) == 0)
        continue;
    IMPORT(EXIT_NO, SAYS("another import of source IMPORT is running"), study);
    process_signal(process, SIGTERM);
    (void)process_wait(process, SOON_MS);
    process_destroy(&process);
    if (geteuid() == 0) {
        ck_assert_int_eq(chown(pipeline_state_dir(scene.pipeline), 65534, 65534), 0);
        IMPORT(EXIT_USAGE, SAYS("sudo -u felucca"), study);
        ck_assert_int_eq(chown(pipeline_state_dir(scene.pipeline), 0, 0), 0);
    }
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("import");
    tests_fixture(tests, set_up, tear_down);
    tests_timeout(tests, 120);
    tests_abreast(tests, 4);
    tests_add(tests, a_folder_arrives_once_and_what_is_no_good_is_told);
    tests_add(tests, a_dry_run_tells_what_conditions_decide_and_changes_nothing);
    tests_add(tests, archives_arrive_with_what_is_in_them);
    tests_add(tests, a_dicomdir_brings_what_it_lists);
    tests_add(tests, what_was_killed_goes_on_and_nothing_goes_twice);
    tests_add(tests, a_short_disk_is_waited_for_and_a_signal_ends_it);
    tests_add(tests, files_of_mixed_names_are_refused_alone);
    tests_add(tests, wrong_words_are_told_what_would_be_right);
    return tests_run(tests);
}
