#include "common/dicom/dataset.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/dicom/dictionary.h"
#include "common/dicom/walk.h"

#include <stdlib.h>
#include <string.h>

enum {
    PREAMBLE = 128,
    PADDING_MAX = 1 << 20,   /* zeros behind a data set */
    META_MAX = 256,          /* elements of a file meta header */
    COMPARED_MAX = 64 << 10, /* bytes of two elements with one tag */
    SYNTAX_MAX = 64,
    TAG_TRANSFER_SYNTAX = 0x00020010,
    TAG_PIXEL_REPRESENTATION = 0x00280103
};

struct list {
    struct element *elements;
    size_t count, room;
};

struct dataset {
    struct source *source;
    struct list meta, top; /* the top level in ascending order of tags */
    struct walk walk;
    bool is_explicit, is_big, is_deflated;
    uint64_t start; /* of the data set in the file */
    uint64_t end;   /* of the value that was taken last */
    struct {
        size_t count;
        uint64_t start, value, end; /* of the first */
    } pixels;
    uint64_t zeros_start, zeros_end; /* there are nothing but zeros between */
};

void dataset_destroy(struct dataset **dataset)
{
    if (!*dataset)
        return;
    source_close(&(*dataset)->source);
    free((*dataset)->meta.elements);
    free((*dataset)->top.elements);
    free(*dataset);
    *dataset = NULL;
}

static void add(struct list *list, const struct element *element)
{
    list->elements = memory_grow(list->elements, &list->room, list->count + 1, sizeof *element);
    list->elements[list->count++] = *element;
}

/* ---- the file meta header, and how the data set is written ---- */

static bool begins_with(struct source *source, uint64_t offset, const char *bytes, size_t length)
{
    size_t got = 0;
    const unsigned char *there = source_at(source, offset, length, &got);
    return got == length && memcmp(there, bytes, length) == 0;
}

/* Group 0002 is explicit little endian, whatever comes behind it. Its group length is not believed. */
static void read_meta(struct dataset *dataset, uint64_t offset)
{
    struct element element;
    while (dataset->meta.count < META_MAX) {
        enum encoding_result result = encoding_read(dataset->source, offset, true, false, &element);
        uint64_t end = element.offset + element.length;
        if (result != ENCODING_READ || element.tag >> 16 != 2 || element.length == DATASET_UNDEFINED ||
            !source_reaches(dataset->source, end))
            break;
        add(&dataset->meta, &element);
        offset = end;
    }
    dataset->start = offset;
}

static bool read_syntax(struct dataset *dataset, char ret_uid[SYNTAX_MAX + 1])
{
    struct element element;
    if (dataset_top(dataset, TAG_TRANSFER_SYNTAX, &element) == DATASET_ABSENT ||
        element.length > SYNTAX_MAX || !dataset_copy(dataset, &element, ret_uid, element.length))
        return false;
    size_t length = element.length;
    while (length > 0 && (unsigned char)ret_uid[length - 1] <= ' ')
        length--;
    ret_uid[length] = '\0';
    return length > 0;
}

/* Without a transfer syntax, the first element tells how the data set is written. Some files claim one and
 * are written in another; of those, the plain cases are seen too. */
static void look_at_first(struct dataset *dataset, bool is_known)
{
    size_t length = 0;
    const unsigned char *bytes = source_at(dataset->source, dataset->start, 8, &length);
    if (length < 8)
        return;
    bool has_vr = encoding_is_vr(bytes + 4);
    if (!is_known) {
        dataset->is_explicit = has_vr;
        dataset->is_big = has_vr && bytes[0] == 0 && bytes[1] != 0;
    }
    struct element element;
    (void)encoding_read(dataset->source, dataset->start, false, false, &element);
    bool fits = element.length == DATASET_UNDEFINED ||
                source_reaches(dataset->source, element.offset + element.length);
    if (is_known && !dataset->is_explicit && has_vr && !fits)
        dataset->is_explicit = true;
    else if (is_known && dataset->is_explicit && !dataset->is_big && !has_vr && fits &&
             element.tag >> 16 == 8)
        dataset->is_explicit = false;
}

