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
    {"newer than DCMTK's", "SyntheticData", 0x0008001C},
    {"newer than DCMTK's, too", "IssuerOfClinicalTrialProtocolID", 0x00120022},
    {"the last by name", "ZoomFactor", 0x00280031},
    {"of real-time video", "CurrentFrameFunctionalGroupsSequence", 0x00060001},
    {"an item is no attribute", "Item", 0},
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
    ck_assert_uint_ge(count, 5039);
}
END_TEST

/* A keyword is found by its tag, and its tag by the keyword. */
static void check_back(void *closure, const char *keyword)
{
    const struct condition_dictionary *dictionary = dictionary_for_conditions();
    uint32_t tag = 0;
    (void)closure;
    ck_assert(dictionary->tag_of(dictionary->context, keyword, &tag));
    ck_assert_pstr_eq(dictionary->keyword_of(dictionary->context, tag), keyword);
    ck_assert_msg(dictionary_vr(tag) != NULL, "%s has no VR", keyword);
}

START_TEST(keyword_and_tag_lead_to_each_other)
{
    const struct condition_dictionary *dictionary = dictionary_for_conditions();
    dictionary->for_each(dictionary->context, check_back, NULL);
}
END_TEST

/* The edition of PS3.6, and what of later ones it lacks: when the tables are made anew, these two change. */
static const char *const edition = "2024c";
static const char *const of_later_editions[] = {"PersonNamesToUseSequence", "GenderIdentitySequence",
                                                "ThirdPersonPronounsSequence"};

START_TEST(edition_is_told)
{
    const struct condition_dictionary *dictionary = dictionary_for_conditions();
    uint32_t tag;
    ck_assert_str_eq(dictionary_edition(), edition);
    for (size_t i = 0; i < ROWS(of_later_editions); i++)
        ck_assert_msg(!dictionary->tag_of(dictionary->context, of_later_editions[i], &tag),
                      "%s is there: the edition is a later one", of_later_editions[i]);
}
END_TEST

static const struct vr_row {
    const char *label, *creator; /* NULL: a standard attribute */
    uint32_t tag;
    const char *vr; /* NULL: unknown */
} vr_rows[] = {
    {"a text", NULL, 0x00081030, "LO"},
    {"a sequence", NULL, 0x00400275, "SQ"},
    {"US or SS", NULL, 0x00280106, "XS"},
    {"repeated, the first", NULL, 0x60000010, "US"},
    {"repeated, another", NULL, 0x60220010, "US"},
    {"no such attribute", NULL, 0x00080003, NULL},
    {"private of nobody", NULL, 0x0019100C, NULL},
    {"Siemens MR", "SIEMENS MR HEADER", 0x0019100C, "IS"},
    {"Siemens MR, another block", "SIEMENS MR HEADER", 0x0019120C, "IS"},
    {"Siemens MR, another group", "SIEMENS MR HEADER", 0x0021100C, NULL},
    {"Siemens MR, no such element", "SIEMENS MR HEADER", 0x001910FE, NULL},
    {"GE", "GEMS_PARM_01", 0x00431039, "IS"},
    {"Philips", "Philips Imaging DD 001", 0x20011003, "FL"},
    {"another case of a name", "siemens mr header", 0x0019100C, NULL},
    {"the beginning of a name", "SIEMENS MR", 0x0019100C, NULL},
    {"no name", "", 0x0019100C, NULL},
    {"of DCMTK's", "SIEMENS RA PLANE A", 0x00111028, "SL"},
};

START_TEST(attribute_has_its_vr)
{
    const struct vr_row *row = &vr_rows[_i];
    const char *vr = row->creator ? dictionary_private_vr(row->creator, strlen(row->creator), row->tag)
                                  : dictionary_vr(row->tag);
    ck_assert_msg(row->vr ? vr && strcmp(vr, row->vr) == 0 : !vr, "%s: is %s", row->label,
                  vr ? vr : "(none)");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("dictionary");
    tests_rows(tests, keyword_has_its_tag, ROWS(keyword_rows));
    tests_rows(tests, tag_has_its_keyword, ROWS(tag_rows));
    tests_add(tests, every_keyword_is_standard);
    tests_add(tests, keyword_and_tag_lead_to_each_other);
    tests_add(tests, edition_is_told);
    tests_rows(tests, attribute_has_its_vr, ROWS(vr_rows));
    return tests_run(tests);
}
