#include "common/base/fnv.h"

uint64_t fnv_byte(uint64_t hash, unsigned char byte)
{
    return (hash ^ byte) * UINT64_C(0x100000001b3);
}

uint64_t fnv_text(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = fnv_byte(hash, (unsigned char)*text);
    return hash;
}

uint64_t fnv_number(uint64_t hash, int64_t number)
{
    for (unsigned shift = 0; shift < 64; shift += 8)
        hash = fnv_byte(hash, (unsigned char)((uint64_t)number >> shift));
    return hash;
}
