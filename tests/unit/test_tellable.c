/* Which values a trial shows: those of attributes that name nobody, and those that a condition in force asks for. */
#include "common/reading/tellable.h"

#include "common/base/cleanup.h"
#include "common/dicom/dictionary.h"
#include "tests/support/suite.h"

static const struct row {
    const char *label;
    struct condition_path path;
    bool is_told;
} rows[] = {
    {"modality", {{0x00080060}, 1, ""}, true},
    {"study description", {{0x00081030}, 1, ""}, true},
    {"series description", {{0x0008103E}, 1, ""}, true},
    {"protocol name", {{0x00181030}, 1, ""}, true},
    {"body part examined", {{0x00180015}, 1, ""}, true},
    {"station name", {{0x00081010}, 1, ""}, true},
    {"manufacturer", {{0x00080070}, 1, ""}, true},
    {"model", {{0x00081090}, 1, ""}, true},
    {"SOP class", {{0x00080016}, 1, ""}, true},
    {"image type", {{0x00080008}, 1, ""}, true},
    {"study UID", {{0x0020000D}, 1, ""}, true},
    {"series number", {{0x00200011}, 1, ""}, true},
    {"slice thickness", {{0x00180050}, 1, ""}, true},
    {"rows", {{0x00280010}, 1, ""}, true},
    {"smallest pixel value, US or SS", {{0x00280106}, 1, ""}, true},
    {"a scheduled station's title", {{0x00400100, 0x00400001}, 2, ""}, true},
    {"a number in a sequence", {{0x52009229, 0x00289110, 0x00180050}, 3, ""}, true},
    {"patient's name", {{0x00100010}, 1, ""}, false},
    {"patient's sex, a code", {{0x00100040}, 1, ""}, false},
    {"patient's size, a number", {{0x00101020}, 1, ""}, false},
    {"a code below a patient's sequence", {{0x00101002, 0x00080060}, 2, ""}, false},
    {"accession number", {{0x00080050}, 1, ""}, false},
    {"study date", {{0x00080020}, 1, ""}, false},
    {"image comments", {{0x00204000}, 1, ""}, false},
    {"study comments", {{0x00324000}, 1, ""}, false},
    {"device serial number", {{0x00181000}, 1, ""}, false},
    {"a description in a sequence", {{0x00400275, 0x00081030}, 2, ""}, false},
    {"a trial's subject", {{0x00120040}, 1, ""}, false},
    {"private", {{0x00091010}, 1, ""}, false},
    {"private, read as a code", {{0x00091010}, 1, "CS"}, false},
    {"below a private sequence", {{0x00091010, 0x00080060}, 2, ""}, false},
    {"comments, read as a code", {{0x00204000}, 1, "CS"}, false},
    {"below what is no sequence", {{0x00204000, 0x00080060}, 2, ""}, false},
    {"a number in a report", {{0x0040A730, 0x0040A300, 0x0040A30A}, 3, ""}, false},
    {"a label, which is typed", {{0x00700080}, 1, ""}, false},
    {"comments on an overlay", {{0x60004000}, 1, ""}, false},
    {"not of the standard", {{0x00080003}, 1, ""}, false},
    {"none", {{0}, 0, ""}, false},
};

START_TEST(what_names_nobody_is_told)
{
    const struct row *row = &rows[_i];
    AUTO(questions_destroy) struct questions *none = questions_create();
    ck_assert_msg(tellable_is(NULL, &row->path) == row->is_told, "%s", row->label);
    ck_assert_msg(tellable_is(none, &row->path) == row->is_told, "%s, nothing in force", row->label);
}
END_TEST

START_TEST(what_is_in_force_is_told)
{
    static const struct condition_path subject = {{0x00120040}, 1, ""}, as_code = {{0x00120040}, 1, "CS"},
                                       private = {{0x00091010}, 1, ""}, name = {{0x00100010}, 1, ""},
                                       comments = {{0x00204000}, 1, ""},
                                       below = {{0x00400275, 0x00120040}, 2, ""};
    static const char expression[] = "tagText(\"0012,0040\") == \"a\" || tagNumber(\"0009,1010\", DS) > 1 || "
                                     "tagValueIsPresent(#Tag.PatientName, \"a\")";
    AUTO(questions_destroy) struct questions *in_force = questions_create();
    AUTO(condition_destroy) struct condition *condition = NULL;
    AUTO(condition_error_release) struct condition_error error = {.message = NULL};
    ck_assert_msg(condition_compile(expression, dictionary_for_conditions(), &condition, &error) == 0, "%s",
                  error.message);
    tellable_add(in_force, condition);
    tellable_add(in_force, NULL);
    ck_assert(tellable_is(in_force, &subject) && tellable_is(in_force, &as_code));
    ck_assert(tellable_is(in_force, &private));
    ck_assert(!tellable_is(in_force, &name) && !tellable_is(in_force, &comments));
    ck_assert(!tellable_is(in_force, &below));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("tellable");
    tests_rows(tests, what_names_nobody_is_told, ROWS(rows));
    tests_add(tests, what_is_in_force_is_told);
    return tests_run(tests);
}
