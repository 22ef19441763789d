/* The control verbs "try" and "try file", asked of a real router: what another condition would be for the series that came, and what
 * those in force are for a file that nobody has sent. Nothing of it delays the intake, and nothing of it is left anywhere. */
#include "common/base/base64.h"
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/config/config.h"
#include "common/reading/trial.h"
#include "common/wire/call.h"
#include "router/headers.h"
#include "tests/support/files.h"
#include "tests/support/rig.h"
#include "tests/support/suite.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SOON_MS = 30000, STUDIES = 6 };

#define CT "tagValueIsPresent(#Tag.Modality, \"CT\")"

static struct rig *rig;
static struct actor *sender, *sharer;

/* Studies 1 … STUDIES, of a CT series of two images and an MR series of one; the trial's name is spelt with a hyphen. */
static void receive_studies(void)
{
    for (unsigned study = 1; study <= STUDIES; study++) {
        char description[32];
        (void)snprintf(description, sizeof description, "TRIAL-7 day %u", study);
        for (unsigned i = 0; i < 3; i++) {
            struct dicom_spec spec;
            rig_spec(&spec, study, 1 + i / 2, 1 + i % 2);
            spec.study_description = study == STUDIES ? "CHEST" : description;
            spec.patient_name = "Geheim^Gerda";
            rig_receive_spec(rig, "FIRST", &spec, NULL);
        }
    }
    rig_check(rig, rig_wait_jobs(rig, "delivery", NULL, 3 * STUDIES, SOON_MS), "not taken in");
}

static void set_up(void)
{
    rig = rig_create("retention_headers: 1d\n");
    sender = cast_add(rig->cast, WORK_SEND, 0);
    rig_check(rig, actor_wait_greeted(rig->cast, sender, SOON_MS), "no sender");
    receive_studies();
}

static void tear_down(void)
{
    rig_destroy(&rig);
}

/* ---- asking ---- */

static void ask(struct control_request *request, struct control_answer *ret_answer)
{
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(text_release) struct text errors = TEXT_EMPTY, warnings = TEXT_EMPTY;
    ck_assert_int_eq(config_load(rig->config, &config, &errors, &warnings), 0);
    int code = call_router(config, request, NULL, NULL, ret_answer, &errors);
    rig_check(rig, code == 0, text_string(&errors));
}

static void try(const char *album, const char *expression, bool identifying,
                struct control_answer *ret_answer)
{
    AUTO(control_request_release) struct control_request request = {0};
    ck_assert_int_eq(control_request_start(&request, CONTROL_TRY), 0);
    request.destination = memory_string("main");
    request.album = memory_string(album);
    request.expression = memory_string(expression);
    request.identifying = identifying;
    ask(&request, ret_answer);
}

static void try_bytes(const void *bytes, size_t length, struct control_answer *ret_answer)
{
    AUTO(control_request_release) struct control_request request = {0};
    AUTO(text_release) struct text header = TEXT_EMPTY;
    ck_assert_int_eq(control_request_start(&request, CONTROL_TRY_FILE), 0);
    base64_encode(bytes, length, &header);
    request.header = text_take(&header);
    ask(&request, ret_answer);
}

static int64_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static void ck_verdicts(const json_t *explained, const char *which, int64_t yes, int64_t no)
{
    const json_t *verdicts = json_object_get(explained, which);
    ck_assert_msg(number(verdicts, "yes") == yes && number(verdicts, "no") == no,
                  "%s: yes %lld, no %lld instead of %lld, %lld", which, (long long)number(verdicts, "yes"),
                  (long long)number(verdicts, "no"), (long long)yes, (long long)no);
}

/* The line of that test. */
static const json_t *line_of(const json_t *explained, const char *text)
{
    json_t *line;
    size_t index;
    json_array_foreach(json_object_get(explained, "lines"), index, line)
    {
        if (strstr(json_text(line, "text"), text) && strcmp(json_text(line, "kind"), "test") == 0)
            return line;
    }
    ck_abort_msg("no line has %s", text);
    return NULL;
}

static const json_t *looked(const json_t *explained, const char *text)
{
    return json_array_get(json_object_get(line_of(explained, text), "values"), 0);
}

/* ---- another condition ---- */

