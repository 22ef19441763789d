#include "common/base/receipt.h"

#include "common/base/clock.h"
#include "common/base/err.h"

#include <stddef.h>
#include <sys/random.h>

enum { TIME_DIGITS = 12, RANDOM_BYTES = (RECEIPT_LENGTH - TIME_DIGITS) / 2 };

static const char hex[] = "0123456789abcdef";

int receipt_make(char *ret_receipt)
{
    unsigned char random[RANDOM_BYTES];
    /* So few bytes come whole and without interruption once the kernel's pool is ready. */
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return ERR_IO;
    uint64_t now = (uint64_t)clock_wall_ms();
    char *out = ret_receipt;
    for (int shift = 4 * (TIME_DIGITS - 1); shift >= 0; shift -= 4)
        *out++ = hex[now >> shift & 15];
    for (size_t i = 0; i < sizeof random; i++) {
        *out++ = hex[random[i] >> 4];
        *out++ = hex[random[i] & 15];
    }
    *out = '\0';
    return 0;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool receipt_is_valid(const char *text)
{
    size_t length = 0;
    while (length <= RECEIPT_LENGTH && digit_value(text[length]) >= 0)
        length++;
    return length == RECEIPT_LENGTH && text[length] == '\0';
}

int64_t receipt_time(const char *receipt)
{
    int64_t ms = 0;
    for (int i = 0; i < TIME_DIGITS; i++)
        ms = ms << 4 | digit_value(receipt[i]);
    return ms;
}
