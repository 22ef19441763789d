#include "common/dicom/uid.h"

#include <stddef.h>
#include <string.h>

enum { LENGTH_MOST = 64, OID_LENGTH_MOST = 255 };

bool uid_is_plain(const char *uid)
{
    size_t length = strlen(uid);
    return length > 0 && length <= LENGTH_MOST && strspn(uid, "0123456789.") == length;
}

bool uid_is_printable(const char *uid)
{
    size_t length = strlen(uid);
    if (length == 0 || length > LENGTH_MOST || uid[0] == ' ' || uid[length - 1] == ' ')
        return false;
    for (size_t i = 0; i < length; i++)
        if (uid[i] < ' ' || uid[i] > '~' || uid[i] == '\\')
            return false;
    return true;
}

/* One arc, and the dot behind it unless it is the last. *ret_value: 100 for everything that is larger. */
static bool take_arc(const char **cursor, unsigned *ret_value)
{
    size_t digits = strspn(*cursor, "0123456789");
    unsigned value = 0;
    if (digits == 0)
        return false;
    for (size_t i = 0; i < digits && value < 100; i++)
        value = value * 10 + (unsigned)((*cursor)[i] - '0');
    *ret_value = value < 100 ? value : 100;
    *cursor += digits;
    if (**cursor == '.')
        return *++*cursor != '\0';
    return **cursor == '\0';
}

bool uid_is_oid(const char *uid)
{
    unsigned arcs[2] = {0, 0};
    size_t count = 0;
    if (strlen(uid) > OID_LENGTH_MOST)
        return false;
    for (unsigned value; *uid; count++) {
        if (!take_arc(&uid, &value))
            return false;
        if (count < 2)
            arcs[count] = value;
    }
    return count >= 2 && arcs[0] <= 2 && (arcs[0] == 2 || arcs[1] < 40);
}