START_TEST(another_condition_is_counted_against_the_last_series)
{
    AUTO(control_answer_release) struct control_answer answer = {0};
    try("ct", CT " && tagValueBeginsWith(#Tag.StudyDescription, \"TRIAL-7\")", false, &answer);
    ck_assert_msg(answer.stage == CONTROL_DONE, "%s", text_string(&answer.sentence));
    ck_assert_int_eq(number(answer.explained, "asked"), 2 * STUDIES);
    ck_verdicts(answer.explained, "would", STUDIES - 1, STUDIES + 1);
    ck_verdicts(answer.explained, "today", STUDIES, STUDIES);
    ck_assert_int_eq(number(answer.explained, "gained"), 0);
    ck_assert_int_eq(number(answer.explained, "lost"), 1);
    ck_assert_str_eq(json_text(answer.explained, "present"), CT);
    ck_assert(json_is_null(json_object_get(answer.explained, "error")));
    ck_assert(json_is_false(json_object_get(answer.explained, "more")));
    ck_assert_int_eq(number(line_of(answer.explained, "Modality"), "yes"), STUDIES);
    /* It changes nothing: what is in force is what was. */
    AUTO(control_answer_release) struct control_answer again = {0};
    try("ct", "true", false, &again);
    ck_verdicts(again.explained, "today", STUDIES, STUDIES);
    ck_verdicts(again.explained, "would", 2 * STUDIES, 0);
    ck_assert_int_eq(number(again.explained, "gained"), STUDIES);
}
END_TEST

START_TEST(an_album_without_a_condition_takes_all_today)
{
    AUTO(control_answer_release) struct control_answer answer = {0};
    try("all", CT, false, &answer);
    ck_assert(json_is_null(json_object_get(answer.explained, "present")));
    ck_verdicts(answer.explained, "today", 2 * STUDIES, 0);
    ck_verdicts(answer.explained, "would", STUDIES, STUDIES);
}
END_TEST

/* The misspelt condition: what was there instead, the nearest first. */
START_TEST(what_was_there_instead_is_told_nearest_first)
{
    AUTO(control_answer_release) struct control_answer answer = {0};
    try("ct", CT " && tagValueBeginsWith(#Tag.StudyDescription, \"TRIAL_7\")", false, &answer);
    ck_verdicts(answer.explained, "would", 0, 2 * STUDIES);
    const json_t *line = line_of(answer.explained, "TRIAL_7");
    ck_assert(json_is_true(json_object_get(line, "never")));
    const json_t *value = looked(answer.explained, "TRIAL_7");
    ck_assert_str_eq(json_text(value, "name"), "#Tag.StudyDescription");
    const json_t *first = json_array_get(json_object_get(value, "seen"), 0);
    ck_assert_str_eq(json_text(first, "how"), "begins");
    ck_assert_str_eq(json_text(first, "part"), "TRIAL-7");
    ck_assert_int_eq(number(first, "count"), 2 * (STUDIES - 1));
    ck_assert_int_eq(number(first, "values"), STUDIES - 1);
    const json_t *second = json_array_get(json_object_get(value, "seen"), 1);
    ck_assert_str_eq(json_text(second, "text"), "CHEST");
    ck_assert_int_eq(number(second, "count"), 2);
    ck_assert_uint_eq(json_array_size(json_object_get(line_of(answer.explained, "Modality"), "values")), 0);
}
END_TEST

/* It is one part, but the router would hold each value of each tag against each text. */
START_TEST(a_test_that_names_hundreds_of_tags_is_refused)
{
    AUTO(control_answer_release) struct control_answer answer = {0};
    AUTO(text_release) struct text expression = TEXT_EMPTY;
    text_append(&expression, "tagValueIsOneOf(#Tag.SeriesDescription, \"q\"");
    for (int i = 0; i < 700; i++)
        text_append(&expression, ",tagText(\"0008,1030\")");
    text_append(&expression, ")");
    try("ct", text_string(&expression), false, &answer);
    ck_assert_int_eq(answer.stage, CONTROL_REFUSED);
    ck_assert_str_eq(
        text_string(&answer.sentence),
        "a condition that is tried has at most 400 parts, which name at most 400 tags: try a part of it");
}
END_TEST

