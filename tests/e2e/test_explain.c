/* The control verb "explain", asked of a real router: what an album's condition says of a study that came in, by its file, its
 * kept header, or its row alone. */
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/config/config.h"
#include "common/wire/call.h"
#include "tests/support/files.h"
#include "tests/support/rig.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

enum { SOON_MS = 30000, SLICES = 3 };

static struct rig *rig;
static struct actor *sender;

static void set_up(void)
{
    rig = rig_create("retention: 0s\nretention_headers: 1d\n");
    sender = cast_add(rig->cast, WORK_SEND, 4);
    rig_check(rig, actor_wait_greeted(rig->cast, sender, SOON_MS), "no sender");
    for (unsigned i = 1; i <= SLICES; i++)
        rig_receive(rig, "FIRST", 1, 1, i, NULL); /* CT */
    rig_receive(rig, "FIRST", 1, 2, 1, NULL);     /* MR */
    rig_check(rig, rig_wait_jobs(rig, "delivery", NULL, SLICES + 1, SOON_MS), "not taken in");
}

static void tear_down(void)
{
    rig_destroy(&rig);
}

/* The UID of study 1, or of a series of it. */
static const char *uid(unsigned series)
{
    static char uid[DICOM_UID_SIZE];
    dicom_uid(uid, 1, series, 0);
    return uid;
}

static void ask(const char *study, const char *series, const char *destination, const char *album,
                struct control_answer *ret_answer)
{
    AUTO(control_request_release) struct control_request request = {0};
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(text_release) struct text errors = TEXT_EMPTY, warnings = TEXT_EMPTY;
    ck_assert_int_eq(config_load(rig->config, &config, &errors, &warnings), 0);
    ck_assert_int_eq(control_request_start(&request, CONTROL_EXPLAIN), 0);
    request.study = study ? memory_string(study) : NULL;
    request.series = series ? memory_string(series) : NULL;
    request.destination = memory_string(destination);
    request.album = album ? memory_string(album) : NULL;
    int code = call_router(config, &request, NULL, NULL, ret_answer, &errors);
    rig_check(rig, code == 0, text_string(&errors));
}

/* The group of that series, which must be one. */
static const json_t *group_of(const struct control_answer *answer, const char *series)
{
    const json_t *groups = json_object_get(answer->explained, "groups");
    const json_t *found = NULL;
    for (size_t i = 0; i < json_array_size(groups); i++) {
        const json_t *group = json_array_get(groups, i);
        if (strcmp(json_text(group, "series"), series) != 0)
            continue;
        ck_assert_ptr_null(found);
        found = group;
    }
    ck_assert_ptr_nonnull(found);
    return found;
}

static int64_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* What the first test of the tree saw. */
static const json_t *value_of(const json_t *group)
{
    const json_t *line = json_array_get(json_object_get(group, "lines"), 0);
    return json_array_get(json_object_get(line, "values"), 0);
}

static const char *first_text(const json_t *value)
{
    const char *text = json_string_value(json_array_get(json_object_get(value, "texts"), 0));
    return text ? text : "";
}

static void check_both(const struct control_answer *answer)
{
    ck_assert_int_eq(answer->stage, CONTROL_DONE);
    ck_assert_str_eq(json_text(answer->explained, "condition"), "tagValueIsPresent(#Tag.Modality, \"CT\")");
    ck_assert_int_eq(number(answer->explained, "asked"), SLICES + 1);
    ck_assert(json_is_false(json_object_get(answer->explained, "more")));
    const json_t *yes = group_of(answer, uid(1));
    ck_assert_int_eq(number(yes, "instances"), SLICES);
    ck_assert(json_is_true(json_object_get(yes, "verdict")));
    ck_assert_str_eq(json_text(yes, "read"), "header");
    ck_assert_str_eq(first_text(value_of(yes)), "CT");
    const json_t *no = group_of(answer, uid(2));
    ck_assert_int_eq(number(no, "instances"), 1);
    ck_assert(json_is_false(json_object_get(no, "verdict")));
    ck_assert_str_eq(json_text(value_of(no), "name"), "#Tag.Modality");
    ck_assert_str_eq(first_text(value_of(no)), "MR");
}

