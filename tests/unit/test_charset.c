#include "common/dicom/charset.h"

#include "common/base/cleanup.h"
#include "tests/support/suite.h"

#include <string.h>

/* Bytes with NUL are not needed here, so rows are strings. The person names are those of PS3.5's annexes. */
static const struct row {
    const char *label, *declared, *bytes;
    enum charset_reset reset;
    const char *text;
} rows[] = {
    {"nothing declared, ASCII", "", "Thorax", CHARSET_VALUES, "Thorax"},
    {"nothing declared, a high byte", "",
     "Sch\xE4"
     "del",
     CHARSET_VALUES,
     "Sch\uFFFD"
     "del"},
    {"unknown, ASCII", "ISO_IR 999", "Thorax", CHARSET_VALUES, "Thorax"},
    {"unknown, high bytes", "FOO", "\xE4\xF6", CHARSET_VALUES, "\uFFFD\uFFFD"},
    {"empty value", "ISO_IR 100", "", CHARSET_VALUES, ""},
    {"Latin-1", "ISO_IR 100", "Buc^J\xE9r\xF4me", CHARSET_NAMES, "Buc^Jérôme"},
    {"Latin-1 with trailing blank", "ISO_IR 100 ", "\xE9", CHARSET_VALUES, "é"},
    {"Latin-1, sloppy term", "iso-ir-100", "\xE9", CHARSET_VALUES, "é"},
    {"Latin-1 with extensions", "ISO 2022 IR 100", "\xE9", CHARSET_VALUES, "é"},
    {"Latin-2", "ISO_IR 101", "W\xB1s", CHARSET_VALUES, "Wąs"},
    {"Latin-3", "ISO_IR 109", "\xA1", CHARSET_VALUES, "Ħ"},
    {"Latin-4", "ISO_IR 110", "\xA2", CHARSET_VALUES, "ĸ"},
    {"Latin-5", "ISO_IR 148", "\xFD", CHARSET_VALUES, "ı"},
    {"Latin-9", "ISO_IR 203", "\xA4", CHARSET_VALUES, "€"},
    {"Cyrillic", "ISO_IR 144",
     "\xBB\xEE\xDA"
     "ce\xDC\xD1yp\xD3",
     CHARSET_VALUES, "Люкceмбypг"},
    {"Greek", "ISO_IR 126", "\xC4\xE9\xEF\xED\xF5\xF3\xE9\xEF\xF2", CHARSET_VALUES, "Διονυσιος"},
    {"Hebrew", "ISO_IR 138", "\xF9\xF8\xE5\xEF", CHARSET_VALUES, "שרון"},
    {"Arabic", "ISO_IR 127", "\xE2\xC8\xC7\xE6\xEA", CHARSET_VALUES, "قباني"},
    {"Thai", "ISO_IR 166", "\xA1", CHARSET_VALUES, "ก"},
    {"Latin-2, not assigned in Greek", "ISO_IR 126", "\xD2\xC1", CHARSET_VALUES, "\uFFFDΑ"},

    {"UTF-8", "ISO_IR 192", "Wang^XiaoDong=王^小东", CHARSET_NAMES, "Wang^XiaoDong=王^小东"},
    {"UTF-8 in small letters", "utf-8", "王", CHARSET_VALUES, "王"},
    {"GB18030 in small letters", "gb18030", "\xCD\xF5", CHARSET_VALUES, "王"},
    {"a set in small letters", "iso_ir 100", "\xE4", CHARSET_VALUES, "ä"},
    {"UTF-8, four bytes", "ISO_IR 192", "\xF0\xA0\x80\x80", CHARSET_VALUES, "\xF0\xA0\x80\x80"},
    {"UTF-8, sloppy term", "ISO 2022 IR 192", "é", CHARSET_VALUES, "é"},
    {"UTF-8, a lone high byte", "ISO_IR 192",
     "a\xE9"
     "b",
     CHARSET_VALUES, "a\uFFFDb"},
    {"UTF-8, cut", "ISO_IR 192", "a\xE7\x8E", CHARSET_VALUES, "a\uFFFD"},
    {"UTF-8, overlong", "ISO_IR 192", "\xC0\xAF", CHARSET_VALUES, "\uFFFD\uFFFD"},
    {"UTF-8, a surrogate", "ISO_IR 192", "\xED\xA0\x80", CHARSET_VALUES, "\uFFFD\uFFFD\uFFFD"},
    {"UTF-8, beyond Unicode", "ISO_IR 192", "\xF4\x90\x80\x80", CHARSET_VALUES, "\uFFFD\uFFFD\uFFFD\uFFFD"},
    {"GB18030", "GB18030", "Wang^XiaoDong=\xCD\xF5^\xD0\xA1\xB6\xAB", CHARSET_NAMES, "Wang^XiaoDong=王^小东"},
    {"GB18030, four bytes", "GB18030", "\x81\x30\x84\x36", CHARSET_VALUES, "¥"},
    {"GB18030, a backslash as second byte", "GB18030", "\x81\x5C\\x", CHARSET_VALUES, "乗\\x"},
    {"GB18030, cut", "GB18030", "a\xCD", CHARSET_VALUES, "a\uFFFD"},
    {"GBK", "GBK", "\xCD\xF5", CHARSET_VALUES, "王"},

    {"Japanese, PS3.5 H.3.1", "\\ISO 2022 IR 87",
     "Yamada^Tarou=\x1B$B;3ED\x1B(B^\x1B$BB@O:\x1B(B=\x1B$B$d$^$@\x1B(B^\x1B$B$?$m$&\x1B(B", CHARSET_NAMES,
     "Yamada^Tarou=山田^太郎=やまだ^たろう"},
    {"Japanese, PS3.5 H.3.2", "ISO 2022 IR 13\\ISO 2022 IR 87",
     "\xD4\xCF\xC0\xDE^\xC0\xDB\xB3=\x1B$B;3ED\x1B(J^\x1B$BB@O:\x1B(J=\x1B$B$d$^$@\x1B(J^\x1B$B$?$m$&\x1B(J",
     CHARSET_NAMES, "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"},
    {"Japanese, a backslash byte inside a pair", "\\ISO 2022 IR 87", "\x1B$B\x30\x5C\x1B(B\\x",
     CHARSET_VALUES, "移\\x"},
    {"Japanese, a wide backslash is no separator", "\\ISO 2022 IR 87", "\x1B$B\x21\x40\x1B(B", CHARSET_VALUES,
     "＼"},
    {"Japanese, JIS X 0212", "\\ISO 2022 IR 159", "\x1B$(D\x30\x21\x1B(B", CHARSET_VALUES, "丂"},
    {"Japanese, half a pair", "\\ISO 2022 IR 87", "\x1B$B;3E\x1B(Bx", CHARSET_VALUES, "山\uFFFDx"},
    {"Japanese, a pair that is none", "\\ISO 2022 IR 87", "\x1B$B\x7E\x7E\x1B(Bx", CHARSET_VALUES, "\uFFFDx"},
    {"Japanese, not ended before a line break", "\\ISO 2022 IR 87", "\x1B$B;3\r\nED", CHARSET_TEXT,
     "山\r\nED"},
    {"Japanese, undeclared", "", "\x1B$B;3ED\x1B(B", CHARSET_VALUES, "山田"},
    {"Roman: yen and overline", "ISO_IR 13", "a~b\\c", CHARSET_TEXT, "a‾b¥c"},
    {"Roman: the separator", "ISO_IR 13", "a\\b", CHARSET_VALUES, "a\\b"},
    {"Katakana, not assigned", "ISO_IR 13", "\xE0\xB1", CHARSET_VALUES, "\uFFFDｱ"},
    {"Korean, PS3.5 I.2", "\\ISO 2022 IR 149",
     "Hong^Gildong=\x1B$)C\xFB\xF3^\x1B$)C\xD1\xCE\xD4\xD7=\x1B$)C\xC8\xAB^\x1B$)C\xB1\xE6\xB5\xBF",
     CHARSET_NAMES, "Hong^Gildong=洪^吉洞=홍^길동"},
    {"Korean, not repeated after a delimiter", "\\ISO 2022 IR 149", "\x1B$)C\xC8\xAB^\xB1\xE6", CHARSET_NAMES,
     "홍^\uFFFD\uFFFD"},
    {"Korean, half a pair", "ISO 2022 IR 149", "\xC8\xAB\xB1", CHARSET_VALUES, "홍\uFFFD"},
    {"Korean, a pair broken by ASCII", "ISO 2022 IR 149", "\xC8x", CHARSET_VALUES, "\uFFFDx"},
    {"Chinese with extensions", "\\ISO 2022 IR 58", "\x1B$)A\xCD\xF5", CHARSET_VALUES, "王"},
    {"Latin-1 and Cyrillic", "ISO 2022 IR 100\\ISO 2022 IR 144", "\xE9 \x1B-L\xBB \x1B-A\xE9", CHARSET_VALUES,
     "é Л é"},
    {"back to the first set after the separator", "ISO 2022 IR 100\\ISO 2022 IR 144", "\x1B-L\xBB\\\xE9",
     CHARSET_VALUES, "Л\\é"},
    {"no way back in a text", "ISO 2022 IR 100\\ISO 2022 IR 144", "\x1B-L\xBB\\\xBB", CHARSET_TEXT, "Л\\Л"},
    {"back after a line break", "ISO 2022 IR 100\\ISO 2022 IR 144", "\x1B-L\xBB\n\xE9", CHARSET_TEXT, "Л\né"},
    {"^ is nothing special but in names", "ISO 2022 IR 100", "\x1B-L\xBB^\xBB", CHARSET_VALUES, "Л^Л"},
    {"an unknown escape", "ISO 2022 IR 100", "a\x1B%Gb", CHARSET_VALUES, "a\uFFFD%Gb"},
    {"an escape at the end", "ISO 2022 IR 100", "a\x1B", CHARSET_VALUES, "a\uFFFD"},
    {"half an escape at the end", "ISO 2022 IR 100", "a\x1B$", CHARSET_VALUES, "a\uFFFD$"},
    {"controls stay", "ISO_IR 100", "a\t\x01\xE9", CHARSET_TEXT, "a\t\x01é"},
};

