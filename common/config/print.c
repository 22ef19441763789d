#include "common/base/cleanup.h"
#include "common/config/config.h"
#include "common/config/rate.h"
#include "common/config/schema.h"
#include "common/config/value.h"
#include "common/condition/condition.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define MASK      "\"***\""
#define HOOK_MASK "\"https://***\""

static void print_members(const struct config_section *section, const void *structure, int indent,
                          struct text *out);

static void print_indent(struct text *out, int indent)
{
    text_format(out, "%*s", indent, "");
}

/* Whether YAML (and its older versions, which other tools read) takes it as a plain text. */
static bool is_plain(const char *value)
{
    static const char *const words[] = {"null", "true", "false", "yes", "no", "on", "off"};
    if (!isalpha((unsigned char)value[0]) && value[0] != '/')
        return false;
    for (const unsigned char *c = (const unsigned char *)value; *c; c++)
        if (!isalnum(*c) && !strchr("_./-", *c) && !(*c == ':' && c[1]))
            return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(value, words[i]) == 0)
            return false;
    return true;
}

static void print_string(struct text *out, const char *value)
{
    if (is_plain(value)) {
        text_append(out, value);
        return;
    }
    text_append_char(out, '"');
    for (const unsigned char *c = (const unsigned char *)value; *c; c++) {
        if (*c == '"' || *c == '\\')
            text_format(out, "\\%c", *c);
        else if (*c == '$' && c[1] == '{')
            text_append(out, "$$"); /* it was replaced already */
        else if (*c < ' ' || *c == 0x7F)
            text_format(out, "\\x%02x", *c);
        else
            text_append_char(out, (char)*c);
    }
    text_append_char(out, '"');
}

/* "${" was replaced already, or is meant. */
static void append_escaped(struct text *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '$' && text[i + 1] == '{')
            text_append_char(out, '$');
        text_append_char(out, text[i]);
    }
}

/* As a block, so that no character of the expression means anything to YAML. */
static void print_condition(struct text *out, const struct condition *condition, int indent)
{
    const char *line = condition_text(condition);
    text_append(out, isspace((unsigned char)*line) ? "|2" : "|");
    while (*line) {
        size_t length = strcspn(line, "\n");
        text_append_char(out, '\n');
        print_indent(out, length > 0 ? indent + 2 : 0);
        append_escaped(out, line, length);
        line += length + (line[length] == '\n');
    }
}

static void print_headers(struct text *out, const struct config_header *headers, size_t count, int indent)
{
    text_append_char(out, '|');
    for (size_t i = 0; i < count; i++) {
        text_append_char(out, '\n');
        print_indent(out, indent + 2);
        text_format(out, "%s: ***", headers[i].name);
    }
}

static void print_words(struct text *out, char *const *words, size_t count)
{
    text_append_char(out, '[');
    for (size_t i = 0; i < count; i++)
        text_format(out, "%s\"%s\"", i > 0 ? ", " : "", words[i]);
    text_append_char(out, ']');
}

static void print_value(const struct config_key *key, const void *structure, int indent, struct text *out)
{
    const void *member = config_member_const(structure, key);
    switch (key->kind) {
    case CONFIG_INTEGER:
        text_format(out, "%d", *(const int *)member);
        return;
    case CONFIG_BOOLEAN:
        text_append(out, *(const bool *)member ? "true" : "false");
        return;
    case CONFIG_DURATION:
        config_value_print_duration(out, key->word, *(const int64_t *)member);
        return;
    case CONFIG_SIZE:
        config_value_print_size(out, *(const int64_t *)member);
        return;
    case CONFIG_RATE:
        config_rate_print(out, *(const int64_t *)member);
        return;
    case CONFIG_CHOICE:
        text_append(out, key->words[*(const int *)member]);
        return;
    case CONFIG_SECRET:
        text_append(out, MASK);
        return;
    case CONFIG_HOOK:
        text_append(out, HOOK_MASK);
        return;
    case CONFIG_HEADERS:
        print_headers(out, config_get_pointer(structure, key), config_member_count_const(structure, key),
                      indent);
        return;
    case CONFIG_UIDS:
    case CONFIG_NAMES:
    case CONFIG_CAUSES:
    case CONFIG_NETWORKS:
    case CONFIG_HOURS:
        print_words(out, config_get_pointer(structure, key), config_member_count_const(structure, key));
        return;
    case CONFIG_CONDITION:
        print_condition(out, config_get_pointer(structure, key), indent);
        return;
    default:
        print_string(out, config_get_pointer(structure, key));
    }
}

static bool is_set(const struct config_key *key, const void *structure)
{
    switch (key->kind) {
    case CONFIG_INTEGER:
    case CONFIG_BOOLEAN:
    case CONFIG_DURATION:
    case CONFIG_CHOICE:
        return true;
    case CONFIG_RATE:
    case CONFIG_SIZE: /* one without a default is 0 until it is set */
        return *(const int64_t *)config_member_const(structure, key) > 0;
    case CONFIG_HEADERS:
    case CONFIG_UIDS:
    case CONFIG_NAMES:
    case CONFIG_CAUSES:
    case CONFIG_NETWORKS:
    case CONFIG_HOURS:
        return config_member_count_const(structure, key) > 0;
    case CONFIG_LIST:
        return key->required || config_member_count_const(structure, key) > 0;
    case CONFIG_SECTION:
        if (config_section_is_absent(structure, key))
            return false;
        for (const struct config_key *inner = key->section->keys; inner->name; inner++)
            if (is_set(inner, structure))
                return true;
        return false;
    default:
        return config_get_pointer(structure, key) != NULL;
    }
}

static void print_list(const struct config_key *key, const void *structure, int indent, struct text *out)
{
    const char *items = config_get_pointer(structure, key);
    size_t count = config_member_count_const(structure, key);
    if (count == 0)
        text_append(out, " []");
    text_append_char(out, '\n');
    for (size_t i = 0; i < count; i++) {
        size_t start = out->length;
        print_members(key->section, items + i * key->section->size, indent + 4, out);
        /* The first key of an item follows its hyphen. */
        out->bytes[start + (size_t)indent + 2] = '-';
    }
}

static void print_members(const struct config_section *section, const void *structure, int indent,
                          struct text *out)
{
    for (const struct config_key *key = section->keys; key->name; key++) {
        if (!is_set(key, structure))
            continue;
        print_indent(out, indent);
        text_format(out, "%s:", key->name);
        if (key->kind == CONFIG_SECTION) {
            text_append_char(out, '\n');
            print_members(key->section, structure, indent + 2, out);
        } else if (key->kind == CONFIG_LIST) {
            print_list(key, structure, indent, out);
        } else {
            text_append_char(out, ' ');
            print_value(key, structure, indent, out);
            text_append_char(out, '\n');
        }
    }
}

void config_print(const struct config *config, struct text *out)
{
    print_members(config_schema(), config, 0, out);
}
