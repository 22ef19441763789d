#include "tests/fuzz/pdus.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/base/text.h"

#include <stdbool.h>
#include <string.h>

enum { HEAD = 6, VALUE_HEAD = 6, REQUEST_HEAD = 68, PIECES_MOST = 256, SPARE = 64 };
enum { ASSOCIATE_RQ = 1, DATA = 4 };

/* libFuzzer's own, of any bytes. */
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t length, size_t most);

/* A part of the stream: a PDU, or what is left when no more can be told apart. */
struct piece {
    const uint8_t *bytes;
    size_t length;
};

struct pieces {
    struct piece list[PIECES_MOST];
    size_t count;
};

static unsigned draw(unsigned *seed, size_t below)
{
    *seed = *seed * 1103515245u + 12345u;
    return below > 0 ? (unsigned)((*seed >> 8) % below) : 0;
}

static size_t big(const uint8_t *bytes, int count)
{
    size_t value = 0;
    for (int i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

static void append_big(struct text *out, size_t value, int count)
{
    for (int i = count - 1; i >= 0; i--)
        text_append_char(out, (char)(value >> 8 * i & 0xff));
}

/* Cuts into parts whose length is a number of size bytes at an offset, and does not count what is before it. */
static void cut(const uint8_t *bytes, size_t length, size_t at, int size, struct pieces *ret_pieces)
{
    ret_pieces->count = 0;
    while (length > 0 && ret_pieces->count < PIECES_MOST) {
        size_t head = at + (size_t)size, part = length;
        if (length >= head && ret_pieces->count < PIECES_MOST - 1) {
            size_t said = big(bytes + at, size);
            part = said <= length - head ? head + said : length;
        }
        ret_pieces->list[ret_pieces->count++] = (struct piece){bytes, part};
        bytes += part;
        length -= part;
    }
}

/* One more, one less, two that change places, one that replaces another. */
static void shuffle(struct pieces *pieces, unsigned *seed)
{
    if (pieces->count == 0)
        return;
    size_t one = draw(seed, pieces->count), other = draw(seed, pieces->count);
    struct piece kept = pieces->list[one];
    switch (draw(seed, 4)) {
    case 0:
        if (pieces->count == PIECES_MOST)
            break;
        memmove(&pieces->list[other + 1], &pieces->list[other],
                (pieces->count++ - other) * sizeof *pieces->list);
        pieces->list[other] = kept;
        break;
    case 1:
        memmove(&pieces->list[one], &pieces->list[one + 1], (--pieces->count - one) * sizeof *pieces->list);
        break;
    case 2:
        pieces->list[one] = pieces->list[other];
        pieces->list[other] = kept;
        break;
    default:
        pieces->list[other] = kept;
    }
}

static void append_pieces(const struct pieces *pieces, struct text *out)
{
    for (size_t i = 0; i < pieces->count; i++)
        text_append_bytes(out, pieces->list[i].bytes, pieces->list[i].length);
}

/* Bytes of one thing, changed by libFuzzer, a little longer at most. */
static void append_mutated(const uint8_t *bytes, size_t length, struct text *out)
{
    AUTO(memory_free) uint8_t *copy = memory_new(length + SPARE, 1);
    memcpy(copy, bytes, length);
    text_append_bytes(out, copy, LLVMFuzzerMutate(copy, length, length + SPARE));
}

/* ---- within a P-DATA-TF ---- */

static void append_value(uint8_t context, uint8_t flags, const void *bytes, size_t length, struct text *out)
{
    append_big(out, length + 2, 4);
    text_append_char(out, (char)context);
    text_append_char(out, (char)flags);
    text_append_bytes(out, bytes, length);
}

/* The same message in two values, or in another context, or of another kind, or with other bytes. */
static void change_value(const struct piece *value, unsigned *seed, struct text *out)
{
    static const uint8_t contexts[] = {1, 3, 5, 0, 2, 7, 255};
    if (value->length < VALUE_HEAD) {
        append_mutated(value->bytes, value->length, out);
        return;
    }
    const uint8_t *bytes = value->bytes + VALUE_HEAD;
    size_t length = value->length - VALUE_HEAD, first = draw(seed, length + 1);
    uint8_t context = value->bytes[4], flags = value->bytes[5];
    AUTO(text_release) struct text changed = TEXT_EMPTY;
    switch (draw(seed, 5)) {
    case 0:
        append_value(context, flags & 1, bytes, first, out);
        append_value(context, flags, bytes + first, length - first, out);
        break;
    case 1:
        append_value(contexts[draw(seed, sizeof contexts)], flags, bytes, length, out);
        break;
    case 2:
        append_value(context, (uint8_t)(flags ^ (1u << draw(seed, 2))), bytes, length, out);
        break;
    case 3:
        append_value(context, flags, bytes, first, out);
        break;
    default:
        append_mutated(bytes, length, &changed);
        append_value(context, flags, changed.bytes, changed.length, out);
    }
}

/* A P-DATA-TF with one of its values changed, or its values in another order. */
static void change_data(const struct piece *pdu, unsigned *seed, struct text *out)
{
    AUTO(text_release) struct text body = TEXT_EMPTY;
    struct pieces values;
    cut(pdu->bytes + HEAD, pdu->length - HEAD, 0, 4, &values);
    size_t changed = draw(seed, values.count);
    bool shuffled = draw(seed, 3) == 0;
    if (shuffled)
        shuffle(&values, seed);
    for (size_t i = 0; i < values.count; i++)
        if (!shuffled && i == changed)
            change_value(&values.list[i], seed, &body);
        else
            text_append_bytes(&body, values.list[i].bytes, values.list[i].length);
    append_big(out, DATA << 8, 2);
    append_big(out, body.length, 4);
    text_append_bytes(out, body.bytes, body.length);
}

/* ---- within an A-ASSOCIATE-RQ ---- */

static void change_items(const uint8_t *bytes, size_t length, unsigned *seed, int depth, struct text *out);

/* Items of these kinds hold items, some behind four bytes of their own. */
static void change_item(const struct piece *item, unsigned *seed, int depth, struct text *out)
{
    enum { ITEM_HEAD = 4, CONTEXT = 0x20, USER = 0x50 };
    AUTO(text_release) struct text body = TEXT_EMPTY;
    if (item->length < ITEM_HEAD) {
        append_mutated(item->bytes, item->length, out);
        return;
    }
    const uint8_t *bytes = item->bytes + ITEM_HEAD;
    size_t length = item->length - ITEM_HEAD, own = item->bytes[0] == CONTEXT ? 4 : 0;
    bool holds = (item->bytes[0] == CONTEXT && length >= own) || item->bytes[0] == USER;
    if (holds && depth < 2 && draw(seed, 4) > 0) {
        text_append_bytes(&body, bytes, own);
        change_items(bytes + own, length - own, seed, depth + 1, &body);
    } else {
        append_mutated(bytes, length, &body);
    }
    text_append_bytes(out, item->bytes, 2);
    append_big(out, body.length, 2);
    text_append_bytes(out, body.bytes, body.length);
}

static void change_items(const uint8_t *bytes, size_t length, unsigned *seed, int depth, struct text *out)
{
    struct pieces items;
    cut(bytes, length, 2, 2, &items);
    size_t changed = draw(seed, items.count);
    if (draw(seed, 3) == 0) {
        shuffle(&items, seed);
        append_pieces(&items, out);
        return;
    }
    for (size_t i = 0; i < items.count; i++)
        if (i == changed)
            change_item(&items.list[i], seed, depth, out);
        else
            text_append_bytes(out, items.list[i].bytes, items.list[i].length);
}

static void change_request(const struct piece *pdu, unsigned *seed, struct text *out)
{
    AUTO(text_release) struct text body = TEXT_EMPTY;
    const uint8_t *bytes = pdu->bytes + HEAD;
    size_t length = pdu->length - HEAD;
    if (length < REQUEST_HEAD || draw(seed, 6) == 0) {
        append_mutated(bytes, length, &body);
    } else {
        text_append_bytes(&body, bytes, REQUEST_HEAD);
        change_items(bytes + REQUEST_HEAD, length - REQUEST_HEAD, seed, 0, &body);
    }
    append_big(out, ASSOCIATE_RQ << 8, 2);
    append_big(out, body.length, 4);
    text_append_bytes(out, body.bytes, body.length);
}

/* ---- */

static void change_pdu(const struct piece *pdu, unsigned *seed, struct text *out)
{
    if (pdu->length >= HEAD && pdu->bytes[0] == DATA)
        change_data(pdu, seed, out);
    else if (pdu->length >= HEAD && pdu->bytes[0] == ASSOCIATE_RQ)
        change_request(pdu, seed, out);
    else
        append_mutated(pdu->bytes, pdu->length, out);
}

size_t pdus_mutate(uint8_t *bytes, size_t length, size_t most, unsigned seed)
{
    AUTO(text_release) struct text out = TEXT_EMPTY;
    struct pieces pdus;
    unsigned kind = draw(&seed, 8);
    cut(bytes, length, 2, 4, &pdus);
    if (kind == 0 || pdus.count == 0)
        return LLVMFuzzerMutate(bytes, length, most);
    if (kind <= 2) {
        shuffle(&pdus, &seed);
        append_pieces(&pdus, &out);
    } else {
        size_t changed = draw(&seed, pdus.count);
        for (size_t i = 0; i < pdus.count; i++)
            if (i == changed)
                change_pdu(&pdus.list[i], &seed, &out);
            else
                text_append_bytes(&out, pdus.list[i].bytes, pdus.list[i].length);
    }
    size_t now = out.length < most ? out.length : most;
    if (now > 0)
        memcpy(bytes, out.bytes, now);
    return now;
}
