#include "common/dicom/walk.h"

#include <string.h>

void walk_note(struct walk *walk, uint64_t offset, const char *why, bool over)
{
    const char *trouble = source_trouble(walk->source);
    if (walk->broken.why)
        walk->broken.over = walk->broken.over || over;
    else
        walk->broken = (struct dataset_break){offset, walk->last, trouble ? trouble : why, over};
}

bool walk_is_sensible(uint32_t tag)
{
    uint32_t group = tag >> 16;
    return group != 0 && group != 0xFFFF;
}

static bool take_step(struct walk *walk, uint64_t offset)
{
    if (walk->steps > 0) {
        walk->steps--;
        return true;
    }
    walk_note(walk, offset, "it has too many elements", true);
    return false;
}

bool walk_read(struct walk *walk, uint64_t offset, bool is_explicit, bool is_big, struct element *ret_element,
               bool *ret_over)
{
    *ret_over = false;
    if (!take_step(walk, offset))
        return false;
    switch (encoding_read(walk->source, offset, is_explicit, is_big, ret_element)) {
    case ENCODING_END:
        *ret_over = !source_trouble(walk->source);
        if (!*ret_over)
            walk_note(walk, offset, "it cannot be inflated", true);
        return false;
    case ENCODING_CUT:
        walk_note(walk, offset, "the element there is cut", true);
        return false;
    case ENCODING_ODD:
        walk_note(walk, offset, "the element there has no valid value representation", false);
        break;
    case ENCODING_READ:
        break;
    }
    return true;
}

/* ---- values of undefined length ---- */

struct level {
    bool in_item; /* else between the items of a sequence */
    bool is_explicit, is_big;
};

struct nest {
    struct walk *walk;
    struct level levels[2 * DATASET_NESTING_MAX];
    size_t depth; /* of levels that are open */
    uint64_t offset;
};

static bool open_level(struct nest *nest, bool in_item, bool is_explicit, bool is_big)
{
    if (nest->depth == sizeof nest->levels / sizeof *nest->levels) {
        walk_note(nest->walk, nest->offset, "its sequences are nested more than 64 levels deep", true);
        return false;
    }
    nest->levels[nest->depth++] = (struct level){in_item, is_explicit, is_big};
    return true;
}

/* Goes behind a header and its value of a length. */
static bool pass_value(struct nest *nest, const struct element *element)
{
    nest->offset = element->offset + element->length;
    if (source_reaches(nest->walk->source, nest->offset))
        return true;
    walk_note(nest->walk, element->offset, "the value there is cut", true);
    return false;
}

/* Between items: an item begins, or the sequence ends. */
static bool step_in_sequence(struct nest *nest, const struct element *next)
{
    const struct level *level = &nest->levels[nest->depth - 1];
    if (next->tag == TAG_ITEM && next->length != DATASET_UNDEFINED)
        return pass_value(nest, next);
    if (next->tag == TAG_ITEM) {
        nest->offset = next->offset;
        return open_level(nest, true, level->is_explicit, level->is_big);
    }
    if (next->tag == TAG_SEQUENCE_END || next->tag == TAG_ITEM_END) {
        nest->offset = next->offset;
        nest->depth -= next->tag == TAG_SEQUENCE_END;
        nest->walk->is_disordered = nest->walk->is_disordered || next->tag == TAG_ITEM_END;
        return true;
    }
    walk_note(nest->walk, nest->offset, "a sequence does not end there, and no item begins", false);
    nest->depth--; /* what is there belongs to what is around the sequence */
    return true;
}

/* In an item: one more element, or the item ends. A delimiter that is missing is seen by what follows. */
static bool step_in_item(struct nest *nest, const struct element *next)
{
    if (next->tag == TAG_ITEM_END) {
        nest->offset = next->offset;
        nest->depth--;
        return true;
    }
    if (next->tag == TAG_SEQUENCE_END || next->tag == TAG_ITEM) {
        nest->walk->is_disordered = true;
        nest->depth--;
        return true;
    }
    if (!walk_is_sensible(next->tag))
        walk_note(nest->walk, nest->offset, "a tag is there that no data set has", false);
    if (next->length != DATASET_UNDEFINED)
        return pass_value(nest, next);
    nest->offset = next->offset;
    return open_level(nest, false, next->is_explicit, next->is_big);
}

/* Until everything is closed that was opened. */
static bool close_levels(struct nest *nest)
{
    while (nest->depth > 0) {
        const struct level *level = &nest->levels[nest->depth - 1];
        struct element next;
        bool over;
        if (!walk_read(nest->walk, nest->offset, level->is_explicit, level->is_big, &next, &over)) {
            walk_note(nest->walk, nest->offset, "a sequence has no end", true);
            return false;
        }
        if (!(level->in_item ? step_in_item(nest, &next) : step_in_sequence(nest, &next)))
            return false;
    }
    return true;
}

bool walk_past(struct walk *walk, const struct element *element, uint64_t *ret_end)
{
    struct nest nest;
    nest.walk = walk;
    nest.depth = 0;
    if (element->length != DATASET_UNDEFINED) {
        bool whole = pass_value(&nest, element);
        *ret_end = nest.offset;
        return whole;
    }
    nest.offset = element->offset;
    bool closed = open_level(&nest, false, element->is_explicit, element->is_big) && close_levels(&nest);
    *ret_end = nest.offset;
    return closed;
}

/* ---- items ---- */

bool walk_item(struct walk *walk, const struct item *item,
               void (*visit)(void *closure, const struct element *element), void *closure, uint64_t *ret_end)
{
    uint64_t offset = item->offset;
    while (offset < item->end) {
        struct element element;
        bool over;
        if (!walk_read(walk, offset, item->is_explicit, item->is_big, &element, &over)) {
            walk_note(walk, offset, "an item has no end", true);
            return false;
        }
        bool delimiter = element.tag >> 16 == TAG_ITEM >> 16;
        if (delimiter && item->end == UINT64_MAX) {
            *ret_end = element.tag == TAG_ITEM_END ? element.offset : offset;
            return true;
        }
        if (!walk_past(walk, &element, &offset))
            return false;
        if (item->end != UINT64_MAX && offset > item->end) {
            walk_note(walk, element.offset, "the value there is longer than its item", true);
            return false;
        }
        walk->last = element.tag;
        if (!delimiter)
            visit(closure, &element);
    }
    *ret_end = item->end;
    return true;
}
