#include "common/dicom/metadata.h"

#include "common/base/base64.h"
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/json.h"
#include "common/base/memory.h"
#include "common/dicom/encoding.h"
#include "common/dicom/kept.h"
#include "common/dicom/value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PREAMBLE = 128,
    SHORT_MAX = 0xFFFE, /* bytes of a value whose length is written in two */
    TAG_TRANSFER_SYNTAX = 0x00020010,
    TAG_CHARSET = 0x00080005,
    TAG_PIXELS = 0x7FE00010
};

/* ---- what is written how ---- */

enum form {
    FORM_TEXTS,   /* values with backslashes between */
    FORM_TEXT,    /* one value, in which a backslash is a character */
    FORM_NAMES,   /* texts of up to three parts */
    FORM_DECIMAL, /* numbers as texts */
    FORM_NUMBERS, /* binary */
    FORM_TAGS,
    FORM_BYTES,
    FORM_ITEMS
};

static const struct vr {
    char name[3];
    enum form form;
    unsigned size; /* of a binary number; negative ones: is_signed */
    bool is_signed, is_float, is_long;
} vrs[] = {
    {"AE", FORM_TEXTS, 0, 0, 0, 0},   {"AS", FORM_TEXTS, 0, 0, 0, 0},   {"AT", FORM_TAGS, 0, 0, 0, 0},
    {"CS", FORM_TEXTS, 0, 0, 0, 0},   {"DA", FORM_TEXTS, 0, 0, 0, 0},   {"DS", FORM_DECIMAL, 0, 0, 0, 0},
    {"DT", FORM_TEXTS, 0, 0, 0, 0},   {"FL", FORM_NUMBERS, 4, 1, 1, 0}, {"FD", FORM_NUMBERS, 8, 1, 1, 0},
    {"IS", FORM_DECIMAL, 0, 0, 0, 0}, {"LO", FORM_TEXTS, 0, 0, 0, 0},   {"LT", FORM_TEXT, 0, 0, 0, 0},
    {"OB", FORM_BYTES, 0, 0, 0, 1},   {"OD", FORM_BYTES, 0, 0, 0, 1},   {"OF", FORM_BYTES, 0, 0, 0, 1},
    {"OL", FORM_BYTES, 0, 0, 0, 1},   {"OV", FORM_BYTES, 0, 0, 0, 1},   {"OW", FORM_BYTES, 0, 0, 0, 1},
    {"PN", FORM_NAMES, 0, 0, 0, 0},   {"SH", FORM_TEXTS, 0, 0, 0, 0},   {"SL", FORM_NUMBERS, 4, 1, 0, 0},
    {"SQ", FORM_ITEMS, 0, 0, 0, 1},   {"SS", FORM_NUMBERS, 2, 1, 0, 0}, {"ST", FORM_TEXT, 0, 0, 0, 0},
    {"SV", FORM_NUMBERS, 8, 1, 0, 1}, {"TM", FORM_TEXTS, 0, 0, 0, 0},   {"UC", FORM_TEXTS, 0, 0, 0, 1},
    {"UI", FORM_TEXTS, 0, 0, 0, 0},   {"UL", FORM_NUMBERS, 4, 0, 0, 0}, {"UN", FORM_BYTES, 0, 0, 0, 1},
    {"UR", FORM_TEXT, 0, 0, 0, 1},    {"US", FORM_NUMBERS, 2, 0, 0, 0}, {"UT", FORM_TEXT, 0, 0, 0, 1},
    {"UV", FORM_NUMBERS, 8, 0, 0, 1}};

static const struct vr *vr_named(const char *name)
{
    for (size_t i = 0; i < sizeof vrs / sizeof *vrs; i++) {
        if (name && strcmp(vrs[i].name, name) == 0)
            return &vrs[i];
    }
    return NULL;
}

/* ---- writing elements ---- */

static void append_number(struct text *out, uint64_t number, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        text_append_char(out, (char)(number >> 8 * i & 0xFF));
}

static void append_tag(struct text *out, uint32_t tag)
{
    append_number(out, tag >> 16, 2);
    append_number(out, tag & 0xFFFF, 2);
}