/* False: the file does not look like DICOM at all. */
static bool find_data_set(struct dataset *dataset)
{
    char uid[SYNTAX_MAX + 1];
    bool deflated = false, has_preamble = begins_with(dataset->source, PREAMBLE, "DICM", 4);
    read_meta(dataset, has_preamble ? PREAMBLE + 4 : 0);
    bool is_known = read_syntax(dataset, uid);
    if (is_known)
        (void)encoding_of(uid, &dataset->is_explicit, &dataset->is_big, &deflated);
    dataset->is_deflated = deflated;
    if (deflated)
        source_inflate(dataset->source, dataset->start);
    else
        look_at_first(dataset, is_known);
    if (has_preamble || dataset->meta.count > 0)
        return true;
    struct element first;
    enum encoding_result result =
        encoding_read(dataset->source, dataset->start, dataset->is_explicit, dataset->is_big, &first);
    return result == ENCODING_READ && walk_is_sensible(first.tag) && first.tag >> 16 <= 0x7FE0 &&
           (first.length == DATASET_UNDEFINED ||
            source_reaches(dataset->source, first.offset + first.length));
}

/* ---- the top level ---- */

static bool is_pixel_data(uint32_t tag)
{
    return tag == 0x7FE00008 || tag == 0x7FE00009 || tag == 0x7FE00010;
}

/* Goes on from what is known of zeros, so that no byte is looked at once for each element. True: nothing but zeros
 * from offset to the end, which is before most. */
static bool ends_in_zeros(struct dataset *dataset, uint64_t offset, uint64_t most)
{
    static const unsigned char zeros[SOURCE_ASKED_MAX];
    bool known = offset >= dataset->zeros_start && offset <= dataset->zeros_end;
    uint64_t at = known ? dataset->zeros_end : offset;
    dataset->zeros_start = known ? dataset->zeros_start : offset;
    for (size_t length = 1; length > 0 && at < most; at += length) {
        const unsigned char *bytes = source_at(dataset->source, at, SOURCE_ASKED_MAX, &length);
        dataset->zeros_end = at;
        if (length > 0 && memcmp(bytes, zeros, length) != 0) {
            for (size_t i = 0; bytes[i] == 0; i++)
                dataset->zeros_end++;
            return false;
        }
    }
    dataset->zeros_end = at;
    return at < most;
}

/* Whether nothing but zeros follows, with which some devices fill up a file. A single one may be half a group's
 * number, unless the value before it has an odd length and so is one byte short. */
static bool is_padding(struct dataset *dataset, uint64_t offset, bool behind_odd)
{
    size_t length = 0;
    const unsigned char *bytes = source_at(dataset->source, offset, 2, &length);
    if (length == 0 || bytes[0] != 0 || bytes[length - 1] != 0 || (length == 1 && !behind_odd))
        return false;
    return ends_in_zeros(dataset, offset, offset + PADDING_MAX);
}

/* A delimiter or an item that is outside of any sequence. Returns where to go on. */
static uint64_t pass_stray(struct walk *walk, const struct element *stray)
{
    bool skipped = stray->tag == TAG_ITEM && stray->length != DATASET_UNDEFINED &&
                   source_reaches(walk->source, stray->offset + stray->length);
    walk->is_disordered = true;
    if (stray->length > 0)
        walk_note(walk, stray->offset - 8, "an item is there outside of any sequence", false);
    return stray->offset + (skipped ? stray->length : 0);
}

/* Group lengths (retired) are no attributes; nor is what no data set holds, which is told. */
static void take(struct dataset *dataset, const struct element *element)
{
    if (!walk_is_sensible(element->tag))
        walk_note(&dataset->walk, element->offset - 8, "a tag is there that no data set has", false);
    else if (element->tag >> 16 != 2 && (element->tag & 0xFFFF) != 0)
        add(&dataset->top, element);
}

/* Whether the element is one that could be expected behind last: where a length is wrong, it is not. */
static bool is_credible(const struct element *element, uint32_t last)
{
    const struct condition_dictionary *dictionary = dictionary_for_conditions();
    return element->tag > last && dictionary->keyword_of(dictionary->context, element->tag) != NULL;
}

/* What follows the last element that was taken is broken at once. */
static void doubt_last(struct dataset *dataset, uint64_t offset)
{
    struct list *top = &dataset->top;
    if (top->count > 0 && dataset->end == offset)
        top->elements[top->count - 1].is_doubtful = true;
}

static void note_pixels(struct dataset *dataset, uint64_t start, uint64_t value, uint64_t end)
{
    if (dataset->pixels.count++ > 0)
        return;
    dataset->pixels.start = start;
    dataset->pixels.value = value;
    dataset->pixels.end = end;
}

