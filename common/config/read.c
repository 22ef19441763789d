#include "common/config/read.h"

#include "common/base/hours.h"
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/dicom/dictionary.h"
#include "common/config/assign.h"
#include "common/config/network.h"
#include "common/config/occasions.h"
#include "common/config/schema.h"
#include "common/config/value.h"
#include "common/config/secret.h"

#include <stdlib.h>
#include <string.h>

enum { KEYS_MOST = 32 };

struct reading {
    const struct config_yaml *document; /* NULL while defaults are set */
    const char *folder;
    struct config_report *report;
    struct text where; /* 'node "FELUCCA": destination "main"' */
};

/* ---- where we are ---- */

static size_t enter(struct reading *reading, const char *name)
{
    size_t before = reading->where.length;
    text_format(&reading->where, "%s%s", before > 0 ? ": " : "", name);
    return before;
}

static void leave(struct reading *reading, size_t before)
{
    text_cut(&reading->where, before);
}

/* 'destination "kheops-main"', or 'destination 2' when it has no name. */
static size_t enter_item(struct reading *reading, const struct config_section *section,
                         const struct config_yaml_node *node, size_t index)
{
    AUTO(text_release) struct text name = TEXT_EMPTY;
    text_format(&name, "%s ", section->noun);
    for (size_t i = 0; node->kind == CONFIG_YAML_MAPPING && section->label && i < node->count; i++) {
        if (strcmp(node->keys[i]->text, section->label) == 0 && node->items[i]->kind == CONFIG_YAML_SCALAR) {
            config_report_quote(&name, node->items[i]->text);
            return enter(reading, text_string(&name));
        }
    }
    text_format(&name, "%zu", index + 1);
    return enter(reading, text_string(&name));
}

static void complain(struct reading *reading, const struct config_yaml_node *node, const char *sentence)
{
    config_report_error(reading->report, node->place, text_string(&reading->where), "%s", sentence);
}

/* ---- one scalar ---- */

static bool is_null(const struct config_yaml_node *node)
{
    return node->plain &&
           (!node->text[0] || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0 ||
            strcmp(node->text, "Null") == 0 || strcmp(node->text, "NULL") == 0);
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

static bool is_usable_scalar(struct reading *reading, const struct config_key *key,
                             const struct config_yaml_node *node)
{
    bool is_condition = key->kind == CONFIG_CONDITION;
    if (node->tag)
        complain(reading, node,
                 is_condition ? "an unquoted ! in front is a YAML tag, which would lose the condition; quote "
                                "it, or write it as a block after |"
                              : "YAML tags are not used here; quote a text that begins with !");
    else if (node->kind != CONFIG_YAML_SCALAR)
        config_report_error(reading->report, node->place, text_string(&reading->where),
                            "must be one value (%s), not a %s; quote a text that begins with [ or {",
                            config_kind_text(key->kind), node->kind == CONFIG_YAML_LIST ? "list" : "mapping");
    else if (is_null(node) || is_blank(node->text))
        complain(reading, node,
                 is_condition    ? "is empty; leave the key out for always"
                 : key->required ? "is empty; write a value"
                                 : "is empty; write a value, or leave the key out for its default");
    else
        return true;
    return false;
}

/* Shows a value only where it can be no secret: never what a file or variable held, and no URL that might
 * carry one. */
static void complain_value(struct reading *reading, const struct config_key *key,
                           const struct config_yaml_node *node, const char *sentence)
{
    AUTO(text_release) struct text value = TEXT_EMPTY;
    if (key->kind == CONFIG_URL && strpbrk(node->text, "@?#"))
        text_append(&value, "the URL");
    else if (!config_key_is_template(key))
        config_report_quote(&value, node->text);
    config_report_error(reading->report, node->place, text_string(&reading->where), "%s%s%s",
                        text_string(&value), value.length > 0 ? " " : "", sentence);
}

/* The text with ${env:...} and ${file:...} replaced; false after a complaint. */
static bool resolve(struct reading *reading, const struct config_yaml_node *node, struct text *ret_text)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(text_release) struct text anchored = TEXT_EMPTY;
    int code = secret_check(node->text, &reason);
    if (code == 0)
        code = secret_anchor(node->text, reading->folder, &anchored);
    if (code == 0)
        code = secret_resolve(text_string(&anchored), ret_text, &reason);
    if (code != 0)
        complain(reading, node, text_string(&reason));
    return code == 0;
}

static void read_scalar(struct reading *reading, void *structure, const struct config_key *key,
                        const struct config_yaml_node *node)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(secret_wipe) struct text resolved = TEXT_EMPTY;
    const char *value = node->text;
    if (!config_key_is_template(key) && !secret_is_literal(value)) {
        if (!resolve(reading, node, &resolved))
            return;
        value = text_string(&resolved);
    }
    if (config_assign(reading->folder, structure, key, value, &reason) != 0)
        complain_value(reading, key, node, text_string(&reason));
}

