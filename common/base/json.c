#include "common/base/json.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

static const char *json_find(const char *at, const char *end, char wanted)
{
    const char *found = at < end ? memchr(at, wanted, (size_t)(end - at)) : NULL;
    return found ? found : end;
}

/* The closing quote of the string that begins behind at, or end. No byte is looked at more than twice. */
static const char *json_string_end(const char *at, const char *end)
{
    const char *quote = json_find(at, end, '"'), *escape;
    while ((escape = json_find(at, quote, '\\')) < quote) {
        at = escape + 2;
        if (at > quote)
            quote = json_find(at, end, '"');
    }
    return quote;
}

/* Counts brackets before anything is built. What is no JSON may be counted wrong: it is refused afterwards. */
static bool json_is_flat_enough(const char *bytes, size_t length, unsigned most)
{
    const char *end = bytes + length;
    unsigned depth = 0;
    for (const char *at = bytes; at < end; at++) {
        if (*at == '"')
            at = json_string_end(at + 1, end);
        else if (*at == '{' || *at == '[')
            depth++;
        else if ((*at == '}' || *at == ']') && depth > 0)
            depth--;
        if (depth > most)
            return false;
    }
    return true;
}

/* Appends the text, with nothing in the strings that are longer. */
static void json_append_short(const char *bytes, size_t length, size_t longest, struct text *out)
{
    const char *at = bytes, *end = bytes + length;
    while (at < end) {
        const char *quote = json_find(at, end, '"');
        const char *string = quote < end ? quote + 1 : end, *behind = json_string_end(string, end);
        bool whole = (size_t)(behind - string) <= longest;
        text_append_bytes(out, at, (size_t)((whole ? behind : string) - at));
        if (behind < end)
            text_append_char(out, '"');
        at = behind < end ? behind + 1 : end;
    }
}

int json_read(const char *bytes, size_t length, const struct json_limits *limits, json_t **ret_value)
{
    AUTO(text_release) struct text shorter = TEXT_EMPTY;
    if (length > limits->bytes || !json_is_flat_enough(bytes, length, limits->depth))
        return ERR_RANGE;
    size_t flags = (limits->unique ? JSON_REJECT_DUPLICATES : 0) | (limits->padded ? JSON_ALLOW_NUL : 0);
    if (limits->longest > 0)
        json_append_short(bytes, length, limits->longest, &shorter);
    json_t *value = json_loadb(limits->longest > 0 ? text_string(&shorter) : bytes,
                               limits->longest > 0 ? shorter.length : length, flags, NULL);
    if (!value)
        return ERR_SYNTAX;
    *ret_value = value;
    return 0;
}

void json_release(json_t **value)
{
    json_decref(*value);
    *value = NULL;
}

const char *json_text_or_null(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

const char *json_text(const json_t *object, const char *key)
{
    const char *text = json_text_or_null(object, key);
    return text ? text : "";
}

/* ---- writing ---- */

json_t *json_from_text(const char *text)
{
    AUTO(text_release) struct text checked = TEXT_EMPTY;
    if (!text)
        return json_null();
    json_t *value = json_string(text);
    if (value)
        return value;
    utf8_append_checked(&checked, text, strlen(text));
    return json_string(text_string(&checked));
}

json_t *json_from_time(int64_t wall_ms)
{
    char buffer[CLOCK_ISO_SIZE];
    return wall_ms > 0 ? json_string(clock_iso8601(wall_ms, buffer)) : json_null();
}

void json_append(const json_t *value, struct text *out)
{
    char *line = json_dumps(value, JSON_COMPACT);
    text_append(out, line ? line : "{}");
    free(line);
}

void json_append_line(json_t *object, struct text *out)
{
    json_append(object, out);
    text_append_char(out, '\n');
    json_decref(object);
}

void json_print_line(json_t *object)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    json_append_line(object, &line);
    (void)fputs(text_string(&line), stdout);
}