static void read_top(struct dataset *dataset)
{
    struct walk *walk = &dataset->walk;
    struct element element = {.length = 0};
    bool over;
    uint64_t offset = dataset->start, at = offset;
    while (!is_padding(dataset, offset, element.length % 2 == 1 && offset > dataset->start) &&
           walk_read(walk, offset, dataset->is_explicit, dataset->is_big, &element, &over)) {
        bool is_broken = walk->broken.why != NULL;
        at = offset;
        if (element.tag >> 16 == TAG_ITEM >> 16) {
            offset = pass_stray(walk, &element);
            continue;
        }
        bool has_end = dataset->top.count < DATASET_ELEMENTS_MAX && walk_past(walk, &element, &offset);
        if ((is_broken || !has_end || !walk_is_sensible(element.tag)) && !is_credible(&element, walk->last))
            doubt_last(dataset, at);
        if (has_end || (is_pixel_data(element.tag) && element.length > 0))
            take(dataset, &element);
        if (!has_end) {
            walk_note(walk, offset, "it has too many elements", true);
            return;
        }
        dataset->end = offset;
        if (is_pixel_data(element.tag))
            note_pixels(dataset, at, element.offset, offset);
        walk->is_disordered = walk->is_disordered || element.tag < walk->last;
        walk->last = element.tag;
    }
    if (walk->broken.over)
        doubt_last(dataset, offset);
}

static int by_tag(const void *a, const void *b)
{
    const struct element *one = a, *other = b;
    if (one->tag != other->tag)
        return one->tag < other->tag ? -1 : 1;
    return (one->offset > other->offset) - (one->offset < other->offset);
}

/* Reads what the source has, which is the data set's from now on. */
static int read_source(struct source *source, struct dataset **ret_dataset, struct text *ret_reason)
{
    AUTO(dataset_destroy) struct dataset *dataset = memory_new(1, sizeof *dataset);
    dataset->source = source;
    dataset->walk = (struct walk){.source = dataset->source, .steps = WALK_STEPS_MAX};
    dataset->is_explicit = true;
    bool is_dicom = find_data_set(dataset);
    if (is_dicom)
        read_top(dataset);
    if (source_failed(dataset->source)) { /* whatever was made of it: the file may be as good as ever */
        text_append(ret_reason, "cannot be read");
        return ERR_IO;
    }
    if (!is_dicom || dataset->top.count == 0) {
        text_append(ret_reason, !is_dicom                  ? "is not DICOM"
                                : dataset->walk.broken.why ? "holds no data set, or one that breaks at once"
                                                           : "holds no data set");
        return ERR_SYNTAX;
    }
    if (dataset->walk.is_disordered)
        qsort(dataset->top.elements, dataset->top.count, sizeof *dataset->top.elements, by_tag);
    *ret_dataset = dataset;
    dataset = NULL;
    return 0;
}

int dataset_read(const char *path, struct dataset **ret_dataset, struct text *ret_reason)
{
    struct source *source;
    int error = source_open(path, &source, ret_reason);
    return error ? error : read_source(source, ret_dataset, ret_reason);
}

int dataset_read_open(int fd, struct dataset **ret_dataset, struct text *ret_reason)
{
    struct source *source;
    int error = source_take(fd, &source, ret_reason);
    return error ? error : read_source(source, ret_dataset, ret_reason);
}

uint64_t dataset_start(const struct dataset *dataset)
{
    return dataset->start;
}

const struct dataset_break *dataset_incomplete(const struct dataset *dataset)
{
    return dataset->walk.broken.why ? &dataset->walk.broken : NULL;
}

bool dataset_failed(const struct dataset *dataset)
{
    return source_failed(dataset->source);
}

bool dataset_is_disordered(const struct dataset *dataset)
{
    return dataset->walk.is_disordered;
}

/* ---- a copy without pixels ---- */

/* False: there are not so many bytes. */
static bool append_part(struct dataset *dataset, uint64_t from, uint64_t to, struct text *out)
{
    char piece[SOURCE_ASKED_MAX];
    while (from < to) {
        size_t length = to - from < sizeof piece ? (size_t)(to - from) : sizeof piece;
        if (!source_copy(dataset->source, from, piece, length))
            return false;
        text_append_bytes(out, piece, length);
        from += length;
    }
    return true;
}

bool dataset_append_header(struct dataset *dataset, size_t most, struct text *out)
{
    enum { HEAD_IMPLICIT = 8, HEAD_EXPLICIT = 12 }; /* up to the value; the last four bytes are its length */
    static const char two[2][6] = {{2}, {0, 0, 0, 2}}; /* a length, and a value */
    uint64_t start = dataset->pixels.start, value = dataset->pixels.value, end = dataset->pixels.end;
    uint64_t head = dataset->is_explicit ? HEAD_EXPLICIT : HEAD_IMPLICIT;
    if (dataset->walk.broken.why || dataset->walk.is_disordered || dataset->is_deflated ||
        dataset->pixels.count > 1)
        return false;
    if (dataset->pixels.count == 0)
        return dataset->end <= most && append_part(dataset, 0, dataset->end, out);
    if (value - start != head || value + (dataset->end - end) > most || !append_part(dataset, 0, value, out))
        return false;
    if (end > value) {
        out->length -= sizeof two[0] - 2;
        text_append_bytes(out, two[dataset->is_big], sizeof two[0]);
    }
    return append_part(dataset, end, dataset->end, out);
}

