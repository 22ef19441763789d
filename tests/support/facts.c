#include "tests/support/facts.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/condition/parser.h"
#include "tests/support/dicom_encode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64, TRANSFERS = 4 };

struct attribute {
    struct condition_path path;
    char *text; /* NULL: there, without a text */
    size_t length;
    bool unknown; /* not found, and may be there all the same */
};

struct facts {
    struct condition_facts facts;
    struct attribute attributes[MOST];
    size_t count;
    char *transfer[TRANSFERS];
};

static bool path_starts(const struct condition_path *path, const struct condition_path *start)
{
    return path->depth >= start->depth &&
           memcmp(path->tags, start->tags, start->depth * sizeof *path->tags) == 0;
}

static const struct attribute *find(const struct facts *facts, const struct condition_path *path,
                                    size_t index)
{
    for (size_t i = 0; i < facts->count; i++) {
        const struct attribute *attribute = &facts->attributes[i];
        if (attribute->path.depth == path->depth && path_starts(&attribute->path, path) &&
            attribute->length > 0 && index-- == 0)
            return attribute;
    }
    return NULL;
}

static bool is_present(void *context, const struct condition_path *path)
{
    const struct facts *facts = context;
    for (size_t i = 0; i < facts->count; i++) {
        const struct attribute *attribute = &facts->attributes[i];
        if (path_starts(&attribute->path, path) && !attribute->unknown &&
            (attribute->path.depth > path->depth || !attribute->text || attribute->length > 0))
            return true;
    }
    return false;
}

static const char *text(void *context, const struct condition_path *path, size_t index, size_t *ret_length)
{
    const struct attribute *attribute = find(context, path, index);
    if (!attribute)
        return NULL;
    *ret_length = attribute->length;
    return attribute->text;
}

static bool number(void *context, const struct condition_path *path, size_t index, double *ret_number)
{
    const struct attribute *attribute;
    for (size_t i = 0; (attribute = find(context, path, i)); i++) {
        char *end;
        double value = strtod(attribute->text, &end);
        if (end == attribute->text || (*end != '\0' && *end != '\\') || index-- > 0)
            continue;
        *ret_number = value;
        return true;
    }
    return false;
}

static const char *transfer(void *context, enum condition_transfer fact, size_t *ret_length)
{
    const struct facts *facts = context;
    const char *value = facts->transfer[fact];
    *ret_length = value ? strlen(value) : 0;
    return value;
}

static const char *unknown(void *context, const struct condition_path *path, enum condition_aspect aspect)
{
    const struct facts *facts = context;
    (void)aspect;
    for (size_t i = 0; path && i < facts->count; i++)
        if (facts->attributes[i].unknown &&
            (path_starts(&facts->attributes[i].path, path) || path_starts(path, &facts->attributes[i].path)))
            return "reading ended there";
    return NULL;
}

static void fail(const char *part)
{
    fprintf(stderr, "facts: cannot read \"%s\"\n", part);
    abort();
}

static void add(struct facts *facts, const struct condition_dictionary *dictionary, const char *name,
                const char *value, char kind)
{
    static const char *const transfers[TRANSFERS] = {"callingAET", "calledAET", "sourceAddress",
                                                     "transferSyntax"};
    for (size_t i = 0; i < TRANSFERS; i++) {
        if (strcmp(transfers[i], name) == 0) {
            facts->transfer[i] = memory_string(value);
            return;
        }
    }
    struct attribute attribute = {.path = {.depth = 1}};
    if (!tag_path_parse(name, strlen(name), &attribute.path) &&
        !dictionary->tag_of(dictionary->context, name, &attribute.path.tags[0]))
        fail(name);
    if (!strchr(name, ','))
        attribute.path.depth = 1;
    if (facts->count == MOST)
        fail(name);
    attribute.text = kind == '=' ? memory_string(value) : NULL;
    attribute.length = kind == '=' ? strlen(value) : 0;
    attribute.unknown = kind == '?';
    facts->attributes[facts->count++] = attribute;
}

struct facts *facts_create(const char *from, const struct condition_dictionary *dictionary)
{
    struct facts *facts = memory_new(1, sizeof *facts);
    facts->facts = (struct condition_facts){facts, is_present, text, number, transfer, unknown};
    while (*from) {
        AUTO(text_release) struct text name = TEXT_EMPTY;
        AUTO(text_release) struct text value = TEXT_EMPTY;
        size_t length = strcspn(from, "=!?;");
        text_append_bytes(&name, from, length);
        from += length;
        char kind = *from;
        if (*from != '\0')
            from++;
        for (; kind == '=' && *from && *from != ';'; from++) {
            if (*from == '\\' && from[1])
                from++, text_append_char(&value, *from == 'n' ? '\n' : *from);
            else
                text_append_char(&value, *from);
        }
        add(facts, dictionary, text_string(&name), text_string(&value), kind);
        if (*from == ';')
            from++;
    }
    return facts;
}