START_TEST(a_wrong_condition_is_told_with_its_place)
{
    AUTO(control_answer_release) struct control_answer answer = {0};
    try("ct", "tagValueIsPresnt(#Tag.Modality, \"CT\")", false, &answer);
    ck_assert_int_eq(answer.stage, CONTROL_DONE);
    const char *error = json_text(answer.explained, "error");
    ck_assert_msg(strstr(error, "unknown function \"tagValueIsPresnt\"") && strstr(error, "^~~~") &&
                      strstr(error, "did you mean tagValueIsPresent?"),
                  "%s", error);
    ck_assert_int_eq(number(answer.explained, "asked"), 0);
}
END_TEST

static void deliver_all(void)
{
    for (int64_t left = 3 * STUDIES; left > 0;) {
        struct work *work = actor_wait_work(rig->cast, sender, SOON_MS);
        rig_check(rig, work != NULL, "no work");
        left -= (int64_t)work->item_count;
        rig_check(rig, actor_finish(rig->cast, sender, work, WORK_DONE_OUTCOME), "not acknowledged");
        work_destroy(&work);
    }
    rig_check(rig, rig_wait_jobs(rig, "delivery", "sent", 3 * STUDIES, SOON_MS), "not sent");
}

static void make_large(void *context, const char *path)
{
    (void)context;
    ck_assert_int_eq(truncate(path, (off_t)HEADERS_A_TURN + 1), 0);
}

static void remove_file(void *context, const char *path)
{
    (void)context;
    (void)remove(path);
}

START_TEST(kept_headers_are_asked_and_what_has_none_is_counted)
{
    AUTO(control_answer_release) struct control_answer answer = {0}, large = {0}, none = {0};
    rig_destroy(&rig);
    rig = rig_create("retention: 0s\nretention_headers: 1d\n");
    sender = cast_add(rig->cast, WORK_SEND, 4);
    sharer = cast_add(rig->cast, WORK_SHARE, 4);
    rig_check(rig, actor_wait_greeted(rig->cast, sender, SOON_MS), "no sender");
    receive_studies();
    deliver_all();
    while (folder_count(sandbox_path(rig->sandbox, "state/spool/queue"), ".dcm") > 0) {
        struct work *work = actor_wait_work(rig->cast, sharer, 50);
        if (work)
            rig_check(rig, actor_finish(rig->cast, sharer, work, WORK_DONE_OUTCOME), "not acknowledged");
        work_destroy(&work);
    }
    try("ct", CT, false, &answer);
    ck_assert_int_eq(number(answer.explained, "asked"), 2 * STUDIES);
    ck_verdicts(answer.explained, "would", STUDIES, STUDIES);
    ck_assert_int_eq(number(answer.explained, "without_header"), 0);
    /* What would hold the router up is not read. */
    folder_walk(sandbox_path(rig->sandbox, "state/headers"), make_large, NULL);
    try("ct", CT, false, &large);
    ck_assert_int_eq(number(large.explained, "without_header") + number(large.explained, "asked"),
                     2 * STUDIES);
    ck_assert_int_ge(number(large.explained, "without_header"), 2 * (STUDIES - 1));
    folder_walk(sandbox_path(rig->sandbox, "state/headers"), remove_file, NULL);
    try("ct", CT, false, &none);
    ck_assert_int_eq(number(none.explained, "without_header") + number(none.explained, "asked"), 2 * STUDIES);
    ck_assert_int_ge(number(none.explained, "without_header"),
                     2 * (STUDIES - 1)); /* one is in memory still */
}
END_TEST

/* ---- what is hostile ---- */

/* Many patterns that backtrack, each within its bounds. */
static char *hostile_expression(void)
{
    struct text text = TEXT_EMPTY;
    for (int i = 0; i < 150; i++)
        text_format(&text, "%stagText(#Tag.StudyDescription) matches \"(.+)+(.+)+(.+)+[0-9]{%d}x?$\"",
                    i > 0 ? " || " : "", 3 + i % 5);
    return text_take(&text);
}

struct trial_thread {
    struct control_answer answer;
    _Atomic bool over;
};

static void *try_hostile(void *context)
{
    struct trial_thread *thread = context;
    AUTO(memory_free) char *expression = hostile_expression();
    try("ct", expression, false, &thread->answer);
    atomic_store(&thread->over, true);
    return NULL;
}

