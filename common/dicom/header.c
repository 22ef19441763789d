#include "common/dicom/header.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/base/utf8.h"
#include "common/dicom/dataset.h"
#include "common/dicom/kept.h"
#include "common/dicom/uid.h"
#include "common/dicom/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TAG_CHARSET = 0x00080005,
    UID_MAX = 64,
    UID_SHOWN = 256,      /* bytes of one that is none */
    TEXTS_MAX = 16 << 20, /* bytes of texts that one header keeps; what comes after has no text */
    FACTS = 4             /* enum condition_transfer */
};

/* What was found under one path, each part when it is first asked for. */
struct found {
    struct condition_path path;
    bool looked, present;
    bool texts_read, numbers_read;
    struct text *texts;
    size_t text_count, text_room;
    double *numbers;
    size_t number_count, number_room;
    const char *doubts[CONDITION_ASPECTS]; /* why there may be more than was found; borrowed */
};

struct header {
    struct dataset *dataset;
    struct condition_facts facts;
    const char *transfer[FACTS];
    char uids[HEADER_UIDS][UID_MAX + 1];
    struct charset *charset; /* of the top level; NULL until it is needed */
    struct found **table;    /* open addressing; its size is a power of two */
    size_t table_size, found_count;
    size_t text_bytes;
    bool charset_unknown;   /* that of the top level may be behind a break */
    struct text incomplete; /* "reading ended at offset ..."; empty: it did not */
};

/* --- identifiers --- */

static const uint32_t uid_tags[HEADER_UIDS] = {[HEADER_SOP_CLASS] = 0x00080016,
                                               [HEADER_SOP_INSTANCE] = 0x00080018,
                                               [HEADER_STUDY] = 0x0020000D,
                                               [HEADER_SERIES] = 0x0020000E};

static void read_uid(struct dataset *dataset, uint32_t tag, char *ret_uid)
{
    char bytes[UID_MAX + 2] = "";
    struct element element;
    *ret_uid = '\0';
    if (dataset_top(dataset, tag, &element) != DATASET_FOUND || element.length > UID_MAX + 1 ||
        !dataset_copy(dataset, &element, bytes, element.length))
        return;
    size_t length = element.length;
    while (length > 0 && (bytes[length - 1] == '\0' || bytes[length - 1] == ' '))
        length--;
    bytes[length] = '\0';
    if (strlen(bytes) == length && uid_is_printable(bytes))
        memcpy(ret_uid, bytes, length + 1);
}

const char *header_uid(const struct header *header, enum header_uid which)
{
    return header->uids[which][0] ? header->uids[which] : NULL;
}

bool header_tell_uid(const struct header *header, enum header_uid which, struct text *out)
{
    char bytes[UID_SHOWN];
    struct element element;
    enum dataset_look look = dataset_top(header->dataset, uid_tags[which], &element);
    size_t length = element.length < UID_SHOWN ? element.length : UID_SHOWN;
    if ((look != DATASET_FOUND && look != DATASET_TWICE) || length == 0 ||
        !dataset_copy(header->dataset, &element, bytes, length))
        return false;
    while (length > 0 && bytes[length - 1] == '\0')
        length--;
    text_append_char(out, '"');
    utf8_append_shown(out, bytes, length, UID_MAX);
    text_append_char(out, '"');
    return true;
}

/* --- walking a path --- */

static const char twice[] = "it is there twice, with different values",
                  unreadable[] = "its value cannot be read", unknown_vr[] = "no dictionary knows its VR",
                  too_long[] = "its value is too long",
                  misshapen[] = "its value has not the length of its VR",
                  in_sequence[] = "a sequence on its way cannot be read to its end",
                  doubtful[] = "what follows its value is no element, so the value may end elsewhere",
                  no_charset[] = "its character set is not known",
                  disordered[] = "a sequence may have ended too early, since the data set is in disorder";

/* Called for each element under a path; true stops. */
typedef bool (*visit_fn)(struct header *header, const struct element *element, struct charset *charset,
                         struct found *found);

