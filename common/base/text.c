#include "common/base/text.h"

#include "common/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_release(struct text *text)
{
    free(text->bytes);
    *text = (struct text)TEXT_EMPTY;
}

void text_clear(struct text *text)
{
    text_cut(text, 0);
}

void text_cut(struct text *text, size_t length)
{
    if (length > text->length || !text->bytes)
        return;
    text->length = length;
    text->bytes[length] = '\0';
}

void text_append(struct text *text, const char *string)
{
    text_append_bytes(text, string, strlen(string));
}

void text_append_bytes(struct text *text, const void *bytes, size_t length)
{
    text->bytes = memory_grow(text->bytes, &text->capacity, text->length + length + 1, 1);
    if (length > 0)
        memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void text_append_char(struct text *text, char c)
{
    text_append_bytes(text, &c, 1);
}

void text_format(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    text_format_list(text, format, arguments);
    va_end(arguments);
}

void text_format_list(struct text *text, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length > 0) {
        text->bytes = memory_grow(text->bytes, &text->capacity, text->length + (size_t)length + 1, 1);
        (void)vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
}

const char *text_string(const struct text *text)
{
    return text->bytes ? text->bytes : "";
}

char *text_take(struct text *text)
{
    char *bytes = text->bytes ? text->bytes : memory_string_n("", 0);
    *text = (struct text)TEXT_EMPTY;
    return bytes;
}

void text_append_size(struct text *text, int64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1024 && unit + 1 < sizeof units / sizeof *units) {
        value /= 1024;
        unit++;
    }
    text_format(text, value < 10 && unit > 0 ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

void text_append_duration(struct text *text, int64_t milliseconds)
{
    if (milliseconds < 0) /* a clock was set back */
        milliseconds = 0;
    int64_t seconds = milliseconds / 1000;
    if (milliseconds < 1000)
        text_format(text, "%lld ms", (long long)milliseconds);
    else if (seconds < 120)
        text_format(text, "%lld s", (long long)seconds);
    else if (seconds < 120 * 60)
        text_format(text, "%lld min", (long long)(seconds / 60));
    else if (seconds < 48 * 3600)
        text_format(text, "%lld h", (long long)(seconds / 3600));
    else
        text_format(text, "%lld d", (long long)(seconds / 86400));
}

void text_append_count(struct text *text, int64_t number)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)number);
    for (int i = 0; i < length; i++) {
        text_append_char(text, digits[i]);
        if (digits[i] != '-' && i + 1 < length && (length - i - 1) % 3 == 0)
            text_append_char(text, ',');
    }
}

bool string_starts_with(const char *string, const char *prefix)
{
    return strncmp(string, prefix, strlen(prefix)) == 0;
}

bool string_ends_with(const char *string, const char *suffix)
{
    size_t length = strlen(string), wanted = strlen(suffix);
    return length >= wanted && memcmp(string + length - wanted, suffix, wanted) == 0;
}

bool string_has_word(const char *words, const char *word, size_t length)
{
    while (*words) {
        words += strspn(words, " \t");
        size_t next = strcspn(words, " \t");
        if (next == length && length > 0 && memcmp(words, word, length) == 0)
            return true;
        words += next;
    }
    return false;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned string_distance(const char *a, const char *b)
{
    enum { LONGEST = 64, FAR = 1000 };
    unsigned rows[3][LONGEST + 1];
    size_t a_length = strlen(a), b_length = strlen(b);
    if (a_length > LONGEST || b_length > LONGEST)
        return FAR;
    unsigned *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_length; j++)
        before[j] = last[j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        unsigned *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[b_length];
}
