/* What is out of place in a data set is read over; where that cannot be, the header is incomplete and what was
 * not found is unknown. And what a file must not do to the process. */
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/dicom/dictionary.h"
#include "common/dicom/header.h"
#include "tests/support/effort.h"
#include "tests/support/dicom_encode.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <string.h>
#include <sys/resource.h>
#include <zlib.h>

static struct sandbox *sandbox;

static void setup(void)
{
    sandbox = sandbox_create();
}

static void teardown(void)
{
    sandbox_destroy(&sandbox);
}

#define EXPLICIT "1.2.840.10008.1.2.1"
#define IMPLICIT "1.2.840.10008.1.2"
#define DEFLATED "1.2.840.10008.1.2.1.99"

/* ---- files from pieces ---- */

static void add(struct text *out, uint32_t tag, const char *vr, const char *bytes, size_t length)
{
    const struct dicom_element element = {(uint16_t)(tag >> 16),           (uint16_t)tag, vr, bytes,
                                          length ? length : strlen(bytes), NULL,          0};
    dicom_encode_element(&element, DICOM_EXPLICIT_LE, out);
}

static void add_file(struct text *out, const char *syntax, const struct text *data_set)
{
    static const char preamble[128];
    text_append_bytes(out, preamble, sizeof preamble);
    text_append(out, "DICM");
    add(out, 0x00020002, "UI", "1.2.840.10008.5.1.4.1.1.7", 0);
    add(out, 0x00020003, "UI", "2.25.1", 0);
    add(out, 0x00020010, "UI", syntax, 0);
    text_append_bytes(out, data_set->bytes, data_set->length);
}

static struct header *read_data_set(const char *syntax, const struct text *data_set)
{
    struct header *header = NULL;
    AUTO(text_release) struct text file = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const char *path = sandbox_path(sandbox, "x.dcm");
    add_file(&file, syntax, data_set);
    file_write(path, file.bytes, file.length);
    ck_assert_msg(header_read(path, NULL, &header, &reason) == 0, "%s", text_string(&reason));
    return header;
}

static enum condition_verdict judge(struct header *header, const char *expression)
{
    AUTO(condition_destroy) struct condition *condition = NULL;
    AUTO(condition_error_release) struct condition_error error = {.message = NULL};
    ck_assert_msg(condition_compile(expression, dictionary_for_conditions(), &condition, &error) == 0,
                  "%s: %s", expression, error.message);
    return condition_judge(condition, header_facts(header));
}

/* ---- what is between the attributes ---- */

#define BYTES(bytes) bytes, sizeof(bytes) - 1

enum { NO = CONDITION_FALSE, OPEN = CONDITION_UNDECIDED, YES = CONDITION_TRUE };

/* Modality, then the piece, then (0040,0254). Asked: !tagValueIsPresent("0040,0254", "TRIAL-7"), which is false
 * of the whole, and !tagIsPresent(#Tag.StudyComments), which is true of it. */