START_TEST(bytes_are_decoded)
{
    const struct row *row = &rows[_i];
    AUTO(charset_destroy) struct charset *charset = charset_create(row->declared, strlen(row->declared));
    for (int i = 0; i < 2; i++) { /* nothing is left over for the next value */
        AUTO(text_release) struct text out = TEXT_EMPTY;
        charset_decode(charset, row->bytes, strlen(row->bytes), row->reset, &out);
        ck_assert_msg(strcmp(text_string(&out), row->text) == 0, "%s: is \"%s\", not \"%s\"", row->label,
                      text_string(&out), row->text);
    }
}
END_TEST

/* A run that is longer than what is given to iconv at once, of an odd length in front. */
START_TEST(long_texts_have_no_seams)
{
    static const struct {
        const char *declared, *start, *unit, *decoded;
    } cases[] = {
        {"\\ISO 2022 IR 87", "\x1B$B", ";3", "山"}, {"\\ISO 2022 IR 159", "\x1B$(D", "\x30\x21", "丂"},
        {"ISO 2022 IR 149", "x", "\xC8\xAB", "홍"}, {"ISO_IR 144", "x", "\xBB", "Л"},
        {"GB18030", "x", "\xCD\xF5", "王"},         {"ISO_IR 192", "x", "王", "王"},
    };
    AUTO(text_release) struct text in = TEXT_EMPTY;
    AUTO(text_release) struct text out = TEXT_EMPTY;
    AUTO(charset_destroy)
    struct charset *charset = charset_create(cases[_i].declared, strlen(cases[_i].declared));
    text_append(&in, cases[_i].start);
    for (int i = 0; i < 5000; i++)
        text_append(&in, cases[_i].unit);
    charset_decode(charset, in.bytes, in.length, CHARSET_VALUES, &out);
    size_t start = out.bytes[0] == 'x', unit = strlen(cases[_i].decoded);
    ck_assert_uint_eq(out.length, start + 5000 * unit);
    for (size_t i = start; i < out.length; i += unit)
        ck_assert_mem_eq(out.bytes + i, cases[_i].decoded, unit);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("charset");
    tests_rows(tests, bytes_are_decoded, ROWS(rows));
    tests_rows(tests, long_texts_have_no_seams, 6);
    return tests_run(tests);
}
