#include "common/dicom/value.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

#define BYTES(literal) literal, sizeof(literal) - 1

static const struct text_row {
    const char *label, *vr, *bytes;
    size_t length;
    const char *text; /* NULL: none */
} text_rows[] = {
    {"one value", "CS", BYTES("CT"), "CT"},
    {"padding", "LO", BYTES("Thorax "), "Thorax"},
    {"blanks on both ends", "LO", BYTES("  Thorax  "), "Thorax"},
    {"blanks inside stay", "LO", BYTES("a  b"), "a  b"},
    {"controls are blanks too", "LO", BYTES("\t\r\nThorax\v\x01"), "Thorax"},
    {"NUL padding", "UI", BYTES("1.2.3\0"), "1.2.3"},
    {"several values", "CS", BYTES("ORIGINAL\\PRIMARY\\AXIAL "), "ORIGINAL\\PRIMARY\\AXIAL"},
    {"each value is trimmed", "CS", BYTES(" ORIGINAL \\ PRIMARY "), "ORIGINAL\\PRIMARY"},
    {"an empty value at the start", "CS", BYTES("\\PRIMARY"), "\\PRIMARY"},
    {"an empty value at the end", "CS", BYTES("ORIGINAL\\ "), "ORIGINAL\\"},
    {"an empty value in the middle", "CS", BYTES("A\\\\C"), "A\\\\C"},
    {"nothing but separators", "CS", BYTES("\\ \\ "), NULL},
    {"nothing but blanks", "LO", BYTES("    "), NULL},
    {"nothing", "LO", BYTES(""), NULL},
    {"long text: trimmed at the end only", "LT", BYTES("  a\\b \r\n"), "  a\\b"},
    {"short text is never split", "ST", BYTES(" a \\ b "), " a \\ b"},
    {"unlimited text", "UT", BYTES(" a "), " a"},
    {"a URI", "UR", BYTES("http://x/?a\\b "), "http://x/?a\\b"},
    {"a text of blanks", "LT", BYTES("  \n "), NULL},
    {"unlimited characters are split", "UC", BYTES(" a \\ b "), "a\\b"},
    {"a person name as written", "PN", BYTES("Doe^Jane^^Dr=\xE7=x "), "Doe^Jane^^Dr=\xC3\xA7=x"},
    {"several names", "PN", BYTES("Doe^Jane \\ Roe^Rick"), "Doe^Jane\\Roe^Rick"},
    {"decoded", "LO",
     BYTES("Sch\xE4"
           "del"),
     "Sch\xC3\xA4"
     "del"},
    {"not decoded: a code string", "CS", BYTES("\xE4"), "\xEF\xBF\xBD"},
    {"decimal string as written", "DS", BYTES(" 1.50 \\+2e3"), "1.50\\+2e3"},
    {"integer string as written", "IS", BYTES("007 "), "007"},
    {"date", "DA", BYTES("20260131"), "20260131"},
    {"time", "TM", BYTES("081500.5 "), "081500.5"},
    {"date and time", "DT", BYTES("20260131081500"), "20260131081500"},
    {"age", "AS", BYTES("042Y"), "042Y"},
    {"application entity", "AE", BYTES("  CT01  "), "CT01"},
    {"US", "US", BYTES("\x00\x02"), "512"},
    {"US, several", "US", BYTES("\x01\x00\xFF\xFF\x00\x00"), "1\\65535\\0"},
    {"SS", "SS", BYTES("\xFF\xFF\x00\x80"), "-1\\-32768"},
    {"UL", "UL", BYTES("\xFF\xFF\xFF\xFF"), "4294967295"},
    {"SL", "SL", BYTES("\x00\x00\x00\x80"), "-2147483648"},
    {"UV", "UV", BYTES("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), "18446744073709551615"},
    {"SV", "SV", BYTES("\x00\x00\x00\x00\x00\x00\x00\x80"), "-9223372036854775808"},
    {"FL: without .0", "FL", BYTES("\x00\x00\x80\x3F"), "1"},
    {"FL: shortest", "FL", BYTES("\xCD\xCC\xCC\x3D"), "0.1"},
    {"FL: nine digits", "FL", BYTES("\x01\x00\x80\x3F"), "1.0000001"},
    {"FL: large", "FL", BYTES("\xEC\x78\xAD\x60"), "1e20"},
    {"FL: negative", "FL", BYTES("\x00\x00\x20\xC0"), "-2.5"},
    {"FD: shortest", "FD", BYTES("\x9A\x99\x99\x99\x99\x99\xB9\x3F"), "0.1"},
    {"FD: seventeen digits", "FD", BYTES("\x34\x33\x33\x33\x33\x33\xD3\x3F"), "0.30000000000000004"},
    {"FD: several", "FD", BYTES("\0\0\0\0\0\0\xF0\x3F\0\0\0\0\0\0\x04\xC0"), "1\\-2.5"},
    {"FD: small", "FD", BYTES("\x48\xAF\xBC\x9A\xF2\xD7\x7A\x3E"), "1e-7"},
    {"FD: not a number", "FD", BYTES("\0\0\0\0\0\0\xF8\x7F"), "NaN"},
    {"FD: infinite", "FD", BYTES("\0\0\0\0\0\0\xF0\xFF"), "-Infinity"},
    {"AT", "AT", BYTES("\x08\x00\x30\x10"), "00081030"},
    {"AT, several", "AT", BYTES("\x08\x00\x30\x10\xE0\x7F\x1A\x00"), "00081030\\7FE0001A"},
    {"a number that is cut", "UL", BYTES("\x01\x02"), NULL},
    {"a number and half", "US", BYTES("\x01\x00\x02"), "1"},
    {"OB", "OB", BYTES("abcd"), NULL},
    {"OW", "OW", BYTES("abcd"), NULL},
    {"OF", "OF", BYTES("abcd"), NULL},
    {"OD", "OD", BYTES("abcdefgh"), NULL},
    {"OL", "OL", BYTES("abcd"), NULL},
    {"OV", "OV", BYTES("abcdefgh"), NULL},
    {"UN", "UN", BYTES("abcd"), NULL},
    {"SQ", "SQ", BYTES("abcd"), NULL},
    {"unknown", "??", BYTES("abcd"), NULL},
};

START_TEST(text_is_as_specified)
{
    const struct text_row *row = &text_rows[_i];
    AUTO(charset_destroy) struct charset *charset = charset_create("ISO_IR 100", 10);
    AUTO(text_release) struct text out = TEXT_EMPTY;
    text_append(&out, "before:");
    bool has = value_text(row->vr, row->bytes, row->length, charset, &out);
    ck_assert_msg(has == (row->text != NULL), "%s: has %s text", row->label, has ? "a" : "no");
    const char *text = row->text ? row->text : "";
    ck_assert_msg(out.length == 7 + strlen(text) && memcmp(out.bytes + 7, text, strlen(text)) == 0,
                  "%s: is \"%.*s\"", row->label, (int)(out.length - 7), out.bytes + 7);
}
END_TEST

static const struct number_row {
    const char *label, *vr, *bytes;
    size_t length;
    bool is_number;
    double number;
} number_rows[] = {
    {"IS", "IS", BYTES("12 "), true, 12},
    {"IS with a sign", "IS", BYTES(" +7"), true, 7},
    {"DS", "DS", BYTES("-1.5e3"), true, -1500},
    {"the first of several", "DS", BYTES("0.5\\0.7"), true, 0.5},
    {"the first is empty", "DS", BYTES("\\0.7"), false, 0},
    {"a text that is a number", "LO", BYTES("42"), true, 42},
    {"a text that is none", "LO", BYTES("42x"), false, 0},
    {"a text of nothing", "LO", BYTES(" "), false, 0},
    {"hex is none", "LO", BYTES("0x10"), false, 0},
    {"infinity is none", "DS", BYTES("1e999"), false, 0},
    {"nan is none", "LO", BYTES("nan"), false, 0},
    {"only a sign", "IS", BYTES("-"), false, 0},
    {"two numbers with a blank", "LO", BYTES("1 2"), false, 0},
    {"US", "US", BYTES("\x02\x01\x09\x09"), true, 258},
    {"SS", "SS", BYTES("\xFE\xFF"), true, -2},
    {"UL", "UL", BYTES("\x00\x00\x01\x00"), true, 65536},
    {"SL", "SL", BYTES("\xFF\xFF\xFF\xFF"), true, -1},
    {"UV", "UV", BYTES("\x05\0\0\0\0\0\0\0"), true, 5},
    {"SV", "SV", BYTES("\xFB\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), true, -5},
    {"FL", "FL", BYTES("\x00\x00\x20\xC0"), true, -2.5},
    {"FD", "FD", BYTES("\0\0\0\0\0\0\xF0\x3F"), true, 1},
    {"FL as it is shown", "FL", BYTES("\xCD\xCC\xCC\x3D"), true, 0.1},
    {"FL of whole numbers", "FL", BYTES("\0\0\x80\x4B"), true, 16777216},
    {"FD not a number", "FD", BYTES("\0\0\0\0\0\0\xF8\x7F"), false, 0},
    {"cut", "UL", BYTES("\x01"), false, 0},
    {"AT", "AT", BYTES("\x08\x00\x30\x10"), false, 0},
    {"OB", "OB", BYTES("\x01\x02"), false, 0},
    {"UN", "UN", BYTES("12"), false, 0},
};

START_TEST(number_is_the_first_value)
{
    const struct number_row *row = &number_rows[_i];
    double number = 0;
    bool is_number = value_number(row->vr, row->bytes, row->length, &number);
    ck_assert_msg(is_number == row->is_number, "%s: is %s number", row->label, is_number ? "a" : "no");
    ck_assert_msg(number == row->number, "%s: is %f", row->label, number);
}
END_TEST

static const struct bound_row {
    const char *label, *vr;
    size_t length;
    bool has_text;
} bound_rows[] = {
    {"the longest text", "UT", VALUE_TEXT_MAX, true},
    {"a longer text", "UT", VALUE_TEXT_MAX + 1, false},
    {"the most numbers", "FD", VALUE_BINARY_MAX, true},
    {"more numbers", "FD", VALUE_BINARY_MAX + 8, false},
};

START_TEST(values_are_bounded)
{
    const struct bound_row *row = &bound_rows[_i];
    AUTO(charset_destroy) struct charset *charset = charset_create("", 0);
    AUTO(text_release) struct text out = TEXT_EMPTY;
    AUTO(memory_free) char *bytes = memory_new(row->length, 1);
    memset(bytes, 'x', row->length);
    ck_assert_msg(value_has_text(row->vr, row->length) == row->has_text, "%s", row->label);
    ck_assert_msg(value_text(row->vr, bytes, row->length, charset, &out) == row->has_text, "%s", row->label);
}
END_TEST

/* Whatever the bits are, the text reads back as the same number. */
START_TEST(floats_read_back)
{
    uint64_t state = 88172645463325252u;
    AUTO(charset_destroy) struct charset *charset = charset_create("", 0);
    for (int i = 0; i < 100000; i++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        AUTO(text_release) struct text wide = TEXT_EMPTY;
        AUTO(text_release) struct text narrow = TEXT_EMPTY;
        double real;
        float single;
        memcpy(&real, &state, sizeof real);
        memcpy(&single, &state, sizeof single);
        value_text("FD", (const char *)&state, 8, charset, &wide);
        value_text("FL", (const char *)&state, 4, charset, &narrow);
        ck_assert_msg(real != real || strtod(wide.bytes, NULL) == real, "%s", wide.bytes);
        ck_assert_msg(single != single || strtof(narrow.bytes, NULL) == single, "%s", narrow.bytes);
    }
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("value");
    tests_rows(tests, text_is_as_specified, ROWS(text_rows));
    tests_rows(tests, number_is_the_first_value, ROWS(number_rows));
    tests_rows(tests, values_are_bounded, ROWS(bound_rows));
    tests_add(tests, floats_read_back);
    return tests_run(tests);
}
