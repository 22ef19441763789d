#include "common/dicom/header.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/dicom/dictionary.h"
#include "tests/support/effort.h"
#include "tests/support/dicom.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <string.h>

static struct sandbox *sandbox;

static void setup(void)
{
    sandbox = sandbox_create();
}

static void teardown(void)
{
    sandbox_destroy(&sandbox);
}

static const char *text_of(struct header *header, struct condition_path path, size_t index)
{
    const struct condition_facts *facts = header_facts(header);
    size_t length = 0;
    const char *text = facts->text(facts->context, &path, index, &length);
    ck_assert(!text || strlen(text) == length);
    return text;
}

static bool is_present(struct header *header, struct condition_path path)
{
    const struct condition_facts *facts = header_facts(header);
    return facts->is_present(facts->context, &path);
}

#define TAG(tag) ((struct condition_path){{tag}, 1, ""})

/* --- one element in each coding --- */

static const struct dicom_element inner[] = {{0x0008, 0x0100, "SH", "T-1", 0, NULL, 0}};
static const struct dicom_item code[] = {{inner, 1}};
static const struct dicom_element step_one[] = {{0x0040, 0x0007, "LO", "Head", 0, NULL, 0},
                                                {0x0040, 0x0008, "SQ", NULL, 0, code, 1}};
static const struct dicom_element step_two[] = {{0x0008, 0x0005, "CS", "ISO_IR 100", 0, NULL, 0},
                                                {0x0040, 0x0007, "LO",
                                                 "Sch\xE4"
                                                 "del",
                                                 0, NULL, 0},
                                                {0x0040, 0x0009, "SH", "  ", 0, NULL, 0}};
static const struct dicom_item steps[] = {{step_one, 2}, {step_two, 3}};

static const struct value_row {
    const char *label;
    struct dicom_element element;
    struct condition_path path;
    size_t index;
    bool present;
    const char *text;
} value_rows[] = {
    {"LO", {0x0008, 0x1030, "LO", " Thorax ", 0, NULL, 0}, {{0x00081030}, 1, ""}, 0, true, "Thorax"},
    {"LO, index 1 of a plain tag",
     {0x0008, 0x1030, "LO", "a\\b", 0, NULL, 0},
     {{0x00081030}, 1, ""},
     1,
     true,
     NULL},
    {"LO, empty", {0x0008, 0x1030, "LO", NULL, 0, NULL, 0}, {{0x00081030}, 1, ""}, 0, false, NULL},
    {"LO, blank", {0x0008, 0x1030, "LO", "   ", 0, NULL, 0}, {{0x00081030}, 1, ""}, 0, false, NULL},
    {"CS, the first value empty",
     {0x0008, 0x0008, "CS", "\\PRIMARY", 0, NULL, 0},
     {{0x00080008}, 1, ""},
     0,
     true,
     "\\PRIMARY"},
    {"US", {0x0028, 0x0002, "US", "\x03\x00", 2, NULL, 0}, {{0x00280002}, 1, ""}, 0, true, "3"},
    {"UL",
     {0x0018, 0x6020, "UL", "\x04\x03\x02\x01", 4, NULL, 0},
     {{0x00186020}, 1, ""},
     0,
     true,
     "16909060"},
    {"FD", {0x0018, 0x9073, "FD", "\0\0\0\0\0\0\x04\x40", 8, NULL, 0}, {{0x00189073}, 1, ""}, 0, true, "2.5"},
    {"FL", {0x0008, 0x9459, "FL", "\0\0\x20\x40", 4, NULL, 0}, {{0x00089459}, 1, ""}, 0, true, "2.5"},
    {"AT",
     {0x0028, 0x0009, "AT", "\x54\x00\x10\x00", 4, NULL, 0},
     {{0x00280009}, 1, ""},
     0,
     true,
     "00540010"},
    {"OW", {0x0028, 0x3006, "OW", "\1\0\2\0", 4, NULL, 0}, {{0x00283006}, 1, ""}, 0, true, NULL},
    {"another tag", {0x0008, 0x1030, "LO", "Thorax", 0, NULL, 0}, {{0x00081032}, 1, ""}, 0, false, NULL},
    {"a sequence", {0x0040, 0x0275, "SQ", NULL, 0, steps, 2}, {{0x00400275}, 1, ""}, 0, true, NULL},
    {"a sequence without items",
     {0x0040, 0x0275, "SQ", NULL, 0, NULL, 0},
     {{0x00400275}, 1, ""},
     0,
     false,
     NULL},
    {"a path, first item",
     {0x0040, 0x0275, "SQ", NULL, 0, steps, 2},
     {{0x00400275, 0x00400007}, 2, ""},
     0,
     true,
     "Head"},
    {"a path, second item with a character set of its own",
     {0x0040, 0x0275, "SQ", NULL, 0, steps, 2},
     {{0x00400275, 0x00400007}, 2, ""},
     1,
     true,
     "Sch\xC3\xA4"
     "del"},
    {"a path, past the last",
     {0x0040, 0x0275, "SQ", NULL, 0, steps, 2},
     {{0x00400275, 0x00400007}, 2, ""},
     2,
     true,
     NULL},
    {"a path to a blank",
     {0x0040, 0x0275, "SQ", NULL, 0, steps, 2},
     {{0x00400275, 0x00400009}, 2, ""},
     0,
     false,
     NULL},
    {"a path of three",
     {0x0040, 0x0275, "SQ", NULL, 0, steps, 2},
     {{0x00400275, 0x00400008, 0x00080100}, 3, ""},
     0,
     true,
     "T-1"},
    {"a path through no sequence",
     {0x0008, 0x1030, "LO", "Thorax", 0, NULL, 0},
     {{0x00081030, 0x00400007}, 2, ""},
     0,
     false,
     NULL},
};