START_TEST(a_hostile_pattern_ends_its_trial_and_delays_nothing)
{
    struct trial_thread hostile = {0};
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, try_hostile, &hostile), 0);
    /* Intake goes on while it runs into its limit. */
    int64_t taken = 3 * STUDIES;
    unsigned meanwhile = 0;
    for (unsigned study = 100; !atomic_load(&hostile.over); study++) {
        rig_receive(rig, "SECOND", study, 1, 1, NULL);
        rig_check(rig, rig_wait_jobs(rig, "delivery", NULL, ++taken, SOON_MS), "not taken in");
        meanwhile += !atomic_load(&hostile.over);
    }
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_uint_gt(meanwhile, 3);
    ck_assert_int_eq(hostile.answer.stage, CONTROL_REFUSED);
    const char *sentence = text_string(&hostile.answer.sentence);
    ck_assert_msg(strcmp(sentence, "it takes more than 5 s of a processor to judge, and was ended") == 0 ||
                      string_starts_with(sentence, "it was not judged within 2 min"), /* others have it */
                  "%s", sentence);
    control_answer_release(&hostile.answer);
    /* And the next one is answered. */
    AUTO(control_answer_release) struct control_answer answer = {0};
    try("ct", CT, false, &answer);
    ck_assert_int_eq(number(answer.explained, "asked"), 2 * STUDIES);
    ck_assert_int_eq(rig_quarantined(rig), 0);
    rig_check(rig, !rig_log_says(rig, "a process that reads headers ended"), "the intake's readers suffered");
}
END_TEST

/* A header on which its reader dies is passed over; the others are judged. */
START_TEST(a_header_that_crashes_is_passed_over)
{
    AUTO(control_answer_release) struct control_answer answer = {0};
    char receipt[RECEIPT_SIZE], setting[RECEIPT_SIZE + 32];
    struct dicom_spec spec;
    rig_spec(&spec, 50, 1, 1);
    rig_receive_spec(rig, "FIRST", &spec, receipt);
    rig_check(rig, rig_wait_jobs(rig, "delivery", NULL, 3 * STUDIES + 1, SOON_MS), "not taken in");
    rig_stop(rig);
    (void)snprintf(setting, sizeof setting, "FELUCCA_CRASH_ON=%s", receipt);
    const char *const environment[] = {setting, NULL};
    rig_start_from(rig, FELUCCA_CRASH_BIN, environment);
    rig_check(rig, rig_wait_log(rig, "recovered", SOON_MS), "it does not start");
    try("ct", CT, false, &answer);
    ck_assert_msg(answer.stage == CONTROL_DONE, "%s", text_string(&answer.sentence));
    ck_assert_int_eq(number(answer.explained, "unread"), 1);
    ck_assert_int_eq(number(answer.explained, "asked"), 2 * STUDIES);
    ck_verdicts(answer.explained, "would", STUDIES, STUDIES);
}
END_TEST

/* ---- what identifies a patient ---- */

static void ck_nowhere(void *context, const char *path)
{
    AUTO(text_release) struct text content = TEXT_EMPTY;
    const char *word = context;
    file_read(path, &content);
    ck_assert_msg(!memmem(text_string(&content), content.length, word, strlen(word)), "%s is in %s", word,
                  path);
}

START_TEST(a_patient_is_neither_asked_for_nor_named)
{
    AUTO(control_answer_release) struct control_answer refused = {0}, answer = {0};
    AUTO(text_release) struct text all = TEXT_EMPTY;
    static const char expression[] = "tagValueBeginsWith(#Tag.PatientName, \"Gehejm\")";
    try("ct", expression, false, &refused);
    ck_assert_int_eq(refused.stage, CONTROL_REFUSED);
    ck_assert_ptr_nonnull(strstr(text_string(&refused.sentence), "may identify a patient"));
    try("ct", expression, true, &answer);
    ck_verdicts(answer.explained, "would", 0, 2 * STUDIES);
    const json_t *value = looked(answer.explained, "PatientName");
    ck_assert(json_is_true(json_object_get(value, "hidden")));
    ck_assert_uint_eq(json_array_size(json_object_get(value, "seen")), 0);
    json_append(answer.explained, &all);
    ck_assert_ptr_null(strstr(text_string(&all), "Gerda"));
    /* What was tried is in no log and in no file of the job database. */
    ck_assert(!rig_log_says(rig, "Gehejm") && !rig_log_says(rig, "Gerda"));
    rig_stop(rig);
    ck_nowhere("Gehejm", sandbox_path(rig->sandbox, "state/jobs.db"));
    ck_nowhere("Gerda", sandbox_path(rig->sandbox, "state/jobs.db"));
    folder_walk(sandbox_path(rig->sandbox, "state/headers"), ck_nowhere, "Gehejm");
}
END_TEST

