/* What goes between the router and a felucca-header in a trial: what was said arrives, and whatever bytes come, a judgement is
 * well-formed, or there is none. */
#include "common/reading/judgement.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/dicom/dictionary.h"
#include "common/reading/tellable.h"
#include "tests/support/dicom.h"
#include "tests/support/facts.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <string.h>

static const struct trial_expression expressions[] = {
    {"tagValueIsPresent(#Tag.Modality, \"CT\") && tagValueIsPresent(#Tag.PatientName, \"X\")", true},
    {"tagValueIsPresent(#Tag.Modality, \"CT\")", false},
    {"tagValueIsPresnt(#Tag.Modality, \"CT\")", true},
    {"callingAET == \"CT01\"", true}};
enum { COUNT = sizeof expressions / sizeof *expressions };

static struct sandbox *sandbox;
static struct questions *in_force;
static struct trial *trial;

static void set_up(void)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    sandbox = sandbox_create();
    in_force = questions_create();
    trial_write(expressions, COUNT, in_force, &bytes);
    ck_assert_int_eq(trial_read(text_string(&bytes), bytes.length, &trial), 0);
}

static void tear_down(void)
{
    trial_destroy(&trial);
    questions_destroy(&in_force);
    sandbox_destroy(&sandbox);
}

START_TEST(what_is_no_condition_is_told)
{
    struct trial_compiled list[COUNT] = {{NULL, false}};
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    trial_append_compiled(trial, &bytes);
    ck_assert_int_eq(trial_parse_compiled(text_string(&bytes), bytes.length, COUNT - 1, list), ERR_SYNTAX);
    ck_assert_int_eq(trial_parse_compiled(text_string(&bytes), bytes.length, COUNT, list), 0);
    ck_assert(list[0].identifying && !list[1].identifying && !list[3].identifying);
    ck_assert(!list[0].error && !list[1].error && !list[3].error);
    ck_assert_ptr_nonnull(strstr(list[2].error, "did you mean tagValueIsPresent?"));
    for (size_t i = 0; i < COUNT; i++)
        trial_compiled_release(&list[i]);
    for (size_t length = 0; length < bytes.length; length++) {
        struct trial_compiled cut[COUNT] = {{NULL, false}};
        ck_assert_int_eq(trial_parse_compiled(text_string(&bytes), length, COUNT, cut), ERR_SYNTAX);
        for (size_t i = 0; i < COUNT; i++)
            trial_compiled_release(&cut[i]);
    }
}
END_TEST

static void judge(struct text *out)
{
    const struct header_transfer transfer = {.calling_aet = "CT01"};
    struct dicom_spec spec;
    const char *path = sandbox_path(sandbox, "a.dcm");
    dicom_spec_init(&spec, 1);
    spec.patient_name = "Doe^Jane";
    ck_assert_int_eq(dicom_write(&spec, path), 0);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    judgement_write(fd, trial, &transfer, out);
}

START_TEST(a_header_is_judged)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    AUTO(judgement_destroy) struct judgement *judgement = NULL;
    struct dicom_spec spec;
    dicom_spec_init(&spec, 1);
    judge(&bytes);
    ck_assert_ptr_null(memmem(bytes.bytes, bytes.length, "Jane", 4));
    ck_assert_int_eq(judgement_parse(bytes.bytes, bytes.length, COUNT, &judgement), 0);
    ck_assert_int_eq(judgement->code, 0);
    ck_assert_str_eq(judgement->sop_class, "1.2.840.10008.5.1.4.1.1.2");
    ck_assert_str_eq(judgement->study, spec.study_uid);
    ck_assert_str_eq(judgement->series, spec.series_uid);
    ck_assert_ptr_null(judgement->incomplete);
    ck_assert_uint_eq(judgement->count, COUNT);
    const struct explanation *explanation = judgement->list[0].explanation;
    ck_assert_int_eq(judgement->list[0].verdict, CONDITION_FALSE);
    ck_assert_uint_eq(explanation->line_count, 3);
    ck_assert_str_eq(explanation->lines[1].values[0].name, "#Tag.Modality");
    ck_assert_str_eq(explanation->lines[1].values[0].texts[0], "CT");
    ck_assert(explanation->lines[2].values[0].hidden);
    ck_assert_uint_eq(explanation->lines[2].values[0].text_count, 0);
    ck_assert_int_eq(judgement->list[1].verdict, CONDITION_TRUE);
    ck_assert_ptr_null(judgement->list[1].explanation);
    ck_assert_int_eq(judgement->list[2].verdict, CONDITION_UNDECIDED);
    ck_assert_int_eq(judgement->list[3].verdict, CONDITION_TRUE);
}
END_TEST

