#include "common/dicom/charset.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/base/utf8.h"

#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* How the bytes of a set become input of iconv. */
enum set_form {
    FORM_ASCII,
    FORM_ROMAN,    /* JIS X 0201, left half: ASCII with a yen sign and an overline */
    FORM_KATAKANA, /* JIS X 0201, right half */
    FORM_NONE,     /* no set here: nothing can be decoded */
    FORM_LATIN1,   /* each byte is its code point */
    FORM_SINGLE,   /* one byte, as it is */
    FORM_PAIR,     /* two bytes, both with the high bit set */
    FORM_PAIR_SS3  /* two bytes after 0x8F, which is how EUC-JP writes JIS X 0212 */
};

/* The sets that can be designated: number is ISO's registration (as in "ISO 2022 IR 100"), escape what comes
 * after ESC, right whether into G1 (bytes from 0x80), encoding iconv's name. */
static const struct set {
    int number;
    const char *escape;
    bool right;
    enum set_form form;
    const char *encoding;
} sets[] = {
    {6, "(B", false, FORM_ASCII, NULL},
    {14, "(J", false, FORM_ROMAN, NULL},
    {13, ")I", true, FORM_KATAKANA, NULL},
    {100, "-A", true, FORM_LATIN1, NULL},
    {101, "-B", true, FORM_SINGLE, "ISO-8859-2"},
    {109, "-C", true, FORM_SINGLE, "ISO-8859-3"},
    {110, "-D", true, FORM_SINGLE, "ISO-8859-4"},
    {144, "-L", true, FORM_SINGLE, "ISO-8859-5"},
    {127, "-G", true, FORM_SINGLE, "ISO-8859-6"},
    {126, "-F", true, FORM_SINGLE, "ISO-8859-7"},
    {138, "-H", true, FORM_SINGLE, "ISO-8859-8"},
    {148, "-M", true, FORM_SINGLE, "ISO-8859-9"},
    {203, "-b", true, FORM_SINGLE, "ISO-8859-15"},
    {166, "-T", true, FORM_SINGLE, "TIS-620"},
    {87, "$B", false, FORM_PAIR, "EUC-JP"},
    {87, "$@", false, FORM_PAIR, "EUC-JP"},
    {159, "$(D", false, FORM_PAIR_SS3, "EUC-JP"},
    {149, "$)C", true, FORM_PAIR, "EUC-KR"},
    {58, "$)A", true, FORM_PAIR, "GB2312"},
};

enum { SETS = sizeof sets / sizeof *sets, SET_ASCII = 0, SET_ROMAN = 1, SET_NONE = SETS };

enum { RUN = 512 }; /* bytes given to iconv at once */

struct charset {
    bool utf8;
    const char *whole;             /* iconv's name of an encoding without code extensions, or NULL */
    size_t initial_g0, initial_g1; /* sets */
    iconv_t whole_converter;
    iconv_t converters[SETS]; /* opened when first needed */
    bool opened[SETS], whole_opened;
};

/* The number in "ISO_IR 100", "ISO 2022 IR 100", "iso-ir-100"; 0 when there is none. */
static int term_number(const char *term, size_t length)
{
    int number = 0;
    size_t start = length;
    while (start > 0 && term[start - 1] >= '0' && term[start - 1] <= '9')
        start--;
    for (size_t i = start; i < length && number < 10000; i++)
        number = number * 10 + (term[i] - '0');
    return start > 0 ? number : 0;
}

/* Files in the wild write names in any case. */
static bool term_is(const char *term, size_t length, const char *name)
{
    size_t wanted = strlen(name);
    return length >= wanted && strncasecmp(term + length - wanted, name, wanted) == 0;
}

static void declare_first(struct charset *charset, const char *term, size_t length)
{
    int number = term_number(term, length);
    if (number == 192 || term_is(term, length, "UTF-8") || term_is(term, length, "UTF8"))
        charset->utf8 = true;
    else if (term_is(term, length, "GB18030"))
        charset->whole = "GB18030";
    else if (term_is(term, length, "GBK"))
        charset->whole = "GBK";
    for (size_t i = 0; i < SETS; i++)
        if (sets[i].number == number && sets[i].right)
            charset->initial_g1 = i;
    if (number == 13 || number == 14)
        charset->initial_g0 = SET_ROMAN;
}

