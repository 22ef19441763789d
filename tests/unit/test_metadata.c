/* DICOM JSON becomes a header in which conditions see what the server told, and what it kept back is unknown. */
#include "common/dicom/metadata.h"

#include "common/base/base64.h"
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/dicom/dictionary.h"
#include "common/dicom/header.h"
#include "common/dicom/kept.h"
#include "tests/support/suite.h"

#include <string.h>

static const struct metadata_wanted wanted = {"1.2", "1.2.3", "1.2.3.4"};

#define UIDS                                                                                               \
    "\"0020000D\":{\"vr\":\"UI\",\"Value\":[\"1.2\"]},\"0020000E\":{\"vr\":\"UI\",\"Value\":[\"1.2.3\"]}," \
    "\"00080018\":{\"vr\":\"UI\",\"Value\":[\"1.2.3.4\"]}"

/* An instance with these further members. */
static int tell(const char *members, struct text *out, struct text *reason)
{
    AUTO(text_release) struct text json = TEXT_EMPTY;
    text_format(&json, "[{%s%s%s}]", UIDS, *members ? "," : "", members);
    return metadata_read(json.bytes, json.length, &wanted, out, reason);
}

static struct header *header_of(const char *members)
{
    AUTO(text_release) struct text kept = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct header *header = NULL;
    int fd = -1;
    ck_assert_msg(tell(members, &kept, &reason) == 0, "%s", text_string(&reason));
    ck_assert_int_eq(kept_open(kept.bytes, kept.length, &fd), 0);
    ck_assert_msg(header_read_open(fd, NULL, &header, &reason) == 0, "%s", text_string(&reason));
    ck_assert_ptr_null(header_incomplete(header));
    ck_assert_str_eq(header_uid(header, HEADER_STUDY), "1.2");
    ck_assert_str_eq(header_uid(header, HEADER_SERIES), "1.2.3");
    ck_assert_str_eq(header_uid(header, HEADER_SOP_INSTANCE), "1.2.3.4");
    return header;
}

