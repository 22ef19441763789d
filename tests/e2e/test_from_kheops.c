/* felucca reshare --from-kheops: the condition of an album was wrong, and nothing here knows the headers any more. What
 * KHEOPS knows decides, for the series that meet the corrected condition and no other. Real processes, simulated
 * KHEOPS. */
#include "common/base/cleanup.h"
#include "common/service/service.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/operator_view.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 60000, STUDIES = 2, MR_INSTANCES = 12 };

static const char *const tokens[] = {"--token", "main:write:MAINWRITE", "--token", "main:read,send:MAINSEND",
                                     "--token", "ct:write:CTWRITE",     NULL};
static const char wrong[] = "tagValueIsPresent(#Tag.Modality, \"XX\")";
static const char patient[] = "Unwiederbringlich^Undine";

static struct sandbox *sandbox;
static struct simulator *kheops;
static struct pipeline *pipeline;
static char series_of[STUDIES][2][DICOM_UID_SIZE],
    study_of[STUDIES][DICOM_UID_SIZE]; /* [..][0]: CT, [..][1]: MR */

static void check(bool ok, const char *what)
{
    pipeline_check(pipeline, ok, what);
}

/* ---- a wrong day ---- */

static void write_instance(const char *folder, unsigned study, unsigned series, unsigned instance)
{
    struct dicom_spec spec;
    AUTO(text_release) struct text path = TEXT_EMPTY;
    dicom_spec_init(&spec, study * 100 + series * 50 + instance);
    spec.modality = series == 0 ? "CT" : "MR";
    spec.patient_name = patient;
    spec.series_number = (int)series + 1;
    spec.instance_number = (int)instance;
    dicom_uid(spec.study_uid, study + 1, 0, 0);
    dicom_uid(spec.series_uid, study + 1, series + 1, 0);
    dicom_uid(spec.sop_uid, study + 1, series + 1, instance);
    memcpy(series_of[study][series], spec.series_uid, DICOM_UID_SIZE);
    memcpy(study_of[study], spec.study_uid, DICOM_UID_SIZE);
    text_format(&path, "%s/%u-%u-%u.dcm", folder, study, series, instance);
    ck_assert_int_eq(dicom_write(&spec, text_string(&path)), 0);
}

static void send_studies(void)
{
    const char *folder = sandbox_make_folder(sandbox, "studies");
    for (unsigned study = 0; study < STUDIES; study++) {
        for (unsigned instance = 1; instance <= 2; instance++)
            write_instance(folder, study, 0, instance);
        for (unsigned instance = 1; instance <= MR_INSTANCES; instance++)
            write_instance(folder, study, 1, instance);
    }
    AUTO(text_release) struct text output = TEXT_EMPTY;
    int status = pipeline_storescu(pipeline_port(pipeline), "FELUCCA", folder, PATIENCE_MS, &output);
    check(status == 0, text_string(&output));
    check(simulator_wait_instances(kheops, (int64_t)STUDIES * (2 + MR_INSTANCES), PATIENCE_MS), "not stored");
    check(pipeline_wait_drained(pipeline, PATIENCE_MS), "not drained");
}

/* In the files of all processes. */
static void correct(void *context, const char *path)
{
    AUTO(text_release) struct text content = TEXT_EMPTY;
    (void)context;
    if (!strstr(path, ".yaml"))
        return;
    file_read(path, &content);
    char *at = strstr(text_string(&content), "\"XX\"");
    if (!at)
        return;
    memcpy(at, "\"CT\"", 4);
    file_write(path, content.bytes, content.length);
}

static void correct_condition(void)
{
    folder_walk(sandbox_folder(sandbox), correct, NULL);
    pipeline_kill_and_restart(pipeline, PIPELINE_ROUTER, 0);
    pipeline_kill_and_restart(pipeline, PIPELINE_SHARER, 0);
    pipeline_await(pipeline);
}

static void set_up(void)
{
    const struct pipeline_album album = {"ct", "CTWRITE", "MAINSEND", wrong};
    sandbox = sandbox_create();
    kheops = simulator_start(sandbox, "kheops", tokens);
    const struct pipeline_destination destination = {
        .name = "main", .simulator = kheops, .token = "MAINWRITE", .albums = &album, .album_count = 1};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, "retention_headers: 0s\n"};
    pipeline = pipeline_create(sandbox, &options);
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    simulator_destroy(&kheops);
    sandbox_destroy(&sandbox);
}