static void doubt(struct found *found, enum condition_aspect aspect, const char *why)
{
    if (!found->doubts[aspect])
        found->doubts[aspect] = why;
}

static void doubt_all(struct found *found, const char *why)
{
    doubt(found, CONDITION_PRESENCE, why);
    doubt(found, CONDITION_TEXT, why);
    doubt(found, CONDITION_NUMBER, why);
}

static struct charset *charset_of(struct header *header, const struct element *element)
{
    char declaration[256];
    size_t length = element->length < sizeof declaration ? element->length : sizeof declaration;
    if (!dataset_copy(header->dataset, element, declaration, length))
        return NULL;
    return charset_create(declaration, length);
}

static struct charset *charset_of_item(struct header *header, const struct item *item)
{
    struct element element;
    enum dataset_look look = dataset_find(header->dataset, item, TAG_CHARSET, &element);
    return look == DATASET_FOUND ? charset_of(header, &element) : NULL;
}

static bool is_there(enum dataset_look look, struct found *found)
{
    if (look == DATASET_TWICE)
        doubt_all(found, twice);
    if (look == DATASET_BROKEN)
        doubt_all(found, in_sequence);
    if (look == DATASET_DOUBTFUL)
        doubt_all(found, doubtful);
    return look == DATASET_FOUND;
}

static bool visit_element(struct header *header, struct element element, struct charset *charset,
                          struct found *found, visit_fn visit)
{
    if (found->path.vr[0] && !element_is_sequence(&element))
        memcpy(element.vr, found->path.vr, sizeof element.vr);
    return visit(header, &element, charset, found);
}

/* element is at the path's level. An item's own character set counts inside it; else that of what it
 * is in. At most CONDITION_PATH_MAX deep. */
static bool walk(struct header *header, const struct element *element, struct charset *charset, size_t level,
                 struct found *found, visit_fn visit)
{
    struct dataset *dataset = header->dataset;
    if (level + 1 == found->path.depth)
        return visit_element(header, *element, charset, found, visit);
    if (element->length > 0 && !element_is_sequence(element) && memcmp(element->vr, "UN", 2) == 0)
        doubt_all(found, unknown_vr);
    struct item item = {.offset = 0};
    enum dataset_look next;
    while ((next = dataset_next_item(dataset, element, &item)) == DATASET_FOUND) {
        AUTO(charset_destroy) struct charset *own = charset_of_item(header, &item);
        struct element inside;
        enum dataset_look look = dataset_find(dataset, &item, found->path.tags[level + 1], &inside);
        if (is_there(look, found) && walk(header, &inside, own ? own : charset, level + 1, found, visit))
            return true;
    }
    (void)is_there(next, found);
    return false;
}

/* What was not found may be there all the same: at the top level behind a break, in a sequence also because
 * it ended before its real end, which what follows it shows. */
static void doubt_the_rest(const struct header *header, struct found *found, const struct element *top)
{
    bool in_items = found->path.depth > 1 || (top && element_is_sequence(top));
    if ((!top || in_items) && found->path.tags[0] >> 16 != 2 && dataset_incomplete(header->dataset))
        doubt_all(found, text_string(&header->incomplete));
    if (in_items && dataset_is_disordered(header->dataset))
        doubt_all(found, disordered);
}

static void find_charset(struct header *header)
{
    struct element element;
    enum dataset_look look = dataset_top(header->dataset, TAG_CHARSET, &element);
    if (look == DATASET_FOUND)
        header->charset = charset_of(header, &element);
    header->charset_unknown = look == DATASET_TWICE || look == DATASET_DOUBTFUL ||
                              (look == DATASET_ABSENT && dataset_incomplete(header->dataset));
    if (!header->charset)
        header->charset = charset_create("", 0);
}

static void walk_all(struct header *header, struct found *found, visit_fn visit)
{
    struct element element;
    if (!header->charset)
        find_charset(header);
    enum dataset_look look = dataset_top(header->dataset, found->path.tags[0], &element);
    if (is_there(look, found))
        walk(header, &element, header->charset, 0, found, visit);
    doubt_the_rest(header, found, look != DATASET_ABSENT ? &element : NULL);
}