static const struct value_row {
    const char *label, *members, *condition;
    enum condition_verdict verdict;
} value_rows[] = {
    {"a text", "\"00080060\":{\"vr\":\"CS\",\"Value\":[\"CT\"]}", "tagValueIsPresent(#Tag.Modality, \"CT\")",
     CONDITION_TRUE},
    {"another text", "\"00080060\":{\"vr\":\"CS\",\"Value\":[\"MR\"]}",
     "tagValueIsPresent(#Tag.Modality, \"CT\")", CONDITION_FALSE},
    {"what is not there", "", "tagIsPresent(#Tag.Modality)", CONDITION_FALSE},
    {"nothing in it", "\"00080060\":{\"vr\":\"CS\"}", "tagIsPresent(#Tag.Modality)", CONDITION_FALSE},
    {"letters of any script", "\"0008103E\":{\"vr\":\"LO\",\"Value\":[\"Schädel Ωμέγα 頭部\"]}",
     "tagValueContains(#Tag.SeriesDescription, \"Ωμέγα 頭\")", CONDITION_TRUE},
    {"escapes of JSON", "\"0008103E\":{\"vr\":\"LO\",\"Value\":[\"Sch\\u00e4del\"]}",
     "tagValueIsPresent(#Tag.SeriesDescription, \"Schädel\")", CONDITION_TRUE},
    {"its own character set does not count",
     "\"00080005\":{\"vr\":\"CS\",\"Value\":[\"ISO_IR 100\"]},\"0008103E\":{\"vr\":\"LO\",\"Value\":[\"Schädel\"]}",
     "tagValueIsPresent(#Tag.SeriesDescription, \"Schädel\")", CONDITION_TRUE},
    {"several values", "\"00080008\":{\"vr\":\"CS\",\"Value\":[\"ORIGINAL\",\"PRIMARY\",null,\"AXIAL\"]}",
     "tagValueIsPresent(#Tag.ImageType, \"ORIGINAL\\PRIMARY\\\\AXIAL\")", CONDITION_TRUE},
    {"a name of three parts",
     "\"00100010\":{\"vr\":\"PN\",\"Value\":[{\"Alphabetic\":\"Yamada^Tarou\",\"Ideographic\":\"山田^太郎\"}]}",
     "tagValueIsPresent(#Tag.PatientName, \"Yamada^Tarou=山田^太郎\")", CONDITION_TRUE},
    {"a whole number as text", "\"00200011\":{\"vr\":\"IS\",\"Value\":[7]}",
     "tagValueIsPresent(#Tag.SeriesNumber, \"7\")", CONDITION_TRUE},
    {"a decimal number as text", "\"00180050\":{\"vr\":\"DS\",\"Value\":[0.1]}",
     "tagValueIsPresent(#Tag.SliceThickness, \"0.1\")", CONDITION_TRUE},
    {"the same written as a text", "\"00180050\":{\"vr\":\"DS\",\"Value\":[\"0.10\"]}",
     "tagValueIsPresent(#Tag.SliceThickness, \"0.10\")", CONDITION_TRUE},
    {"a binary number", "\"00280010\":{\"vr\":\"US\",\"Value\":[512]}", "tagNumber(#Tag.Rows) == 512",
     CONDITION_TRUE},
    {"a negative one", "\"00280106\":{\"vr\":\"SS\",\"Value\":[-1024]}",
     "tagNumber(#Tag.SmallestImagePixelValue) == -1024", CONDITION_TRUE},
    {"a floating one", "\"00189073\":{\"vr\":\"FD\",\"Value\":[1.5e3]}",
     "tagNumber(#Tag.AcquisitionDuration) == 1500", CONDITION_TRUE},
    {"in a sequence",
     "\"00400275\":{\"vr\":\"SQ\",\"Value\":[{},{\"00400007\":{\"vr\":\"LO\",\"Value\":[\"PERFUSION ä\"]}}]}",
     "tagValueContains(\"0040,0275/0040,0007\", \"PERFUSION ä\")", CONDITION_TRUE},
    {"not in a sequence", "\"00400275\":{\"vr\":\"SQ\",\"Value\":[{\"00400007\":{\"vr\":\"LO\"}}]}",
     "tagValueContains(\"0040,0275/0040,0007\", \"PERFUSION\")", CONDITION_FALSE},
    {"an empty sequence", "\"00400275\":{\"vr\":\"SQ\"}", "tagIsPresent(\"0040,0275\")", CONDITION_FALSE},
    {"private, with its creator",
     "\"00090010\":{\"vr\":\"LO\",\"Value\":[\"ACME\"]},\"00091001\":{\"vr\":\"LO\",\"Value\":[\"secret\"]}",
     "tagValueIsPresent(\"0009,1001\", \"secret\")", CONDITION_TRUE},
    {"private, in bytes",
     "\"00090010\":{\"vr\":\"LO\",\"Value\":[\"ACME\"]},\"00091002\":{\"vr\":\"UN\",\"InlineBinary\":\"QUJD\"}",
     "tagIsPresent(\"0009,1002\")", CONDITION_TRUE},
    {"private, by its address", "\"00091003\":{\"vr\":\"UN\",\"BulkDataURI\":\"http://x/1\"}",
     "tagIsPresent(\"0009,1003\")", CONDITION_UNDECIDED},
    {"a text by its address", "\"00204000\":{\"vr\":\"LT\",\"BulkDataURI\":\"http://x/1\"}",
     "tagValueContains(#Tag.ImageComments, \"x\")", CONDITION_UNDECIDED},
    {"numbers by their address", "\"00280010\":{\"vr\":\"US\",\"BulkDataURI\":\"http://x/1\"}",
     "tagNumber(#Tag.Rows) == 512", CONDITION_UNDECIDED},
    {"bytes by their address", "\"00281201\":{\"vr\":\"OW\",\"BulkDataURI\":\"http://x/1\"}",
     "tagIsPresent(\"0028,1201\")", CONDITION_TRUE},
    {"a sequence by its address", "\"00400275\":{\"vr\":\"SQ\",\"BulkDataURI\":\"http://x/1\"}",
     "tagValueContains(\"0040,0275/0040,0007\", \"x\")", CONDITION_UNDECIDED},
    {"by its address, in a sequence",
     "\"00400275\":{\"vr\":\"SQ\",\"Value\":[{\"00400007\":{\"vr\":\"LO\",\"BulkDataURI\":\"http://x\"}}]}",
     "tagValueContains(\"0040,0275/0040,0007\", \"x\")", CONDITION_UNDECIDED},
    {"what is kept back hides nothing else",
     "\"00204000\":{\"vr\":\"LT\",\"BulkDataURI\":\"http://x/1\"},\"00080060\":{\"vr\":\"CS\",\"Value\":[\"CT\"]}",
     "tagValueIsPresent(#Tag.Modality, \"CT\")", CONDITION_TRUE},
    {"pixel data by its address", "\"7FE00010\":{\"vr\":\"OW\",\"BulkDataURI\":\"http://x/1\"}",
     "tagIsPresent(\"7FE0,0010\")", CONDITION_TRUE},
    {"not a word of pixel data", "", "tagIsPresent(\"7FE0,0010\")", CONDITION_UNDECIDED},
    {"what belongs into a file meta header is left out", "\"00020010\":{\"vr\":\"UI\",\"Value\":[\"1.9\"]}",
     "tagIsPresent(#Tag.Modality)", CONDITION_FALSE},
};