/* ---- one element ---- */

bool element_is_sequence(const struct element *element)
{
    return memcmp(element->vr, "SQ", 2) == 0 ||
           (element->length == DATASET_UNDEFINED && memcmp(element->vr, "UN", 2) == 0);
}

bool dataset_copy(struct dataset *dataset, const struct element *element, void *buffer, size_t length)
{
    return element->length != DATASET_UNDEFINED && length <= element->length &&
           source_copy(dataset->source, element->offset, buffer, length);
}

/* Where an element was found: its creator and its Pixel Representation are beside it. */
struct place {
    struct dataset *dataset;
    const struct item *item; /* NULL: the top level */
};

static bool find_raw(const struct place *place, uint32_t tag, struct element *ret_element, bool *ret_twice);

static const char *private_vr(const struct place *place, uint32_t tag)
{
    char name[64];
    struct element creator;
    bool twice;
    if ((tag & 0xFFFF) < 0x1000)
        return (tag & 0xFFFF) >= 0x10 && (tag & 0xFFFF) <= 0xFF ? "LO" : NULL;
    if (!find_raw(place, (tag & 0xFFFF0000) | (tag >> 8 & 0xFF), &creator, &twice) || twice ||
        creator.length > sizeof name || !dataset_copy(place->dataset, &creator, name, creator.length))
        return NULL;
    const char *start = name;
    size_t length = creator.length;
    while (length > 0 && (unsigned char)start[length - 1] <= ' ')
        length--;
    while (length > 0 && (unsigned char)*start <= ' ')
        start++, length--;
    return dictionary_private_vr(start, length, tag);
}

/* US or SS: the item's Pixel Representation tells, or that of the data set. NULL: it may be behind a break. */
static const char *pixel_vr(const struct place *place)
{
    const struct place top = {place->dataset, NULL};
    struct element element;
    unsigned char bytes[2] = {0, 0};
    bool twice;
    if (find_raw(place, TAG_PIXEL_REPRESENTATION, &element, &twice) ||
        find_raw(&top, TAG_PIXEL_REPRESENTATION, &element, &twice)) {
        if (twice || !dataset_copy(place->dataset, &element, bytes, sizeof bytes))
            return NULL;
        return bytes[0] + bytes[1] == 1 ? "SS" : "US";
    }
    return dataset_incomplete(place->dataset) ? NULL : "US";
}

static void resolve(const struct place *place, struct element *element)
{
    if (element->vr[0] && memcmp(element->vr, "UN", 2) != 0)
        return;
    const char *vr =
        (element->tag >> 16) % 2 == 1 ? private_vr(place, element->tag) : dictionary_vr(element->tag);
    if (!vr && element->length == DATASET_UNDEFINED)
        vr = "SQ";
    else if (vr && memcmp(vr, "XS", 2) == 0)
        vr = pixel_vr(place);
    memcpy(element->vr, vr ? vr : "UN", 2);
}

static bool is_same(struct dataset *dataset, const struct element *a, const struct element *b)
{
    if (a->length != b->length || a->length == DATASET_UNDEFINED || a->length > COMPARED_MAX)
        return false;
    AUTO(memory_free) char *bytes = memory_new(2, (size_t)a->length + 1);
    return dataset_copy(dataset, a, bytes, a->length) &&
           dataset_copy(dataset, b, bytes + a->length, a->length) &&
           memcmp(bytes, bytes + a->length, a->length) == 0;
}

/* ---- looking ---- */

static bool find_top(struct dataset *dataset, uint32_t tag, struct element *ret_element, bool *ret_twice)
{
    const struct list *list = tag >> 16 == 2 ? &dataset->meta : &dataset->top;
    size_t first = 0, end = list->count;
    while (first < end) {
        size_t middle = (first + end) / 2;
        if (list->elements[middle].tag < tag)
            first = middle + 1;
        else
            end = middle;
    }
    if (first == list->count || list->elements[first].tag != tag)
        return false;
    *ret_element = list->elements[first];
    for (size_t i = first + 1; i < list->count && list->elements[i].tag == tag && !*ret_twice; i++)
        *ret_twice = !is_same(dataset, ret_element, &list->elements[i]);
    return true;
}

