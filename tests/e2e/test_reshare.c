/* felucca reshare, over a real router with workers played by the test: an album asks for what was received
 * before, by files that are still in the spool or by what the database recorded. */
#include "common/base/cleanup.h"
#include "common/service/service.h"
#include "tests/support/files.h"
#include "tests/support/rig.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { SOON_MS = 30000, MANY = 120 };

static struct rig *rig;
static struct actor *sender, *sharer;

static void tear_down(void)
{
    rig_destroy(&rig);
}

static void add_workers(void)
{
    sender = cast_add(rig->cast, WORK_SEND, 8);
    sharer = cast_add(rig->cast, WORK_SHARE, 8);
    rig_check(rig, actor_wait_greeted(rig->cast, sender, SOON_MS), "no sender");
    rig_check(rig, actor_wait_greeted(rig->cast, sharer, SOON_MS), "no sharer");
}

/* A router whose configuration names all albums but this one. */
static void open_without(const char *album, const char *more)
{
    rig = rig_create(more);
    rig_stop(rig);
    rig_configure(rig, more, album);
    rig_start(rig);
    add_workers();
}

/* The configuration names all albums from now on. */
static void name_all(const char *more)
{
    rig_configure(rig, more, NULL);
    process_signal(rig->router, SIGHUP);
    rig_check(rig, rig_wait_log(rig, "configuration read again", SOON_MS), "not read again");
}

static void answer_until(struct actor *actor, const char *state, int64_t count)
{
    const char *kind = actor->stage == WORK_SEND ? "delivery" : "share";
    while (rig_jobs(rig, kind, state, NULL, NULL) < count) {
        struct work *work = actor_wait_work(rig->cast, actor, SOON_MS);
        rig_check(rig, work != NULL, state);
        rig_check(rig, actor_finish(rig->cast, actor, work, WORK_DONE_OUTCOME), "not acknowledged");
        work_destroy(&work);
    }
}

#define RESHARE(status, says, ...) \
    rig_expect(rig, status, says, (const char *const[]){"reshare", "--since", "1h", __VA_ARGS__, NULL})

/* Two studies of a CT and an MR series each, the CT ones of two instances. */
static void receive_studies(void)
{
    for (unsigned study = 1; study <= 2; study++) {
        rig_receive(rig, "FIRST", study, 1, 1, NULL);
        rig_receive(rig, "FIRST", study, 1, 2, NULL);
        rig_receive(rig, "FIRST", study, 2, 1, NULL);
    }
}

static int64_t events_of(const char *kind)
{
    AUTO(text_release) struct text output = TEXT_EMPTY, sql = TEXT_EMPTY;
    const char *database = sandbox_path(rig->sandbox, "state/jobs.db");
    text_format(
        &sql,
        "SELECT count(*) FROM timeline WHERE what = '%s' AND album IS NOT NULL AND detail LIKE 'by _%%'",
        kind);
    const char *const argv[] = {"sqlite3", "-readonly", database, text_string(&sql), NULL};
    rig_check(rig, process_run(argv, NULL, SOON_MS, &output) == 0, text_string(&output));
    return output.bytes[0] - '0';
}

static const char keep[] = "retention: 1d\n";

static struct process *start_asking(void)
{
    const char *const argv[] = {FELUCCA_BIN "/felucca",
                                "reshare",
                                "--album",
                                "ct",
                                "--since",
                                "1h",
                                "--yes",
                                "--config",
                                rig->config,
                                NULL};
    const struct process_options options = {.output = sandbox_path(rig->sandbox, "reshare.out")};
    return process_start(argv, &options);
}