/* Who looks chooses the attribute: what no condition in force asks for is shown only where it names nobody. */
START_TEST(free_text_is_neither_asked_for_nor_shown)
{
    AUTO(control_answer_release) struct control_answer refused = {0}, answer = {0};
    AUTO(text_release) struct text all = TEXT_EMPTY;
    static const struct dicom_element extra[] = {{0x0020, 0x4000, "LT", "Frau Heimlich", 0, NULL, 0}};
    static const char expression[] = "tagValueContains(\"0020,4000\", \"zz\")";
    struct dicom_spec spec;
    rig_spec(&spec, 60, 1, 1);
    spec.extra = extra;
    spec.extra_count = 1;
    rig_receive_spec(rig, "FIRST", &spec, NULL);
    rig_check(rig, rig_wait_jobs(rig, "delivery", NULL, 3 * STUDIES + 1, SOON_MS), "not taken in");
    try("ct", expression, false, &refused);
    ck_assert_int_eq(refused.stage, CONTROL_REFUSED);
    ck_assert_ptr_nonnull(strstr(text_string(&refused.sentence), "may identify a patient"));
    try("ct", expression, true, &answer);
    ck_verdicts(answer.explained, "would", 0, 2 * STUDIES + 1);
    const json_t *value = looked(answer.explained, "0020,4000");
    ck_assert(json_is_true(json_object_get(value, "hidden")));
    json_append(answer.explained, &all);
    ck_assert_ptr_null(strstr(text_string(&all), "Heimlich"));
}
END_TEST

/* ... but what one asks for is not hidden from who may see it anyway. */
START_TEST(what_a_condition_in_force_asks_for_is_shown)
{
    AUTO(control_answer_release) struct control_answer answer = {0};
    rig_stop(rig);
    rig_reword(rig, "tagValueIsPresent(#Tag.Modality, \"MR\")", "tagValueIsPresent(#Tag.StudyDate, \"x\")");
    rig_start(rig);
    rig_check(rig, rig_wait_log(rig, "recovered", SOON_MS), "it does not start");
    try("ct", "tagValueBeginsWith(#Tag.StudyDate, \"x\")", false, &answer);
    ck_assert_msg(answer.stage == CONTROL_DONE, "%s", text_string(&answer.sentence));
    const json_t *value = looked(answer.explained, "StudyDate");
    ck_assert(json_is_false(json_object_get(value, "hidden")));
    ck_assert_uint_gt(json_array_size(json_object_get(value, "seen")), 0);
}
END_TEST

/* ---- a file ---- */

static const json_t *target_of(const json_t *explained, const char *destination, const char *album)
{
    json_t *target;
    size_t index;
    json_array_foreach(json_object_get(explained, "targets"), index, target)
    {
        const char *name = json_text_or_null(target, "album");
        if (strcmp(json_text(target, "destination"), destination) == 0 &&
            (album ? name && strcmp(name, album) == 0 : !name))
            return target;
    }
    ck_abort_msg("%s/%s is not told", destination, album ? album : "");
    return NULL;
}

static void write_file(const char *description, struct text *ret_bytes)
{
    struct dicom_spec spec;
    rig_spec(&spec, 77, 1, 1);
    spec.patient_name = "Geheim^Heimlich";
    spec.study_description = description;
    spec.rows = spec.columns = spec.frames = 0;
    ck_assert_int_eq(dicom_write(&spec, sandbox_path(rig->sandbox, "try.dcm")), 0);
    file_read(sandbox_path(rig->sandbox, "try.dcm"), ret_bytes);
    ck_assert_int_eq(remove(sandbox_path(rig->sandbox, "try.dcm")), 0);
}

