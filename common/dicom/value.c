#include "common/dicom/value.h"

#include "common/base/cleanup.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum value_kind { KIND_NONE, KIND_VALUES, KIND_TEXT, KIND_NAME, KIND_BINARY };

/* Every representation that has a text. */
static const struct representation {
    char vr[3];
    enum value_kind kind;
    bool decoded; /* subject to Specific Character Set; the others are ASCII */
    size_t width; /* of a binary value */
} representations[] = {
    {"AE", KIND_VALUES, false, 0}, {"AS", KIND_VALUES, false, 0}, {"AT", KIND_BINARY, false, 4},
    {"CS", KIND_VALUES, false, 0}, {"DA", KIND_VALUES, false, 0}, {"DS", KIND_VALUES, false, 0},
    {"DT", KIND_VALUES, false, 0}, {"FD", KIND_BINARY, false, 8}, {"FL", KIND_BINARY, false, 4},
    {"IS", KIND_VALUES, false, 0}, {"LO", KIND_VALUES, true, 0},  {"LT", KIND_TEXT, true, 0},
    {"PN", KIND_NAME, true, 0},    {"SH", KIND_VALUES, true, 0},  {"SL", KIND_BINARY, false, 4},
    {"SS", KIND_BINARY, false, 2}, {"ST", KIND_TEXT, true, 0},    {"SV", KIND_BINARY, false, 8},
    {"TM", KIND_VALUES, false, 0}, {"UC", KIND_VALUES, true, 0},  {"UI", KIND_VALUES, false, 0},
    {"UL", KIND_BINARY, false, 4}, {"UR", KIND_TEXT, false, 0},   {"US", KIND_BINARY, false, 2},
    {"UT", KIND_TEXT, true, 0},    {"UV", KIND_BINARY, false, 8},
};

static const struct representation *representation_of(const char *vr)
{
    for (size_t i = 0; i < sizeof representations / sizeof *representations; i++)
        if (memcmp(representations[i].vr, vr, 2) == 0)
            return &representations[i];
    return NULL;
}

bool value_is_text(const char *vr)
{
    return representation_of(vr) != NULL;
}

bool value_is_decoded(const char *vr)
{
    const struct representation *form = representation_of(vr);
    return form && form->decoded;
}

bool value_has_text(const char *vr, size_t length)
{
    const struct representation *form = representation_of(vr);
    if (!form || (length > 0 && length < form->width))
        return false;
    return length <= (form->kind == KIND_BINARY ? VALUE_BINARY_MAX : VALUE_TEXT_MAX);
}

void value_to_machine(const char *vr, char *bytes, size_t length, bool is_big)
{
    const struct representation *form = representation_of(vr);
    size_t width = !form ? 0 : memcmp(vr, "AT", 2) == 0 ? 2 : form->width;
    if (width < 2 || is_big == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__))
        return;
    for (size_t i = 0; i + width <= length; i += width) {
        for (size_t k = 0; k < width / 2; k++) {
            char turned = bytes[i + k];
            bytes[i + k] = bytes[i + width - 1 - k];
            bytes[i + width - 1 - k] = turned;
        }
    }
}

/* Blank is everything up to U+0020. */
static void append_trimmed(struct text *out, const char *bytes, size_t length, bool both)
{
    while (length > 0 && (unsigned char)bytes[length - 1] <= ' ')
        length--;
    while (both && length > 0 && (unsigned char)*bytes <= ' ')
        bytes++, length--;
    text_append_bytes(out, bytes, length);
}

static void append_values(struct text *out, const char *bytes, size_t length)
{
    for (;;) {
        const char *end = memchr(bytes, '\\', length);
        size_t part = end ? (size_t)(end - bytes) : length;
        append_trimmed(out, bytes, part, true);
        if (!end)
            return;
        text_append_char(out, '\\');
        bytes += part + 1;
        length -= part + 1;
    }
}

/* Whether anything but delimiters was appended since start. */
static bool has_content(const struct text *out, size_t start, bool split)
{
    for (size_t i = start; i < out->length; i++)
        if (!split || out->bytes[i] != '\\')
            return true;
    return false;
}

static bool string_text(const struct representation *form, const char *bytes, size_t length,
                        struct charset *charset, struct text *out)
{
    AUTO(text_release) struct text decoded = TEXT_EMPTY;
    bool split = form->kind != KIND_TEXT;
    charset_decode(form->decoded ? charset : NULL, bytes, length,
                   form->kind == KIND_NAME ? CHARSET_NAMES
                   : split                 ? CHARSET_VALUES
                                           : CHARSET_TEXT,
                   &decoded);
    size_t start = out->length;
    if (split)
        append_values(out, text_string(&decoded), decoded.length);
    else
        append_trimmed(out, text_string(&decoded), decoded.length, false);
    if (has_content(out, start, split))
        return true;
    out->length = start;
    return false;
}

