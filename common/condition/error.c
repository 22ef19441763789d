#include "common/condition/error.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Longer lines of an expression are shown in part: so many bytes before the place, so many in all. */
enum { SHOWN_BEFORE = 60, SHOWN = 100 };

int condition_error_set(struct condition_error *ret_error, size_t offset, size_t length, const char *hint,
                        const char *message, ...)
{
    struct text text = TEXT_EMPTY;
    va_list arguments;
    va_start(arguments, message);
    text_format_list(&text, message, arguments);
    va_end(arguments);
    *ret_error = (struct condition_error){.offset = offset,
                                          .length = length > 0 ? length : 1,
                                          .message = text_take(&text),
                                          .hint = memory_string(hint)};
    return ERR_SYNTAX;
}

void condition_error_release(struct condition_error *error)
{
    free(error->message);
    free(error->hint);
    *error = (struct condition_error){.message = NULL};
}

static bool continues_character(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* Appends bytes as valid UTF-8, control characters as blanks; returns how many columns they take. */
static size_t append_shown(struct text *out, const char *bytes, size_t length)
{
    AUTO(text_release) struct text plain = TEXT_EMPTY;
    size_t start = out->length, columns = 0;
    for (size_t i = 0; i < length; i++)
        text_append_char(&plain, (unsigned char)bytes[i] < 0x20 || bytes[i] == 0x7F ? ' ' : bytes[i]);
    utf8_append_checked(out, text_string(&plain), plain.length);
    for (size_t i = start; i < out->length; i++)
        columns += !continues_character(out->bytes[i]);
    return columns;
}

/* The part of an expression that is shown for an error: one line, or a window of a long one. */
struct excerpt {
    size_t start, end;
    bool cut_before, cut_after;
};

static struct excerpt excerpt_around(const char *expression, size_t length, size_t offset)
{
    struct excerpt excerpt = {.start = offset, .end = offset};
    while (excerpt.start > 0 && expression[excerpt.start - 1] != '\n')
        excerpt.start--;
    while (excerpt.end < length && expression[excerpt.end] != '\n')
        excerpt.end++;
    if (excerpt.end - excerpt.start <= SHOWN)
        return excerpt;
    if (offset - excerpt.start > SHOWN_BEFORE) {
        excerpt.start = offset - SHOWN_BEFORE;
        excerpt.cut_before = true;
        while (excerpt.start < offset && continues_character(expression[excerpt.start]))
            excerpt.start++;
    }
    if (excerpt.end - excerpt.start > SHOWN) {
        excerpt.end = excerpt.start + SHOWN;
        excerpt.cut_after = true;
        while (excerpt.end > offset && continues_character(expression[excerpt.end]))
            excerpt.end--;
    }
    return excerpt;
}

void condition_error_print(const char *expression, const struct condition_error *error, struct text *out)
{
    size_t length = strlen(expression);
    size_t offset = error->offset < length ? error->offset : length;
    if (strspn(expression, " \t\r\n") == length) { /* nothing that a caret could point at */
        text_format(out, error->hint ? "%s: %s" : "%s", error->message, error->hint);
        return;
    }
    struct excerpt excerpt = excerpt_around(expression, length, offset);
    text_format(out, "%s\n  %s", error->message, excerpt.cut_before ? "..." : "");
    size_t column = excerpt.cut_before ? 3 : 0;
    column += append_shown(out, expression + excerpt.start, offset - excerpt.start);
    size_t end = offset + error->length < excerpt.end ? offset + error->length : excerpt.end;
    size_t width = append_shown(out, expression + offset, end - offset);
    append_shown(out, expression + end, excerpt.end - end);
    text_format(out, "%s\n  %*s^", excerpt.cut_after ? "..." : "", (int)column, "");
    for (size_t i = 1; i < width; i++)
        text_append_char(out, '~');
    if (error->hint)
        text_format(out, " %s", error->hint);
}

void nearest_offer(struct nearest *nearest, const char *name)
{
    size_t length = strlen(name), wanted = strlen(nearest->wanted);
    if (length >= NEAREST_SIZE || length > wanted + 3 || wanted > length + 3)
        return;
    unsigned limit = wanted < 4 ? 1 : wanted < 12 ? 2 : 3;
    unsigned distance = strcasecmp(nearest->wanted, name) == 0 ? 0 : string_distance(nearest->wanted, name);
    if (distance > limit || (nearest->count > 0 && distance > nearest->distance))
        return;
    if (nearest->count > 0 && distance < nearest->distance)
        nearest->count = 0;
    if (nearest->count == NEAREST_NAMES)
        return;
    nearest->distance = distance;
    memcpy(nearest->names[nearest->count++], name, length + 1);
}

void nearest_print(const struct nearest *nearest, const char *before, struct text *out)
{
    for (size_t i = 0; i < nearest->count; i++) {
        const char *joint = i == 0 ? "did you mean " : i + 1 < nearest->count ? ", " : " or ";
        text_format(out, "%s%s%s", joint, before, nearest->names[i]);
    }
    if (nearest->count > 0)
        text_append_char(out, '?');
}