START_TEST(a_file_is_judged_for_every_destination_and_album)
{
    AUTO(control_answer_release) struct control_answer answer = {0};
    AUTO(text_release) struct text bytes = TEXT_EMPTY, all = TEXT_EMPTY;
    write_file("Probe", &bytes);
    int64_t jobs = rig_jobs(rig, "delivery", NULL, NULL, NULL);
    try_bytes(bytes.bytes, bytes.length, &answer);
    ck_assert_msg(answer.stage == CONTROL_DONE, "%s", text_string(&answer.sentence));
    ck_assert(json_is_null(json_object_get(answer.explained, "incomplete")));
    ck_assert(json_is_true(json_object_get(target_of(answer.explained, "main", NULL), "takes")));
    ck_assert(json_is_true(json_object_get(target_of(answer.explained, "main", "ct"), "takes")));
    ck_assert(json_is_false(json_object_get(target_of(answer.explained, "main", "mr"), "takes")));
    ck_assert(json_is_true(json_object_get(target_of(answer.explained, "main", "all"), "takes")));
    ck_assert(json_is_true(json_object_get(target_of(answer.explained, "other", NULL), "takes")));
    const json_t *line =
        json_array_get(json_object_get(target_of(answer.explained, "main", "mr"), "lines"), 0);
    const json_t *value = json_array_get(json_object_get(line, "values"), 0);
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(value, "texts"), 0)), "CT");
    /* Nothing was taken in, and nothing was written down. */
    ck_assert_int_eq(rig_jobs(rig, "delivery", NULL, NULL, NULL), jobs);
    json_append(answer.explained, &all);
    ck_assert_ptr_null(strstr(text_string(&all), "Heimlich"));
    ck_assert(!rig_log_says(rig, "Heimlich"));
    rig_stop(rig);
    folder_walk(rig->state, ck_nowhere, "Heimlich");
}
END_TEST

/* What is not there yet is not known: the file may go on. */
START_TEST(a_file_that_is_cut_leaves_open_what_is_behind)
{
    AUTO(control_answer_release) struct control_answer answer = {0};
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    write_file("Probe", &bytes);
    const char *date = memmem(bytes.bytes, bytes.length, "\x08\x00\x20\x00", 4);
    ck_assert_ptr_nonnull(date);
    try_bytes(bytes.bytes, (size_t)(date - bytes.bytes) + 10, &answer);
    ck_assert_int_eq(answer.stage, CONTROL_DONE);
    ck_assert_ptr_nonnull(strstr(json_text(answer.explained, "incomplete"), "reading ended at"));
    ck_assert(json_is_null(json_object_get(target_of(answer.explained, "main", "ct"), "takes")));
    ck_assert_int_gt(strlen(json_text(target_of(answer.explained, "main", "ct"), "undecided")), 10);
}
END_TEST

/* A KHEOPS takes object identifiers alone, whatever the conditions say. */
START_TEST(a_file_whose_uid_nobody_takes_is_not_taken)
{
    AUTO(control_answer_release) struct control_answer answer = {0};
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    struct dicom_spec spec;
    rig_spec(&spec, 77, 1, 1);
    spec.rows = spec.columns = spec.frames = 0;
    (void)snprintf(spec.series_uid, sizeof spec.series_uid, "1.40.3.4");
    ck_assert_int_eq(dicom_write(&spec, sandbox_path(rig->sandbox, "try.dcm")), 0);
    file_read(sandbox_path(rig->sandbox, "try.dcm"), &bytes);
    try_bytes(bytes.bytes, bytes.length, &answer);
    ck_assert_msg(answer.stage == CONTROL_DONE, "%s", text_string(&answer.sentence));
    const json_t *target = target_of(answer.explained, "main", NULL);
    ck_assert(json_is_false(json_object_get(target, "takes")));
    ck_assert_ptr_nonnull(strstr(json_text(target, "why"), "KHEOPS takes nothing else"));
    ck_assert(json_is_false(json_object_get(target_of(answer.explained, "main", "ct"), "takes")));
}
END_TEST

