#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/dicom/dictionary.h"
#include "tests/support/condition_rows.h"
#include "tests/support/facts.h"
#include "tests/support/files.h"
#include "tests/support/suite.h"

#include <string.h>

static void check_verdict(const struct condition_row *row)
{
    AUTO(condition_destroy) struct condition *condition = NULL;
    AUTO(facts_destroy) struct facts *facts = facts_create(row->attributes, dictionary_for_conditions());
    struct condition_error error = {.message = NULL};
    int result = condition_compile(row->expression, dictionary_for_conditions(), &condition, &error);
    ck_assert_msg(result == 0, "%s: %s", row->label, error.message);
    ck_assert_str_eq(condition_text(condition), row->expression);
    for (int i = 0; i < 2; i++) /* the second time from whatever the first left */
        ck_assert_msg(condition_holds(condition, facts_of(facts)) == row->verdict, "%s: %s with %s is not %s",
                      row->label, row->expression, row->attributes, row->verdict ? "true" : "false");
}

START_TEST(verdict_is_as_in_karnak)
{
    check_verdict(&condition_rows[_i]);
}
END_TEST

START_TEST(verdict_goes_beyond_karnak)
{
    check_verdict(&condition_more_rows[_i]);
}
END_TEST

START_TEST(error_names_place_and_hint)
{
    const struct condition_error_row *row = &condition_error_rows[_i];
    AUTO(condition_destroy) struct condition *condition = NULL;
    AUTO(condition_error_release) struct condition_error error = {.message = NULL};
    int result = condition_compile(row->expression, dictionary_for_conditions(), &condition, &error);
    ck_assert_msg(result == ERR_SYNTAX, "%s: is taken", row->label);
    ck_assert_ptr_null(condition);
    if (!row->message) /* any error will do */
        return;
    ck_assert_msg(strstr(error.message, row->message) != NULL, "%s: says \"%s\"", row->label, error.message);
    if (row->hint)
        ck_assert_msg(error.hint && strstr(error.hint, row->hint), "%s: hints \"%s\"", row->label,
                      error.hint ? error.hint : "(none)");
    const char *place =
        row->place ? strstr(row->expression, row->place) : row->expression + strlen(row->expression);
    ck_assert_msg(place && error.offset == (size_t)(place - row->expression),
                  "%s: the caret is at %zu, not %zd (%s)", row->label, error.offset, place - row->expression,
                  error.message);
    ck_assert_msg(error.length >= 1, "%s: no length", row->label);
}
END_TEST

static const struct print_row {
    const char *label, *expression, *printed;
} print_rows[] = {
    {"a word and a hint", "tagValueContain(#Tag.Modality, \"CT\")",
     "unknown function \"tagValueContain\"\n"
     "  tagValueContain(#Tag.Modality, \"CT\")\n"
     "  ^~~~~~~~~~~~~~~ did you mean tagValueContains?"},
    {"the line with the error only", "tagIsPresent(#Tag.Modality)\n&& tagIsPresent(#Tag.Modalty)\n&& true",
     "unknown DICOM keyword \"Modalty\"\n"
     "  && tagIsPresent(#Tag.Modalty)\n"
     "                       ^~~~~~~ did you mean #Tag.Modality?"},
    {"the end", "true &&",
     "the expression ends too early\n"
     "  true &&\n"
     "         ^ a function such as tagValueIsPresent(#Tag.Modality, \"CT\") belongs here"},
    {"columns are characters", "callingAET == \"\xC3\xA9\xC3\xA9\" && x",
     "unknown name \"x\"\n"
     "  callingAET == \"\xC3\xA9\xC3\xA9\" && x\n"
     "                        ^ a text is written in quotes"},
    {"bytes that are no character", "true && x\xB5\xB5",
     "a character that has no meaning here\n"
     "  true && x\uFFFD\uFFFD\n"
     "           ^~"},
    {"empty", "", "an empty expression: leave the condition out for always"},
    {"a long line is shown in part",
     "true && true && true && true && true && true && true && true && true && true && true && "
     "xyz == \"1\" && "
     "true && true && true && true && true && true && true && true && true && true",
     "unknown name \"xyz\"\n"
     "  ... && true && true && true && true && true && true && true && xyz == \"1\" && true && true && "
     "true && "
     "tr...\n"
     "                                                                 ^~~ a text is written in quotes"},
};

START_TEST(error_is_printed)
{
    const struct print_row *row = &print_rows[_i];
    AUTO(condition_destroy) struct condition *condition = NULL;
    AUTO(condition_error_release) struct condition_error error = {.message = NULL};
    AUTO(text_release) struct text printed = TEXT_EMPTY;
    ck_assert_int_eq(condition_compile(row->expression, dictionary_for_conditions(), &condition, &error),
                     ERR_SYNTAX);
    condition_error_print(row->expression, &error, &printed);
    ck_assert_msg(strcmp(text_string(&printed), row->printed) == 0, "%s:\n%s\nnot\n%s", row->label,
                  text_string(&printed), row->printed);
}
END_TEST

/* Every example of the documentation is a condition. */
START_TEST(documentation_is_right)
{
    static const char fence[] = "```condition\n";
    AUTO(text_release) struct text page = TEXT_EMPTY;
    size_t count = 0;
    file_read(FELUCCA_SOURCE "/docs/conditions.md", &page);
    for (char *at = strstr(page.bytes, fence); at; at = strstr(at, fence)) {
        AUTO(condition_destroy) struct condition *condition = NULL;
        AUTO(condition_error_release) struct condition_error error = {.message = NULL};
        char *start = at + strlen(fence), *end = strstr(start, "```");
        ck_assert_ptr_nonnull(end);
        *end = '\0';
        ck_assert_msg(condition_compile(start, dictionary_for_conditions(), &condition, &error) == 0,
                      "%s\n%s", start, error.message);
        count++;
        at = end + 1;
    }
    ck_assert_uint_ge(count, 10);
}
END_TEST

START_TEST(table_has_its_rows)
{
    ck_assert_uint_ge(condition_row_count + condition_more_row_count + condition_error_row_count, 200);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("condition");
    tests_rows(tests, verdict_is_as_in_karnak, condition_row_count);
    tests_rows(tests, verdict_goes_beyond_karnak, condition_more_row_count);
    tests_rows(tests, error_names_place_and_hint, condition_error_row_count);
    tests_rows(tests, error_is_printed, ROWS(print_rows));
    tests_add(tests, documentation_is_right);
    tests_add(tests, table_has_its_rows);
    return tests_run(tests);
}
