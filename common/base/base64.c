#include "common/base/base64.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"

#include <nettle/base64.h>

void base64_encode(const void *bytes, size_t length, struct text *out)
{
    size_t room = BASE64_ENCODE_RAW_LENGTH(length);
    AUTO(memory_free) char *text = memory_new(room + 1, 1);
    base64_encode_raw(text, length, bytes);
    text_append_bytes(out, text, room);
}

int base64_decode(const char *text, size_t length, struct text *out)
{
    struct base64_decode_ctx state;
    size_t decoded = BASE64_DECODE_LENGTH(length);
    AUTO(memory_free) uint8_t *bytes = memory_new(decoded + 1, 1);
    base64_decode_init(&state);
    if (!base64_decode_update(&state, &decoded, bytes, length, text) || !base64_decode_final(&state))
        return ERR_SYNTAX;
    text_append_bytes(out, bytes, decoded);
    return 0;
}
