#include "common/dicom/header.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/dicom/dataset.h"
#include "common/dicom/value.h"

#include <stdlib.h>
#include <string.h>

enum {
    TAG_CHARSET = 0x00080005,
    UID_MAX = 64,
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
};

/* --- identifiers --- */

static void read_uid(const struct dataset_element *element, char *ret_uid)
{
    char bytes[UID_MAX + 1];
    size_t length = element ? dataset_element_length(element) : 0;
    *ret_uid = '\0';
    if (length == 0 || length > sizeof bytes || !dataset_element_copy(element, bytes, length))
        return;
    while (length > 0 && (bytes[length - 1] == '\0' || bytes[length - 1] == ' '))
        length--;
    if (length > UID_MAX)
        return;
    for (size_t i = 0; i < length; i++)
        if ((bytes[i] < '0' || bytes[i] > '9') && bytes[i] != '.')
            return;
    memcpy(ret_uid, bytes, length);
    ret_uid[length] = '\0';
}

const char *header_uid(const struct header *header, enum header_uid which)
{
    return header->uids[which][0] ? header->uids[which] : NULL;
}

/* --- walking a path --- */

/* Called for each element under a path; true stops. */
typedef bool (*visit_fn)(struct header *header, const struct dataset_element *element,
                         struct charset *charset, struct found *found);

static struct charset *charset_of(const struct dataset_element *element)
{
    char declaration[256];
    size_t length = element ? dataset_element_length(element) : 0;
    length = length < sizeof declaration ? length : sizeof declaration;
    if (!element || !dataset_element_copy(element, declaration, length))
        return NULL;
    return charset_create(declaration, length);
}

/* element stands at the path's level. An item's own character set counts inside it; else that of what it
 * stands in. At most CONDITION_PATH_MAX deep. */
static bool walk(struct header *header, const struct dataset_element *element, struct charset *charset,
                 size_t level, struct found *found, visit_fn visit)
{
    if (!element)
        return false;
    if (level + 1 == found->path.depth)
        return visit(header, element, charset, found);
    const struct dataset_item *item = NULL;
    while ((item = dataset_element_item(element, item))) {
        AUTO(charset_destroy) struct charset *own = charset_of(dataset_find(item, TAG_CHARSET));
        if (walk(header, dataset_find(item, found->path.tags[level + 1]), own ? own : charset, level + 1,
                 found, visit))
            return true;
    }
    return false;
}

static void walk_all(struct header *header, struct found *found, visit_fn visit)
{
    const struct dataset_element *top = dataset_top(header->dataset, found->path.tags[0]);
    if (!header->charset)
        header->charset = charset_of(dataset_top(header->dataset, TAG_CHARSET));
    if (!header->charset)
        header->charset = charset_create("", 0);
    walk(header, top, header->charset, 0, found, visit);
}

/* --- values --- */

/* The bytes of an element, when they have a text; else NULL. */
static char *element_bytes(const struct dataset_element *element, char *buffer, size_t room,
                           size_t *ret_length)
{
    size_t length = dataset_element_length(element);
    if (length == 0 || !value_has_text(dataset_element_vr(element), length))
        return NULL;
    char *bytes = length <= room ? buffer : malloc(length);
    if (bytes && !dataset_element_copy(element, bytes, length)) {
        if (bytes != buffer)
            free(bytes);
        return NULL;
    }
    *ret_length = length;
    return bytes;
}

static bool element_text(const struct dataset_element *element, struct charset *charset, struct text *out)
{
    char buffer[256];
    size_t length = 0;
    char *bytes = element_bytes(element, buffer, sizeof buffer, &length);
    bool has = bytes && value_text(dataset_element_vr(element), bytes, length, charset, out);
    if (bytes != buffer)
        free(bytes);
    return has;
}

static bool visit_presence(struct header *header, const struct dataset_element *element,
                           struct charset *charset, struct found *found)
{
    (void)header;
    size_t length = dataset_element_length(element);
    const char *vr = dataset_element_vr(element);
    if (memcmp(vr, "SQ", 2) == 0) {
        found->present = dataset_element_item(element, NULL) != NULL;
    } else if (!value_has_text(vr, length)) {
        found->present = length > 0;
    } else {
        AUTO(text_release) struct text text = TEXT_EMPTY;
        found->present = element_text(element, charset, &text);
    }
    return found->present;
}

static bool visit_text(struct header *header, const struct dataset_element *element, struct charset *charset,
                       struct found *found)
{
    struct text text = TEXT_EMPTY;
    if (header->text_bytes > TEXTS_MAX || !element_text(element, charset, &text)) {
        text_release(&text);
        return false;
    }
    header->text_bytes += text.capacity;
    found->texts = memory_grow(found->texts, &found->text_room, found->text_count + 1, sizeof *found->texts);
    found->texts[found->text_count++] = text;
    return false;
}

static bool visit_number(struct header *header, const struct dataset_element *element,
                         struct charset *charset, struct found *found)
{
    (void)header, (void)charset;
    char buffer[256];
    size_t length = 0;
    double number = 0;
    char *bytes = element_bytes(element, buffer, sizeof buffer, &length);
    bool is_number = bytes && value_number(dataset_element_vr(element), bytes, length, &number);
    if (bytes != buffer)
        free(bytes);
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
    uint64_t value = path->depth;
    for (size_t i = 0; i < path->depth; i++)
        value = (value ^ path->tags[i]) * 0x9E3779B97F4A7C15u;
    return (size_t)(value >> 32);
}

static bool same_path(const struct condition_path *a, const struct condition_path *b)
{
    if (a->depth != b->depth || a->tags[0] != b->tags[0])
        return false;
    return a->depth == 1 || memcmp(a->tags, b->tags, a->depth * sizeof *a->tags) == 0;
}

/* The place of path in the table: what stands there, or the empty place where it belongs. */
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
    if (found->text_count > 0 || (path->depth == 1 && path->tags[0] == dataset_pixel_data(header->dataset)))
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

int header_read(const char *path, const struct header_transfer *transfer, struct header **ret_header,
                struct text *ret_reason)
{
    static const uint32_t uids[HEADER_UIDS] = {[HEADER_SOP_CLASS] = 0x00080016,
                                               [HEADER_SOP_INSTANCE] = 0x00080018,
                                               [HEADER_STUDY] = 0x0020000D,
                                               [HEADER_SERIES] = 0x0020000E};
    AUTO(header_destroy) struct header *header = memory_new(1, sizeof *header);
    int error = dataset_read(path, &header->dataset, ret_reason);
    if (error)
        return error;
    header->facts = (struct condition_facts){.context = header,
                                             .is_present = fact_is_present,
                                             .text = fact_text,
                                             .number = fact_number,
                                             .transfer = fact_transfer};
    if (transfer) {
        header->transfer[CONDITION_CALLING_AET] = transfer->calling_aet;
        header->transfer[CONDITION_CALLED_AET] = transfer->called_aet;
        header->transfer[CONDITION_SOURCE_ADDRESS] = transfer->source_address;
        header->transfer[CONDITION_TRANSFER_SYNTAX] = transfer->transfer_syntax;
    }
    for (size_t i = 0; i < HEADER_UIDS; i++)
        read_uid(dataset_top(header->dataset, uids[i]), header->uids[i]);
    *ret_header = header;
    header = NULL;
    return 0;
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
    if ((*header)->dataset)
        dataset_destroy(&(*header)->dataset);
    free(*header);
    *header = NULL;
}