/* --- values --- */

/* The bytes of an element, when they have a text; else NULL, and *ret_why tells why they cannot be decoded, or
 * that there are none that could be. */
static char *element_bytes(struct header *header, const struct element *element, char *buffer, size_t room,
                           const char **ret_why)
{
    *ret_why = NULL;
    if (element->length == 0 || element_is_sequence(element) || !value_is_text(element->vr)) {
        bool is_unknown = element->length > 0 && memcmp(element->vr, "UN", 2) == 0;
        *ret_why = is_unknown && !element_is_sequence(element) ? unknown_vr : NULL;
        return NULL;
    }
    if (!value_has_text(element->vr, element->length)) {
        *ret_why = element->length < VALUE_BINARY_MAX ? misshapen : too_long;
        return NULL;
    }
    char *bytes = element->length <= room ? buffer : malloc(element->length);
    if (bytes && dataset_copy(header->dataset, element, bytes, element->length)) {
        value_to_machine(element->vr, bytes, element->length, element->is_big);
        return bytes;
    }
    if (bytes != buffer)
        free(bytes);
    *ret_why = unreadable;
    return NULL;
}

static bool element_text(struct header *header, const struct element *element, struct charset *charset,
                         struct text *out, const char **ret_why)
{
    char buffer[256];
    char *bytes = element_bytes(header, element, buffer, sizeof buffer, ret_why);
    bool is_readable = bytes && !(header->charset_unknown && charset == header->charset &&
                                  value_is_decoded(element->vr) && !charset_is_plain(bytes, element->length));
    bool has = is_readable && value_text(element->vr, bytes, element->length, charset, out);
    if (bytes && !is_readable)
        *ret_why = no_charset;
    if (bytes != buffer)
        free(bytes);
    return has;
}

/* Whether an element of an unknown representation has a value: blanks are none in a text. */
static void judge_unknown(struct header *header, const struct element *element, struct found *found)
{
    char bytes[64];
    size_t length = element->length < sizeof bytes ? element->length : sizeof bytes;
    bool readable = dataset_copy(header->dataset, element, bytes, length);
    for (size_t i = 0; readable && i < length; i++)
        found->present = found->present || (unsigned char)bytes[i] > ' ';
    found->present = found->present || length == sizeof bytes;
    if (!found->present)
        doubt(found, CONDITION_PRESENCE, unknown_vr);
}

static bool visit_presence(struct header *header, const struct element *element, struct charset *charset,
                           struct found *found)
{
    const char *why = NULL;
    if (element_is_sequence(element)) {
        struct item item = {.offset = 0};
        enum dataset_look look = dataset_next_item(header->dataset, element, &item);
        found->present = is_there(look, found);
    } else if (element->length > 0 && memcmp(element->vr, "UN", 2) == 0) {
        judge_unknown(header, element, found);
    } else if (!value_has_text(element->vr, element->length)) {
        found->present = element->length > 0;
    } else {
        AUTO(text_release) struct text text = TEXT_EMPTY;
        found->present = element_text(header, element, charset, &text, &why);
        if (why)
            doubt(found, CONDITION_PRESENCE, why);
    }
    return found->present;
}

static bool visit_text(struct header *header, const struct element *element, struct charset *charset,
                       struct found *found)
{
    struct text text = TEXT_EMPTY;
    const char *why = too_long;
    if (header->text_bytes > TEXTS_MAX || !element_text(header, element, charset, &text, &why)) {
        text_release(&text);
        if (why)
            doubt(found, CONDITION_TEXT, why);
        return false;
    }
    header->text_bytes += text.capacity;
    found->texts = memory_grow(found->texts, &found->text_room, found->text_count + 1, sizeof *found->texts);
    found->texts[found->text_count++] = text;
    return false;
}