START_TEST(more_conditions_than_can_be_judged_are_told)
{
    AUTO(control_answer_release) struct control_answer answer = {0};
    AUTO(text_release) struct text bytes = TEXT_EMPTY, albums = TEXT_EMPTY;
    write_file("Probe", &bytes);
    for (int i = 0; i < TRIAL_EXPRESSIONS_MAX; i++)
        text_format(&albums,
                    "          - name: a%d\n            api_url: http://127.0.0.1:9/api\n"
                    "            destination_token: x\n            source_token: y\n"
                    "            condition: 'true'\n",
                    i);
    text_append(&albums, "          - name: all\n");
    rig_stop(rig);
    rig_reword(rig, "          - name: all\n", text_string(&albums));
    rig_start(rig);
    rig_check(rig, rig_wait_log(rig, "recovered", SOON_MS), "it does not start");
    try_bytes(bytes.bytes, bytes.length, &answer);
    ck_assert_msg(answer.stage == CONTROL_DONE, "%s", text_string(&answer.sentence));
    ck_assert(json_is_true(json_object_get(answer.explained, "more")));
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
    AUTO(control_answer_release) struct control_answer none = {0}, large = {0}, again = {0};
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    static const char nonsense[] =
        "%PDF-1.4 and so on, which is no DICOM file at all, however long one looks at it";
    try_bytes(nonsense, sizeof nonsense, &none);
    ck_assert_int_eq(none.stage, CONTROL_REFUSED);
    ck_assert_msg(string_starts_with(text_string(&none.sentence), "the file "), "%s",
                  text_string(&none.sentence));
    while (bytes.length <= CONTROL_HEADER_MAX)
        text_append_char(&bytes, 'x');
    try_bytes(bytes.bytes, bytes.length, &large);
    ck_assert_int_eq(large.stage, CONTROL_REFUSED);
    text_clear(&bytes);
    write_file("Probe", &bytes);
    try_bytes(bytes.bytes, bytes.length, &again);
    ck_assert_int_eq(again.stage, CONTROL_DONE);
}
END_TEST

/* ---- refusals ---- */

static const struct refused_row {
    const char *label, *destination, *album, *expression, *says;
} refused_rows[] = {
    {"no expression", "main", "ct", NULL, "try needs an \"expression\""},
    {"another destination", "elsewhere", NULL, "true", "there is no destination or album \"elsewhere\""},
    {"another album", "main", "xx", "true", "there is no destination or album \"main/xx\""},
};

START_TEST(what_cannot_be_tried_is_refused)
{
    const struct refused_row *row = &refused_rows[_i];
    AUTO(control_request_release) struct control_request request = {0};
    AUTO(control_answer_release) struct control_answer answer = {0};
    ck_assert_int_eq(control_request_start(&request, CONTROL_TRY), 0);
    request.destination = memory_string(row->destination);
    request.album = memory_string(row->album);
    request.expression = memory_string(row->expression);
    ask(&request, &answer);
    ck_assert_int_eq(answer.stage, CONTROL_REFUSED);
    ck_assert_msg(strstr(text_string(&answer.sentence), row->says), "%s: %s", row->label,
                  text_string(&answer.sentence));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("trial");
    tests_timeout(tests, 200);
    tests_fixture(tests, set_up, tear_down);
    tests_abreast(tests, 4);
    tests_add(tests, another_condition_is_counted_against_the_last_series);
    tests_add(tests, an_album_without_a_condition_takes_all_today);
    tests_add(tests, what_was_there_instead_is_told_nearest_first);
    tests_add(tests, a_test_that_names_hundreds_of_tags_is_refused);
    tests_add(tests, a_wrong_condition_is_told_with_its_place);
    tests_add(tests, kept_headers_are_asked_and_what_has_none_is_counted);
    tests_add(tests, a_hostile_pattern_ends_its_trial_and_delays_nothing);
    tests_add(tests, a_header_that_crashes_is_passed_over);
    tests_add(tests, a_patient_is_neither_asked_for_nor_named);
    tests_add(tests, free_text_is_neither_asked_for_nor_shown);
    tests_add(tests, what_a_condition_in_force_asks_for_is_shown);
    tests_add(tests, a_file_is_judged_for_every_destination_and_album);
    tests_add(tests, a_file_that_is_cut_leaves_open_what_is_behind);
    tests_add(tests, a_file_whose_uid_nobody_takes_is_not_taken);
    tests_add(tests, more_conditions_than_can_be_judged_are_told);
    tests_add(tests, what_is_no_file_is_refused);
    tests_rows(tests, what_cannot_be_tried_is_refused, ROWS(refused_rows));
    return tests_run(tests);
}
