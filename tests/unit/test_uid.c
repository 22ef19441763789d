/* What can be said about a UID's text. The examples are what org.ietf.jgss.Oid of Java 17 said of each, and
 * where KHEOPS is narrower (letters, signs and other digits do not fit its URLs), what KHEOPS says. */
#include "common/dicom/uid.h"

#include "common/base/cleanup.h"
#include "common/base/text.h"
#include "tests/support/suite.h"

static const struct uid_row {
    const char *uid;
    bool plain, oid;
} uid_rows[] = {
    {"1.2.840.10008.1.1", true, true},
    {"2.25.329800735698586629295641978511506172918", true, true},
    /* the first two arcs */
    {"0.0", true, true},
    {"0.39", true, true},
    {"0.39.1", true, true},
    {"0.40", true, false},
    {"0.40.1", true, false},
    {"1.0", true, true},
    {"1.39", true, true},
    {"1.40", true, false},
    {"1.40.1", true, false},
    {"1.999.1", true, false},
    {"2.0", true, true},
    {"2.40", true, true},
    {"2.999.1", true, true},
    {"3.1", true, false},
    {"3.7", true, false},
    {"10.1", true, false},
    /* one arc, or an empty one */
    {"1", true, false},
    {"2", true, false},
    {"123", true, false},
    {"1..2", true, false},
    {"1.", true, false},
    {"1.2.", true, false},
    {".1.2", true, false},
    {".", true, false},
    {"..", true, false},
    {"", false, false},
    /* leading zeros: the value counts */
    {"1.2.03", true, true},
    {"1.2.0", true, true},
    {"1.2.000", true, true},
    {"01.2", true, true},
    {"01.02.003", true, true},
    {"0000000002.999", true, true},
    {"00000000000001.2", true, true},
    {"1.00000000000039.5", true, true},
    {"1.00000000000040", true, false},
    {"003.1", true, false},
    /* arcs beyond 32 and 64 bits, none of which wraps around */
    {"1.2.4294967296", true, true},
    {"2.4294967295.1", true, true},
    {"2.99999999999999999999999999999999999999999999999999999999.1", true, true},
    {"0.4294967295", true, false},
    {"1.4294967297.3", true, false},
    {"4294967296.2", true, false},
    {"4294967297.2", true, false},
    {"18446744073709551617.1", true, false},
    {"18446744073709551618.1", true, false},
    /* other characters */
    {"1.2 ", false, false},
    {" 1.2", false, false},
    {"1.2\n", false, false},
    {"1.2.a", false, false},
    {"1.2.0x1", false, false},
    {"1.2.-3", false, false},
    {"1.2.+5", false, false},
    {"1.2.\xd9\xa3", false, false},
    {"1.2/../3", false, false},
    {"4f1c8d0e-6c0f-4f7e-9d0e-0d6f2d3f2b11", false, false},
    /* 64 characters, 65 */
    {"1.2.345678901234567890123456789012345678901234567890123456789012", true, true},
    {"1.2.3456789012345678901234567890123456789012345678901234567890123", false, true},
};

START_TEST(a_uid_is_judged)
{
    const struct uid_row *row = &uid_rows[_i];
    ck_assert_msg(uid_is_plain(row->uid) == row->plain, "%s", row->uid);
    ck_assert_msg(uid_is_oid(row->uid) == row->oid, "%s", row->uid);
}
END_TEST

static const struct printable_row {
    const char *uid;
    bool printable;
} printable_rows[] = {
    {"1.2.3", true},
    {"dccc9599087131742838cc1162a630fe", true},
    {"ad111191-79e4-4892-9b91-2f84967a4b23", true},
    {"STUDY 1", true},
    {"\"/../<>&'", true},
    {"1234567890123456789012345678901234567890123456789012345678901234", true},
    {"12345678901234567890123456789012345678901234567890123456789012345", false},
    {"", false},
    {" 1.2", false},
    {"1.2 ", false},
    {"1.2\\1.3", false},
    {"1.2\n", false},
    {"1.2\x1b", false},
    {"1.2\x7f", false},
    {"1.2.\xc3\xa9", false},
};

START_TEST(a_printable_uid_is_one_line_of_ascii)
{
    const struct printable_row *row = &printable_rows[_i];
    ck_assert_msg(uid_is_printable(row->uid) == row->printable, "%s", row->uid);
}
END_TEST

/* As long as KHEOPS's database bears. */
START_TEST(a_long_uid_is_fine_up_to_255_characters)
{
    AUTO(text_release) struct text uid = TEXT_EMPTY;
    text_append(&uid, "1.2.");
    while (uid.length < 255)
        text_append_char(&uid, '7');
    ck_assert(uid_is_oid(text_string(&uid)));
    text_append_char(&uid, '7');
    ck_assert(!uid_is_oid(text_string(&uid)));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("uid");
    tests_rows(tests, a_uid_is_judged, ROWS(uid_rows));
    tests_rows(tests, a_printable_uid_is_one_line_of_ascii, ROWS(printable_rows));
    tests_add(tests, a_long_uid_is_fine_up_to_255_characters);
    return tests_run(tests);
}