static bool visit_number(struct header *header, const struct element *element, struct charset *charset,
                         struct found *found)
{
    (void)charset;
    char buffer[256];
    double number = 0;
    const char *why;
    char *bytes = element_bytes(header, element, buffer, sizeof buffer, &why);
    bool is_number = bytes && value_number(element->vr, bytes, element->length, &number);
    if (bytes != buffer)
        free(bytes);
    if (why)
        doubt(found, CONDITION_NUMBER, why);
    if (is_number) {
        found->numbers =
            memory_grow(found->numbers, &found->number_room, found->number_count + 1, sizeof number);
        found->numbers[found->number_count++] = number;
    }
    return false;
}

/* --- what was found, by path --- */

static size_t hash(const struct condition_path *path)
{
    uint64_t value = path->depth + ((uint64_t)path->vr[0] << 8 | (unsigned char)path->vr[1]);
    for (size_t i = 0; i < path->depth; i++)
        value = (value ^ path->tags[i]) * 0x9E3779B97F4A7C15u;
    return (size_t)(value >> 32);
}

static bool same_path(const struct condition_path *a, const struct condition_path *b)
{
    if (a->depth != b->depth || a->tags[0] != b->tags[0] || memcmp(a->vr, b->vr, sizeof a->vr) != 0)
        return false;
    return a->depth == 1 || memcmp(a->tags, b->tags, a->depth * sizeof *a->tags) == 0;
}

/* The place of path in the table: what is there, or the empty place where it belongs. */
static struct found **place(const struct header *header, const struct condition_path *path)
{
    size_t mask = header->table_size - 1, at = hash(path) & mask;
    while (header->table[at] && !same_path(&header->table[at]->path, path))
        at = (at + 1) & mask;
    return &header->table[at];
}

static void grow(struct header *header)
{
    struct found **old = header->table;
    size_t old_size = header->table_size;
    header->table_size = old_size ? old_size * 2 : 64;
    header->table = memory_new(header->table_size, sizeof *header->table);
    for (size_t i = 0; i < old_size; i++)
        if (old[i])
            *place(header, &old[i]->path) = old[i];
    free(old);
}

static struct found *find(struct header *header, const struct condition_path *path)
{
    if ((header->found_count + 1) * 2 > header->table_size)
        grow(header);
    struct found **at = place(header, path);
    if (!*at) {
        *at = memory_new(1, sizeof **at);
        (*at)->path = *path;
        header->found_count++;
    }
    return *at;
}

static void read_texts(struct header *header, struct found *found)
{
    if (!found->texts_read)
        walk_all(header, found, visit_text);
    found->texts_read = true;
}

static bool fact_is_present(void *context, const struct condition_path *path)
{
    struct header *header = context;
    struct found *found = find(header, path);
    if (found->looked)
        return found->present;
    read_texts(header, found); /* most tags that are asked for have one, and it will be asked for too */
    if (found->text_count > 0)
        found->present = true;
    else
        walk_all(header, found, visit_presence);
    found->looked = true;
    return found->present;
}

static const char *fact_text(void *context, const struct condition_path *path, size_t index,
                             size_t *ret_length)
{
    struct found *found = find(context, path);
    read_texts(context, found);
    if (index >= found->text_count)
        return NULL;
    *ret_length = found->texts[index].length;
    return found->texts[index].bytes;
}

static bool fact_number(void *context, const struct condition_path *path, size_t index, double *ret_number)
{
    struct header *header = context;
    struct found *found = find(header, path);
    if (!found->numbers_read)
        walk_all(header, found, visit_number);
    found->numbers_read = true;
    if (index >= found->number_count)
        return false;
    *ret_number = found->numbers[index];
    return true;
}

static const char *fact_unknown(void *context, const struct condition_path *path,
                                enum condition_aspect aspect)
{
    return path ? find(context, path)->doubts[aspect] : NULL;
}

