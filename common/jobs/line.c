#include "common/jobs/line.h"

#include "common/wire/control.h"

#include <string.h>

size_t line_reason_length(const char *reason)
{
    size_t length = 0;
    if (!reason)
        return 0;
    while (length < CONTROL_TEXT_MAX && (unsigned char)reason[length] >= ' ' && reason[length] != 0x7f)
        length++;
    while (length > 0 && ((unsigned char)reason[length] & 0xc0) == 0x80)
        length--; /* not within a character */
    return length;
}

bool line_is_reason(const char *of_line, const char *reason)
{
    size_t length = line_reason_length(reason);
    return of_line ? strlen(of_line) == length && memcmp(of_line, reason ? reason : "", length) == 0
                   : length == 0;
}

bool line_is_text(const char *of_line, const char *text)
{
    return strcmp(of_line ? of_line : "", text ? text : "") == 0;
}
