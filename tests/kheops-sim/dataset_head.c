#include "tests/kheops-sim/dataset_head.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/dicom/charset.h"
#include "tests/kheops-sim/elements.h"
#include "tests/support/digest.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { PREAMBLE = 132, INFLATE_BLOCK = 16 << 10 };

enum phase { IN_PREAMBLE, IN_META, IN_DATA_SET, ALL_KNOWN, UNREADABLE };

struct head_reader {
    enum phase phase;
    unsigned char preamble[PREAMBLE];
    size_t preamble_have;
    uint64_t meta_left; /* bytes of group 0002 still to come; 0: its length is not told */
    struct elements elements;
    struct dataset_head head;
    struct charset *charset;
    z_stream *inflater; /* deflated data sets */
    struct digest digest;
};

static const struct wanted_uid {
    uint32_t tag;
    size_t offset;
} wanted_uids[] = {
    {0x00020002, offsetof(struct dataset_head, sop_class)}, /* a start; the data set's counts */
    {0x00020003, offsetof(struct dataset_head, sop_instance)},
    {0x00020010, offsetof(struct dataset_head, transfer_syntax)},
    {0x00080016, offsetof(struct dataset_head, sop_class)},
    {0x00080018, offsetof(struct dataset_head, sop_instance)},
    {0x0020000D, offsetof(struct dataset_head, study)},
    {0x0020000E, offsetof(struct dataset_head, series)}};

