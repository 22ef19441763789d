#include "common/config/headers.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/config/secret.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What the sender writes itself, or what a server would misunderstand. */
static const struct refusal {
    const char *name, *why;
} refusals[] = {
    {"Content-Type", "the sender writes it itself"},
    {"Content-Length", "the sender writes it itself"},
    {"Transfer-Encoding", "the sender writes it itself"},
    {"Connection", "the sender writes it itself"},
    {"Expect", "KHEOPS does not answer it"},
    {"Host", "it follows from stow_url"},
    {"FrontEnd", "KHEOPS keeps it for its own web interface"},
};

struct headers {
    struct config_header *list;
    size_t count, capacity;
};

static void free_value(char **value)
{
    if (*value)
        explicit_bzero(*value, strlen(*value));
    free(*value);
    *value = NULL;
}

void config_headers_release(struct config_header **headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free((*headers)[i].name);
        free_value(&(*headers)[i].value);
    }
    free(*headers);
    *headers = NULL;
}

static void headers_release(struct headers *headers)
{
    config_headers_release(&headers->list, headers->count);
}

const char *config_headers_find(const struct config_header *headers, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(headers[i].name, name) == 0)
            return headers[i].value;
    return NULL;
}

static char *trimmed(const char *text, size_t length)
{
    while (length > 0 && isspace((unsigned char)text[0])) {
        text++;
        length--;
    }
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        length--;
    return memory_string_n(text, length);
}

/* A token in the sense of RFC 9110. */
static bool is_name(const char *name)
{
    for (const unsigned char *c = (const unsigned char *)name; *c; c++)
        if (!isalnum(*c) && !strchr("!#$%&'*+-.^_`|~", *c))
            return false;
    return *name && strlen(name) <= 100;
}

static bool has_control(const char *value)
{
    for (const unsigned char *c = (const unsigned char *)value; *c; c++)
        if ((*c < ' ' && *c != '\t') || *c == 0x7F)
            return true;
    return false;
}

static int check_name(const struct headers *headers, const char *name, struct text *reason)
{
    if (!is_name(name)) {
        text_append(reason, "a header's name has only letters, digits and hyphens, such as Authorization");
        return ERR_SYNTAX;
    }
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        if (strcasecmp(name, refusals[i].name) == 0) {
            text_format(reason, "the header %s cannot be set: %s; leave it out", refusals[i].name,
                        refusals[i].why);
            return ERR_SYNTAX;
        }
    }
    if (config_headers_find(headers->list, headers->count, name)) {
        text_format(reason, "the header %s is there twice; keep one", name);
        return ERR_SYNTAX;
    }
    return 0;
}

/* Takes name and value over. */
static int headers_add(struct headers *headers, char *name, char *value, struct text *reason)
{
    AUTO(memory_free) char *own_name = name;
    AUTO(free_value) char *own_value = value;
    int code = check_name(headers, name, reason);
    if (code == 0 && (!*value || has_control(value))) {
        text_format(reason, "the header %s %s", name,
                    *value ? "has a line break or control character in its value; write it on one line"
                           : "has no value; write \"Name: value\"");
        code = ERR_SYNTAX;
    }
    AUTO(text_release) struct text template_reason = TEXT_EMPTY;
    if (code == 0 && secret_check(value, &template_reason) != 0) {
        text_format(reason, "the header %s: %s", name, text_string(&template_reason));
        code = ERR_SYNTAX;
    }
    if (code != 0)
        return code;
    headers->list = memory_grow(headers->list, &headers->capacity, headers->count + 1, sizeof *headers->list);
    headers->list[headers->count++] = (struct config_header){own_name, own_value};
    own_name = NULL;
    own_value = NULL;
    return 0;
}

/* KARNAK keeps the value as XML text. Decoded in place, since the text only gets shorter. */
static void decode_entities(char *text)
{
    static const struct {
        const char *entity;
        char character;
    } entities[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&amp;", '&'}};
    char *out = text;
    while (*text) {
        size_t step = 0;
        for (size_t i = 0; step == 0 && i < sizeof entities / sizeof *entities; i++) {
            if (string_starts_with(text, entities[i].entity)) {
                step = strlen(entities[i].entity);
                *out++ = entities[i].character;
            }
        }
        if (step == 0)
            *out++ = *text++;
        else
            text += step;
    }
    *out = '\0';
}

static const char *skip_blanks(const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    return text;
}

/* Takes <name>...</name> from *cursor; NULL when there is something else. The result is then yours. */
static char *take_element(const char **cursor, const char *open, const char *close)
{
    const char *start = skip_blanks(*cursor);
    if (!string_starts_with(start, open))
        return NULL;
    start += strlen(open);
    const char *end = strstr(start, close);
    if (!end)
        return NULL;
    *cursor = end + strlen(close);
    char *content = trimmed(start, (size_t)(end - start));
    decode_entities(content);
    return content;
}

static int parse_elements(const char *text, struct headers *headers, struct text *reason)
{
    while (*(text = skip_blanks(text))) {
        char *name = take_element(&text, "<key>", "</key>");
        char *value = name ? take_element(&text, "<value>", "</value>") : NULL;
        if (!value) {
            free(name);
            text_append(reason,
                        "after each <key>NAME</key> a <value>VALUE</value> must follow, and nothing else");
            return ERR_SYNTAX;
        }
        int code = headers_add(headers, name, value, reason);
        if (code != 0)
            return code;
    }
    return 0;
}

static int parse_lines(const char *text, struct headers *headers, struct text *reason)
{
    for (const char *end; *text; text = *end ? end + 1 : end) {
        end = text + strcspn(text, "\n");
        const char *start = skip_blanks(text);
        if (start >= end)
            continue;
        const char *colon = memchr(start, ':', (size_t)(end - start));
        /* A colon inside ${env:...} is no header's: such a value has no name in front of it. */
        if (!colon || memchr(start, '$', (size_t)(colon - start))) {
            text_append(reason, "each line must be \"Name: value\", such as \"Authorization: Bearer "
                                "${file:/run/secrets/token}\"; or use <key> and <value>");
            return ERR_SYNTAX;
        }
        int code = headers_add(headers, trimmed(start, (size_t)(colon - start)),
                               trimmed(colon + 1, (size_t)(end - colon - 1)), reason);
        if (code != 0)
            return code;
    }
    return 0;
}

int config_headers_parse(const char *text, struct config_header **ret_headers, size_t *ret_count,
                         struct text *reason)
{
    AUTO(headers_release) struct headers headers = {0};
    int code = *skip_blanks(text) == '<' ? parse_elements(text, &headers, reason)
                                         : parse_lines(text, &headers, reason);
    if (code == 0 && headers.count == 0) {
        text_append(reason, "is empty; write \"Name: value\" lines, or leave the key out");
        code = ERR_SYNTAX;
    }
    if (code != 0)
        return code;
    *ret_headers = headers.list;
    *ret_count = headers.count;
    headers = (struct headers){0};
    return 0;
}