START_TEST(an_album_that_was_added_gets_what_was_there_before)
{
    open_without("ct", keep);
    receive_studies();
    answer_until(sender, "sent", 6);
    answer_until(sharer, "shared", 4 + 2); /* "all" gets four series, "mr" two */
    RESHARE(EXIT_USAGE, "ct", "--album", "ct", "--yes");
    rig_configure(rig, keep, NULL);
    RESHARE(EXIT_NO, "have the router read it again (SIGHUP)", "--album", "ct", "--yes");
    name_all(keep);
    RESHARE(EXIT_OK, "2 series would be reshared; 0 were asked for before, 2 do not meet the condition, 0",
            "--album", "ct", "--dry-run");
    RESHARE(EXIT_USAGE, "there is no terminal to ask on: say --yes", "--album", "ct");
    rig_check(rig, rig_jobs(rig, "share", NULL, "main", "ct") == 0, "shared without being asked to");
    ck_assert_int_eq(events_of("reshared"), 0);
    RESHARE(EXIT_OK, "2 series reshared; 0 were asked for before, 2 do not meet the condition, 0 cannot",
            "--album", "ct", "--yes");
    answer_until(sharer, "shared", 8); /* due at once: they are stored */
    ck_assert_int_eq(events_of("reshared"), 1);
    RESHARE(EXIT_NO, "\"matched\":0,\"already\":2,\"not_matched\":2,\"undecided\":0", "--album", "ct",
            "--yes", "--json");
    RESHARE(EXIT_NO, "0 series reshared; 4 were asked for before", "--album", "all", "--destination", "main",
            "--yes");
}
END_TEST

START_TEST(what_is_not_stored_yet_waits)
{
    open_without("ct", NULL);
    receive_studies();
    rig_check(rig, rig_wait_jobs(rig, "share", "waiting", 6, SOON_MS), "no shares");
    rig_check(rig, rig_wait_jobs(rig, "delivery", NULL, 6, SOON_MS),
              "not taken in"); /* each, before ct is there */
    name_all(NULL);
    RESHARE(EXIT_OK, "2 series reshared", "--album", "ct", "--yes");
    ck_assert_int_eq(rig_jobs(rig, "share", "waiting", "main", "ct"), 2);
    answer_until(sender, "sent", 6);
    answer_until(sharer, "shared", 8);
}
END_TEST

START_TEST(only_what_is_meant_is_looked_at)
{
    char study[DICOM_UID_SIZE];
    struct dicom_spec spec;
    rig_spec(&spec, 2, 1, 1);
    memcpy(study, spec.study_uid, sizeof study);
    open_without("ct", keep);
    receive_studies();
    answer_until(sender, "sent", 6);
    name_all(keep);
    RESHARE(EXIT_NO, "0 series reshared; 0 were asked for before, 0 do not", "--album", "ct", "--yes",
            "--until", "2001-01-01");
    RESHARE(EXIT_NO, "0 series reshared; 0 were asked for before, 0 do not", "--album", "ct", "--yes",
            "--study", "1.2.3");
    RESHARE(EXIT_OK, "1 series reshared; 0 were asked for before, 1 do not", "--album", "ct", "--yes",
            "--study", study);
    RESHARE(EXIT_OK, "1 series reshared; 1 were asked for before, 2 do not", "--album", "ct", "--yes");
    RESHARE(EXIT_USAGE, "--album", "--yes");
    RESHARE(EXIT_USAGE, "--until takes", "--album", "ct", "--until", "soon");
    RESHARE(EXIT_USAGE, "--study takes a UID", "--album", "ct", "--study", "x\\y");
    RESHARE(EXIT_USAGE, "--study takes a UID, and what is given is empty", "--album", "ct", "--study", "");
    study[strlen(study) - 1] = '\0';
    RESHARE(EXIT_USAGE, "--study takes a whole UID", "--album", "ct", "--yes", "--study", study);
    RESHARE(EXIT_USAGE, "destination \"other\" has no album \"ct\"", "--album", "ct", "--destination",
            "other");
    answer_until(sharer, "shared", 8);
}
END_TEST

/* ---- files that are gone ---- */

static const char keep_nothing[] = "retention: 0s\nretention_headers: 0s\n",
                  keep_headers[] = "retention: 0s\n";

static void deliver_and_forget_files(const char *without, const char *more)
{
    open_without(without, more);
    receive_studies();
    answer_until(sender, "sent", 6);
    answer_until(sharer, "shared", strcmp(without, "all") == 0 ? 4 : 6);
    rig_check(rig, rig_wait_drained(rig, SOON_MS), "files are left");
    name_all(more);
}