/* rows times codings */
START_TEST(element_is_read)
{
    const struct value_row *row = &value_rows[(size_t)_i / 3];
    const char *path = sandbox_path(sandbox, "x.dcm");
    AUTO(header_destroy) struct header *header = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct dicom_spec spec;
    dicom_spec_init(&spec, 1);
    spec.coding = (enum dicom_coding)(_i % 3);
    spec.extra = &row->element;
    spec.extra_count = 1;
    ck_assert_int_eq(dicom_write(&spec, path), 0);
    ck_assert_int_eq(header_read(path, NULL, &header, &reason), 0);
    ck_assert_msg(is_present(header, row->path) == row->present, "%s: is %spresent", row->label,
                  row->present ? "not " : "");
    for (int i = 0; i < 2; i++) {
        const char *text = text_of(header, row->path, row->index);
        ck_assert_msg(row->text ? text && strcmp(text, row->text) == 0 : !text, "%s: is \"%s\"", row->label,
                      text ? text : "(none)");
    }
    ck_assert(is_present(header, TAG(0x7FE00010)));
    ck_assert(!is_present(header, TAG(0x7FE00008)));
    ck_assert_str_eq(header_uid(header, HEADER_STUDY), spec.study_uid);
    ck_assert_str_eq(header_uid(header, HEADER_SERIES), spec.series_uid);
    ck_assert_str_eq(header_uid(header, HEADER_SOP_INSTANCE), spec.sop_uid);
    ck_assert_str_eq(header_uid(header, HEADER_SOP_CLASS), dicom_sop_class(&spec));
}
END_TEST

/* --- identifiers --- */

static const struct uid_row {
    const char *label, *bytes;
    size_t length;
    const char *uid; /* NULL: none */
} uid_rows[] = {
    {"plain", "1.2.3", 5, "1.2.3"},
    {"padded with NUL", "1.2.30\0", 7, "1.2.30"},
    {"padded with a blank", "1.2.30 ", 7, "1.2.30"},
    {"empty", "", 0, NULL},
    {"nothing but padding", "\0\0", 2, NULL},
    {"a blank in front", " 1.2.30", 7, NULL},
    {"a blank inside", "1.2 .3", 6, "1.2 .3"},
    {"a letter", "1.2.x3", 6, "1.2.x3"},
    {"a slash", "../../etc", 9, "../../etc"},
    {"a control character", "1.2\x1b[2J", 7, NULL},
    {"a letter beyond ASCII", "1.2.\xc3\xa9", 6, NULL},
    {"two values", "1.2\\1.3", 7, NULL},
    {"a NUL inside",
     "1.2\0"
     "3.4",
     7, NULL},
    {"64 bytes", "1.234567890123456789012345678901234567890123456789012345678901.1", 64,
     "1.234567890123456789012345678901234567890123456789012345678901.1"},
    {"65 bytes", "1.234567890123456789012345678901234567890123456789012345678901.12", 65, NULL},
    {"66 bytes", "1.234567890123456789012345678901234567890123456789012345678901.123", 66, NULL},
};

START_TEST(uid_is_checked)
{
    const struct uid_row *row = &uid_rows[_i];
    const struct dicom_element element = {0x0020, 0x000D, "UI", row->bytes, row->length, NULL, 0};
    const char *path = sandbox_path(sandbox, "x.dcm");
    AUTO(header_destroy) struct header *header = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct dicom_spec spec;
    dicom_spec_init(&spec, 1);
    spec.extra = &element;
    spec.extra_count = 1;
    ck_assert_int_eq(dicom_write(&spec, path), 0);
    ck_assert_int_eq(header_read(path, NULL, &header, &reason), 0);
    const char *uid = header_uid(header, HEADER_STUDY);
    ck_assert_msg(row->uid ? uid && strcmp(uid, row->uid) == 0 : !uid, "%s: is %s", row->label,
                  uid ? uid : "(none)");
    /* One that is none can be told to people. */
    AUTO(text_release) struct text told = TEXT_EMPTY;
    ck_assert_msg(header_tell_uid(header, HEADER_STUDY, &told) == (row->length > 0), "%s", row->label);
    for (size_t i = 0; i < told.length; i++)
        ck_assert_msg((unsigned char)told.bytes[i] >= ' ', "%s: %s", row->label, text_string(&told));
}
END_TEST