static void begin(void)
{
    pipeline_start_all(pipeline);
    send_studies();
    correct_condition();
}

/* ---- asking ---- */

static int felucca(const char *const *words, struct text *ret_output)
{
    const char *argv[24] = {FELUCCA_BIN "/felucca", "--config", pipeline_config(pipeline)};
    for (size_t i = 0; words[i]; i++)
        argv[3 + i] = words[i];
    return process_run(argv, NULL, PATIENCE_MS, ret_output);
}

static void expect(int status, const char *says, const char *const *words)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    AUTO(text_release) struct text plain = TEXT_EMPTY;
    int got = felucca(words, &output);
    for (const char *at = text_string(&output); *at; at++) { /* lines are broken where they are long */
        if (*at != '\n' && !(*at == ' ' && at[1] == ' '))
            text_append_char(&plain, *at);
        else if (*at == '\n' && at[1] == ' ')
            continue;
    }
    text_format(&output, "\n(exit status %d, wanted %d: %s)", got, status, says);
    check(got == status && strstr(text_string(&plain), says), text_string(&output));
}

#define RESHARE(status, says, ...)                                                                          \
    expect(status, says,                                                                                    \
           (const char *const[]){"reshare", "--album", "ct", "--since", "1h", "--from-kheops", __VA_ARGS__, \
                                 NULL})
#define FELUCCA(status, says, ...) expect(status, says, (const char *const[]){__VA_ARGS__, NULL})

/* The CT series and no other. */
static void check_shared(void)
{
    AUTO(text_release) struct text has = TEXT_EMPTY;
    check(simulator_wait_shared(kheops, "ct", STUDIES, PATIENCE_MS), "not shared");
    simulator_album_text(kheops, "ct", &has);
    for (size_t i = 0; i < STUDIES; i++) {
        check(strstr(text_string(&has), series_of[i][0]) != NULL, "a CT series is missing");
        check(strstr(text_string(&has), series_of[i][1]) == NULL, "an MR series was shared");
    }
}

static bool all_answered(void *context)
{
    (void)context;
    return operator_count_jobs(pipeline, "answered", "main", "ct") == (size_t)2 * STUDIES;
}

/* In database, logs and spool. */
static void look_for_patient(void *context, const char *path)
{
    AUTO(text_release) struct text content = TEXT_EMPTY;
    if (strstr(path, "/studies/") || strstr(path, "/kheops"))
        return;
    file_read(path, &content);
    if (content.length > 0 && memmem(content.bytes, content.length, patient, 8)) /* its beginning is enough */
        text_format(context, "%s names a patient\n", path);
}

static void check_privacy(void)
{
    AUTO(text_release) struct text found = TEXT_EMPTY;
    folder_walk(sandbox_folder(sandbox), look_for_patient, &found);
    check(found.length == 0, text_string(&found));
}

START_TEST(a_corrected_condition_shares_what_kheops_knows_to_meet_it)
{
    begin();
    FELUCCA(EXIT_NO, "4 times: cannot be decided", "reshare", "--album", "ct", "--since", "1h", "--dry-run");
    RESHARE(EXIT_OK, "0 cannot be decided, KHEOPS would be asked about 4", "--dry-run");
    ck_assert_int_eq(simulator_count(kheops, "requests.metadata"), 0);
    RESHARE(EXIT_USAGE, "this would send KHEOPS 4 questions", "--destination", "main");
    RESHARE(EXIT_USAGE, "give one of them", "--anyway", "--study", study_of[0], "--yes");
    RESHARE(EXIT_OK, "2 series decided: it meets the album's condition", "--yes");
    check_shared();
    ck_assert(wait_until(all_answered, NULL, PATIENCE_MS));
    /* One instance of a series that meets it, all of one that does not. */
    ck_assert_int_eq(simulator_count(kheops, "requests.metadata"), (int64_t)STUDIES * (1 + MR_INSTANCES));
    RESHARE(EXIT_NO,
            "0 series reshared; 2 were asked for before, 0 do not meet the condition, 0 cannot be "
            "decided, KHEOPS is asked about 2",
            "--yes");
    RESHARE(EXIT_OK, "2 series decided: it meets the album's condition", "--yes", "--state", "shared");
    FELUCCA(EXIT_OK, "KHEOPS asked about a series", "show", study_of[0]);
    FELUCCA(EXIT_OK, "it does not meet the album's condition", "jobs", "--state", "answered", "--album", "ct",
            "--all");
    check_privacy();
    pipeline_stop_all(pipeline);
}
END_TEST