START_TEST(conditions_see_what_was_told)
{
    const struct value_row *row = &value_rows[_i];
    AUTO(condition_destroy) struct condition *condition = NULL;
    AUTO(condition_error_release) struct condition_error error = {.message = NULL};
    AUTO(header_destroy) struct header *header = header_of(row->members);
    ck_assert_msg(condition_compile(row->condition, dictionary_for_conditions(), &condition, &error) == 0,
                  "%s: %s", row->label, error.message);
    ck_assert_msg(condition_judge(condition, header_facts(header)) == row->verdict, "%s", row->label);
}
END_TEST

/* ---- answers that are none ---- */

static const struct bad_row {
    const char *label, *json, *says;
    int code;
} bad_rows[] = {
    {"nothing", "", "no DICOM JSON", ERR_SYNTAX},
    {"half of it", "[{\"00080060\"", "no DICOM JSON", ERR_SYNTAX},
    {"an object", "{}", "no DICOM JSON", ERR_SYNTAX},
    {"a web page", "<html>", "no DICOM JSON", ERR_SYNTAX},
    {"an empty list", "[]", "it is empty", ERR_ABSENT},
    {"a list of numbers", "[1]", "does not tell of the instance", ERR_SYNTAX},
    {"another instance", "[{\"00080018\":{\"vr\":\"UI\",\"Value\":[\"9\"]}}]",
     "does not tell of the instance", ERR_SYNTAX},
    {"a key that is no tag", "[{" UIDS ",\"Modality\":{\"vr\":\"CS\"}}]", "has no tag", ERR_SYNTAX},
    {"no VR", "[{" UIDS ",\"00080060\":{\"Value\":[\"CT\"]}}]", "has no VR", ERR_SYNTAX},
    {"an unknown VR", "[{" UIDS ",\"00080060\":{\"vr\":\"XX\"}}]", "has no VR", ERR_SYNTAX},
    {"a value that is no list", "[{" UIDS ",\"00080060\":{\"vr\":\"CS\",\"Value\":\"CT\"}}]", "no list",
     ERR_SYNTAX},
    {"a text that is an object", "[{" UIDS ",\"00080060\":{\"vr\":\"CS\",\"Value\":[{}]}}]",
     "should be a text", ERR_SYNTAX},
    {"a number that is too large", "[{" UIDS ",\"00280010\":{\"vr\":\"US\",\"Value\":[65536]}}]",
     "whole number", ERR_SYNTAX},
    {"a negative one of none", "[{" UIDS ",\"00280010\":{\"vr\":\"US\",\"Value\":[-1]}}]", "whole number",
     ERR_SYNTAX},
    {"a number that is a word", "[{" UIDS ",\"00189073\":{\"vr\":\"FD\",\"Value\":[\"x\"]}}]", "number",
     ERR_SYNTAX},
    {"an item that is a text", "[{" UIDS ",\"00400275\":{\"vr\":\"SQ\",\"Value\":[\"x\"]}}]",
     "item is no object", ERR_SYNTAX},
    {"bytes that are no base64", "[{" UIDS ",\"00281201\":{\"vr\":\"OW\",\"InlineBinary\":\"?\"}}]",
     "no base64", ERR_SYNTAX},
    {"bytes that are a number", "[{" UIDS ",\"00281201\":{\"vr\":\"OW\",\"InlineBinary\":1}}]", "no base64",
     ERR_SYNTAX},
    {"bytes written out", "[{" UIDS ",\"00281201\":{\"vr\":\"OW\",\"Value\":[1]}}]", "written out",
     ERR_SYNTAX},
    {"two values of one", "[{" UIDS ",\"00204000\":{\"vr\":\"LT\",\"Value\":[\"a\",\"b\"]}}]", "has several",
     ERR_SYNTAX},
};