static const struct piece_row {
    const char *label, *bytes;
    size_t length;
    int not_trial, no_comments;
    const char *incomplete; /* a part of what is said of it; NULL: it is complete */
} piece_rows[] = {
    {"nothing", BYTES(""), NO, YES, NULL},
    {"an item", BYTES("\xFE\xFF\x00\xE0\0\0\0\0"), NO, YES, NULL},
    {"the end of an item", BYTES("\xFE\xFF\x0D\xE0\0\0\0\0"), NO, YES, NULL},
    {"the end of a sequence", BYTES("\xFE\xFF\xDD\xE0\0\0\0\0"), NO, YES, NULL},
    {"an item of two bytes", BYTES("\xFE\xFF\x00\xE0\2\0\0\0ab"), NO, OPEN, "outside of any sequence"},
    {"an item without an end", BYTES("\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF"), NO, OPEN,
     "outside of any sequence"},
    {"an item longer than the file", BYTES("\xFE\xFF\x00\xE0\xFF\xFF\0\0"), NO, OPEN, "outside"},
    {"a private group above the pixel data", BYTES("\xE1\x7F\x10\0LO\2\0X "), NO, YES, NULL},
    {"a misplaced tag", BYTES("\x08\0\x05\0CS\2\0  "), NO, YES, NULL},
    {"pixel data", BYTES("\xE0\x7F\x10\0OW\0\0\4\0\0\0abcd"), NO, YES, NULL},
    {"pixel data in fragments",
     BYTES("\xE0\x7F\x10\0OB\0\0\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\0\0\0\0\xFE\xFF\x00\xE0\2\0\0\0ab"
           "\xFE\xFF\xDD\xE0\0\0\0\0"),
     NO, YES, NULL},
    {"a group length", BYTES("\x20\0\0\0UL\4\0\1\2\3\4"), NO, YES, NULL},
    {"a command's attribute", BYTES("\0\0\0\1US\2\0\1\0"), NO, OPEN, "no data set has"},
    {"group FFFF", BYTES("\xFF\xFF\xFF\xFFLO\2\0ab"), NO, OPEN, "no data set has"},
    {"a value longer than the file", BYTES("\x32\0\x60\x10LO\x60\xEA"), OPEN, OPEN, "is cut"},
    {"an implicit element", BYTES("\x32\0\x60\x10\2\0\0\0ab"), NO, OPEN, "no valid value representation"},
    {"a VR of a later edition", BYTES("\x32\0\x60\x10ZZ\0\0\2\0\0\0ab"), NO, OPEN, "no valid value"},
    {"a VR that is none, short", BYTES("\x32\0\x60\x10ZZ\2\0ab"), NO, OPEN, "no valid value"},
    {"the same attribute with another value", BYTES("\x40\0\x54\2LO\2\0ab"), OPEN, YES, NULL},
    {"the same attribute with the same value", BYTES("\x40\0\x54\2LO\x08\0TRIAL-7 "), NO, YES, NULL},
    {"a sequence that is empty", BYTES("\x32\0\x64\x10SQ\0\0\xFF\xFF\xFF\xFF\xFE\xFF\xDD\xE0\0\0\0\0"), NO,
     YES, NULL},
    {"a sequence whose item has no end",
     BYTES("\x32\0\x64\x10SQ\0\0\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF\xFE\xFF\xDD\xE0\0\0\0\0"),
     NO, YES, NULL},
    {"a sequence without an end", BYTES("\x32\0\x64\x10SQ\0\0\xFF\xFF\xFF\xFF"), NO, OPEN, "no item begins"},
    {"a sequence and an item without an end",
     BYTES("\x32\0\x64\x10SQ\0\0\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF"), OPEN, OPEN,
     "a sequence has no end"},
    {"UN with items, implicit",
     BYTES("\x32\0\x64\x10UN\0\0\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF\x08\0\0\1\2\0\0\0ab"
           "\xFE\xFF\x0D\xE0\0\0\0\0\xFE\xFF\xDD\xE0\0\0\0\0"),
     NO, YES, NULL},
    {"file meta information", BYTES("\2\0\x10\0UI\2\0001 "), NO, YES, NULL},
};

START_TEST(what_is_out_of_place_is_read_over)
{
    const struct piece_row *row = &piece_rows[_i];
    AUTO(text_release) struct text data_set = TEXT_EMPTY;
    add(&data_set, 0x00080060, "CS", "CT", 0);
    add(&data_set, 0x00100020, "LO", "SYN-1", 0);
    text_append_bytes(&data_set, row->bytes, row->length);
    add(&data_set, 0x00400254, "LO", "TRIAL-7", 0);
    AUTO(header_destroy) struct header *header = read_data_set(EXPLICIT, &data_set);
    const char *incomplete = header_incomplete(header);
    ck_assert_int_eq(judge(header, "tagValueIsPresent(#Tag.Modality, \"CT\")"), YES);
    ck_assert_msg((int)judge(header, "!tagValueIsPresent(\"0040,0254\", \"TRIAL-7\")") == row->not_trial,
                  "%s: another trial (%s)", row->label, incomplete ? incomplete : "complete");
    ck_assert_msg((int)judge(header, "!tagIsPresent(#Tag.StudyComments)") == row->no_comments,
                  "%s: comments (%s)", row->label, incomplete ? incomplete : "complete");
    ck_assert_msg(row->incomplete ? incomplete && strstr(incomplete, row->incomplete) : !incomplete, "%s: %s",
                  row->label, incomplete ? incomplete : "is complete");
    ck_assert((header_break(header) != NULL) == (incomplete != NULL));
    ck_assert_int_eq(judge(header, "tagIsPresent(\"0020,0000\")"), (incomplete ? OPEN : NO));
}
END_TEST

