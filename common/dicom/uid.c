#include "common/dicom/uid.h"

#include <stdlib.h>
#include <string.h>

enum { LENGTH_MOST = 64 };

bool uid_is_plain(const char *uid)
{
    size_t length = strlen(uid);
    return length > 0 && length <= LENGTH_MOST && strspn(uid, "0123456789.") == length;
}

/* One arc, and the dot behind it unless it is the last. */
static bool take_arc(const char **cursor, unsigned long *ret_value)
{
    size_t digits = strspn(*cursor, "0123456789");
    if (digits == 0 || (digits > 1 && **cursor == '0'))
        return false;
    *ret_value = digits > 9 ? 1000000000UL : strtoul(*cursor, NULL, 10);
    *cursor += digits;
    if (**cursor == '.')
        return *++*cursor != '\0';
    return **cursor == '\0';
}

bool uid_is_oid(const char *uid)
{
    unsigned long arcs[2] = {0, 0};
    size_t count = 0;
    for (unsigned long value; *uid; count++) {
        if (!take_arc(&uid, &value))
            return false;
        if (count < 2)
            arcs[count] = value;
    }
    return count >= 2 && arcs[0] <= 2 && (arcs[0] == 2 || arcs[1] < 40);
}