START_TEST(while_kheops_is_away_the_questions_wait)
{
    begin();
    simulator_order(kheops, "/sim/away", "{\"away\":true}");
    RESHARE(EXIT_OK, "the router goes on asking", "--yes");
    check(operator_wait_any_job(pipeline, "deferred", "main", "ct", PATIENCE_MS), "not deferred");
    FELUCCA(EXIT_OK, "held", "hold", "main/ct"); /* other changes go on */
    FELUCCA(EXIT_OK, "released", "release", "main/ct");
    FELUCCA(EXIT_OK, "1 job retried", "retry", "--album", "ct", "--state", "deferred", "--study", study_of[1],
            "--limit", "1", "--yes");
    FELUCCA(EXIT_OK, "dropped", "drop", "--album", "ct", "--state", "queued", "--series", series_of[0][1],
            "--yes");
    simulator_order(kheops, "/sim/away", "{\"away\":false}");
    check_shared();
    ck_assert_int_eq(operator_count_jobs(pipeline, "failed", "main", "ct"), 0);
}
END_TEST

START_TEST(a_token_without_read_waits_for_a_better_one)
{
    begin();
    simulator_order_token(kheops, "MAINSEND", "{\"scope\":\"send\"}");
    RESHARE(EXIT_OK, "to be asked still: the source token lacks", "--yes");
    ck_assert_int_eq(operator_count_jobs(pipeline, "failed", "main", "ct"), 0);
    simulator_order_token(kheops, "MAINSEND", "{\"scope\":\"read send\"}");
    check_shared();
}
END_TEST

START_TEST(what_kheops_does_not_have_is_told)
{
    AUTO(text_release) struct text order = TEXT_EMPTY;
    begin();
    text_format(&order, "{\"album\":\"main\",\"series\":\"%s\"}", series_of[0][0]);
    simulator_order(kheops, "/sim/remove", text_string(&order));
    RESHARE(EXIT_OK, "1 series cannot be decided: KHEOPS does not show the series to the source token",
            "--yes");
    check(simulator_wait_shared(kheops, "ct", 1, PATIENCE_MS), "the other one is not shared");
    FELUCCA(EXIT_OK, "KHEOPS does not show the series", "show", series_of[0][0]);
    FELUCCA(EXIT_OK, "inquiry", "jobs", "--state", "failed", "--series", series_of[0][0], "--json");
}
END_TEST

/* ---- answers that are none ---- */

static const struct answer_row {
    const char *label, *fault, *says;
} answer_rows[] = {
    {"half an object", "\"action\":\"garbage\"", "cannot be used: it is no DICOM JSON"},
    {"nothing", "\"action\":\"empty\"", "cannot be used: it is no DICOM JSON"},
    {"an empty list", "\"action\":\"status\",\"status\":200,\"body\":\"[]\"", "does not have all instances"},
    {"no such instance", "\"action\":\"status\",\"status\":404", "does not have all instances"},
    {"204", "\"action\":\"status\",\"status\":204", "does not have all instances"},
    {"another instance", "\"action\":\"status\",\"status\":200,\"body\":\"[{}]\"",
     "does not tell of the instance that was asked for"},
};

/* Of one series; the others' answers decide. */
START_TEST(an_answer_that_is_none_harms_nothing_else)
{
    const struct answer_row *row = &answer_rows[_i];
    AUTO(text_release) struct text fault = TEXT_EMPTY;
    begin();
    text_format(&fault, "{\"kind\":\"metadata\",\"series\":\"%s\",%s}", series_of[0][1], row->fault);
    simulator_order(kheops, "/sim/faults", text_string(&fault));
    RESHARE(EXIT_OK, row->says, "--yes");
    check_shared();
    ck_assert_int_eq(operator_count_jobs(pipeline, "answered", "main", "ct"), 3);
    ck_assert_int_eq(operator_count_jobs(pipeline, "failed", "main", "ct"), 1);
}
END_TEST