/* ---- conditions ---- */

static void complain_condition(struct reading *reading, const struct config_yaml_node *node,
                               const char *expression, const struct condition_error *error)
{
    AUTO(text_release) struct text shown = TEXT_EMPTY;
    if (!secret_is_literal(node->text)) {
        /* It came from elsewhere and might be something that must not be shown. */
        config_report_error(reading->report, node->place, text_string(&reading->where),
                            "what its ${...} means is not a condition, from character %zu on; "
                            "`felucca condition` explains one",
                            error->offset + 1);
        return;
    }
    condition_error_print(expression, error, &shown);
    config_report_error(reading->report, config_yaml_place_of(reading->document, node, error->offset),
                        text_string(&reading->where), "%s", text_string(&shown));
}

static void read_condition(struct reading *reading, struct condition **ret_condition,
                           const struct config_yaml_node *node)
{
    AUTO(text_release) struct text expression = TEXT_EMPTY;
    struct config_yaml_place place;
    if (config_yaml_has_escape(reading->document, node, &place)) {
        config_report_error(reading->report, place, text_string(&reading->where),
                            "YAML's double quotes make another character of this backslash and the letter "
                            "behind it; write the condition as a block after |, or in single quotes");
        return;
    }
    if (!secret_is_literal(node->text) && !resolve(reading, node, &expression))
        return;
    if (expression.length == 0)
        text_append(&expression, node->text);
    while (expression.length > 0 && strchr(" \t\r\n", expression.bytes[expression.length - 1]))
        expression.bytes[--expression.length] = '\0';
    struct condition_error error = {.message = NULL};
    if (condition_compile(text_string(&expression), dictionary_for_conditions(), ret_condition, &error) !=
        0) {
        complain_condition(reading, node, text_string(&expression), &error);
        condition_error_release(&error);
    }
}

/* ---- lists and mappings ---- */

static void read_mapping(struct reading *reading, const struct config_section *section, void *structure,
                         const struct config_yaml_node *node);

static bool is_list(struct reading *reading, const struct config_yaml_node *node)
{
    if (node->tag)
        complain(reading, node, "YAML tags are not used here; leave it out");
    else if (node->kind != CONFIG_YAML_LIST)
        complain(reading, node, "must be a list; begin each item with \"- \", or write [] for none");
    return !node->tag && node->kind == CONFIG_YAML_LIST;
}

static void read_list(struct reading *reading, void *structure, const struct config_key *key,
                      const struct config_yaml_node *node)
{
    const struct config_section *section = key->section;
    if (!is_list(reading, node) || node->count == 0)
        return;
    char *items = memory_new(node->count, section->size);
    config_set_pointer(structure, key, items);
    *config_member_count(structure, key) = node->count;
    for (size_t i = 0; i < node->count; i++) {
        size_t before = enter_item(reading, section, node->items[i], i);
        config_assign_defaults(section, items + i * section->size);
        read_mapping(reading, section, items + i * section->size, node->items[i]);
        leave(reading, before);
    }
}

static int check_occasion(const char *text, struct text *reason)
{
    enum occasion occasion;
    int64_t limit;
    return occasion_parse(text, &occasion, &limit, reason);
}

static void read_words(struct reading *reading, void *structure, const struct config_key *key,
                       const struct config_yaml_node *node,
                       int (*check)(const char *text, struct text *reason))
{
    static const struct config_key item = {"", CONFIG_LINE, .required = true};
    bool is_alone = key->kind == CONFIG_HOURS && node->kind == CONFIG_YAML_SCALAR;
    size_t count = is_alone ? 1 : node->count;
    if ((!is_alone && !is_list(reading, node)) || count == 0)
        return;
    char **words = memory_new(count, sizeof *words);
    config_set_pointer(structure, key, words);
    for (size_t i = 0; i < count; i++) {
        const struct config_yaml_node *word = is_alone ? node : node->items[i];
        AUTO(text_release) struct text reason = TEXT_EMPTY;
        if (!is_usable_scalar(reading, &item, word))
            continue;
        if (check(word->text, &reason) != 0)
            complain_value(reading, key, word, text_string(&reason));
        else
            words[(*config_member_count(structure, key))++] = memory_string(word->text);
    }
}