/* What does not fit into two bytes of length is written as what it is without a VR (PS3.5 section 6.2.2). */
static void append_element(struct text *out, uint32_t tag, const struct vr *vr, const struct text *value)
{
    const char *bytes = value->length > 0 ? value->bytes : "";
    char padding = vr->form == FORM_BYTES || strcmp(vr->name, "UI") == 0 ? '\0' : ' ';
    size_t padded = value->length + value->length % 2;
    bool is_long = vr->is_long || padded > SHORT_MAX;
    append_tag(out, tag);
    text_append_bytes(out, is_long && !vr->is_long ? "UN" : vr->name, 2);
    if (is_long)
        append_number(out, 0, 2);
    append_number(out, padded, is_long ? 4 : 2);
    text_append_bytes(out, bytes, value->length);
    if (value->length % 2 == 1)
        text_append_char(out, padding);
}

static void append_text_element(struct text *out, uint32_t tag, const char *vr, const char *text)
{
    AUTO(text_release) struct text value = TEXT_EMPTY;
    text_append(&value, text);
    append_element(out, tag, vr_named(vr), &value);
}

/* It is there twice with different values: whatever is asked of it is unknown (header.h). */
static void append_unknown(struct text *out, uint32_t tag)
{
    append_text_element(out, tag, "UN", "0 ");
    append_text_element(out, tag, "UN", "1 ");
}

/* ---- one value ---- */

/* Of what went wrong the first sentence is told. */
static bool metadata_say(struct text *reason, const char *sentence)
{
    if (reason->length == 0)
        text_append(reason, sentence);
    return false;
}

static bool append_string(const json_t *json, struct text *value, struct text *reason)
{
    if (!json_is_string(json))
        return metadata_say(reason, "a value that should be a text is none");
    text_append_bytes(value, json_string_value(json), json_string_length(json));
    return true;
}

static bool append_name(const json_t *json, struct text *value, struct text *reason)
{
    static const char *const parts[] = {"Alphabetic", "Ideographic", "Phonetic"};
    if (!json_is_object(json))
        return append_string(json, value, reason);
    size_t start = value->length, end = start;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (i > 0)
            text_append_char(value, '=');
        text_append(value, json_text(json, parts[i]));
        if (*json_text(json, parts[i]))
            end = value->length;
    }
    text_cut(value, end);
    return true;
}

/* The shortest text that is this number. */
static void append_real(struct text *value, double number)
{
    char text[40];
    (void)snprintf(text, sizeof text, "%.15g", number);
    if (strtod(text, NULL) != number)
        (void)snprintf(text, sizeof text, "%.17g", number);
    text_append(value, text);
}

static bool append_decimal(const json_t *json, struct text *value, struct text *reason)
{
    if (json_is_integer(json))
        text_format(value, "%lld", (long long)json_integer_value(json));
    else if (json_is_real(json))
        append_real(value, json_real_value(json));
    else
        return append_string(json, value, reason);
    return true;
}

static bool real_of(const json_t *json, double *ret_number)
{
    const char *text = json_string_value(json);
    char *end = NULL;
    *ret_number = text ? strtod(text, &end) : json_number_value(json);
    return text ? end != text && *end == '\0' : json_is_number(json);
}

static void append_float(struct text *value, double number, unsigned size)
{
    float small = (float)number;
    uint32_t bits32;
    uint64_t bits64;
    memcpy(&bits32, &small, sizeof bits32);
    memcpy(&bits64, &number, sizeof bits64);
    append_number(value, size == sizeof bits32 ? bits32 : bits64, size);
}

static bool integer_of(const json_t *json, bool is_signed, uint64_t *ret_bits)
{
    const char *text = json_string_value(json);
    char *end = NULL;
    errno = 0;
    if (json_is_integer(json)) {
        *ret_bits = (uint64_t)json_integer_value(json);
        return is_signed || json_integer_value(json) >= 0;
    }
    if (!text || (*text == '-' && !is_signed))
        return false;
    *ret_bits = is_signed ? (uint64_t)strtoll(text, &end, 10) : strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0';
}

static bool fits(uint64_t bits, const struct vr *vr)
{
    if (vr->size == sizeof bits)
        return true;
    uint64_t half = UINT64_C(1) << (8 * vr->size - 1);
    return vr->is_signed ? bits + half < 2 * half : bits < 2 * half;
}

static bool append_binary(const json_t *json, const struct vr *vr, struct text *value, struct text *reason)
{
    double real;
    uint64_t bits;
    if (vr->is_float) {
        if (!real_of(json, &real))
            return metadata_say(reason, "a value that should be a number is none");
        append_float(value, real, vr->size);
        return true;
    }
    if (!integer_of(json, vr->is_signed, &bits) || !fits(bits, vr))
        return metadata_say(reason, "a value that should be a whole number of its VR is none");
    append_number(value, bits, vr->size);
    return true;
}