START_TEST(a_condition_on_a_tag_cannot_be_decided_without_the_file)
{
    char series[DICOM_UID_SIZE];
    struct dicom_spec spec;
    rig_spec(&spec, 1, 1, 1);
    memcpy(series, spec.series_uid, sizeof series);
    deliver_and_forget_files("ct", keep_nothing);
    RESHARE(EXIT_NO, "0 series reshared; 0 were asked for before, 0 do not meet the condition, 4 cannot be",
            "--album", "ct", "--yes");
    RESHARE(EXIT_NO, series, "--album", "ct", "--yes");
    RESHARE(EXIT_NO, "the condition asks for Modality", "--album", "ct", "--yes");
    rig_check(rig, rig_wait_jobs(rig, "share", "undecided", 4, SOON_MS), "a person has nothing to decide");
    ck_assert_int_eq(rig_jobs(rig, "share", NULL, "main", "ct"), 4);
    /* Nothing is known now that was not known then; a person decides. */
    rig_expect(rig, EXIT_NO,
               "the condition of album ct cannot be decided: #Tag.Modality is not known: no row tells it",
               (const char *const[]){"retry", "--state", "undecided", "--album", "ct", "--yes", NULL});
    ck_assert_int_eq(rig_jobs(rig, "share", "undecided", "main", "ct"), 4);
    rig_expect(rig, EXIT_OK, "1 job dropped",
               (const char *const[]){"drop", "--state", "undecided", "--limit", "1", "--yes", NULL});
    rig_expect(
        rig, EXIT_OK, "3 jobs retried",
        (const char *const[]){"retry", "--state", "undecided", "--album", "ct", "--anyway", "--yes", NULL});
    answer_until(sharer, "shared", 6 + 3);
    RESHARE(EXIT_NO, "0 series reshared; 4 were asked for before", "--album", "ct", "--yes");
    /* what was dropped comes back to be decided */
    rig_expect(rig, EXIT_NO, "cannot be decided",
               (const char *const[]){"retry", "--state", "dropped", "--album", "ct", "--yes", NULL});
    rig_check(rig, rig_wait_jobs(rig, "share", "undecided", 1, SOON_MS), "it is not brought back");
    rig_expect(rig, EXIT_OK, "1 job retried",
               (const char *const[]){"retry", "--state", "undecided", "--anyway", "--yes", NULL});
    answer_until(sharer, "shared", 6 + 4);
}
END_TEST

/* A person who knows what is in a study shares it, whatever nobody can ask any more. */
START_TEST(a_named_study_is_shared_without_asking)
{
    char study[DICOM_UID_SIZE], series[DICOM_UID_SIZE];
    struct dicom_spec spec;
    rig_spec(&spec, 1, 1, 1);
    memcpy(study, spec.study_uid, sizeof study);
    rig_spec(&spec, 2, 2, 1);
    memcpy(series, spec.series_uid, sizeof series);
    deliver_and_forget_files("ct", keep_nothing);
    RESHARE(EXIT_USAGE, "--anyway asks no condition: say which --study or --series", "--album", "ct",
            "--anyway", "--yes");
    RESHARE(EXIT_NO,
            "4 times: cannot be decided: files and kept headers are gone, and the condition asks "
            "for Modality (the first: series ",
            "--album", "ct", "--dry-run");
    RESHARE(EXIT_NO, "--anyway shares it unasked", "--album", "ct", "--dry-run", "--study", study);
    RESHARE(EXIT_OK, "2 series would be reshared without asking the condition; 0 were asked for before",
            "--album", "ct", "--anyway", "--dry-run", "--study", study);
    ck_assert_int_eq(rig_jobs(rig, "share", NULL, "main", "ct"), 0);
    RESHARE(EXIT_OK, "2 series reshared without asking", "--album", "ct", "--anyway", "--yes", "--study",
            study);
    rig_expect(
        rig, EXIT_OK, "1 series reshared without asking the condition",
        (const char *const[]){"reshare", "--album", "ct", "--anyway", "--yes", "--series", series, NULL});
    answer_until(sharer, "shared", 6 + 3);
}
END_TEST

