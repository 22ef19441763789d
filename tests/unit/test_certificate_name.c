#include "common/config/certificate_name.h"

#include "common/base/cleanup.h"
#include "tests/support/suite.h"

#include <string.h>

#define DIGITS "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PAIRS                                                            \
    "01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:" \
    "CD:EF:01:23:45:67:89:AB:CD:EF"

static const struct row {
    const char *label, *written, *subject;
    bool good, fits;
} rows[] = {
    {"the whole subject", "CN=ct01", "CN=ct01", true, true},
    {"one attribute of it", "CN=ct01", "CN=ct01,O=A Hospital,C=CH", true, true},
    {"two, in another order", "C=CH, CN=ct01", "CN=ct01,O=A Hospital,C=CH", true, true},
    {"one that it has not", "CN=ct01,O=Other", "CN=ct01,O=A Hospital", true, false},
    {"another value", "CN=ct01", "CN=ct011", true, false},
    {"the beginning of a value", "CN=ct01", "CN=ct01.example.org", true, false},
    {"letters of another case", "CN=CT01", "CN=ct01", true, false},
    {"a type of another case", "cn=ct01", "CN=ct01", true, true},
    {"an attribute within a value", "CN=ct01", "O=A\\,CN=ct01,CN=mr01", true, false},
    {"a comma in a value", "O=A\\,B", "O=A\\,B,CN=x", true, true},
    {"half of it", "O=A", "O=A\\,B,CN=x", true, false},
    {"a set of two", "CN=ct01", "OU=a+CN=ct01", true, true},
    {"a value with another sign", "CN=a=b", "CN=a=b", true, true},
    {"behind an attribute without a value", "CN=ct01", "O=,CN=ct01", true, true},
    {"a subject too long for us", "CN=ct01", "", true, false},
    {"letters of other scripts", "CN=r\xC3\xB6ntgen", "CN=r\xC3\xB6ntgen", true, true},
    {"the fingerprint", DIGITS, "CN=x", true, true},
    {"as openssl prints it", PAIRS, "CN=x", true, true},
    {"with its name", "SHA256:" DIGITS, "CN=x", true, true},
    {"a digit less", DIGITS + 1, "CN=x", false, false},
    {"a digit more", DIGITS "0", "CN=x", false, false},
    {"a colon too early", "0:1" DIGITS + 2, "CN=x", false, false},
    {"a name alone", "ct01", "CN=ct01", false, false},
    {"nothing before the sign", "=ct01", "CN=ct01", false, false},
    {"nothing behind it", "CN=", "CN=", false, false},
    {"nothing at all", "", "", false, false},
    {"a line break", "CN=ct01\nO=x", "CN=ct01", false, false},
};

START_TEST(whose_certificate_it_is)
{
    const struct row *row = &rows[_i];
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct certificate_name shown = {.fingerprint = DIGITS};
    memcpy(shown.subject, row->subject, strlen(row->subject));
    ck_assert_msg((certificate_name_check(row->written, &reason) == 0) == row->good, "%s: %s", row->label,
                  text_string(&reason));
    ck_assert_msg((reason.length == 0) == row->good, "%s: %s", row->label, text_string(&reason));
    ck_assert_msg(certificate_name_fits(row->written, &shown) == row->fits, "%s", row->label);
}
END_TEST

START_TEST(another_fingerprint_fits_not)
{
    static const struct certificate_name shown = {.subject = "CN=x", .fingerprint = DIGITS};
    char other[] = DIGITS;
    other[63] = '0';
    ck_assert(!certificate_name_fits(other, &shown));
    ck_assert(certificate_name_fits(DIGITS, &shown));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("certificate_name");
    tests_rows(tests, whose_certificate_it_is, ROWS(rows));
    tests_add(tests, another_fingerprint_fits_not);
    return tests_run(tests);
}