START_TEST(what_is_no_answer_is_told)
{
    const struct bad_row *row = &bad_rows[_i];
    AUTO(text_release) struct text out = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_msg(metadata_read(row->json, strlen(row->json), &wanted, &out, &reason) == row->code, "%s",
                  row->label);
    ck_assert_msg(strstr(text_string(&reason), row->says) != NULL, "%s: %s", row->label,
                  text_string(&reason));
    ck_assert_uint_eq(out.length, 0);
}
END_TEST

static void repeat(struct text *out, const char *what, int times)
{
    for (int i = 0; i < times; i++)
        text_append(out, what);
}

static void expect_refused(const char *members, const char *says)
{
    AUTO(text_release) struct text out = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_int_eq(tell(members, &out, &reason), ERR_SYNTAX);
    ck_assert_msg(strstr(text_string(&reason), says) != NULL, "%s", text_string(&reason));
}

START_TEST(what_is_too_much_is_refused)
{
    AUTO(text_release) struct text deep = TEXT_EMPTY;
    AUTO(text_release) struct text long_text = TEXT_EMPTY;
    AUTO(text_release) struct text huge = TEXT_EMPTY;
    repeat(&deep, "\"00400275\":{\"vr\":\"SQ\",\"Value\":[{", 1000);
    repeat(&deep, "}]}", 1000);
    expect_refused(text_string(&deep), "nested too deep");
    text_append(&long_text, "\"00204000\":{\"vr\":\"LT\",\"Value\":[\"");
    repeat(&long_text, "0123456789", 30000);
    text_append(&long_text, "\"]}");
    expect_refused(text_string(&long_text), "256 KiB");
    repeat(&huge, " ", METADATA_MAX);
    expect_refused(text_string(&huge), "longer than 4 MiB");
}
END_TEST

/* Longer than two bytes of length can say. */
START_TEST(a_long_text_is_kept)
{
    AUTO(text_release) struct text members = TEXT_EMPTY;
    AUTO(condition_destroy) struct condition *condition = NULL;
    AUTO(condition_error_release) struct condition_error error = {.message = NULL};
    text_append(&members, "\"00204000\":{\"vr\":\"LT\",\"Value\":[\"");
    repeat(&members, "0123456789", 7000);
    text_append(&members, "the end\"]}");
    AUTO(header_destroy) struct header *header = header_of(text_string(&members));
    ck_assert_int_eq(condition_compile("tagValueEndsWith(#Tag.ImageComments, \"the end\")",
                                       dictionary_for_conditions(), &condition, &error),
                     0);
    ck_assert(condition_judge(condition, header_facts(header)) == CONDITION_TRUE);
}
END_TEST

START_TEST(bytes_come_back_from_base64)
{
    AUTO(text_release) struct text text = TEXT_EMPTY;
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    base64_encode("\0\1\376\377x", 5, &text);
    ck_assert_str_eq(text_string(&text), "AAH+/3g=");
    ck_assert_int_eq(base64_decode(text.bytes, text.length, &bytes), 0);
    ck_assert(bytes.length == 5 && memcmp(bytes.bytes, "\0\1\376\377x", 5) == 0);
    ck_assert_int_eq(base64_decode("AAH+/3g", 7, &bytes), ERR_SYNTAX);
    ck_assert_int_eq(base64_decode("!", 1, &bytes), ERR_SYNTAX);
    ck_assert_uint_eq(bytes.length, 5);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("metadata");
    tests_rows(tests, conditions_see_what_was_told, ROWS(value_rows));
    tests_rows(tests, what_is_no_answer_is_told, ROWS(bad_rows));
    tests_add(tests, what_is_too_much_is_refused);
    tests_add(tests, a_long_text_is_kept);
    tests_add(tests, bytes_come_back_from_base64);
    return tests_run(tests);
}