static const char *fact_transfer(void *context, enum condition_transfer fact, size_t *ret_length)
{
    static const uint32_t tags[FACTS] = {[CONDITION_CALLING_AET] = 0x00020016,
                                         [CONDITION_CALLED_AET] = 0x00020018,
                                         [CONDITION_TRANSFER_SYNTAX] = 0x00020010};
    struct header *header = context;
    const char *text = header->transfer[fact];
    if (!text && tags[fact]) {
        struct condition_path path = {.tags = {tags[fact]}, .depth = 1};
        return fact_text(context, &path, 0, ret_length);
    }
    *ret_length = text ? strlen(text) : 0;
    return text;
}

const struct condition_facts *header_facts(struct header *header)
{
    return &header->facts;
}

/* --- reading --- */

/* 1234567 as "1,234,567". */
static void append_offset(struct text *out, uint64_t offset)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)offset);
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text_append_char(out, ',');
        text_append_char(out, digits[i]);
    }
}

static void tell_break(struct header *header)
{
    const struct dataset_break *broken = dataset_incomplete(header->dataset);
    struct text *out = &header->incomplete;
    if (!broken)
        return;
    text_append(out, broken->over ? "reading ended at offset " : "reading was disturbed at offset ");
    append_offset(out, broken->offset);
    if (broken->behind)
        text_format(out, " behind (%04X,%04X)", broken->behind >> 16, broken->behind & 0xFFFF);
    text_format(out, ": %s", broken->why);
}

uint64_t header_data_set(const struct header *header)
{
    return dataset_start(header->dataset);
}

bool header_failed(const struct header *header)
{
    return dataset_failed(header->dataset);
}

const char *header_incomplete(const struct header *header)
{
    return header->incomplete.length > 0 ? text_string(&header->incomplete) : NULL;
}

const struct dataset_break *header_break(const struct header *header)
{
    return dataset_incomplete(header->dataset);
}

/* Of the data set, which is the header's from now on. */
static struct header *make_header(struct dataset *dataset, const struct header_transfer *transfer)
{
    struct header *header = memory_new(1, sizeof *header);
    header->dataset = dataset;
    header->facts = (struct condition_facts){.context = header,
                                             .is_present = fact_is_present,
                                             .text = fact_text,
                                             .number = fact_number,
                                             .transfer = fact_transfer,
                                             .unknown = fact_unknown};
    if (transfer) {
        header->transfer[CONDITION_CALLING_AET] = transfer->calling_aet;
        header->transfer[CONDITION_CALLED_AET] = transfer->called_aet;
        header->transfer[CONDITION_SOURCE_ADDRESS] = transfer->source_address;
        header->transfer[CONDITION_TRANSFER_SYNTAX] = transfer->transfer_syntax;
    }
    for (size_t i = 0; i < HEADER_UIDS; i++)
        read_uid(header->dataset, uid_tags[i], header->uids[i]);
    tell_break(header);
    return header;
}

int header_read(const char *path, const struct header_transfer *transfer, struct header **ret_header,
                struct text *ret_reason)
{
    struct dataset *dataset;
    int error = dataset_read(path, &dataset, ret_reason);
    if (error == 0)
        *ret_header = make_header(dataset, transfer);
    return error;
}

int header_read_open(int fd, const struct header_transfer *transfer, struct header **ret_header,
                     struct text *ret_reason)
{
    struct dataset *dataset;
    int error = dataset_read_open(fd, &dataset, ret_reason);
    if (error == 0)
        *ret_header = make_header(dataset, transfer);
    return error;
}

bool header_append_kept(struct header *header, struct text *out)
{
    return kept_append(header->dataset, out);
}

void header_destroy(struct header **header)
{
    if (!*header)
        return;
    for (size_t i = 0; i < (*header)->table_size; i++) {
        struct found *found = (*header)->table[i];
        for (size_t j = 0; found && j < found->text_count; j++)
            text_release(&found->texts[j]);
        if (found) {
            free(found->texts);
            free(found->numbers);
            free(found);
        }
    }
    free((*header)->table);
    charset_destroy(&(*header)->charset);
    dataset_destroy(&(*header)->dataset);
    text_release(&(*header)->incomplete);
    free(*header);
    *header = NULL;
}
