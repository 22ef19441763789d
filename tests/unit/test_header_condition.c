/* The table of conditions once more, now through DICOM files, and what a reader of one header promises to all
 * of its conditions together. */
#include "common/base/cleanup.h"
#include "common/dicom/dictionary.h"
#include "common/dicom/header.h"
#include "tests/support/condition_rows.h"
#include "tests/support/dicom.h"
#include "tests/support/facts.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

static struct sandbox *sandbox;

static void setup(void)
{
    sandbox = sandbox_create();
}

static void teardown(void)
{
    sandbox_destroy(&sandbox);
}

static struct condition *compile(const char *expression)
{
    struct condition *condition = NULL;
    AUTO(condition_error_release) struct condition_error error = {.message = NULL};
    ck_assert_msg(condition_compile(expression, dictionary_for_conditions(), &condition, &error) == 0, "%s",
                  error.message);
    return condition;
}

static size_t written;

static void check(const struct condition_row *row)
{
    AUTO(facts_destroy) struct facts *facts = facts_create(row->attributes, dictionary_for_conditions());
    AUTO(condition_destroy) struct condition *condition = compile(row->expression);
    AUTO(header_destroy) struct header *header = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const char *path = sandbox_path(sandbox, "x.dcm");
    if (!facts_write_dicom(facts, path))
        return; /* no file can hold this */
    written++;
    ck_assert_msg(header_read(path, NULL, &header, &reason) == 0, "%s: %s", row->label, reason.bytes);
    ck_assert_msg(condition_holds(condition, header_facts(header)) == row->verdict, "%s: is %s", row->label,
                  row->verdict ? "false" : "true");
}

START_TEST(verdict_is_as_in_karnak)
{
    check(&condition_rows[_i]);
}
END_TEST

START_TEST(verdict_goes_beyond_karnak)
{
    check(&condition_more_rows[_i]);
}
END_TEST

START_TEST(nearly_all_rows_are_files)
{
    for (size_t i = 0; i < condition_row_count; i++)
        check(&condition_rows[i]);
    for (size_t i = 0; i < condition_more_row_count; i++)
        check(&condition_more_rows[i]);
    ck_assert_uint_ge(written + 4, condition_row_count + condition_more_row_count);
}
END_TEST

/* Conditions asked on one header, in any order and again, see the same values: nothing is used up. */
START_TEST(one_header_serves_all_conditions)
{
    const char *const expressions[] = {"tagValueIsPresent(#Tag.Modality, \"CT\")",
                                       "tagIsPresent(#Tag.PixelData)",
                                       "tagNumber(#Tag.Rows) == 64",
                                       "tagText(#Tag.Rows) == \"64\"",
                                       "tagValueBeginsWith(\"0002,0010\", \"1.2.840.10008.1.2\")",
                                       "!tagIsPresent(#Tag.RequestAttributesSequence)",
                                       "!tagIsPresent(\"0040,0275/0040,0007\")"};
    const char *path = sandbox_path(sandbox, "x.dcm");
    AUTO(header_destroy) struct header *header = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct dicom_spec spec;
    dicom_spec_init(&spec, 1);
    ck_assert_int_eq(dicom_write(&spec, path), 0);
    ck_assert_int_eq(header_read(path, NULL, &header, &reason), 0);
    for (size_t i = 0; i < 3 * ROWS(expressions); i++) {
        AUTO(condition_destroy) struct condition *condition = compile(expressions[i * 5 % ROWS(expressions)]);
        ck_assert_msg(condition_holds(condition, header_facts(header)), "%s", condition_text(condition));
    }
}
END_TEST

/* More distinct tags than the table starts with. */
START_TEST(many_tags_are_kept)
{
    const char *path = sandbox_path(sandbox, "x.dcm");
    AUTO(header_destroy) struct header *header = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct dicom_spec spec;
    dicom_spec_init(&spec, 1);
    ck_assert_int_eq(dicom_write(&spec, path), 0);
    ck_assert_int_eq(header_read(path, NULL, &header, &reason), 0);
    const struct condition_facts *facts = header_facts(header);
    for (int round = 0; round < 2; round++) {
        for (uint32_t tag = 0x00080000; tag < 0x00083000; tag++) {
            const struct condition_path path_of_tag = {{tag}, 1, ""};
            size_t length = 0;
            const char *text = facts->text(facts->context, &path_of_tag, 0, &length);
            ck_assert(!text || facts->is_present(facts->context, &path_of_tag));
            if (tag == 0x00080060)
                ck_assert_pstr_eq(text, "CT");
        }
    }
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("header_condition");
    tests_fixture(tests, setup, teardown);
    tests_rows(tests, verdict_is_as_in_karnak, condition_row_count);
    tests_rows(tests, verdict_goes_beyond_karnak, condition_more_row_count);
    tests_add(tests, nearly_all_rows_are_files);
    tests_add(tests, one_header_serves_all_conditions);
    tests_add(tests, many_tags_are_kept);
    return tests_run(tests);
}