static const struct wanted_attribute {
    uint32_t tag;
    enum charset_reset reset;
} wanted_attributes[ATTRIBUTES] = {
#define X(name, tag, of_series, rule, most) \
    {tag, ATTRIBUTE_##rule == ATTRIBUTE_NAME ? CHARSET_NAMES : CHARSET_VALUES},
    ATTRIBUTE_MAP(X)
#undef X
};

struct head_reader *head_reader_create(void)
{
    struct head_reader *reader = memory_new(1, sizeof *reader);
    digest_begin(&reader->digest);
    return reader;
}

void head_reader_destroy(struct head_reader **reader)
{
    if (!*reader)
        return;
    if ((*reader)->inflater)
        inflateEnd((*reader)->inflater);
    free((*reader)->inflater);
    charset_destroy(&(*reader)->charset);
    for (int i = 0; i < ATTRIBUTES; i++)
        free((*reader)->head.attributes[i]);
    free(*reader);
    *reader = NULL;
}

/* Without the blanks around it, and the padding. */
static const char *trimmed(const char *value, size_t length, size_t *ret_length)
{
    size_t from = 0;
    while (from < length && value[from] == ' ')
        from++;
    while (length > from && (value[length - 1] == ' ' || value[length - 1] == '\0'))
        length--;
    *ret_length = length - from;
    return value + from;
}

static void keep_uid(char *place, const struct elements *e)
{
    size_t length;
    const char *value = trimmed(e->value, e->length, &length);
    if (length > HEAD_UID_SIZE - 1)
        length = HEAD_UID_SIZE - 1;
    memcpy(place, value, length);
    place[length] = '\0';
    for (; *place; place++)
        if (!strchr("0123456789.", *place))
            *place = '?'; /* so that it can be in JSON, XML and file names */
}

static void keep_attribute(struct head_reader *r, int attribute)
{
    AUTO(text_release) struct text value = TEXT_EMPTY;
    charset_decode(r->charset, r->elements.value, r->elements.length, wanted_attributes[attribute].reset,
                   &value);
    size_t length;
    const char *first = trimmed(text_string(&value), strcspn(text_string(&value), "\\"), &length);
    memory_free(&r->head.attributes[attribute]);
    if (length > 0)
        r->head.attributes[attribute] = memory_string_n(first, length);
}

/* Everything is known: one number for all that is compared. */
static void finish_head(struct head_reader *r)
{
    struct digest digest;
    digest_begin(&digest);
    for (int i = 0; i < ATTRIBUTES; i++) {
        const char *value = r->head.attributes[i] ? r->head.attributes[i] : "";
        digest_add(&digest, value, strlen(value) + 1);
    }
    r->head.set = digest_value(&digest);
    r->phase = ALL_KNOWN;
}

static void keep_value(struct head_reader *r)
{
    const struct elements *e = &r->elements;
    if (e->tag == 0x00020000 && e->length == 4 && !r->meta_left) {
        const unsigned char *bytes = (const unsigned char *)e->value;
        r->meta_left =
            bytes[0] | (uint64_t)bytes[1] << 8 | (uint64_t)bytes[2] << 16 | (uint64_t)bytes[3] << 24;
        return;
    }
    if (e->tag == 0x00080005) {
        charset_destroy(&r->charset);
        r->charset = charset_create(e->value, e->length);
        return;
    }
    for (size_t i = 0; i < sizeof wanted_uids / sizeof *wanted_uids; i++)
        if (wanted_uids[i].tag == e->tag)
            keep_uid((char *)&r->head + wanted_uids[i].offset, e);
    for (int i = 0; i < ATTRIBUTES; i++)
        if (wanted_attributes[i].tag == e->tag)
            keep_attribute(r, i);
}

static void begin_data_set(struct head_reader *r)
{
    const char *syntax = r->head.transfer_syntax;
    r->phase = IN_DATA_SET;
    elements_begin(&r->elements, strcmp(syntax, "1.2.840.10008.1.2") == 0,
                   strcmp(syntax, "1.2.840.10008.1.2.2") == 0);
    if (strcmp(syntax, "1.2.840.10008.1.2.1.99") == 0) {
        r->inflater = memory_new(1, sizeof *r->inflater);
        if (inflateInit2(r->inflater, -MAX_WBITS) != Z_OK)
            r->phase = UNREADABLE;
    }
}

/* Bytes of the data set, inflated. */
static void read_plain(struct head_reader *r, const unsigned char *bytes, size_t length)
{
    while (r->phase == IN_DATA_SET) {
        size_t taken;
        enum elements_event event = elements_feed(&r->elements, bytes, length, &taken);
        bytes += taken;
        length -= taken;
        if (event == ELEMENTS_MORE)
            return;
        if (event == ELEMENTS_VALUE)
            keep_value(r);
        else if (event == ELEMENTS_BROKEN)
            r->phase = UNREADABLE;
        else if (r->elements.tag > 0x00200011)
            finish_head(r);
    }
}

static void read_deflated(struct head_reader *r, const unsigned char *bytes, size_t length)
{
    unsigned char block[INFLATE_BLOCK];
    r->inflater->next_in = (z_const Bytef *)bytes;
    r->inflater->avail_in = (uInt)length;
    int result = Z_OK;
    while (r->phase == IN_DATA_SET && result == Z_OK) {
        r->inflater->next_out = block;
        r->inflater->avail_out = sizeof block;
        result = inflate(r->inflater, Z_NO_FLUSH);
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
            r->phase = UNREADABLE;
        read_plain(r, block, sizeof block - r->inflater->avail_out);
        if (r->inflater->avail_in == 0 && r->inflater->avail_out)
            return;
    }
}

static void read_data_set(struct head_reader *r, const unsigned char *bytes, size_t length)
{
    digest_add(&r->digest, bytes, length);
    if (r->phase != IN_DATA_SET || length == 0)
        return;
    if (r->inflater)
        read_deflated(r, bytes, length);
    else
        read_plain(r, bytes, length);
}

/* Returns how many bytes belonged to group 0002. */
static size_t read_meta(struct head_reader *r, const unsigned char *bytes, size_t length)
{
    size_t at = 0;
    while (r->phase == IN_META && at < length) {
        size_t limit = length - at, taken = 0;
        if (r->meta_left && r->meta_left < limit)
            limit = (size_t)r->meta_left;
        bool length_known = r->meta_left > 0;
        enum elements_event event = elements_feed(&r->elements, bytes + at, limit, &taken);
        at += taken;
        bool other_group = r->elements.tag >> 16 != 2 && !length_known;
        if (other_group && (event == ELEMENTS_HEADER || event == ELEMENTS_BROKEN)) {
            /* No group length: the first element of another group begins the data set. */
            unsigned char header[12];
            size_t have = r->elements.header_length;
            memcpy(header, r->elements.header, have);
            begin_data_set(r);
            read_data_set(r, header, have);
        } else if (event == ELEMENTS_BROKEN) {
            r->phase = UNREADABLE;
        } else if (event == ELEMENTS_VALUE) {
            keep_value(r);
        }
        if (length_known && r->phase == IN_META && (r->meta_left -= taken) == 0) {
            /* The last value may end just here. */
            if (elements_feed(&r->elements, bytes, 0, &taken) == ELEMENTS_VALUE)
                keep_value(r);
            begin_data_set(r);
        }
    }
    return at;
}

static size_t read_preamble(struct head_reader *r, const unsigned char *bytes, size_t length)
{
    size_t take = PREAMBLE - r->preamble_have < length ? PREAMBLE - r->preamble_have : length;
    memcpy(r->preamble + r->preamble_have, bytes, take);
    r->preamble_have += take;
    if (r->preamble_have == PREAMBLE) {
        r->phase = memcmp(r->preamble + 128, "DICM", 4) == 0 ? IN_META : UNREADABLE;
        elements_begin(&r->elements, false, false);
    }
    return take;
}

static enum head_state state(const struct head_reader *r)
{
    if (r->phase == UNREADABLE)
        return HEAD_BROKEN;
    if (r->phase != ALL_KNOWN)
        return HEAD_READING;
    const struct dataset_head *head = &r->head;
    return *head->sop_class && *head->sop_instance && *head->study && *head->series ? HEAD_KNOWN
                                                                                    : HEAD_BROKEN;
}

enum head_state head_reader_feed(struct head_reader *reader, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    if (reader->phase == IN_PREAMBLE) {
        size_t taken = read_preamble(reader, at, length);
        at += taken;
        length -= taken;
    }
    if (reader->phase == IN_META) {
        size_t taken = read_meta(reader, at, length);
        at += taken;
        length -= taken;
    }
    if (reader->phase == IN_DATA_SET || reader->phase == ALL_KNOWN)
        read_data_set(reader, at, length);
    return state(reader);
}

enum head_state head_reader_end(struct head_reader *reader)
{
    if (reader->phase == IN_DATA_SET)
        finish_head(reader);
    else if (reader->phase != ALL_KNOWN)
        reader->phase = UNREADABLE;
    return state(reader);
}

const struct dataset_head *head_reader_head(const struct head_reader *reader)
{
    return &reader->head;
}

uint64_t head_reader_digest(const struct head_reader *reader)
{
    return digest_value(&reader->digest);
}