START_TEST(each_series_has_its_answer)
{
    AUTO(control_answer_release) struct control_answer answer = {0};
    ask(uid(0), NULL, "main", "ct", &answer);
    check_both(&answer);
    AUTO(control_answer_release) struct control_answer one = {0};
    char series[DICOM_UID_SIZE];
    memcpy(series, uid(2), sizeof series);
    ask(uid(0), series, "main", "ct", &one);
    ck_assert_int_eq(number(one.explained, "asked"), 1);
    ck_assert_uint_eq(json_array_size(json_object_get(one.explained, "groups")), 1);
}
END_TEST

static void deliver(void)
{
    for (int left = SLICES + 1; left > 0;) {
        struct work *work = actor_wait_work(rig->cast, sender, SOON_MS);
        rig_check(rig, work != NULL, "no work");
        left -= (int)work->item_count;
        rig_check(rig, actor_finish(rig->cast, sender, work, WORK_DONE_OUTCOME), "not acknowledged");
        work_destroy(&work);
    }
    rig_check(rig, rig_wait_jobs(rig, "delivery", "sent", SLICES + 1, SOON_MS), "not sent");
}

static bool no_file_is_left(void *context)
{
    (void)context;
    return folder_count(sandbox_path(rig->sandbox, "state/spool/queue"), ".dcm") == 0;
}

static void deliver_and_lose_files(void)
{
    struct actor *sharer = cast_add(rig->cast, WORK_SHARE, 4);
    deliver();
    while (rig_jobs(rig, "share", "queued", NULL, NULL) > 0 || !no_file_is_left(NULL)) {
        struct work *work = actor_wait_work(rig->cast, sharer, 50);
        if (work)
            rig_check(rig, actor_finish(rig->cast, sharer, work, WORK_DONE_OUTCOME), "not acknowledged");
        work_destroy(&work);
    }
}

START_TEST(where_files_are_gone_kept_headers_tell)
{
    AUTO(control_answer_release) struct control_answer answer = {0};
    deliver_and_lose_files();
    ask(uid(0), NULL, "main", "ct", &answer);
    check_both(&answer);
}
END_TEST

static void remove_file(void *context, const char *path)
{
    (void)context;
    (void)remove(path);
}

START_TEST(without_a_header_it_cannot_be_decided)
{
    AUTO(control_answer_release) struct control_answer answer = {0};
    deliver_and_lose_files();
    folder_walk(sandbox_path(rig->sandbox, "state/headers"), remove_file, NULL);
    ask(uid(0), NULL, "main", "ct", &answer);
    const json_t *group = group_of(&answer, uid(1));
    ck_assert_str_eq(json_text(group, "read"), "row");
    ck_assert(json_is_null(json_object_get(group, "verdict")));
    ck_assert_int_gt(strlen(json_text(group, "undecided")), 10);
    ck_assert_int_eq(number(group, "instances"), SLICES);
}
END_TEST

START_TEST(what_has_no_condition_has_no_tree)
{
    AUTO(control_answer_release) struct control_answer album = {0}, destination = {0};
    ask(uid(0), NULL, "main", "all", &album);
    ck_assert(json_is_null(json_object_get(album.explained, "condition")));
    ck_assert_uint_eq(json_array_size(json_object_get(album.explained, "groups")), 0);
    ask(uid(0), NULL, "main", NULL, &destination);
    ck_assert(json_is_null(json_object_get(destination.explained, "album")));
    ck_assert(json_is_null(json_object_get(destination.explained, "condition")));
}
END_TEST

