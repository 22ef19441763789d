#include "common/reading/pack.h"

#include <string.h>

void pack_u8(struct text *out, uint8_t number)
{
    text_append_bytes(out, &number, sizeof number);
}

void pack_u32(struct text *out, uint32_t number)
{
    text_append_bytes(out, &number, sizeof number);
}

void pack_u64(struct text *out, uint64_t number)
{
    text_append_bytes(out, &number, sizeof number);
}

void pack_double(struct text *out, double number)
{
    text_append_bytes(out, &number, sizeof number);
}

void pack_string(struct text *out, const char *bytes, size_t length)
{
    pack_u32(out, (uint32_t)length);
    text_append_bytes(out, bytes, length);
    text_append_char(out, '\0');
}

static void unpack_bytes(struct parcel *parcel, void *ret_bytes, size_t length)
{
    memset(ret_bytes, 0, length);
    if (parcel->broken || parcel->length - parcel->at < length) {
        parcel->broken = true;
        return;
    }
    memcpy(ret_bytes, parcel->bytes + parcel->at, length);
    parcel->at += length;
}

uint8_t unpack_u8(struct parcel *parcel)
{
    uint8_t number;
    unpack_bytes(parcel, &number, sizeof number);
    return number;
}

uint32_t unpack_u32(struct parcel *parcel)
{
    uint32_t number;
    unpack_bytes(parcel, &number, sizeof number);
    return number;
}

uint64_t unpack_u64(struct parcel *parcel)
{
    uint64_t number;
    unpack_bytes(parcel, &number, sizeof number);
    return number;
}

double unpack_double(struct parcel *parcel)
{
    double number;
    unpack_bytes(parcel, &number, sizeof number);
    return number;
}

const char *unpack_string(struct parcel *parcel, size_t *ret_length)
{
    uint32_t length = unpack_u32(parcel);
    const char *bytes = parcel->bytes + parcel->at;
    *ret_length = 0;
    if (parcel->broken || parcel->length - parcel->at <= length || bytes[length] != '\0') {
        parcel->broken = true;
        return "";
    }
    parcel->at += (size_t)length + 1;
    *ret_length = length;
    return bytes;
}

bool unpack_ended(const struct parcel *parcel)
{
    return !parcel->broken && parcel->at == parcel->length;
}

bool unpack_has(struct parcel *parcel, uint32_t count, size_t bytes)
{
    if (parcel->broken || (parcel->length - parcel->at) / bytes < count)
        parcel->broken = true;
    return !parcel->broken;
}