struct charset *charset_create(const char *declaration, size_t length)
{
    struct charset *charset = memory_new(1, sizeof *charset);
    charset->initial_g0 = SET_ASCII;
    charset->initial_g1 = SET_NONE;
    const char *end = length > 0 ? memchr(declaration, '\\', length) : NULL;
    if (end)
        length = (size_t)(end - declaration);
    while (length > 0 && (unsigned char)declaration[length - 1] <= ' ')
        length--;
    declare_first(charset, declaration, length);
    return charset;
}

bool charset_is_plain(const char *bytes, size_t length)
{
    size_t i = 0;
    while (i < length && (signed char)bytes[i] >= 0 && bytes[i] != 0x1B)
        i++;
    return i == length;
}

void charset_destroy(struct charset **charset)
{
    if (!*charset)
        return;
    for (size_t i = 0; i < SETS; i++)
        if ((*charset)->opened[i] && (*charset)->converters[i] != (iconv_t)-1)
            iconv_close((*charset)->converters[i]);
    if ((*charset)->whole_opened && (*charset)->whole_converter != (iconv_t)-1)
        iconv_close((*charset)->whole_converter);
    free(*charset);
    *charset = NULL;
}

static iconv_t set_converter(struct charset *charset, size_t set)
{
    if (!charset->opened[set]) {
        charset->converters[set] = iconv_open("UTF-8", sets[set].encoding);
        charset->opened[set] = true;
    }
    return charset->converters[set];
}

/* Converts all of the bytes; each step of width bytes that cannot be becomes U+FFFD. */
static void convert(iconv_t converter, char *bytes, size_t length, size_t width, struct text *out)
{
    if (converter == (iconv_t)-1) {
        for (size_t i = 0; i < length; i += width)
            text_append(out, UTF8_REPLACEMENT);
        return;
    }
    (void)iconv(converter, NULL, NULL, NULL, NULL);
    while (length > 0) {
        char buffer[RUN * 4];
        char *to = buffer;
        size_t room = sizeof buffer;
        size_t result = iconv(converter, &bytes, &length, &to, &room);
        int error = errno;
        text_append_bytes(out, buffer, sizeof buffer - room);
        if (result != (size_t)-1 || error == E2BIG)
            continue;
        text_append(out, UTF8_REPLACEMENT);
        size_t skipped = width < length ? width : length;
        bytes += skipped;
        length -= skipped;
    }
}

/* A run of bytes of one set, all below or all from 0x80. Returns how many were taken, at least one. */
static size_t decode_pairs(struct charset *charset, size_t set, const char *bytes, size_t length,
                           struct text *out)
{
    char buffer[RUN + RUN / 2];
    size_t taken = 0, filled = 0;
    bool right = sets[set].right, prefixed = sets[set].form == FORM_PAIR_SS3;
    while (taken + 1 < length && taken + 2 <= RUN) {
        unsigned char first = (unsigned char)bytes[taken], second = (unsigned char)bytes[taken + 1];
        if ((first & 0x7F) <= 0x20 || (second & 0x7F) <= 0x20 || first >> 7 != right || second >> 7 != right)
            break;
        if (prefixed)
            buffer[filled++] = (char)0x8F;
        buffer[filled++] = (char)(first | 0x80);
        buffer[filled++] = (char)(second | 0x80);
        taken += 2;
    }
    if (taken == 0) {
        text_append(out, UTF8_REPLACEMENT);
        return 1;
    }
    convert(set_converter(charset, set), buffer, filled, prefixed ? 3 : 2, out);
    return taken;
}

/* A run of bytes from 0x80 on, in G1. */
static size_t decode_right(struct charset *charset, size_t set, const char *bytes, size_t length,
                           struct text *out)
{
    enum set_form form = set == SET_NONE ? FORM_NONE : sets[set].form;
    if (form == FORM_PAIR)
        return decode_pairs(charset, set, bytes, length, out);
    size_t run = 0;
    char buffer[RUN];
    while (run < length && run < RUN && (unsigned char)bytes[run] >= 0x80) {
        unsigned char c = (unsigned char)bytes[run];
        buffer[run++] = (char)c;
        if (form == FORM_LATIN1)
            utf8_append(out, c);
        else if (form == FORM_KATAKANA && c >= 0xA1 && c <= 0xDF)
            utf8_append(out, 0xFF61 + (uint32_t)(c - 0xA1));
        else if (form != FORM_SINGLE)
            text_append(out, UTF8_REPLACEMENT);
    }
    if (form == FORM_SINGLE)
        convert(set_converter(charset, set), buffer, run, 1, out);
    return run;
}

/* A run of bytes from 0x21 to 0x7E, in G0, of length; the first is no delimiter when G0
 * has one-byte codes. */
