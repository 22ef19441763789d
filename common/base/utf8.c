#include "common/base/utf8.h"

#include <stdbool.h>

void utf8_append(struct text *out, uint32_t code)
{
    char bytes[4];
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = length - 1; i > 0; i--) {
        bytes[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    bytes[0] = (char)(lead[length] | code);
    text_append_bytes(out, bytes, length);
}

/* Length of the valid sequence at bytes, or minus the bytes that one U+FFFD replaces. */
static int sequence(const unsigned char *bytes, size_t length)
{
    unsigned char lead = bytes[0];
    if (lead < 0x80)
        return 1;
    int wanted = lead >= 0xC2 && lead <= 0xDF   ? 2
                 : lead >= 0xE0 && lead <= 0xEF ? 3
                 : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                : 0;
    unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (wanted == 0)
        return -1;
    for (int i = 1; i < wanted; i++) {
        if ((size_t)i >= length || bytes[i] < low || bytes[i] > high)
            return -i;
        low = 0x80;
        high = 0xBF;
    }
    return wanted;
}

void utf8_append_checked(struct text *out, const char *bytes, size_t length)
{
    const unsigned char *from = (const unsigned char *)bytes;
    size_t good = 0, at = 0;
    while (at < length) {
        int step = sequence(from + at, length - at);
        if (step > 0) {
            at += (size_t)step;
            continue;
        }
        text_append_bytes(out, bytes + good, at - good);
        text_append(out, UTF8_REPLACEMENT);
        at += (size_t)-step;
        good = at;
    }
    text_append_bytes(out, bytes + good, length - good);
}

void utf8_append_shown(struct text *out, const char *bytes, size_t length, size_t most)
{
    const unsigned char *from = (const unsigned char *)bytes;
    size_t at = 0;
    for (size_t shown = 0; at < length && shown < most; shown++) {
        int step = sequence(from + at, length - at);
        bool control =
            step > 0 && (from[at] < 0x20 || from[at] == 0x7F || (from[at] == 0xC2 && from[at + 1] < 0xA0));
        if (step > 0 && !control)
            text_append_bytes(out, from + at, (size_t)step);
        else
            text_append(out, UTF8_REPLACEMENT);
        at += (size_t)(step > 0 ? step : -step);
    }
    if (at < length)
        text_append(out, "...");
}

unsigned utf8_invisible(const char *character, size_t *ret_length)
{
    const unsigned char *at = (const unsigned char *)character;
    *ret_length = 1;
    if (at[0] < 0x80)
        return at[0] < ' ' || at[0] == 0x7f ? at[0] : 0;
    *ret_length = 2;
    if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f)
        return at[1];
    *ret_length = 3;
    if (at[0] != 0xe2 || (at[1] != 0x80 && at[1] != 0x81))
        return 0;
    unsigned code = 0x2000u + ((at[1] & 0x3fu) << 6) + (at[2] & 0x3fu);
    bool turns = code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
                 (code >= 0x2066 && code <= 0x2069);
    return turns || code == 0x2028 || code == 0x2029 ? code : 0;
}