/* The shortest of the texts that read back as number; a float is given as the double that it equals. */
static void append_float(struct text *out, double number, bool is_single)
{
    char buffer[64];
    if (isnan(number) || isinf(number)) {
        text_append(out, isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
        return;
    }
    int digits = is_single ? FLT_DIG : DBL_DIG, most = is_single ? FLT_DECIMAL_DIG : DBL_DECIMAL_DIG;
    for (; digits <= most; digits++) {
        (void)snprintf(buffer, sizeof buffer, "%.*g", digits, number);
        if (is_single ? strtof(buffer, NULL) == (float)number : strtod(buffer, NULL) == number)
            break;
    }
    char *exponent = strchr(buffer, 'e');
    if (!exponent) {
        text_append(out, buffer);
        return;
    }
    /* 1e+20 and 1e-07 are not as short as they can be. */
    text_append_bytes(out, buffer, (size_t)(exponent - buffer));
    text_format(out, "e%ld", strtol(exponent + 1, NULL, 10));
}

/* A binary value, read. */
struct binary {
    enum { BINARY_SIGNED, BINARY_UNSIGNED, BINARY_SINGLE, BINARY_DOUBLE, BINARY_TAG } kind;
    int64_t whole;
    uint64_t natural;
    double real;
};

static struct binary read_binary(const char *vr, size_t width, const char *bytes)
{
    struct binary value = {.kind = vr[0] == 'S'   ? BINARY_SIGNED
                                   : vr[0] == 'U' ? BINARY_UNSIGNED
                                   : vr[0] == 'A' ? BINARY_TAG
                                   : vr[1] == 'L' ? BINARY_SINGLE
                                                  : BINARY_DOUBLE};
    uint16_t u16[2];
    uint32_t u32;
    float single;
    memcpy(u16, bytes, width == 2 ? 2 : 4);
    if (width == 2)
        value.natural = u16[0], value.whole = (int16_t)u16[0];
    if (width == 4) {
        memcpy(&u32, bytes, sizeof u32);
        memcpy(&single, bytes, sizeof single);
        value.natural = value.kind == BINARY_TAG ? (uint64_t)u16[0] << 16 | u16[1] : u32;
        value.whole = (int32_t)u32;
        value.real = single;
    }
    if (width == 8) {
        memcpy(&value.natural, bytes, sizeof value.natural);
        memcpy(&value.whole, bytes, sizeof value.whole);
        memcpy(&value.real, bytes, sizeof value.real);
    }
    return value;
}

static void append_binary(struct text *out, const struct binary *value)
{
    if (value->kind == BINARY_SIGNED)
        text_format(out, "%lld", (long long)value->whole);
    else if (value->kind == BINARY_UNSIGNED)
        text_format(out, "%llu", (unsigned long long)value->natural);
    else if (value->kind == BINARY_TAG)
        text_format(out, "%08llX", (unsigned long long)value->natural);
    else
        append_float(out, value->real, value->kind == BINARY_SINGLE);
}

bool value_text(const char *vr, const char *bytes, size_t length, struct charset *charset, struct text *out)
{
    const struct representation *form = representation_of(vr);
    if (!form || length == 0 || !value_has_text(vr, length))
        return false;
    if (form->kind != KIND_BINARY)
        return string_text(form, bytes, length, charset, out);
    for (size_t i = 0; i + form->width <= length; i += form->width) {
        if (i > 0)
            text_append_char(out, '\\');
        struct binary value = read_binary(vr, form->width, bytes + i);
        append_binary(out, &value);
    }
    return length >= form->width;
}

static bool string_number(const char *bytes, size_t length, double *ret_number)
{
    const char *end = memchr(bytes, '\\', length);
    if (end)
        length = (size_t)(end - bytes);
    while (length > 0 && (unsigned char)bytes[length - 1] <= ' ')
        length--;
    while (length > 0 && (unsigned char)*bytes <= ' ')
        bytes++, length--;
    char buffer[64];
    if (length == 0 || length >= sizeof buffer)
        return false;
    memcpy(buffer, bytes, length);
    buffer[length] = '\0';
    if (strspn(buffer, "0123456789+-.eE") != length)
        return false;
    char *rest;
    double number = strtod(buffer, &rest);
    if (*rest != '\0' || !isfinite(number))
        return false;
    *ret_number = number;
    return true;
}

bool value_number(const char *vr, const char *bytes, size_t length, double *ret_number)
{
    const struct representation *form = representation_of(vr);
    if (!form || memcmp(vr, "AT", 2) == 0)
        return false;
    if (form->kind != KIND_BINARY)
        return string_number(bytes, length, ret_number);
    if (length < form->width)
        return false;
    struct binary value = read_binary(vr, form->width, bytes);
    double number = value.kind == BINARY_SIGNED     ? (double)value.whole
                    : value.kind == BINARY_UNSIGNED ? (double)value.natural
                                                    : value.real;
    if (!isfinite(number))
        return false;
    if (value.kind == BINARY_SINGLE) {
        AUTO(text_release) struct text shown = TEXT_EMPTY;
        append_float(&shown, number, true);
        number = strtod(text_string(&shown), NULL);
    }
    *ret_number = number;
    return true;
}
