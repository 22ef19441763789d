#include "console/header.h"

#include "console/sessions.h"

#include <string.h>

static bool is_session(const char *value, size_t length)
{
    return length == SESSION_COOKIE_LENGTH && strspn(value, "0123456789abcdef") >= length;
}

bool header_find_cookie(const char *header, const char *name, struct text *ret_value)
{
    size_t name_length = strlen(name), found = 0;
    const char *value = NULL;
    for (const char *at = header; *at; at += *at == ';') {
        at += strspn(at, " \t");
        size_t length = strcspn(at, ";");
        if (length > name_length && strncmp(at, name, name_length) == 0 && at[name_length] == '=') {
            value = at + name_length + 1;
            found++;
        }
        at += length;
    }
    size_t length = value ? strcspn(value, "; \t") : 0;
    if (found != 1 || !is_session(value, length))
        return false;
    text_append_bytes(ret_value, value, length);
    return true;
}

bool header_has_word(const char *list, const char *word)
{
    size_t wanted = strlen(word);
    for (const char *at = list; *at; at += *at == ',') {
        at += strspn(at, " \t");
        size_t length = strcspn(at, ","), whole = length;
        while (length > 0 && (at[length - 1] == ' ' || at[length - 1] == '\t'))
            length--;
        if (length == wanted && wanted > 0 && memcmp(at, word, wanted) == 0)
            return true;
        at += whole;
    }
    return false;
}