/* ---- what is told ---- */

static void add_in_force(const char *expression)
{
    AUTO(condition_destroy) struct condition *condition = NULL;
    AUTO(condition_error_release) struct condition_error error = {.message = NULL};
    ck_assert_int_eq(condition_compile(expression, dictionary_for_conditions(), &condition, &error), 0);
    tellable_add(in_force, condition);
}

/* What a trial of the expression says of a file with such attributes. */
static void try_on(const char *expression, const char *attributes, bool *ret_identifying,
                   struct judgement **ret_judgement)
{
    const struct trial_expression one = {expression, true};
    AUTO(text_release) struct text asked = TEXT_EMPTY, compiled = TEXT_EMPTY, said = TEXT_EMPTY;
    AUTO(trial_compiled_release) struct trial_compiled told = {NULL, false};
    AUTO(facts_destroy) struct facts *facts = facts_create(attributes, dictionary_for_conditions());
    trial_destroy(&trial);
    trial_write(&one, 1, in_force, &asked);
    ck_assert_int_eq(trial_read(text_string(&asked), asked.length, &trial), 0);
    trial_append_compiled(trial, &compiled);
    ck_assert_int_eq(trial_parse_compiled(compiled.bytes, compiled.length, 1, &told), 0);
    ck_assert_msg(!told.error, "%s", told.error);
    *ret_identifying = told.identifying;
    const char *path = sandbox_path(sandbox, "facts.dcm");
    ck_assert(facts_write_dicom(facts, path));
    judgement_write(open(path, O_RDONLY | O_CLOEXEC), trial, NULL, &said);
    ck_assert_int_eq(judgement_parse(said.bytes, said.length, 1, ret_judgement), 0);
    ck_assert_uint_eq((*ret_judgement)->count, 1);
}

static const struct told_row {
    const char *label, *in_force, *expression, *attributes;
    bool is_told;
} told_rows[] = {
    {"comments on a study", NULL, "tagValueContains(\"0032,4000\", \"zz\")", "0032,4000=Frau Meier", false},
    {"comments on images", NULL, "tagValueContains(\"0020,4000\", \"zz\")", "0020,4000=Frau Meier", false},
    {"comments on a request", NULL, "tagValueContains(\"0040,2400\", \"zz\")", "0040,2400=Frau Meier", false},
    {"any text", NULL, "tagValueContains(\"4000,4000\", \"zz\")", "4000,4000=Frau Meier", false},
    {"a private attribute", NULL, "tagText(\"0009,1010\", LO) == \"zz\"",
     "0009,0010=MAKER;0009,1010=Frau Meier", false},
    {"... said to be a code", NULL, "tagText(\"0009,1010\", CS) == \"zz\"",
     "0009,0010=MAKER;0009,1010=Frau Meier", false},
    {"a text in a report", NULL, "tagValueContains(\"0040,a730/0040,a160\", \"zz\")",
     "0040,A730/0040,A160=Frau Meier", false},
    {"a subject of a trial", NULL, "tagValueContains(\"0012,0040\", \"zz\")", "0012,0040=SUBJ-4711", false},
    {"a date", NULL, "tagValueContains(\"0008,0020\", \"zz\")", "0008,0020=19990101", false},
    {"what the vendor calls the device", NULL, "tagText(#Tag.ManufacturerModelName) == \"zz\"",
     "ManufacturerModelName=Scanner 1", true},
    {"a code", NULL, "tagText(#Tag.BodyPartExamined) == \"zz\"", "BodyPartExamined=HEAD", true},
    {"what is in force", "tagValueIsPresent(\"0012,0040\", \"SUBJ-1\")",
     "tagValueContains(\"0012,0040\", \"zz\")", "0012,0040=SUBJ-4711", true},
    {"private, and in force", "tagText(\"0009,1010\", LO) == \"a\"", "tagText(\"0009,1010\", SH) == \"zz\"",
     "0009,0010=MAKER;0009,1010=Trial", true},
    {"in force elsewhere", "tagValueIsPresent(\"0040,0275/0012,0040\", \"a\")",
     "tagValueContains(\"0012,0040\", \"zz\")", "0012,0040=SUBJ-4711", false},
    {"in force, and a patient's", "tagValueIsPresent(#Tag.PatientName, \"a\")",
     "tagValueContains(#Tag.PatientName, \"zz\")", "PatientName=Meier", false},
};