static size_t decode_left(struct charset *charset, size_t set, const char *bytes, size_t length,
                          struct text *out)
{
    enum set_form form = sets[set].form;
    if (form == FORM_PAIR || form == FORM_PAIR_SS3)
        return decode_pairs(charset, set, bytes, length, out);
    if (form == FORM_ROMAN && *bytes == '\\')
        utf8_append(out, 0xA5);
    else if (form == FORM_ROMAN && *bytes == '~')
        utf8_append(out, 0x203E);
    else
        text_append_char(out, *bytes);
    return 1;
}

/* Obeys an escape sequence. Returns its length, 0 when it is none of ours. */
static size_t designate(const char *bytes, size_t length, size_t *g0, size_t *g1)
{
    for (size_t i = 0; i < SETS; i++) {
        size_t escape = strlen(sets[i].escape);
        if (length < escape + 1 || memcmp(bytes + 1, sets[i].escape, escape) != 0)
            continue;
        *(sets[i].right ? g1 : g0) = i;
        return escape + 1;
    }
    return 0;
}

static bool is_delimiter(char c, enum charset_reset reset)
{
    return (c == '\\' && reset != CHARSET_TEXT) || ((c == '^' || c == '=') && reset == CHARSET_NAMES);
}

static void decode_extended(struct charset *charset, const char *bytes, size_t length,
                            enum charset_reset reset, struct text *out)
{
    size_t g0 = charset->initial_g0, g1 = charset->initial_g1, taken;
    for (size_t i = 0; i < length; i += taken) {
        char c = bytes[i];
        bool pairs = sets[g0].form == FORM_PAIR || sets[g0].form == FORM_PAIR_SS3;
        taken = 1;
        if (c == 0x1B) {
            taken = designate(bytes + i, length - i, &g0, &g1);
            if (taken == 0) {
                text_append(out, UTF8_REPLACEMENT);
                taken = 1;
            }
        } else if ((unsigned char)c >= 0x80) {
            taken = decode_right(charset, g1, bytes + i, length - i, out);
        } else if ((unsigned char)c <= 0x20 || c == 0x7F || (!pairs && is_delimiter(c, reset))) {
            text_append_char(out, c);
            if (c == '\r' || c == '\n' || c == '\f' || c == '\t' || (unsigned char)c > 0x20) {
                g0 = charset->initial_g0;
                g1 = charset->initial_g1;
            }
        } else {
            taken = decode_left(charset, g0, bytes + i, length - i, out);
        }
    }
}

/* How many of the first bytes are ASCII and change nothing. */
static size_t plain_prefix(const struct charset *charset, const char *bytes, size_t length)
{
    size_t i = 0;
    if (!charset || charset->initial_g0 == SET_ASCII)
        while (i < length && (signed char)bytes[i] >= 0 && bytes[i] != 0x1B)
            i++;
    return i;
}

void charset_decode(struct charset *charset, const char *bytes, size_t length, enum charset_reset reset,
                    struct text *out)
{
    size_t plain = plain_prefix(charset, bytes, length);
    text_append_bytes(out, bytes, plain);
    bytes += plain;
    length -= plain;
    if (length == 0)
        return;
    if (!charset) {
        for (size_t i = 0; i < length; i++) {
            if ((signed char)bytes[i] >= 0)
                text_append_char(out, bytes[i]);
            else
                text_append(out, UTF8_REPLACEMENT);
        }
    } else if (charset->utf8) {
        utf8_append_checked(out, bytes, length);
    } else if (charset->whole) {
        if (!charset->whole_opened)
            charset->whole_converter = iconv_open("UTF-8", charset->whole);
        charset->whole_opened = true;
        char *copy = memory_string_n(bytes, length);
        convert(charset->whole_converter, copy, length, 1, out);
        free(copy);
    } else {
        decode_extended(charset, bytes, length, reset, out);
    }
}

/* Those that are kept are never released: the library unloads what nobody uses. */
void charset_load_all(void)
{
    static const char *const declarations[] = {"", "GB18030", "GBK"};
    static struct charset *kept[sizeof declarations / sizeof *declarations];
    for (size_t i = 0; i < sizeof kept / sizeof *kept && !kept[i]; i++) {
        AUTO(text_release) struct text ignored = TEXT_EMPTY;
        kept[i] = charset_create(declarations[i], strlen(declarations[i]));
        charset_decode(kept[i], "\xB0\xA1", 2, CHARSET_TEXT, &ignored);
    }
    for (size_t i = 0; i < SETS; i++)
        if (sets[i].encoding)
            (void)set_converter(kept[0], i);
}