START_TEST(what_the_database_recorded_decides_without_the_file)
{
    deliver_and_forget_files("all", keep_nothing);
    RESHARE(EXIT_OK, "4 series reshared; 0 were asked for before, 0 do not meet the condition, 0 cannot",
            "--album", "all", "--yes");
    answer_until(sharer, "shared", 8);
}
END_TEST

/* ---- kept headers ---- */

/* Files below headers/; each must be for the service's user alone. */
static void count_header(void *context, const char *path)
{
    struct stat status;
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0600);
    *(size_t *)context += 1;
}

static size_t header_files(void)
{
    size_t count = 0;
    folder_walk(sandbox_path(rig->sandbox, "state/headers"), count_header, &count);
    return count;
}

static bool no_headers(void *context)
{
    (void)context;
    return header_files() == 0;
}

/* Also by another router than the one that kept it. */
START_TEST(a_kept_header_decides_without_the_file)
{
    struct stat status;
    deliver_and_forget_files("ct", keep_headers);
    ck_assert_uint_eq(header_files(), 2);
    ck_assert_int_eq(stat(sandbox_path(rig->sandbox, "state/headers"), &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0700);
    RESHARE(EXIT_OK, "2 series would be reshared; 0 were asked for before, 2 do not meet the condition, 0",
            "--album", "ct", "--dry-run");
    rig_kill(rig);
    rig_start(rig);
    RESHARE(EXIT_OK, "2 series reshared; 0 were asked for before, 2 do not meet the condition, 0 cannot",
            "--album", "ct", "--yes");
    answer_until(sharer, "shared", 6 + 2);
}
END_TEST

/* Why a study is where it is, by what was kept of it; also while the router is down. */
START_TEST(a_kept_header_answers_why)
{
    static const char is_ct[] = "tagValueIsPresent(#Tag.Modality, \"CT\")";
    char study[DICOM_UID_SIZE], says[256];
    struct dicom_spec spec;
    AUTO(text_release) struct text output = TEXT_EMPTY;
    rig_spec(&spec, 1, 1, 1);
    memcpy(study, spec.study_uid, sizeof study);
    deliver_and_forget_files("ct", keep_headers);
    rig_stop(rig);
    (void)snprintf(says, sizeof says, "series %s: 2 instances: true\n", spec.series_uid);
    rig_expect(rig, EXIT_NO, says, (const char *const[]){"condition", is_ct, "--study", study, NULL});
    rig_expect(rig, EXIT_NO, ": 1 instance: false\n",
               (const char *const[]){"condition", is_ct, "--study", study, NULL});
    rig_expect(rig, EXIT_OK, "album mr: does not get it: its condition does not hold",
               (const char *const[]){"condition", "--study", study, NULL});
    rig_expect(rig, EXIT_NO, "\"read\":\"kept header\",\"missing\":null,\"verdict\":true",
               (const char *const[]){"condition", is_ct, "--study", study, "--json", NULL});
    (void)snprintf(says, sizeof says,
                   "series %s\n  album main/ct: it was never asked for\n  2 instances, by "
                   "the configuration of now:\n    album ct: gets the series",
                   spec.series_uid);
    rig_expect(rig, EXIT_OK, says, (const char *const[]){"show", study, "--album", "ct", NULL});
    rig_expect(rig, EXIT_OK, "album main/mr: shared",
               (const char *const[]){"show", study, "--album", "mr", NULL});
    rig_expect(rig, EXIT_OK, "\"album\":\"mr\",\"state\":null,\"reason\":null,\"instances\":2,\"answer\":{",
               (const char *const[]){"show", spec.series_uid, "--album", "mr", "--json", NULL});
    rig_expect(rig, EXIT_OK, "felucca reshare --album ct --destination main --study 2.25.",
               (const char *const[]){"show", study, "--album", "ct", NULL});
    rig_expect(rig, EXIT_USAGE, "there is no \"cd\"",
               (const char *const[]){"show", study, "--album", "cd", NULL});
    rig_expect(rig, EXIT_USAGE, "--study is asked in place of files",
               (const char *const[]){"condition", is_ct, "x.dcm", "--study", study, NULL});
    rig_expect(rig, EXIT_NO, "there is no study 9.9",
               (const char *const[]){"condition", is_ct, "--study", "9.9", NULL});
    (void)rig_felucca(rig,
                      (const char *const[]){"condition", "tagValueContains(#Tag.PatientName, \"x\")",
                                            "--study", study, NULL},
                      &output);
    rig_check(rig, strstr(text_string(&output), spec.patient_name) == NULL, "a patient's name is shown");
}
END_TEST

START_TEST(what_nobody_knows_any_more_is_told)
{
    char study[DICOM_UID_SIZE];
    struct dicom_spec spec;
    rig_spec(&spec, 1, 1, 1);
    memcpy(study, spec.study_uid, sizeof study);
    deliver_and_forget_files("ct", keep_nothing);
    rig_expect(rig, EXIT_OK, "cannot be asked: its file and its kept header are gone",
               (const char *const[]){"show", study, "--album", "ct", NULL});
    rig_expect(rig, EXIT_NO, ": 2 instances: cannot be asked: its file and its kept header are gone",
               (const char *const[]){"condition", "true", "--study", study, NULL});
}
END_TEST

/* As a crash or a full disk leaves it: what is whole still decides, what is not does no harm. */
static void tear(void *context, const char *path)
{
    AUTO(text_release) struct text content = TEXT_EMPTY;
    AUTO(text_release) struct text torn = TEXT_EMPTY;
    (void)context;
    file_read(path, &content);
    text_append_bytes(&torn, content.bytes, 60); /* a beginning without its end, then all of it */
    text_append_bytes(&torn, content.bytes, content.length);
    text_append_bytes(&torn, content.bytes, content.length - 1);
    file_write(path, torn.bytes, torn.length);
}

START_TEST(a_torn_file_of_headers_does_no_harm)
{
    deliver_and_forget_files("ct", keep_headers);
    rig_kill(rig);
    folder_walk(sandbox_path(rig->sandbox, "state/headers"), tear, NULL);
    rig_start(rig);
    RESHARE(EXIT_OK, "2 series would be reshared; 0 were asked for before, 2 do not meet the condition, 0",
            "--album", "ct", "--dry-run");
}
END_TEST

START_TEST(headers_that_are_not_wanted_go)
{
    deliver_and_forget_files("ct", keep_headers);
    rig_configure(rig, keep_nothing, NULL);
    process_signal(rig->router, SIGHUP);
    rig_check(rig, cast_until(rig->cast, no_headers, NULL, SOON_MS), "headers are left");
    RESHARE(EXIT_NO, "4 cannot be decided", "--album", "ct", "--dry-run");
}
END_TEST

/* ---- many, and a router that dies meanwhile ---- */

static bool has_begun(void *context)
{
    (void)context;
    return rig_jobs(rig, "share", NULL, "main", "ct") > 0;
}

START_TEST(it_is_made_once_although_the_router_is_killed)
{
    open_without("ct", keep);
    for (unsigned study = 1; study <= MANY; study++)
        rig_receive(rig, "FIRST", study, 1, 1, NULL);
    answer_until(sender, "sent", MANY);
    name_all(keep);
    cast_remove(rig->cast, sharer); /* what is shared waits for the next one */
    struct process *asking = start_asking();
    rig_check(rig, cast_until(rig->cast, has_begun, NULL, SOON_MS), "it does not begin");
    rig_kill(rig);
    rig_start(rig);
    int status = process_wait(asking, SOON_MS);
    process_destroy(&asking);
    rig_check(rig, status == EXIT_OK, "the asker is told something else");
    rig_check(rig, rig_wait_jobs(rig, "share", NULL, 2 * MANY, SOON_MS), "not all, or too many");
    sharer = cast_add(rig->cast, WORK_SHARE, 8);
    answer_until(sharer, "shared", 2 * MANY);
}
END_TEST

/* A header that its reader survived once, and does not any more (another version). */
START_TEST(a_header_that_crashes_the_parser_is_not_asked_again)
{
    char receipt[RECEIPT_SIZE], setting[RECEIPT_SIZE + 32];
    open_without("ct", keep);
    rig_receive(rig, "FIRST", 1, 1, 1, receipt);
    rig_receive(rig, "FIRST", 2, 1, 1, NULL);
    answer_until(sender, "sent", 2);
    answer_until(sharer, "shared", 2);
    (void)snprintf(setting, sizeof setting, "FELUCCA_CRASH_ON=%s", receipt);
    const char *const environment[] = {setting, NULL};
    rig_stop(rig);
    rig_configure(rig, keep, NULL);
    rig_start_from(rig, FELUCCA_CRASH_BIN, environment);
    rig_check(rig, rig_wait_log(rig, "recovered", SOON_MS), "it does not start");
    struct process *asking = start_asking();
    int status = process_wait(asking, SOON_MS);
    process_destroy(&asking);
    AUTO(text_release) struct text output = TEXT_EMPTY;
    file_read(sandbox_path(rig->sandbox, "reshare.out"), &output);
    rig_check(rig,
              status == EXIT_OK &&
                  strstr(text_string(&output), "1 series reshared; 0 were asked for before, "
                                               "0 do not meet the condition, 1 cannot be decided"),
              text_string(&output));
    rig_check(rig, rig_log_says(rig, "its header crashes the DICOM parser"), "not told");
    rig_check(rig, process_running(rig->router), "the router died of it");
}
END_TEST

/* ---- asked for before ---- */

/* The album was emptied or made again: what was shared, dropped or failed is asked for anew when that is said. */
START_TEST(what_was_shared_is_asked_for_again_when_that_is_said)
{
    rig = rig_create(keep);
    add_workers();
    receive_studies();
    rig_check(rig, rig_wait_jobs(rig, "delivery", NULL, 6, SOON_MS), "not taken in");
    answer_until(sender, "sent", 6);
    answer_until(sharer, "shared", 8); /* ct and mr two each, all four */
    RESHARE(1, "2 were asked for before", "--album", "ct", "--yes");
    RESHARE(2, "there is no \"waiting\"", "--album", "ct", "--yes", "--state", "waiting");
    RESHARE(0, "2 series would be reshared", "--album", "ct", "--dry-run", "--state", "shared");
    RESHARE(1, "2 were asked for before", "--album", "ct", "--yes", "--state", "failed,dropped");
    RESHARE(0, "2 series reshared; 0 were asked for before", "--album", "ct", "--yes", "--state",
            "shared,failed,dropped");
    ck_assert_int_eq(rig_jobs(rig, "share", "shared", NULL, NULL), 6);
    answer_until(sharer, "shared", 8);
    rig_stop(rig);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("reshare");
    tests_abreast(tests, 4);
    tests_timeout(tests, 120);
    tests_fixture(tests, NULL, tear_down);
    tests_add(tests, an_album_that_was_added_gets_what_was_there_before);
    tests_add(tests, what_is_not_stored_yet_waits);
    tests_add(tests, only_what_is_meant_is_looked_at);
    tests_add(tests, a_condition_on_a_tag_cannot_be_decided_without_the_file);
    tests_add(tests, a_named_study_is_shared_without_asking);
    tests_add(tests, what_the_database_recorded_decides_without_the_file);
    tests_add(tests, a_kept_header_decides_without_the_file);
    tests_add(tests, a_kept_header_answers_why);
    tests_add(tests, what_nobody_knows_any_more_is_told);
    tests_add(tests, a_torn_file_of_headers_does_no_harm);
    tests_add(tests, headers_that_are_not_wanted_go);
    tests_add(tests, it_is_made_once_although_the_router_is_killed);
    tests_add(tests, a_header_that_crashes_the_parser_is_not_asked_again);
    tests_add(tests, what_was_shared_is_asked_for_again_when_that_is_said);
    return tests_run(tests);
}