START_TEST(only_what_names_nobody_is_told)
{
    const struct told_row *row = &told_rows[_i];
    AUTO(judgement_destroy) struct judgement *judgement = NULL;
    bool identifying;
    if (row->in_force)
        add_in_force(row->in_force);
    try_on(row->expression, row->attributes, &identifying, &judgement);
    const struct explain_value *value = &judgement->list[0].explanation->lines[0].values[0];
    ck_assert_msg(!value->absent, "%s: absent", row->label);
    ck_assert_msg(value->hidden == !row->is_told && (value->text_count > 0) == row->is_told, "%s",
                  row->label);
    ck_assert_msg(identifying == !row->is_told, "%s: who may ask", row->label);
}
END_TEST

START_TEST(what_is_no_file_has_a_reason)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    AUTO(judgement_destroy) struct judgement *judgement = NULL;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    judgement_write(fd, trial, NULL, &bytes);
    ck_assert_int_eq(judgement_parse(bytes.bytes, bytes.length, COUNT, &judgement), 0);
    ck_assert_int_ne(judgement->code, 0);
    ck_assert_ptr_nonnull(judgement->reason);
    ck_assert_uint_eq(judgement->count, 0);
}
END_TEST

static void ck_well_formed(const struct judgement *judgement)
{
    for (size_t i = 0; i < judgement->count; i++) {
        const struct explanation *explanation = judgement->list[i].explanation;
        unsigned deepest = 0;
        for (size_t j = 0; explanation && j < explanation->line_count; j++) {
            const struct explain_line *line = &explanation->lines[j];
            ck_assert_uint_le(line->depth, deepest);
            deepest = line->depth + 1;
            for (size_t k = 0; k < line->value_count; k++)
                ck_assert(!line->values[k].hidden || line->values[k].text_count == 0);
        }
    }
}

START_TEST(whatever_bytes_come_it_is_well_formed_or_none)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    judge(&bytes);
    for (size_t length = 0; length < bytes.length; length++) {
        AUTO(judgement_destroy) struct judgement *cut = NULL;
        AUTO(memory_free) char *copy = memory_string_n(bytes.bytes, length);
        ck_assert_int_eq(judgement_parse(copy, length, COUNT, &cut), ERR_SYNTAX);
    }
    for (size_t at = 0; at < bytes.length; at++) {
        for (int bit = 0; bit < 8; bit++) {
            AUTO(judgement_destroy) struct judgement *judgement = NULL;
            bytes.bytes[at] ^= (char)(1 << bit);
            if (judgement_parse(bytes.bytes, bytes.length, COUNT, &judgement) == 0)
                ck_well_formed(judgement);
            bytes.bytes[at] ^= (char)(1 << bit);
        }
    }
}
END_TEST

START_TEST(what_is_no_trial_is_refused)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    trial_write(expressions, COUNT, in_force, &bytes);
    for (size_t length = 0; length < bytes.length; length++) {
        AUTO(trial_destroy) struct trial *cut = NULL;
        ck_assert_int_eq(trial_read(text_string(&bytes), length, &cut), ERR_SYNTAX);
    }
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("judgement");
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, what_is_no_condition_is_told);
    tests_add(tests, a_header_is_judged);
    tests_rows(tests, only_what_names_nobody_is_told, ROWS(told_rows));
    tests_add(tests, what_is_no_file_has_a_reason);
    tests_add(tests, whatever_bytes_come_it_is_well_formed_or_none);
    tests_add(tests, what_is_no_trial_is_refused);
    return tests_run(tests);
}