START_TEST(break_is_named)
{
    AUTO(text_release) struct text data_set = TEXT_EMPTY;
    add(&data_set, 0x00080060, "CS", "CT", 0);
    add(&data_set, 0x0008103E, "UT", "a long text, for an offset of four digits", 0);
    for (int i = 0; i < 1000; i++)
        text_append_char(&data_set, '\0');
    memcpy(data_set.bytes + 18, "\xFE\3\0\0", 4); /* the value takes most of the zeros in */
    text_append_bytes(&data_set, "\x32\0\x60\x10LO\x60\xEA", 8);
    AUTO(header_destroy) struct header *header = read_data_set(EXPLICIT, &data_set);
    const struct dataset_break *broken = header_break(header);
    ck_assert_ptr_nonnull(broken);
    AUTO(text_release) struct text wanted = TEXT_EMPTY;
    text_format(&wanted,
                "reading ended at offset %u,%03u behind (%04X,%04X): ", (unsigned)(broken->offset / 1000),
                (unsigned)(broken->offset % 1000), broken->behind >> 16, broken->behind & 0xFFFF);
    ck_assert_msg(strncmp(header_incomplete(header), wanted.bytes, wanted.length) == 0, "%s, not %s",
                  header_incomplete(header), wanted.bytes);
}
END_TEST

/* ---- zeros behind a data set ---- */

static const struct zeros_row {
    const char *label;
    size_t zeros, value; /* bytes of the last value */
    bool complete;
} zeros_rows[] = {
    {"none", 0, 2, true},
    {"two", 2, 2, true},
    {"seven", 7, 2, true},
    {"a block", 512, 2, true},
    {"64 KiB", 65536, 2, true},
    {"one may be half a tag", 1, 2, false},
    {"one behind an odd value", 1, 3, true},
};

START_TEST(zeros_behind_are_no_break)
{
    const struct zeros_row *row = &zeros_rows[_i];
    AUTO(text_release) struct text data_set = TEXT_EMPTY;
    add(&data_set, 0x00080060, "CS", "CT", 0);
    text_append_bytes(&data_set, "\x20\0\x11\0IS", 6);
    text_append_bytes(&data_set, (const char[]){(char)row->value, 0}, 2);
    text_append_bytes(&data_set, "123", row->value);
    for (size_t i = 0; i < row->zeros; i++)
        text_append_char(&data_set, '\0');
    AUTO(header_destroy) struct header *header = read_data_set(EXPLICIT, &data_set);
    ck_assert_msg((header_incomplete(header) == NULL) == row->complete, "%s", row->label);
    ck_assert_int_eq(judge(header, "tagNumber(#Tag.SeriesNumber) >= 12"), (row->complete ? YES : OPEN));
}
END_TEST

/* ---- VR UN, and what no dictionary knows ---- */

static const struct coded {
    const char *label, *vr; /* NULL: implicit */
} codings[] = {{"explicit", ""}, {"unknown", "UN"}, {"implicit", NULL}};

static const struct attribute {
    uint32_t tag;
    const char *vr, *bytes;
    size_t length;
} attributes[] = {
    {0x00081030, "LO", BYTES("TRIAL-7 ")},
    {0x00189087, "FD", BYTES("\0\0\0\0\0\x40\x8F\x40")},
    {0x00190010, "LO", BYTES("SIEMENS MR HEADER ")},
    {0x0019100C, "IS", BYTES("1000")},
    {0x00280103, "US", BYTES("\1\0")},
    {0x00280106, "SS", BYTES("\xFF\xFF")},
    {0x00290010, "LO", BYTES("NOBODY KNOWS")},
    {0x00291001, "IS", BYTES("42")},
    {0x00291002, "LO", BYTES("  ")},
    {0x00400275, "SQ", BYTES("")},
    {0x00700022, "FL", BYTES("\xCD\xCC\xCC\x3D")},
};

static void add_coded(struct text *out, const struct coded *coding, const struct attribute *attribute)
{
    const char *vr = coding->vr && *coding->vr ? coding->vr : attribute->vr;
    text_append_bytes(out,
                      (const char[]){(char)(attribute->tag >> 16), (char)(attribute->tag >> 24),
                                     (char)attribute->tag, (char)(attribute->tag >> 8)},
                      4);
    bool is_long = coding->vr && (strcmp(vr, "UN") == 0 || strcmp(vr, "SQ") == 0);
    if (coding->vr)
        text_append_bytes(out, vr, 2);
    if (is_long)
        text_append_bytes(out, "\0\0", 2);
    text_append_bytes(out, (const char[]){(char)attribute->length, 0, 0, 0}, is_long || !coding->vr ? 4 : 2);
    text_append_bytes(out, attribute->bytes, attribute->length);
}

