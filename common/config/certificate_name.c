#include "common/config/certificate_name.h"

#include "common/base/err.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { DIGITS = CERTIFICATE_FINGERPRINT_SIZE - 1 };

/* ---- fingerprints ---- */

/* False: it is none. */
static bool read_fingerprint(const char *text, char (*ret_digits)[CERTIFICATE_FINGERPRINT_SIZE])
{
    size_t count = 0;
    if (strncasecmp(text, "sha256:", 7) == 0)
        text += 7;
    for (; *text; text++) {
        if (*text == ':' && count > 0 && count % 2 == 0 && text[1])
            continue;
        if (count == DIGITS || !isxdigit((unsigned char)*text))
            return false;
        (*ret_digits)[count++] = (char)tolower((unsigned char)*text);
    }
    (*ret_digits)[count] = '\0';
    return count == DIGITS;
}

/* ---- subjects ---- */

struct attribute {
    const char *begin, *value, *end; /* value: behind the "=" */
};

/* The next one of a list; false: there is none, or it has no "=". *list is then at the next. */
static bool take_attribute(const char **list, struct attribute *ret_attribute)
{
    const char *c = *list + strspn(*list, " ");
    *ret_attribute = (struct attribute){.begin = c};
    for (; *c && *c != ',' && *c != '+'; c++) {
        if (*c == '\\' && c[1])
            c++;
        else if (*c == '=' && !ret_attribute->value)
            ret_attribute->value = c + 1;
    }
    ret_attribute->end = c;
    *list = *c ? c + 1 : c;
    return ret_attribute->value && ret_attribute->value > ret_attribute->begin + 1 &&
           ret_attribute->end > ret_attribute->value;
}

static bool same(const struct attribute *a, const struct attribute *b)
{
    size_t type = (size_t)(a->value - a->begin), value = (size_t)(a->end - a->value);
    return type == (size_t)(b->value - b->begin) && strncasecmp(a->begin, b->begin, type) == 0 &&
           value == (size_t)(b->end - b->value) && memcmp(a->value, b->value, value) == 0;
}

static bool has_attribute(const char *subject, const struct attribute *wanted)
{
    struct attribute attribute;
    while (*subject)
        if (take_attribute(&subject, &attribute) && same(&attribute, wanted))
            return true;
    return false;
}

int certificate_name_check(const char *text, struct text *reason)
{
    char digits[CERTIFICATE_FINGERPRINT_SIZE];
    struct attribute attribute;
    bool good = strchr(text, '=') && strlen(text) < CERTIFICATE_SUBJECT_SIZE;
    for (const char *list = text; good && *list;)
        good = take_attribute(&list, &attribute);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        good = good && *c >= ' ' && *c != 0x7F;
    if (good || read_fingerprint(text, &digits))
        return 0;
    text_append(
        reason,
        "is neither a subject nor a fingerprint; write attributes of the certificate's subject, such as "
        "CN=ct01.example.org, or its SHA-256 fingerprint, which `openssl x509 -noout -fingerprint "
        "-sha256` prints: 64 hexadecimal digits");
    return ERR_SYNTAX;
}

bool certificate_name_fits(const char *written, const struct certificate_name *shown)
{
    char digits[CERTIFICATE_FINGERPRINT_SIZE];
    struct attribute attribute;
    if (read_fingerprint(written, &digits))
        return strcmp(digits, shown->fingerprint) == 0;
    bool fits = *written;
    while (fits && *written)
        fits = take_attribute(&written, &attribute) && has_attribute(shown->subject, &attribute);
    return fits;
}