static void read_value(struct reading *reading, void *structure, const struct config_key *key,
                       const struct config_yaml_node *node)
{
    /* In the order of cost: every mapping and list is known by its kind, everything else is one scalar. */
    if (key->kind == CONFIG_SECTION) {
        if (key->written_offset > 0)
            *(bool *)((char *)structure + key->written_offset) = true;
        read_mapping(reading, key->section, structure, node);
        return;
    }
    config_report_note(reading->report, config_member(structure, key), node->place);
    if (key->kind == CONFIG_LIST)
        read_list(reading, structure, key, node);
    else if (key->kind == CONFIG_UIDS)
        read_words(reading, structure, key, node, config_value_check_uid);
    else if (key->kind == CONFIG_NAMES)
        read_words(reading, structure, key, node, config_value_check_name);
    else if (key->kind == CONFIG_CAUSES)
        read_words(reading, structure, key, node, check_occasion);
    else if (key->kind == CONFIG_NETWORKS)
        read_words(reading, structure, key, node, config_network_check);
    else if (key->kind == CONFIG_HOURS)
        read_words(reading, structure, key, node, hours_check);
    else if (!is_usable_scalar(reading, key, node))
        return;
    else if (key->kind == CONFIG_CONDITION)
        read_condition(reading, config_member(structure, key), node);
    else
        read_scalar(reading, structure, key, node);
}

static void complain_unknown(struct reading *reading, const struct config_section *section,
                             const struct config_yaml_node *key_node)
{
    const char *nearest = NULL;
    unsigned nearest_distance = 4;
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    if (config_report_errors(reading->report) >= CONFIG_REPORT_MAX) {
        complain(reading, key_node, "there is no such key"); /* is counted only */
        return;
    }
    text_append(&sentence, "there is no key ");
    config_report_quote(&sentence, key_node->text);
    for (const struct config_key *key = section->keys; key->name; key++) {
        unsigned distance = string_distance(key->name, key_node->text);
        if (distance < nearest_distance && distance < strlen(key->name)) {
            nearest = key->name;
            nearest_distance = distance;
        }
    }
    if (nearest)
        text_format(&sentence, "; did you mean %s?", nearest);
    else
        text_append(&sentence, " here; there are ");
    for (const struct config_key *key = section->keys; !nearest && key->name; key++)
        text_format(&sentence, "%s%s", key->name, key[1].name ? ", " : "");
    complain(reading, key_node, text_string(&sentence));
}

static void read_pair(struct reading *reading, const struct config_section *section, void *structure,
                      const struct config_yaml_node *key_node, const struct config_yaml_node *value,
                      struct config_yaml_place *seen)
{
    const struct config_key *key = section->keys;
    while (key->name && strcmp(key->name, key_node->text) != 0)
        key++;
    if (!key->name) {
        complain_unknown(reading, section, key_node);
        return;
    }
    struct config_yaml_place *first = &seen[key - section->keys];
    size_t before = reading->where.length;
    /* An item of a list says itself what it is. */
    if (first->line > 0 || key->kind != CONFIG_LIST || value->kind != CONFIG_YAML_LIST || value->tag)
        before = enter(reading, key->name);
    if (first->line > 0) {
        config_report_error(reading->report, key_node->place, text_string(&reading->where),
                            "is there twice (line %d has it already); keep one", first->line);
    } else {
        *first = key_node->place;
        read_value(reading, structure, key, value);
    }
    leave(reading, before);
}

static void read_mapping(struct reading *reading, const struct config_section *section, void *structure,
                         const struct config_yaml_node *node)
{
    struct config_yaml_place seen[KEYS_MOST] = {{0, 0}};
    if (node->tag) {
        complain(reading, node, "YAML tags are not used here; leave it out");
        return;
    }
    if (node->kind != CONFIG_YAML_MAPPING) {
        complain(reading, node,
                 node->kind == CONFIG_YAML_SCALAR && is_null(node)
                     ? "is empty; write its keys below it, or leave it out for the defaults"
                     : "must be a mapping; write \"key: value\" lines");
        return;
    }
    for (size_t i = 0; i < node->count; i++)
        read_pair(reading, section, structure, node->keys[i], node->items[i], seen);
    for (const struct config_key *key = section->keys; key->name; key++)
        if (key->required && seen[key - section->keys].line == 0)
            config_report_error(reading->report, node->place, text_string(&reading->where),
                                "the key %s is missing (%s)", key->name, config_kind_text(key->kind));
}

void config_read(const struct config_yaml *document, const char *folder, struct config *ret_config,
                 struct config_report *report)
{
    struct reading reading = {.document = document, .folder = folder, .report = report, .where = TEXT_EMPTY};
    const struct config_yaml_node *root = config_yaml_root(document);
    config_assign_defaults(config_schema(), ret_config);
    if (!root || (root->kind == CONFIG_YAML_SCALAR && is_null(root)))
        config_report_error(report, (struct config_yaml_place){1, 1}, "",
                            "the file is empty; it needs at least the key nodes");
    else
        read_mapping(&reading, config_schema(), ret_config, root);
    text_release(&reading.where);
}
