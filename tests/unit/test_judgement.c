/* What goes between the router and a felucca-header in a trial: what was said arrives, and whatever bytes come, a judgement is
 * well-formed, or there is none. */
#include "common/reading/judgement.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "tests/support/dicom.h"
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
static struct trial *trial;

static void set_up(void)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    sandbox = sandbox_create();
    trial_write(expressions, COUNT, &bytes);
    ck_assert_int_eq(trial_read(text_string(&bytes), bytes.length, &trial), 0);
}

static void tear_down(void)
{
    trial_destroy(&trial);
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
    judge(&bytes);
    ck_assert_ptr_null(memmem(bytes.bytes, bytes.length, "Jane", 4));
    ck_assert_int_eq(judgement_parse(bytes.bytes, bytes.length, COUNT, &judgement), 0);
    ck_assert_int_eq(judgement->code, 0);
    ck_assert_str_eq(judgement->sop_class, "1.2.840.10008.5.1.4.1.1.2");
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
    trial_write(expressions, COUNT, &bytes);
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
    tests_add(tests, what_is_no_file_has_a_reason);
    tests_add(tests, whatever_bytes_come_it_is_well_formed_or_none);
    tests_add(tests, what_is_no_trial_is_refused);
    return tests_run(tests);
}