static const struct un_row {
    const char *expression;
    int verdict;
    int private; /* where the VR is not written: the verdict of those */
} un_rows[] = {
    {"tagValueContains(#Tag.StudyDescription, \"TRIAL-7\")", YES, YES},
    {"tagNumber(#Tag.DiffusionBValue) == 1000", YES, YES},
    {"tagNumber(\"0019,100C\") > 0", YES, YES},
    {"tagIsPresent(\"0019,100C\") && tagNumber(\"0019,100C\") > 0", YES, YES},
    {"tagText(\"0019,0010\") == \"SIEMENS MR HEADER\"", YES, YES},
    {"tagNumber(#Tag.SmallestImagePixelValue) == -1", YES, YES},
    {"tagIsPresent(#Tag.RequestAttributesSequence)", NO, NO},
    {"tagText(\"0070,0022\") == \"0.1\"", YES, YES},
    {"tagNumber(\"0070,0022\") == 0.1", YES, YES},
    {"tagNumber(\"0070,0022\") <= 0.1", YES, YES},
    /* of a creator that nobody knows */
    {"tagIsPresent(\"0029,1001\")", YES, YES},
    {"tagIsPresent(\"0029,1002\")", NO, OPEN},
    {"tagNumber(\"0029,1001\") == 42", YES, OPEN},
    {"!tagValueIsPresent(\"0029,1001\", \"42\")", NO, OPEN},
    {"tagNumber(\"0029,1001\", IS) == 42", YES, YES},
    {"tagText(\"0029,1001\", LO) == \"42\"", YES, YES},
    {"tagText(\"0029,1001\", US) == \"12852\"", YES, YES},
    {"tagText(\"0029,1002\", LO) == \"\"", YES, YES},
    {"tagNumber(\"0019,100C\", IS) == 1000", YES, YES},
    {"tagIsPresent(\"0029,1001/0008,0100\")", NO, OPEN},
};

START_TEST(one_object_gives_one_verdict)
{
    const struct un_row *row = &un_rows[(size_t)_i / ROWS(codings)];
    const struct coded *coding = &codings[(size_t)_i % ROWS(codings)];
    AUTO(text_release) struct text data_set = TEXT_EMPTY;
    for (size_t i = 0; i < ROWS(attributes); i++)
        add_coded(&data_set, coding, &attributes[i]);
    AUTO(header_destroy)
    struct header *header = read_data_set(coding->vr ? EXPLICIT : IMPLICIT, &data_set);
    ck_assert_ptr_null(header_incomplete(header));
    int wanted = coding->vr && !*coding->vr ? row->verdict : row->private;
    ck_assert_msg((int)judge(header, row->expression) == wanted, "%s: %s", coding->label, row->expression);
}
END_TEST

/* ---- what cannot be decoded ---- */

START_TEST(what_cannot_be_decoded_is_unknown)
{
    AUTO(text_release) struct text data_set = TEXT_EMPTY;
    AUTO(text_release) struct text title = TEXT_EMPTY;
    for (int i = 0; i < (1 << 20) + 2; i++)
        text_append_char(&title, 'a');
    add(&data_set, 0x00081030, "UT", title.bytes, title.length);
    text_append_bytes(&data_set, "\x28\0\x10\0US\1\0\1", 9);
    AUTO(header_destroy) struct header *header = read_data_set(EXPLICIT, &data_set);
    ck_assert_ptr_null(header_incomplete(header));
    ck_assert_int_eq(judge(header, "tagIsPresent(#Tag.StudyDescription)"), YES);
    ck_assert_int_eq(judge(header, "!tagValueContains(#Tag.StudyDescription, \"b\")"), OPEN);
    ck_assert_int_eq(judge(header, "tagIsPresent(#Tag.Rows)"), YES);
    ck_assert_int_eq(judge(header, "tagNumber(#Tag.Rows) != 1"), OPEN);
    ck_assert_int_eq(judge(header, "tagText(#Tag.Columns) == \"\""), YES);
}
END_TEST

