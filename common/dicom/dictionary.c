#include "common/dicom/dictionary.h"

#include "common/dicom/value.h"

#include <string.h>

static const struct attribute {
    uint32_t tag;
    char vr[3];
    const char *keyword; /* "" when it has none */
} attributes[] = {
#define ATTRIBUTE(tag, vr, keyword) {tag, #vr, keyword},
#include "common/dicom/standard.inc"
#undef ATTRIBUTE
};

/* A family of attributes: free are the bits of the tag that vary. */
static const struct repeated {
    uint32_t tag, free;
    char vr[3];
} repeated[] = {
#define REPEATED(tag, free, vr) {tag, free, #vr},
#include "common/dicom/standard.inc"
#undef REPEATED
};

static const uint16_t by_keyword[] = {
#define BY_KEYWORD(index) index,
#include "common/dicom/standard.inc"
#undef BY_KEYWORD
};

static const struct creator {
    const char *name;
    uint16_t first, count;
} creators[] = {
#define CREATOR(name, first, count) {name, first, count},
#include "common/dicom/private.inc"
#undef CREATOR
};

static const struct of_creator {
    uint32_t key; /* group << 8 | last byte of the element */
    char vr[3];
} of_creators[] = {
#define OF_CREATOR(key, vr) {key, #vr},
#include "common/dicom/private.inc"
#undef OF_CREATOR
};

enum {
    ATTRIBUTES = sizeof attributes / sizeof *attributes,
    REPEATEDS = sizeof repeated / sizeof *repeated,
    KEYWORDS = sizeof by_keyword / sizeof *by_keyword,
    CREATORS = sizeof creators / sizeof *creators
};

static const struct attribute *find(uint32_t tag)
{
    size_t first = 0, end = ATTRIBUTES;
    while (first < end) {
        size_t middle = (first + end) / 2;
        if (attributes[middle].tag < tag)
            first = middle + 1;
        else
            end = middle;
    }
    return first < ATTRIBUTES && attributes[first].tag == tag ? &attributes[first] : NULL;
}

const char *dictionary_vr(uint32_t tag)
{
    const struct attribute *attribute = find(tag);
    if (attribute)
        return attribute->vr;
    for (size_t i = 0; i < REPEATEDS; i++)
        if ((tag & ~repeated[i].free) == repeated[i].tag)
            return repeated[i].vr;
    return NULL;
}

static const struct creator *find_creator(const char *name, size_t length)
{
    size_t first = 0, end = CREATORS;
    while (first < end) {
        size_t middle = (first + end) / 2;
        size_t its = strlen(creators[middle].name);
        int order = memcmp(creators[middle].name, name, its < length ? its : length);
        if (order == 0)
            order = (its > length) - (its < length);
        if (order == 0)
            return &creators[middle];
        if (order < 0)
            first = middle + 1;
        else
            end = middle;
    }
    return NULL;
}

const char *dictionary_private_vr(const char *creator, size_t length, uint32_t tag)
{
    const struct creator *known = find_creator(creator, length);
    uint32_t key = tag >> 16 << 8 | (tag & 0xFF);
    for (size_t i = 0; known && i < known->count; i++)
        if (of_creators[known->first + i].key == key)
            return of_creators[known->first + i].vr;
    return NULL;
}

static bool tag_of(void *context, const char *keyword, uint32_t *ret_tag)
{
    size_t first = 0, end = KEYWORDS;
    (void)context;
    while (first < end) {
        size_t middle = (first + end) / 2;
        const struct attribute *attribute = &attributes[by_keyword[middle]];
        int order = strcmp(attribute->keyword, keyword);
        if (order == 0) {
            *ret_tag = attribute->tag;
            return true;
        }
        if (order < 0)
            first = middle + 1;
        else
            end = middle;
    }
    return false;
}

static const char *keyword_of(void *context, uint32_t tag)
{
    (void)context;
    const struct attribute *attribute = find(tag);
    return attribute && *attribute->keyword ? attribute->keyword : NULL;
}

static bool has_text(void *context, const char *vr)
{
    (void)context;
    return value_is_text(vr);
}

static void for_each(void *context, void (*each)(void *closure, const char *keyword), void *closure)
{
    (void)context;
    for (size_t i = 0; i < KEYWORDS; i++)
        each(closure, attributes[by_keyword[i]].keyword);
}

const struct condition_dictionary *dictionary_for_conditions(void)
{
    static const struct condition_dictionary for_conditions = {NULL, tag_of, keyword_of, has_text, for_each};
    return &for_conditions;
}

const char *dictionary_edition(void)
{
#define EDITION(name) return name;
#include "common/dicom/standard.inc"
#undef EDITION
}
