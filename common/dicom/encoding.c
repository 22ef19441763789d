#include "common/dicom/encoding.h"

#include <string.h>

/* The representations, and whether their length has 32 bits behind two that are reserved. */
static const struct {
    char vr[3];
    bool is_long;
} representations[] = {
    {"AE", false}, {"AS", false}, {"AT", false}, {"CS", false}, {"DA", false}, {"DS", false}, {"DT", false},
    {"FD", false}, {"FL", false}, {"IS", false}, {"LO", false}, {"LT", false}, {"OB", true},  {"OD", true},
    {"OF", true},  {"OL", true},  {"OV", true},  {"OW", true},  {"PN", false}, {"SH", false}, {"SL", false},
    {"SQ", true},  {"SS", false}, {"ST", false}, {"SV", true},  {"TM", false}, {"UC", true},  {"UI", false},
    {"UL", false}, {"UN", true},  {"UR", true},  {"US", false}, {"UT", true},  {"UV", true},
};

enum { REPRESENTATIONS = sizeof representations / sizeof *representations };

static bool is_capital(unsigned char c)
{
    return c >= 'A' && c <= 'Z';
}

/* What is no letter is found not to be one at once: zeros are read by the million. */
static size_t find(const unsigned char *letters)
{
    size_t i = is_capital(letters[0]) ? 0 : REPRESENTATIONS;
    while (i < REPRESENTATIONS && memcmp(representations[i].vr, letters, 2) != 0)
        i++;
    return i;
}

bool encoding_is_vr(const unsigned char *letters)
{
    return find(letters) < REPRESENTATIONS;
}

static uint32_t half(const unsigned char *bytes, bool is_big)
{
    return is_big ? (uint32_t)bytes[0] << 8 | bytes[1] : (uint32_t)bytes[1] << 8 | bytes[0];
}

static uint32_t whole(const unsigned char *bytes, bool is_big)
{
    return is_big ? half(bytes, true) << 16 | half(bytes + 2, true)
                  : half(bytes + 2, false) << 16 | half(bytes, false);
}

/* The bytes behind the tag of an explicit element; there are at least 8 from the tag on. */
static enum encoding_result read_explicit(const unsigned char *bytes, size_t length, struct element *element)
{
    size_t known = find(bytes + 4);
    if (known == REPRESENTATIONS && !(is_capital(bytes[4]) && is_capital(bytes[5]))) {
        element->length = whole(bytes + 4, element->is_big);
        element->is_explicit = false;
        element->offset += 8;
        return ENCODING_ODD;
    }
    /* A representation of a later edition has a long length, which the reserved bytes give away. */
    bool is_long = known < REPRESENTATIONS ? representations[known].is_long : half(bytes + 6, false) == 0;
    memcpy(element->vr, bytes + 4, 2);
    if (is_long && length < 12)
        return ENCODING_CUT;
    element->length = is_long ? whole(bytes + 8, element->is_big) : half(bytes + 6, element->is_big);
    element->offset += is_long ? 12 : 8;
    if (known == REPRESENTATIONS)
        memcpy(element->vr, "UN", 2);
    if (memcmp(element->vr, "UN", 2) == 0)
        element->is_explicit = element->is_big = false; /* the value is implicit little endian */
    return known < REPRESENTATIONS ? ENCODING_READ : ENCODING_ODD;
}

enum encoding_result encoding_read(struct source *source, uint64_t offset, bool is_explicit, bool is_big,
                                   struct element *ret_element)
{
    size_t length = 0;
    const unsigned char *bytes = source_at(source, offset, 12, &length);
    *ret_element = (struct element){.offset = offset, .is_explicit = is_explicit, .is_big = is_big};
    if (length < 8)
        return length == 0 ? ENCODING_END : ENCODING_CUT;
    ret_element->tag = half(bytes, is_big) << 16 | half(bytes + 2, is_big);
    if (is_explicit && ret_element->tag >> 16 != TAG_ITEM >> 16)
        return read_explicit(bytes, length, ret_element);
    ret_element->length = whole(bytes + 4, is_big);
    ret_element->offset += 8;
    return ENCODING_READ;
}

/* Those that are not Explicit VR Little Endian. */
static const struct {
    const char *uid;
    bool is_explicit, is_big, is_deflated;
} syntaxes[] = {
    {"1.2.840.10008.1.2", false, false, false},     {"1.2.840.10008.1.2.1", true, false, false},
    {"1.2.840.10008.1.2.2", true, true, false},     {"1.2.840.10008.1.2.1.99", true, false, true},
    {"1.2.840.10008.1.2.4.95", true, false, true},  /* JPIP Referenced Deflate */
    {"1.2.840.10008.1.2.4.205", true, false, true}, /* JPIP HTJ2K Referenced Deflate */
    {"1.2.840.113619.5.2", false, false, false},    /* of GE: implicit, pixels in big endian */
};

bool encoding_of(const char *transfer_syntax, bool *ret_explicit, bool *ret_big, bool *ret_deflated)
{
    *ret_explicit = true;
    *ret_big = *ret_deflated = false;
    for (size_t i = 0; i < sizeof syntaxes / sizeof *syntaxes; i++) {
        if (strcmp(syntaxes[i].uid, transfer_syntax) != 0)
            continue;
        *ret_explicit = syntaxes[i].is_explicit;
        *ret_big = syntaxes[i].is_big;
        *ret_deflated = syntaxes[i].is_deflated;
        return true;
    }
    return false;
}