/* The character set may have stood behind the break. */
START_TEST(text_without_its_character_set_is_unknown)
{
    AUTO(text_release) struct text data_set = TEXT_EMPTY;
    add(&data_set, 0x00081030, "LO",
        "Sch\xE4"
        "del",
        0);
    add(&data_set, 0x0008103E, "LO", "Head", 0);
    add(&data_set, 0x00280010, "US", "\xE4\0", 2);
    if (_i == 1)
        text_append_bytes(&data_set, "\x32\0\x60\x10LO\x60\xEA", 8);
    AUTO(header_destroy) struct header *header = read_data_set(EXPLICIT, &data_set);
    ck_assert_int_eq(judge(header, "!tagValueIsPresent(#Tag.StudyDescription, \"Sch\xC3\xA4"
                                   "del\")"),
                     (_i == 1 ? OPEN : YES));
    ck_assert_int_eq(judge(header, "!tagValueIsPresent(#Tag.SeriesDescription, \"Head\")"), NO);
    ck_assert_int_eq(judge(header, "tagNumber(#Tag.Rows) == 228"), YES);
}
END_TEST

/* ---- bombs ---- */

static void deflate_into(struct text *out, const struct text *data_set, size_t zeros)
{
    z_stream stream = {.next_in = (Bytef *)data_set->bytes, .avail_in = (uInt)data_set->length};
    static const char block[1 << 16];
    Bytef buffer[1 << 14];
    ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
    for (bool over = false; !over;) {
        if (stream.avail_in == 0 && zeros > 0) {
            stream.next_in = (Bytef *)block;
            stream.avail_in = (uInt)(zeros < sizeof block ? zeros : sizeof block);
            zeros -= stream.avail_in;
        }
        stream.next_out = buffer;
        stream.avail_out = sizeof buffer;
        over = deflate(&stream, zeros == 0 ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_END;
        text_append_bytes(out, buffer, sizeof buffer - stream.avail_out);
    }
    (void)deflateEnd(&stream);
}

static const struct bomb_row {
    const char *label;
    uint32_t tag;
    size_t inflated; /* bytes of the value of that tag, behind Modality */
    bool cut, complete;
} bomb_rows[] = {
    {"pixels", 0x7FE00010, 1 << 20, false, true},
    {"pixels, cut", 0x7FE00010, 1 << 20, true, false},
    {"many pixels", 0x7FE00010, 200 << 20, false, false},
    {"a bomb before the pixels", 0x00282000, 500 << 20, false, false},
};

START_TEST(a_bomb_inflates_to_no_more_than_64_mib)
{
    const struct bomb_row *row = &bomb_rows[_i];
    AUTO(text_release) struct text data_set = TEXT_EMPTY, deflated = TEXT_EMPTY;
    struct rusage before, after;
    add(&data_set, 0x00080060, "CS", "CT", 0);
    const unsigned char length[] = {(unsigned char)row->inflated, (unsigned char)(row->inflated >> 8),
                                    (unsigned char)(row->inflated >> 16),
                                    (unsigned char)(row->inflated >> 24)};
    text_append_bytes(&data_set,
                      (const char[]){(char)(row->tag >> 16), (char)(row->tag >> 24), (char)row->tag,
                                     (char)(row->tag >> 8), 'O', 'W', 0, 0},
                      8);
    text_append_bytes(&data_set, length, 4);
    deflate_into(&deflated, &data_set, row->inflated);
    if (row->cut)
        deflated.length -= 10;
    (void)getrusage(RUSAGE_SELF, &before);
    AUTO(header_destroy) struct header *header = read_data_set(DEFLATED, &deflated);
    (void)getrusage(RUSAGE_SELF, &after);
    ck_assert_int_eq(judge(header, "tagValueIsPresent(#Tag.Modality, \"CT\")"), YES);
    ck_assert_int_eq(judge(header, "!tagIsPresent(#Tag.StudyComments)"), (row->complete ? YES : OPEN));
    ck_assert_msg((header_incomplete(header) == NULL) == row->complete, "%s", row->label);
    ck_assert_msg(after.ru_maxrss - before.ru_maxrss < 140 << 10, "%s: took %ld KiB", row->label,
                  after.ru_maxrss - before.ru_maxrss);
}
END_TEST

static const size_t depths[] = {10, 63, 65, 1000, 500000};

START_TEST(a_nest_is_walked_without_recursion)
{
    AUTO(text_release) struct text data_set = TEXT_EMPTY;
    add(&data_set, 0x00080060, "CS", "CT", 0);
    for (size_t i = 0; i < depths[_i]; i++)
        text_append_bytes(&data_set, "\x40\0\x75\2SQ\0\0\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF",
                          20);
    for (size_t i = 0; i < depths[_i]; i++)
        text_append_bytes(&data_set, "\xFE\xFF\x0D\xE0\0\0\0\0\xFE\xFF\xDD\xE0\0\0\0\0", 16);
    AUTO(header_destroy) struct header *header = read_data_set(EXPLICIT, &data_set);
    bool complete = depths[_i] <= DATASET_NESTING_MAX;
    ck_assert_int_eq(judge(header, "tagValueIsPresent(#Tag.Modality, \"CT\")"), YES);
    ck_assert_msg((header_incomplete(header) == NULL) == complete, "%zu deep: %s", depths[_i],
                  complete ? header_incomplete(header) : "complete");
    ck_assert_int_eq(judge(header, "tagIsPresent(\"0040,0275/0040,0275\")"), (complete ? YES : OPEN));
}
END_TEST

START_TEST(a_million_elements_are_bounded)
{
    AUTO(text_release) struct text data_set = TEXT_EMPTY;
    int64_t start = effort_ms();
    for (unsigned i = 0; i < 3000000; i++)
        text_append_bytes(&data_set,
                          (const char[]){0x09, (char)(i >> 16), (char)i, (char)(i >> 8), 'L', 'O', 0, 0}, 8);
    AUTO(header_destroy) struct header *header = read_data_set(EXPLICIT, &data_set);
    ck_assert_pstr_ne(header_incomplete(header), NULL);
    ck_assert_ptr_nonnull(strstr(header_incomplete(header), "too many elements"));
    ck_assert_int_lt(effort_ms() - start, 20000);
}
END_TEST

/* ---- how a data set is written ---- */

static const struct written_row {
    const char *label, *syntax;
    bool implicit;
} written_rows[] = {
    {"as it says, explicit", EXPLICIT, false},         {"as it says, implicit", IMPLICIT, true},
    {"says implicit, is explicit", IMPLICIT, false},   {"says explicit, is implicit", EXPLICIT, true},
    {"of a syntax that nobody knows", "1.2.3", false}, {"of GE's", "1.2.840.113619.5.2", true},
};

START_TEST(encoding_is_seen)
{
    const struct written_row *row = &written_rows[_i];
    AUTO(text_release) struct text data_set = TEXT_EMPTY;
    const struct coded coding = {"", row->implicit ? NULL : ""};
    static const struct attribute modality = {0x00080060, "CS", BYTES("CT")};
    add_coded(&data_set, &coding, &modality);
    for (size_t i = 0; i < ROWS(attributes); i++)
        add_coded(&data_set, &coding, &attributes[i]);
    AUTO(header_destroy) struct header *header = read_data_set(row->syntax, &data_set);
    ck_assert_msg(!header_incomplete(header), "%s: %s", row->label, header_incomplete(header));
    ck_assert_msg(judge(header, "tagValueIsPresent(#Tag.Modality, \"CT\")"
                                " && tagValueIsPresent(#Tag.StudyDescription, \"TRIAL-7\")"
                                " && tagNumber(#Tag.DiffusionBValue) == 1000") == CONDITION_TRUE,
                  "%s", row->label);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("header_broken");
    tests_fixture(tests, setup, teardown);
    tests_timeout(tests, 60);
    tests_rows(tests, what_is_out_of_place_is_read_over, ROWS(piece_rows));
    tests_add(tests, break_is_named);
    tests_rows(tests, zeros_behind_are_no_break, ROWS(zeros_rows));
    tests_rows(tests, one_object_gives_one_verdict, ROWS(un_rows) * ROWS(codings));
    tests_add(tests, what_cannot_be_decoded_is_unknown);
    tests_rows(tests, text_without_its_character_set_is_unknown, 2);
    tests_rows(tests, a_bomb_inflates_to_no_more_than_64_mib, ROWS(bomb_rows));
    tests_rows(tests, a_nest_is_walked_without_recursion, ROWS(depths));
    tests_add(tests, a_million_elements_are_bounded);
    tests_rows(tests, encoding_is_seen, ROWS(written_rows));
    return tests_run(tests);
}
