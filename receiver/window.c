#include "receiver/window.h"

#include "common/base/memory.h"
#include "common/base/text.h"

#include <stdbool.h>
#include <stdlib.h>

enum {
    A_ASSOCIATE_AC = 2,
    ITEMS_AT = 74, /* of an A-ASSOCIATE-RQ or -AC (PS3.8 section 9.3.2) */
    PDU_HEAD = 6,
    ITEM_HEAD = 4,
    USER_INFORMATION = 0x50,
    WINDOW = 0x53,
    WINDOW_SIZE = ITEM_HEAD + 4
};

struct window {
    struct text request, answer;
};

static size_t big(const unsigned char *bytes, int count)
{
    size_t value = 0;
    for (int i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* Where the first item of a type begins, between at and end; end when there is none or an item leaves the bounds. */
static size_t find_item(const unsigned char *bytes, size_t at, size_t end, unsigned char type)
{
    while (at + ITEM_HEAD <= end) {
        size_t next = at + ITEM_HEAD + big(bytes + at + 2, 2);
        if (next > end)
            return end;
        if (bytes[at] == type)
            return at;
        at = next;
    }
    return end;
}

/* What cannot be read proposes none. */
static bool is_proposed(const struct text *request)
{
    const unsigned char *bytes = (const unsigned char *)request->bytes;
    size_t length = request->length;
    size_t user = find_item(bytes, ITEMS_AT, length, USER_INFORMATION);
    if (user >= length)
        return false;
    size_t end = user + ITEM_HEAD + big(bytes + user + 2, 2);
    return find_item(bytes, user + ITEM_HEAD, end, WINDOW) < end;
}

static void append_big(struct text *out, size_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--)
        text_append_char(out, (char)(value >> 8 * i & 0xff));
}

/* One without user information as it is. */
static void append_answer(const unsigned char *bytes, size_t length, struct text *out)
{
    static const char window[WINDOW_SIZE] = {WINDOW, 0, 0, 4, 0, 1, 0, 1};
    size_t user = find_item(bytes, ITEMS_AT, length, USER_INFORMATION);
    if (user >= length) {
        text_append_bytes(out, bytes, length);
        return;
    }
    size_t inner = big(bytes + user + 2, 2), end = user + ITEM_HEAD + inner;
    text_append_bytes(out, bytes, 2);
    append_big(out, length - PDU_HEAD + WINDOW_SIZE, 4);
    text_append_bytes(out, bytes + PDU_HEAD, user - PDU_HEAD);
    text_append_bytes(out, bytes + user, 2);
    append_big(out, inner + WINDOW_SIZE, 2);
    text_append_bytes(out, bytes + user + ITEM_HEAD, inner);
    text_append_bytes(out, window, sizeof window);
    text_append_bytes(out, bytes + end, length - end);
}

struct window *window_create(void)
{
    return memory_new(1, sizeof(struct window));
}

void window_destroy(struct window **window)
{
    if (!*window)
        return;
    text_release(&(*window)->request);
    text_release(&(*window)->answer);
    free(*window);
    *window = NULL;
}

void window_hear(struct window *window, const void *bytes, size_t size)
{
    text_append_bytes(&window->request, bytes, size);
}

const void *window_say(struct window *window, const void *pdu, size_t size, size_t *ret_size)
{
    *ret_size = size;
    if (size == 0 || *(const unsigned char *)pdu != A_ASSOCIATE_AC || !is_proposed(&window->request))
        return pdu;
    text_clear(&window->answer);
    append_answer(pdu, size, &window->answer);
    *ret_size = window->answer.length;
    return window->answer.bytes;
}