/* A value that may identify a patient is in the tree as "hidden", and in no log. */
START_TEST(a_patient_is_not_named)
{
    AUTO(control_answer_release) struct control_answer answer = {0};
    AUTO(text_release) struct text all = TEXT_EMPTY;
    struct dicom_spec spec;
    rig_stop(rig);
    rig_reword(rig, "tagValueIsPresent(#Tag.Modality, \"CT\")",
               "tagValueBeginsWith(#Tag.PatientName, \"Geheim\")");
    rig_start(rig);
    rig_check(rig, rig_wait_log(rig, "recovered", SOON_MS), "it does not start");
    rig_spec(&spec, 7, 1, 1);
    spec.patient_name = "Geheim^Gerda";
    rig_receive_spec(rig, "FIRST", &spec, NULL);
    rig_check(rig, rig_wait_jobs(rig, "delivery", NULL, SLICES + 2, SOON_MS), "not taken in");
    ask(spec.study_uid, NULL, "main", "ct", &answer);
    const json_t *group = group_of(&answer, spec.series_uid);
    ck_assert(json_is_true(json_object_get(group, "verdict")));
    ck_assert(json_is_true(json_object_get(value_of(group), "hidden")));
    json_append(answer.explained, &all);
    ck_assert_ptr_null(strstr(text_string(&all), "Gerda"));
    rig_check(rig, !rig_log_says(rig, "Gerda"), "the log names a patient");
}
END_TEST

/* What a destination left out, it is asked about as well: that is what "why not" is about. */
START_TEST(what_was_left_out_is_explained)
{
    AUTO(control_answer_release) struct control_answer answer = {0};
    rig_stop(rig);
    rig_reword(rig, "      - name: main\n",
               "      - name: main\n        condition: 'tagValueIsPresent(#Tag.Modality, \"CT\")'\n");
    rig_start(rig);
    rig_check(rig, rig_wait_log(rig, "recovered", SOON_MS), "it does not start");
    rig_receive(rig, "FIRST", 8, 1, 1, NULL);
    rig_receive(rig, "FIRST", 8, 2, 1, NULL);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "excluded", 1, SOON_MS), "it is not left out");
    char study[DICOM_UID_SIZE], series[DICOM_UID_SIZE];
    dicom_uid(study, 8, 0, 0);
    dicom_uid(series, 8, 2, 0);
    ask(study, NULL, "main", NULL, &answer);
    ck_assert_int_eq(number(answer.explained, "asked"), 2);
    const json_t *group = group_of(&answer, series);
    ck_assert(json_is_false(json_object_get(group, "verdict")));
    ck_assert_str_eq(first_text(value_of(group)), "MR");
}
END_TEST

static const struct refused_row {
    const char *label, *study, *destination, *album, *says;
} refused_rows[] = {
    {"no study", NULL, "main", "ct", "explain needs a \"study\""},
    {"another destination", "1.2.3", "elsewhere", NULL, "there is no destination or album \"elsewhere\""},
    {"another album", "1.2.3", "main", "xx", "there is no destination or album \"main/xx\""},
};

START_TEST(what_cannot_be_asked_is_refused)
{
    const struct refused_row *row = &refused_rows[_i];
    AUTO(control_answer_release) struct control_answer answer = {0};
    ask(row->study, NULL, row->destination, row->album, &answer);
    ck_assert_int_eq(answer.stage, CONTROL_REFUSED);
    ck_assert_msg(strstr(text_string(&answer.sentence), row->says), "%s: %s", row->label,
                  text_string(&answer.sentence));
}
END_TEST

START_TEST(an_unknown_study_has_no_instances)
{
    AUTO(control_answer_release) struct control_answer answer = {0};
    ask("1.2.3.4.5", NULL, "main", "ct", &answer);
    ck_assert_int_eq(answer.stage, CONTROL_DONE);
    ck_assert_int_eq(number(answer.explained, "asked"), 0);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("explain");
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_abreast(tests, 4);
    tests_add(tests, each_series_has_its_answer);
    tests_add(tests, where_files_are_gone_kept_headers_tell);
    tests_add(tests, without_a_header_it_cannot_be_decided);
    tests_add(tests, what_has_no_condition_has_no_tree);
    tests_add(tests, a_patient_is_not_named);
    tests_add(tests, what_was_left_out_is_explained);
    tests_rows(tests, what_cannot_be_asked_is_refused, ROWS(refused_rows));
    tests_add(tests, an_unknown_study_has_no_instances);
    return tests_run(tests);
}
