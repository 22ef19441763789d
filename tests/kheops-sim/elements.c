#include "tests/kheops-sim/elements.h"

#include <string.h>

#define UNDEFINED_LENGTH 0xFFFFFFFFu
#define ITEM             0xFFFEE000u
#define ITEM_END         0xFFFEE00Du
#define SEQUENCE_END     0xFFFEE0DDu

void elements_begin(struct elements *elements, bool implicit, bool big)
{
    memset(elements, 0, offsetof(struct elements, value));
    elements->implicit = implicit;
    elements->big = big;
    elements->want = 8;
}

static bool implicit_now(const struct elements *e)
{
    return e->implicit || e->implicit_at;
}

static uint32_t number(const struct elements *e, const unsigned char *bytes, int size)
{
    bool big = e->big && !e->implicit_at;
    uint32_t value = 0;
    for (int i = 0; i < size; i++)
        value = value << 8 | bytes[big ? i : size - 1 - i];
    return value;
}

static bool has_long_length(const unsigned char *vr)
{
    static const char vrs[] = "OBODOFOLOVOWSQSVUCUNURUTUV";
    for (const char *v = vrs; *v; v += 2)
        if (vr[0] == (unsigned char)v[0] && vr[1] == (unsigned char)v[1])
            return true;
    return false;
}

static bool is_vr(const unsigned char *vr)
{
    return vr[0] >= 'A' && vr[0] <= 'Z' && vr[1] >= 'A' && vr[1] <= 'Z';
}

static void leave(struct elements *e)
{
    e->depth--;
    if (e->depth < e->implicit_at)
        e->implicit_at = 0;
}

/* Items and delimiters; only inside of a sequence of undefined length. */
static enum elements_event take_delimiter(struct elements *e, uint32_t length)
{
    if (e->depth == 0)
        return ELEMENTS_BROKEN;
    if (e->tag == ITEM && length == UNDEFINED_LENGTH)
        e->depth++;
    else if (e->tag == ITEM)
        e->skip = length;
    else if (e->tag == ITEM_END || e->tag == SEQUENCE_END)
        leave(e);
    else
        return ELEMENTS_BROKEN;
    return ELEMENTS_MORE;
}

static enum elements_event take_element(struct elements *e, uint32_t length, bool unknown)
{
    bool top = e->depth == 0;
    e->in_value = false;
    if (length == UNDEFINED_LENGTH) {
        e->depth++;
        if (unknown && !e->implicit_at && !e->implicit)
            e->implicit_at = e->depth;
    } else if (top) {
        e->in_value = true;
        e->missing = length;
        e->length = 0;
    } else {
        e->skip = length;
    }
    return top ? ELEMENTS_HEADER : ELEMENTS_MORE;
}

/* A header is complete, or longer than we thought. */
static enum elements_event take_header(struct elements *e)
{
    e->header_length = e->want;
    e->tag = number(e, e->header, 2) << 16 | number(e, e->header + 2, 2);
    if (e->tag >> 16 == 0xFFFE) {
        e->have = 0;
        return take_delimiter(e, number(e, e->header + 4, 4));
    }
    if (implicit_now(e)) {
        e->have = 0;
        return take_element(e, number(e, e->header + 4, 4), false);
    }
    if (!is_vr(e->header + 4))
        return ELEMENTS_BROKEN;
    if (has_long_length(e->header + 4) && e->want == 8) {
        e->want = 12;
        return ELEMENTS_MORE;
    }
    uint32_t length = e->want == 12 ? number(e, e->header + 8, 4) : number(e, e->header + 6, 2);
    e->have = 0;
    e->want = 8;
    return take_element(e, length, memcmp(e->header + 4, "UN", 2) == 0);
}

static size_t least(uint64_t a, size_t b)
{
    return a < b ? (size_t)a : b;
}

static size_t collect(struct elements *e, const unsigned char *bytes, size_t length)
{
    size_t take = least(e->missing, length);
    size_t keep = least(take, sizeof e->value - e->length);
    memcpy(e->value + e->length, bytes, keep);
    e->length += keep;
    e->missing -= take;
    return take;
}

enum elements_event elements_feed(struct elements *e, const unsigned char *bytes, size_t length,
                                  size_t *ret_taken)
{
    enum elements_event event = ELEMENTS_MORE;
    size_t at = 0;
    while (event == ELEMENTS_MORE && (at < length || (e->in_value && e->missing == 0))) {
        if (e->skip) {
            size_t take = least(e->skip, length - at);
            e->skip -= take;
            at += take;
        } else if (e->in_value) {
            at += collect(e, bytes + at, length - at);
            if (e->missing == 0) {
                e->in_value = false;
                event = ELEMENTS_VALUE;
            }
        } else {
            size_t take = least(e->want - e->have, length - at);
            memcpy(e->header + e->have, bytes + at, take);
            e->have += take;
            at += take;
            if (e->have == e->want)
                event = take_header(e);
        }
    }
    *ret_taken = at;
    return event;
}