/* --- pixel data --- */

START_TEST(pixel_data_of_any_kind_counts)
{
    static const struct {
        unsigned rows;
        bool encapsulated;
        const char *syntax;
        enum dicom_coding coding;
        bool present;
    } cases[] = {
        {8, false, NULL, DICOM_EXPLICIT_LE, true},
        {8, false, NULL, DICOM_IMPLICIT_LE, true},
        {8, false, NULL, DICOM_EXPLICIT_BE, true},
        {8, true, "1.2.840.10008.1.2.4.90", DICOM_EXPLICIT_LE, true},
        {0, false, NULL, DICOM_EXPLICIT_LE, false},
    };
    const char *path = sandbox_path(sandbox, "x.dcm");
    AUTO(header_destroy) struct header *header = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct dicom_spec spec;
    dicom_spec_init(&spec, 1);
    spec.rows = spec.columns = cases[_i].rows;
    spec.frames = cases[_i].rows ? 1 : 0;
    spec.encapsulated = cases[_i].encapsulated;
    spec.transfer_syntax = cases[_i].syntax;
    spec.coding = cases[_i].coding;
    ck_assert_int_eq(dicom_write(&spec, path), 0);
    ck_assert_int_eq(header_read(path, NULL, &header, &reason), 0);
    ck_assert(is_present(header, TAG(0x7FE00010)) == cases[_i].present);
    ck_assert_ptr_null(text_of(header, TAG(0x7FE00010), 0));
}
END_TEST

/* --- facts of the transfer --- */

START_TEST(transfer_facts_come_from_the_caller_or_the_file)
{
    const char *path = sandbox_path(sandbox, "x.dcm");
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct dicom_spec spec;
    dicom_spec_init(&spec, 1);
    ck_assert_int_eq(dicom_write(&spec, path), 0);
    const struct header_transfer known = {"CT01", "FELUCCA", "10.1.2.3", "1.2.840.10008.1.2.5"};
    const char *const wanted[2][4] = {{NULL, NULL, NULL, "1.2.840.10008.1.2.1"},
                                      {"CT01", "FELUCCA", "10.1.2.3", "1.2.840.10008.1.2.5"}};
    for (int i = 0; i < 2; i++) {
        AUTO(header_destroy) struct header *header = NULL;
        ck_assert_int_eq(header_read(path, i ? &known : NULL, &header, &reason), 0);
        const struct condition_facts *facts = header_facts(header);
        for (int fact = 0; fact < 4; fact++) {
            size_t length = 0;
            const char *text = facts->transfer(facts->context, (enum condition_transfer)fact, &length);
            ck_assert_pstr_eq(text, wanted[i][fact]);
            ck_assert_uint_eq(length, text ? strlen(text) : 0);
        }
        ck_assert_pstr_eq(text_of(header, TAG(0x00020010), 0), "1.2.840.10008.1.2.1");
    }
}
END_TEST

/* --- long values --- */

START_TEST(long_values_are_bounded_and_quick)
{
    static const size_t lengths[] = {5000, 1 << 20, (1 << 20) + 2, 10 << 20};
    size_t length = lengths[_i];
    AUTO(memory_free) char *bytes = memory_new(length, 1);
    memset(bytes, 'a', length);
    const struct dicom_element element = {0x0008, 0x1030, "UT", bytes, length, NULL, 0};
    const char *path = sandbox_path(sandbox, "x.dcm");
    AUTO(header_destroy) struct header *header = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct dicom_spec spec;
    dicom_spec_init(&spec, 1);
    spec.extra = &element;
    spec.extra_count = 1;
    ck_assert_int_eq(dicom_write(&spec, path), 0);
    int64_t start = effort_ms();
    ck_assert_int_eq(header_read(path, NULL, &header, &reason), 0);
    ck_assert(is_present(header, TAG(0x00081030)));
    const char *text = text_of(header, TAG(0x00081030), 0);
    ck_assert((text != NULL) == (length <= 1 << 20));
    ck_assert(!text || strlen(text) == length);
    ck_assert_int_lt(effort_ms() - start, 2000);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("header");
    tests_fixture(tests, setup, teardown);
    tests_rows(tests, element_is_read, 3 * ROWS(value_rows));
    tests_rows(tests, uid_is_checked, ROWS(uid_rows));
    tests_rows(tests, pixel_data_of_any_kind_counts, 5);
    tests_add(tests, transfer_facts_come_from_the_caller_or_the_file);
    tests_rows(tests, long_values_are_bounded_and_quick, 4);
    return tests_run(tests);
}
