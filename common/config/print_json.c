#include "common/base/cleanup.h"
#include "common/base/json.h"
#include "common/condition/condition.h"
#include "common/config/config.h"
#include "common/config/rate.h"
#include "common/config/schema.h"
#include "common/config/value.h"

static const char masked[] = "***";

static json_t *object_of(const struct config_section *section, const void *structure);

/* The names; what they hold is secret. */
static json_t *headers_of(const struct config_header *headers, size_t count)
{
    json_t *object = json_object();
    for (size_t i = 0; i < count; i++) {
        AUTO(json_release) json_t *name = json_from_text(headers[i].name);
        (void)json_object_set_new(object, json_string_value(name), json_string(masked));
    }
    return object;
}

static json_t *words_of(char *const *words, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(list, json_from_text(words[i]));
    return list;
}

/* None is written: all are meant. */
static json_t *causes_of(char *const *causes, size_t count)
{
    return count > 0 ? words_of(causes, count) : json_null();
}

static json_t *list_of(const struct config_key *key, const void *structure)
{
    const char *items = config_get_pointer(structure, key);
    size_t count = config_member_count_const(structure, key);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(list, object_of(key->section, items + i * key->section->size));
    return list;
}

static json_t *quantity_of(const struct config_key *key, int64_t quantity)
{
    AUTO(text_release) struct text written = TEXT_EMPTY;
    if (key->kind == CONFIG_DURATION)
        config_value_print_duration(&written, key->word, quantity);
    else if (key->kind == CONFIG_RATE)
        config_rate_print(&written, quantity);
    else
        config_value_print_size(&written, quantity);
    return json_from_text(text_string(&written));
}

static json_t *pointer_of(const struct config_key *key, const char *value)
{
    if (value && (key->kind == CONFIG_SECRET || key->kind == CONFIG_HOOK))
        return json_string(masked);
    if (value && key->kind == CONFIG_CONDITION)
        return json_from_text(condition_text((const struct condition *)value));
    return json_from_text(value);
}

static json_t *value_of(const struct config_key *key, const void *structure)
{
    const void *member = config_member_const(structure, key);
    switch (key->kind) {
    case CONFIG_INTEGER:
        return json_integer(*(const int *)member);
    case CONFIG_BOOLEAN:
        return json_boolean(*(const bool *)member);
    case CONFIG_RATE:
        if (*(const int64_t *)member == 0)
            return json_null();
        return quantity_of(key, *(const int64_t *)member);
    case CONFIG_DURATION:
    case CONFIG_SIZE:
        return quantity_of(key, *(const int64_t *)member);
    case CONFIG_CHOICE:
        return json_from_text(key->words[*(const int *)member]);
    case CONFIG_HEADERS:
        return headers_of(config_get_pointer(structure, key), config_member_count_const(structure, key));
    case CONFIG_UIDS:
    case CONFIG_NETWORKS:
    case CONFIG_HOURS:
        return words_of(config_get_pointer(structure, key), config_member_count_const(structure, key));
    case CONFIG_NAMES:
    case CONFIG_CAUSES:
        return causes_of(config_get_pointer(structure, key), config_member_count_const(structure, key));
    case CONFIG_SECTION:
        return config_section_is_absent(structure, key) ? json_null() : object_of(key->section, structure);
    case CONFIG_LIST:
        return list_of(key, structure);
    default:
        return pointer_of(key, config_get_pointer(structure, key));
    }
}

static json_t *object_of(const struct config_section *section, const void *structure)
{
    json_t *object = json_object();
    for (const struct config_key *key = section->keys; key->name; key++)
        (void)json_object_set_new(object, key->name, value_of(key, structure));
    return object;
}

void config_print_json(const struct config *config, struct text *out)
{
    json_append_line(object_of(config_schema(), config), out);
}
