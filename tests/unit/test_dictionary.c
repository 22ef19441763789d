#include "common/dicom/dictionary.h"

#include "tests/support/suite.h"

#include <string.h>

static const struct keyword_row {
    const char *label, *keyword;
    uint32_t tag; /* 0: no such keyword */
} keyword_rows[] = {
    {"a current one", "Modality", 0x00080060},
    {"of the file meta header", "TransferSyntaxUID", 0x00020010},
    {"a sequence", "RequestAttributesSequence", 0x00400275},
    {"pixel data", "PixelData", 0x7FE00010},
    {"float pixel data", "FloatPixelData", 0x7FE00008},
    {"retired", "StudyStatusID", 0x0032000A},
    {"retired, with a private namesake", "StudyComments", 0x00324000},
    {"a repeating group: the first", "OverlayData", 0x60003000},
    {"another case", "modality", 0},
    {"with DCMTK's prefix", "RETIRED_StudyComments", 0},
    {"a private one", "CTPProjectName", 0},
    {"of ACR-NEMA", "ACR_NEMA_PreviewDescription", 0},
    {"empty", "", 0},
    {"of the network", "CommandField", 0},
};

START_TEST(keyword_has_its_tag)
{
    const struct keyword_row *row = &keyword_rows[_i];
    const struct condition_dictionary *dictionary = dictionary_for_conditions();
    uint32_t tag = 0;
    bool found = dictionary->tag_of(dictionary->context, row->keyword, &tag);
    ck_assert_msg(found == (row->tag != 0), "%s: %s is %sfound", row->label, row->keyword,
                  found ? "" : "not ");
    ck_assert_msg(tag == row->tag, "%s: %s is %08X", row->label, row->keyword, tag);
}
END_TEST

static const struct tag_row {
    const char *label;
    uint32_t tag;
    const char *keyword;
} tag_rows[] = {
    {"a current one", 0x00080060, "Modality"},
    {"retired", 0x00324000, "StudyComments"},
    {"a private one", 0x00130026, NULL},
    {"nothing", 0x00080003, NULL},
    {"the last", 0xFFFFFFFF, NULL},
};

START_TEST(tag_has_its_keyword)
{
    const struct tag_row *row = &tag_rows[_i];
    const struct condition_dictionary *dictionary = dictionary_for_conditions();
    const char *keyword = dictionary->keyword_of(dictionary->context, row->tag);
    ck_assert_msg(row->keyword ? keyword && strcmp(keyword, row->keyword) == 0 : !keyword, "%s: is %s",
                  row->label, keyword ? keyword : "(none)");
}
END_TEST

static void check_each(void *closure, const char *keyword)
{
    const struct condition_dictionary *dictionary = dictionary_for_conditions();
    uint32_t tag = 1;
    ck_assert_msg(dictionary->tag_of(dictionary->context, keyword, &tag), "%s is not found", keyword);
    ck_assert_msg((tag >> 16) % 2 == 0 && tag >> 16 != 0, "%s is private or a command: %08X", keyword, tag);
    ++*(size_t *)closure;
}

START_TEST(every_keyword_is_standard)
{
    const struct condition_dictionary *dictionary = dictionary_for_conditions();
    size_t count = 0;
    dictionary->for_each(dictionary->context, check_each, &count);
    ck_assert_uint_gt(count, 4000);
}
END_TEST

START_TEST(loading_twice_is_loading_once)
{
    size_t before = 0, after = 0;
    const struct condition_dictionary *dictionary = dictionary_for_conditions();
    dictionary->for_each(dictionary->context, check_each, &before);
    ck_assert_int_eq(dictionary_load(), 0);
    dictionary->for_each(dictionary->context, check_each, &after);
    ck_assert_uint_eq(before, after);
}
END_TEST

int main(void)
{
    if (dictionary_load() != 0)
        return 1;
    struct tests *tests = tests_create("dictionary");
    tests_rows(tests, keyword_has_its_tag, ROWS(keyword_rows));
    tests_rows(tests, tag_has_its_keyword, ROWS(tag_rows));
    tests_add(tests, every_keyword_is_standard);
    tests_add(tests, loading_twice_is_loading_once);
    return tests_run(tests);
}
