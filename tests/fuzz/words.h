/* words - a dictionary of a few keywords, so that fuzz targets need no DICOM toolkit. */
#ifndef FELUCCA_TESTS_FUZZ_WORDS_H
#define FELUCCA_TESTS_FUZZ_WORDS_H

#include "common/condition/condition.h"
#include "common/dicom/value.h"

#include <string.h>

static const struct word {
    const char *keyword;
    uint32_t tag;
} words[] = {
    {"Modality", 0x00080060},      {"StudyDescription", 0x00081030}, {"SeriesDescription", 0x0008103E},
    {"PatientName", 0x00100010},   {"SeriesNumber", 0x00200011},     {"PixelData", 0x7FE00010},
    {"StudyComments", 0x00324000}, {"ImageType", 0x00080008},
};

enum { WORDS = sizeof words / sizeof *words };

static bool word_tag(void *context, const char *keyword, uint32_t *ret_tag)
{
    (void)context;
    for (size_t i = 0; i < WORDS; i++) {
        if (strcmp(words[i].keyword, keyword) == 0) {
            *ret_tag = words[i].tag;
            return true;
        }
    }
    return false;
}

static const char *word_keyword(void *context, uint32_t tag)
{
    (void)context;
    for (size_t i = 0; i < WORDS; i++)
        if (words[i].tag == tag)
            return words[i].keyword;
    return NULL;
}

static bool word_has_text(void *context, const char *vr)
{
    (void)context;
    return value_is_text(vr);
}

static void word_each(void *context, void (*each)(void *closure, const char *keyword), void *closure)
{
    (void)context;
    for (size_t i = 0; i < WORDS; i++)
        each(closure, words[i].keyword);
}

static const struct condition_dictionary word_dictionary = {NULL, word_tag, word_keyword, word_has_text,
                                                            word_each};

#endif