static bool read_tag(const char *text, uint32_t *ret_tag)
{
    if (!text || strlen(text) != 8 || strspn(text, "0123456789abcdefABCDEF") != 8)
        return false;
    *ret_tag = (uint32_t)strtoul(text, NULL, 16);
    return true;
}

static bool append_tag_value(const json_t *json, struct text *value, struct text *reason)
{
    uint32_t tag;
    if (!read_tag(json_string_value(json), &tag))
        return metadata_say(reason, "a value that should be a tag is none");
    append_tag(value, tag);
    return true;
}

/* ---- the values of an element ---- */

static bool append_item(const json_t *object, struct text *out, struct text *reason);

/* An item whose value is null is empty, as in PS3.18 F.2.5. */
static bool append_one(const json_t *json, const struct vr *vr, struct text *value, struct text *reason)
{
    switch (vr->form) {
    case FORM_NAMES:
        return json_is_null(json) || append_name(json, value, reason);
    case FORM_DECIMAL:
        return json_is_null(json) || append_decimal(json, value, reason);
    case FORM_NUMBERS:
        return append_binary(json, vr, value, reason);
    case FORM_TAGS:
        return append_tag_value(json, value, reason);
    case FORM_ITEMS:
        return append_item(json, value, reason);
    case FORM_BYTES:
        return metadata_say(reason, "a binary value is written out");
    default:
        return json_is_null(json) || append_string(json, value, reason);
    }
}

static bool has_backslashes(const struct vr *vr)
{
    return vr->form == FORM_TEXTS || vr->form == FORM_NAMES || vr->form == FORM_DECIMAL;
}

static bool append_values(const json_t *list, const struct vr *vr, struct text *value, struct text *reason)
{
    size_t index;
    const json_t *one;
    if (list && !json_is_array(list))
        return metadata_say(reason, "the values of an attribute are no list");
    if (vr->form == FORM_TEXT && json_array_size(list) > 1)
        return metadata_say(reason, "an attribute of one value has several");
    json_array_foreach(list, index, one)
    {
        if (index > 0 && has_backslashes(vr))
            text_append_char(value, '\\');
        if (!append_one(one, vr, value, reason))
            return false;
        if (value->length > KEPT_MAX)
            return metadata_say(reason, "it is larger than the 256 KiB of a header");
    }
    return true;
}

/* ---- elements ---- */

/* Two zeros stand for what no condition reads. */
static bool append_by_address(struct text *out, uint32_t tag, const struct vr *vr)
{
    static const struct text zeros = {.bytes = (char *)"\0", .length = 2};
    if (value_is_text(vr->name) || strcmp(vr->name, "UN") == 0 || vr->form != FORM_BYTES)
        append_unknown(out, tag);
    else
        append_element(out, tag, vr, &zeros);
    return true;
}

static bool append_attribute(struct text *out, uint32_t tag, const json_t *json, struct text *reason)
{
    AUTO(text_release) struct text value = TEXT_EMPTY;
    const struct vr *vr = vr_named(json_text_or_null(json, "vr"));
    const json_t *inline_bytes = json_object_get(json, "InlineBinary");
    if (!vr)
        return metadata_say(reason, "an attribute has no VR that is known");
    if (json_object_get(json, "BulkDataURI"))
        return append_by_address(out, tag, vr);
    if (inline_bytes && vr->form == FORM_BYTES) {
        if (base64_decode(json_string_value(inline_bytes) ? json_string_value(inline_bytes) : "?",
                          json_is_string(inline_bytes) ? json_string_length(inline_bytes) : 1, &value) != 0)
            return metadata_say(reason, "a binary value is no base64");
    } else if (!append_values(json_object_get(json, "Value"), vr, &value, reason)) {
        return false;
    }
    append_element(out, tag, vr, &value);
    return true;
}

struct attribute {
    uint32_t tag;
    const json_t *json;
};

static int by_tag(const void *a, const void *b)
{
    const struct attribute *one = a, *other = b;
    return (one->tag > other->tag) - (one->tag < other->tag);
}

/* The file meta header, group lengths and item delimiters are no attributes; all texts are in the one character set. */
static bool is_attribute(uint32_t tag)
{
    return tag >> 16 > 2 && tag >> 16 != 0xFFFE && (tag & 0xFFFF) != 0 && tag != TAG_CHARSET;
}

