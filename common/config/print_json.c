#include "common/base/utf8.h"
#include "common/condition/condition.h"
#include "common/config/config.h"
#include "common/config/schema.h"
#include "common/config/value.h"

#include "common/base/cleanup.h"

#include <string.h>

static void print_object(const struct config_section *section, const void *structure, struct text *out);

static void print_text(struct text *out, const char *value)
{
    AUTO(text_release) struct text checked = TEXT_EMPTY;
    utf8_append_checked(&checked, value, strlen(value));
    text_append_char(out, '"');
    for (const unsigned char *c = (const unsigned char *)text_string(&checked); *c; c++) {
        if (*c == '"' || *c == '\\')
            text_format(out, "\\%c", *c);
        else if (*c < ' ' || *c == 0x7F)
            text_format(out, "\\u%04x", *c);
        else
            text_append_char(out, (char)*c);
    }
    text_append_char(out, '"');
}

/* The names; what they hold is secret. */
static void print_headers(struct text *out, const struct config_header *headers, size_t count)
{
    text_append_char(out, '{');
    for (size_t i = 0; i < count; i++) {
        text_append(out, i > 0 ? "," : "");
        print_text(out, headers[i].name);
        text_append(out, ":\"***\"");
    }
    text_append_char(out, '}');
}

static void print_uids(struct text *out, char *const *uids, size_t count)
{
    text_append_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        text_append(out, i > 0 ? "," : "");
        print_text(out, uids[i]);
    }
    text_append_char(out, ']');
}

static void print_list(const struct config_key *key, const void *structure, struct text *out)
{
    const char *items = config_get_pointer(structure, key);
    size_t count = config_member_count_const(structure, key);
    text_append_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        text_append(out, i > 0 ? "," : "");
        print_object(key->section, items + i * key->section->size, out);
    }
    text_append_char(out, ']');
}

static void print_quantity(const struct config_key *key, int64_t quantity, struct text *out)
{
    AUTO(text_release) struct text written = TEXT_EMPTY;
    if (key->kind == CONFIG_DURATION)
        config_value_print_duration(&written, key->word, quantity);
    else
        config_value_print_size(&written, quantity);
    print_text(out, text_string(&written));
}

static void print_pointer(const struct config_key *key, const char *value, struct text *out)
{
    if (!value)
        text_append(out, "null");
    else if (key->kind == CONFIG_SECRET)
        text_append(out, "\"***\"");
    else if (key->kind == CONFIG_CONDITION)
        print_text(out, condition_text((const struct condition *)value));
    else
        print_text(out, value);
}

static void print_value(const struct config_key *key, const void *structure, struct text *out)
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
    case CONFIG_SIZE:
        print_quantity(key, *(const int64_t *)member, out);
        return;
    case CONFIG_CHOICE:
        print_text(out, key->words[*(const int *)member]);
        return;
    case CONFIG_HEADERS:
        print_headers(out, config_get_pointer(structure, key), config_member_count_const(structure, key));
        return;
    case CONFIG_UIDS:
        print_uids(out, config_get_pointer(structure, key), config_member_count_const(structure, key));
        return;
    case CONFIG_SECTION:
        print_object(key->section, structure, out);
        return;
    case CONFIG_LIST:
        print_list(key, structure, out);
        return;
    default:
        print_pointer(key, config_get_pointer(structure, key), out);
    }
}

static void print_object(const struct config_section *section, const void *structure, struct text *out)
{
    text_append_char(out, '{');
    for (const struct config_key *key = section->keys; key->name; key++) {
        text_append(out, key == section->keys ? "" : ",");
        print_text(out, key->name);
        text_append_char(out, ':');
        print_value(key, structure, out);
    }
    text_append_char(out, '}');
}

void config_print_json(const struct config *config, struct text *out)
{
    print_object(config_schema(), config, out);
    text_append_char(out, '\n');
}