/* The first element with a tag of an item. */
struct wanted {
    struct dataset *dataset;
    uint32_t tag;
    struct element *element;
    bool found, twice;
};

static void take_wanted(void *closure, const struct element *element)
{
    struct wanted *wanted = closure;
    if (element->tag != wanted->tag)
        return;
    if (wanted->found)
        wanted->twice = wanted->twice || !is_same(wanted->dataset, wanted->element, element);
    else
        *wanted->element = *element;
    wanted->found = true;
}

/* A walk of its own, whose trouble does not make the data set incomplete. */
static struct walk look(struct dataset *dataset)
{
    return (struct walk){.source = dataset->source, .steps = dataset->walk.steps};
}

static bool find_in_item(struct dataset *dataset, const struct item *item, uint32_t tag,
                         struct element *ret_element, bool *ret_twice, bool *ret_broken)
{
    struct walk walk = look(dataset);
    struct wanted wanted = {.dataset = dataset, .tag = tag, .element = ret_element};
    uint64_t end;
    *ret_broken = !walk_item(&walk, item, take_wanted, &wanted, &end) || walk.broken.why;
    *ret_twice = wanted.twice;
    dataset->walk.steps = walk.steps;
    return wanted.found;
}

static bool find_raw(const struct place *place, uint32_t tag, struct element *ret_element, bool *ret_twice)
{
    bool broken;
    *ret_twice = false;
    return place->item ? find_in_item(place->dataset, place->item, tag, ret_element, ret_twice, &broken)
                       : find_top(place->dataset, tag, ret_element, ret_twice);
}

enum dataset_look dataset_top(struct dataset *dataset, uint32_t tag, struct element *ret_element)
{
    const struct place place = {dataset, NULL};
    bool twice = false;
    if (!find_top(dataset, tag, ret_element, &twice))
        return DATASET_ABSENT;
    resolve(&place, ret_element);
    return twice ? DATASET_TWICE : ret_element->is_doubtful ? DATASET_DOUBTFUL : DATASET_FOUND;
}

enum dataset_look dataset_find(struct dataset *dataset, const struct item *item, uint32_t tag,
                               struct element *ret_element)
{
    const struct place place = {dataset, item};
    bool twice, broken;
    bool found = (tag & 0xFFFF) != 0 && find_in_item(dataset, item, tag, ret_element, &twice, &broken);
    if (!found)
        return (tag & 0xFFFF) != 0 && broken ? DATASET_BROKEN : DATASET_ABSENT;
    resolve(&place, ret_element);
    return twice ? DATASET_TWICE : DATASET_FOUND;
}

static void pass(void *closure, const struct element *element)
{
    (void)closure, (void)element;
}

/* Where the sequence goes on behind the item. */
static bool end_item(struct dataset *dataset, const struct item *item, uint64_t *ret_end)
{
    struct walk walk = look(dataset);
    *ret_end = item->end;
    if (item->end != UINT64_MAX)
        return true;
    bool ended = walk_item(&walk, item, pass, NULL, ret_end) && !walk.broken.why;
    dataset->walk.steps = walk.steps;
    return ended;
}

enum dataset_look dataset_next_item(struct dataset *dataset, const struct element *sequence,
                                    struct item *item)
{
    uint64_t at = sequence->offset, end = UINT64_MAX;
    if (!element_is_sequence(sequence))
        return DATASET_ABSENT;
    if (sequence->length != DATASET_UNDEFINED)
        end = sequence->offset + sequence->length;
    if (item->offset > 0 && !end_item(dataset, item, &at))
        return DATASET_BROKEN;
    for (;;) {
        struct element next;
        if (at == end)
            return DATASET_ABSENT;
        if (at > end || encoding_read(dataset->source, at, sequence->is_explicit, sequence->is_big, &next) !=
                            ENCODING_READ)
            return DATASET_BROKEN;
        at = next.offset;
        if (next.tag == TAG_SEQUENCE_END)
            return DATASET_ABSENT;
        if (next.tag == TAG_ITEM_END)
            continue;
        *item = (struct item){at, UINT64_MAX, sequence->is_explicit, sequence->is_big};
        if (next.length != DATASET_UNDEFINED)
            item->end = at + next.length;
        bool fits = next.length == DATASET_UNDEFINED || item->end <= end;
        return next.tag == TAG_ITEM && fits ? DATASET_FOUND : DATASET_BROKEN;
    }
}