/* Sorted, in new memory; NULL: a key is no tag, which is told. */
static struct attribute *sort_attributes(const json_t *object, size_t *ret_count, struct text *reason)
{
    AUTO(memory_free) struct attribute *list = memory_new(json_object_size(object) + 1, sizeof *list);
    size_t count = 0;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        if (!read_tag(key, &list[count].tag)) {
            (void)metadata_say(reason, "an attribute has no tag");
            return NULL;
        }
        list[count].json = value;
        count += is_attribute(list[count].tag);
    }
    qsort(list, count, sizeof *list, by_tag);
    *ret_count = count;
    struct attribute *sorted = list;
    list = NULL;
    return sorted;
}

static bool append_attributes(const json_t *object, struct text *out, struct text *reason)
{
    size_t count = 0;
    if (!json_is_object(object))
        return metadata_say(reason, "an item is no object");
    AUTO(memory_free) struct attribute *list = sort_attributes(object, &count, reason);
    for (size_t i = 0; i < count; i++) {
        if (!append_attribute(out, list[i].tag, list[i].json, reason))
            return false;
        if (out->length > KEPT_MAX)
            return metadata_say(reason, "it is larger than the 256 KiB of a header");
    }
    return list != NULL;
}

/* As deep as METADATA_NESTING_MAX lets it be. */
static bool append_item(const json_t *object, struct text *out, struct text *reason)
{
    AUTO(text_release) struct text item = TEXT_EMPTY;
    if (json_is_null(object))
        object = NULL;
    if (object && !append_attributes(object, &item, reason))
        return false;
    append_tag(out, TAG_ITEM);
    append_number(out, item.length, 4);
    text_append_bytes(out, item.length > 0 ? item.bytes : "", item.length);
    return true;
}

/* ---- the file ---- */

static void append_head(struct text *out)
{
    for (int i = 0; i < PREAMBLE; i++)
        text_append_char(out, '\0');
    text_append(out, "DICM");
    append_text_element(out, TAG_TRANSFER_SYNTAX, "UI", "1.2.840.10008.1.2.1");
    append_text_element(out, TAG_CHARSET, "CS", "ISO_IR 192");
}

static bool says_nothing_of_pixels(const json_t *object)
{
    return !json_object_get(object, "7FE00010") && !json_object_get(object, "7FE00008") &&
           !json_object_get(object, "7FE00009") && !json_object_get(object, "7fe00010") &&
           !json_object_get(object, "7fe00008") && !json_object_get(object, "7fe00009");
}

static bool is_uid(const json_t *object, const char *tag, const char *uid)
{
    const json_t *values = json_object_get(json_object_get(object, tag), "Value");
    const char *value = json_string_value(json_array_get(values, 0));
    return value && strcmp(value, uid) == 0;
}

/* A list of one, as a rule; NULL: none is the one. */
static const json_t *find_instance(const json_t *list, const struct metadata_wanted *wanted)
{
    size_t index;
    const json_t *object;
    json_array_foreach(list, index, object)
    {
        if (is_uid(object, "0020000D", wanted->study) && is_uid(object, "0020000E", wanted->series) &&
            is_uid(object, "00080018", wanted->instance))
            return object;
    }
    return NULL;
}

static bool make_header(const json_t *list, const struct metadata_wanted *wanted, struct text *out,
                        struct text *reason)
{
    AUTO(text_release) struct text file = TEXT_EMPTY;
    const json_t *object = find_instance(list, wanted);
    if (!object)
        return metadata_say(reason, "it does not tell of the instance that was asked for");
    append_head(&file);
    if (!append_attributes(object, &file, reason))
        return false;
    if (says_nothing_of_pixels(object))
        append_unknown(&file, TAG_PIXELS);
    return kept_deflate(&file, out) || metadata_say(reason, "it is larger than the 256 KiB of a header");
}

int metadata_read(const char *bytes, size_t length, const struct metadata_wanted *wanted, struct text *out,
                  struct text *ret_reason)
{
    static const struct json_limits limits = {METADATA_MAX, METADATA_NESTING_MAX, .unique = true};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(json_release) json_t *list = NULL;
    int code = json_read(bytes, length, &limits, &list);
    if (code == ERR_RANGE)
        (void)metadata_say(&reason, "it is longer than 4 MiB, or nested too deep");
    else if (code != 0 || !json_is_array(list))
        (void)metadata_say(&reason, "it is no DICOM JSON");
    else if (json_array_size(list) == 0)
        (void)metadata_say(&reason, "it is empty");
    else if (make_header(list, wanted, out, &reason))
        return 0;
    text_append(ret_reason, text_string(&reason));
    return list && json_is_array(list) && json_array_size(list) == 0 ? ERR_ABSENT : ERR_SYNTAX;
}