/* A series that KHEOPS cannot bear to be asked about is given up, since others are answered. */
START_TEST(a_series_that_always_ends_in_trouble_is_given_up)
{
    AUTO(text_release) struct text fault = TEXT_EMPTY;
    begin();
    text_format(&fault, "{\"kind\":\"metadata\",\"series\":\"%s\",\"action\":\"status\",\"status\":500}",
                series_of[0][1]);
    simulator_order(kheops, "/sim/faults", text_string(&fault));
    RESHARE(EXIT_OK, "2 series decided: it meets the album's condition", "--yes");
    check_shared();
    while (operator_count_jobs(pipeline, "failed", "main", "ct") == 0) /* others pass, again and again */
        RESHARE(EXIT_OK, "meets the album's condition", "--yes", "--state", "shared", "--series",
                series_of[1][0]);
}
END_TEST

/* ---- who dies meanwhile ---- */

static const struct crash_row {
    const char *point;
    enum pipeline_stage stage;
} crash_rows[] = {{"ROUTER_INQUIRY_HEARD", PIPELINE_ROUTER}, {"INQUIRY_TOOK_WORK", PIPELINE_SHARER},
                  {"INQUIRY_ANSWERED", PIPELINE_SHARER},     {"INQUIRY_RESULT_DUE", PIPELINE_SHARER},
                  {"INQUIRY_RESULT_SENT", PIPELINE_SHARER},  {"ROUTER_CHANGE_APPLIED", PIPELINE_ROUTER}};

/* With a supervisor. */
static bool is_over(void *context)
{
    (void)pipeline_revive(pipeline);
    return file_exists(context) && all_answered(NULL);
}

START_TEST(who_dies_in_the_middle_goes_on_afterwards)
{
    const struct crash_row *row = &crash_rows[_i];
    AUTO(text_release) struct text at = TEXT_EMPTY;
    AUTO(text_release) struct text marks = TEXT_EMPTY;
    const char *folder = sandbox_make_folder(sandbox, "marks");
    text_format(&at, "FELUCCA_CRASH_AT=%s", row->point);
    text_format(&marks, "FELUCCA_CRASH_MARKS=%s", folder);
    const char *const environment[] = {text_string(&at), text_string(&marks), NULL};
    pipeline_use_programs(pipeline, FELUCCA_CRASH_BIN);
    pipeline_equip(pipeline, row->stage, environment, NULL);
    begin();
    const char *const argv[] = {FELUCCA_BIN "/felucca",
                                "--config",
                                pipeline_config(pipeline),
                                "reshare",
                                "--album",
                                "ct",
                                "--since",
                                "1h",
                                "--from-kheops",
                                "--yes",
                                NULL};
    const struct process_options options = {.output = sandbox_path(sandbox, "reshare.out")};
    AUTO(process_destroy) struct process *asking = process_start(argv, &options);
    check(wait_until(is_over, (void *)sandbox_path(sandbox, "marks/%s", row->point), PATIENCE_MS),
          "the point was not hit, or not all were answered");
    check(process_wait(asking, PATIENCE_MS) != PROCESS_STILL_RUNNING, "the asker hangs");
    check_shared();
    pipeline_stop_all(pipeline);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("from kheops");
    tests_abreast(tests, 3);
    tests_timeout(tests, 150);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, a_corrected_condition_shares_what_kheops_knows_to_meet_it);
    tests_add(tests, while_kheops_is_away_the_questions_wait);
    tests_add(tests, a_token_without_read_waits_for_a_better_one);
    tests_add(tests, what_kheops_does_not_have_is_told);
    tests_rows(tests, an_answer_that_is_none_harms_nothing_else, ROWS(answer_rows));
    tests_add(tests, a_series_that_always_ends_in_trouble_is_given_up);
    tests_rows(tests, who_dies_in_the_middle_goes_on_afterwards, ROWS(crash_rows));
    return tests_run(tests);
}