void facts_destroy(struct facts **facts)
{
    if (!*facts)
        return;
    for (size_t i = 0; i < (*facts)->count; i++)
        free((*facts)->attributes[i].text);
    for (size_t i = 0; i < TRANSFERS; i++)
        free((*facts)->transfer[i]);
    free(*facts);
    *facts = NULL;
}

const struct condition_facts *facts_of(const struct facts *facts)
{
    return &facts->facts;
}

static int by_tag(const void *a, const void *b)
{
    const struct attribute *const *left = a, *const *right = b;
    for (size_t i = 0; i < (*left)->path.depth && i < (*right)->path.depth; i++)
        if ((*left)->path.tags[i] != (*right)->path.tags[i])
            return (*left)->path.tags[i] < (*right)->path.tags[i] ? -1 : 1;
    return *left < *right ? -1 : *left > *right;
}

/* Writes attributes that share the first level tags of their paths; each becomes an item of its own below. */
static void encode(struct attribute *const *attributes, size_t count, size_t level, struct text *out)
{
    for (size_t i = 0; i < count;) {
        uint32_t tag = attributes[i]->path.tags[level];
        size_t same = 1;
        while (i + same < count && attributes[i + same]->path.tags[level] == tag)
            same++;
        struct dicom_element element = {(uint16_t)(tag >> 16), (uint16_t)tag, "LO", NULL, 0, NULL, 0};
        if (attributes[i]->path.depth == level + 1) {
            element.bytes = attributes[i]->text;
            element.length = attributes[i]->length;
            element.vr = element.length > 0xFFFE ? "UT" : "LO";
            dicom_encode_element(&element, DICOM_EXPLICIT_LE, out);
        } else {
            /* dicom_encode takes items of known elements; ours are encoded one by one in between. */
            text_append_bytes(out,
                              (unsigned char[]){(unsigned char)(tag >> 16), (unsigned char)(tag >> 24),
                                                (unsigned char)tag, (unsigned char)(tag >> 8), 'S', 'Q', 0, 0,
                                                0xFF, 0xFF, 0xFF, 0xFF},
                              12);
            for (size_t k = 0; k < same; k++) {
                text_append_bytes(out, "\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF", 8);
                encode(attributes + i + k, 1, level + 1, out);
                text_append_bytes(out, "\xFE\xFF\x0D\xE0\x00\x00\x00\x00", 8);
            }
            text_append_bytes(out, "\xFE\xFF\xDD\xE0\x00\x00\x00\x00", 8);
        }
        i += same;
    }
}

static void encode_meta(const struct facts *facts, struct text *out)
{
    AUTO(text_release) struct text meta = TEXT_EMPTY;
    const char *syntax = facts->transfer[CONDITION_TRANSFER_SYNTAX];
    const struct dicom_element elements[] = {
        {2, 0x01, "OB", "\0\1", 2, NULL, 0},
        {2, 0x02, "UI", "1.2.840.10008.5.1.4.1.1.7", 0, NULL, 0},
        {2, 0x03, "UI", "2.25.1", 0, NULL, 0},
        {2, 0x10, "UI", syntax ? syntax : "1.2.840.10008.1.2.1", 0, NULL, 0},
        {2, 0x12, "UI", "2.25.2", 0, NULL, 0},
        {2, 0x16, "AE", facts->transfer[CONDITION_CALLING_AET], 0, NULL, 0},
        {2, 0x18, "AE", facts->transfer[CONDITION_CALLED_AET], 0, NULL, 0},
    };
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
        if (elements[i].bytes)
            dicom_encode_element(&elements[i], DICOM_EXPLICIT_LE, &meta);
    const unsigned char length[4] = {(unsigned char)meta.length, (unsigned char)(meta.length >> 8), 0, 0};
    const struct dicom_element group = {2, 0, "UL", length, 4, NULL, 0};
    static const char preamble[128] = {0};
    text_append_bytes(out, preamble, sizeof preamble);
    text_append(out, "DICM");
    dicom_encode_element(&group, DICOM_EXPLICIT_LE, out);
    text_append_bytes(out, meta.bytes, meta.length);
}

bool facts_write_dicom(const struct facts *facts, const char *path)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    struct attribute *sorted[MOST + 1];
    struct attribute sop_class = {.path = {.tags = {0x00080016}, .depth = 1}, .text = "1.2.3", .length = 5};
    size_t count = facts->count;
    if (facts->transfer[CONDITION_SOURCE_ADDRESS])
        return false;
    for (size_t i = 0; i < facts->count; i++) {
        sorted[i] = (struct attribute *)&facts->attributes[i];
        if (!sorted[i]->text || sorted[i]->path.tags[0] >> 16 == 2)
            return false;
    }
    if (count == 0)
        sorted[count++] = &sop_class; /* a file without any attribute is none */
    qsort(sorted, count, sizeof *sorted, by_tag);
    encode_meta(facts, &bytes);
    encode(sorted, count, 0, &bytes);
    FILE *file = fopen(path, "wb");
    if (!file)
        return false;
    bool written = fwrite(bytes.bytes, 1, bytes.length, file) == bytes.length;
    return fclose(file) == 0 && written;
}
