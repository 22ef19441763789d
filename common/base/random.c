#include "common/base/random.h"

#include "common/base/err.h"

#include <errno.h>
#include <sys/random.h>

int random_bytes(void *buffer, size_t length)
{
    unsigned char *bytes = buffer;
    while (length > 0) {
        ssize_t got = getrandom(bytes, length, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return ERR_IO;
        bytes += got;
        length -= (size_t)got;
    }
    return 0;
}

int random_hex(char *ret_text, size_t digits)
{
    static const char alphabet[] = "0123456789abcdef";
    int code =
        random_bytes(ret_text, digits); /* one call for all of them: each digit has a byte of its own */
    for (size_t i = 0; i < digits; i++)
        ret_text[i] = code == 0 ? alphabet[(unsigned char)ret_text[i] & 15] : '0';
    ret_text[digits] = '\0';
    return code;
}

uint64_t random_below(uint64_t bound)
{
    uint64_t number;
    if (random_bytes(&number, sizeof number) != 0)
        return 0;
    return number % bound;
}
