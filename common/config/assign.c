#include "common/config/assign.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/condition/condition.h"
#include "common/config/certificate_name.h"
#include "common/config/headers.h"
#include "common/config/network.h"
#include "common/config/proxy.h"
#include "common/config/rate.h"
#include "common/config/url.h"
#include "common/config/value.h"
#include "common/config/secret.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void set_string(void *member, const char *value)
{
    char **slot = member;
    if (*slot)
        explicit_bzero(*slot, strlen(*slot));
    free(*slot);
    *slot = memory_string(value);
}

static void set_path(const char *folder, void *member, const char *value)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    if (value[0] != '/')
        text_format(&path, "%s/", folder);
    text_append(&path, value);
    while (path.length > 1 && path.bytes[path.length - 1] == '/')
        path.bytes[--path.length] = '\0';
    set_string(member, text_string(&path));
}

static int set_template(const char *folder, void *member, const char *value, struct text *reason)
{
    AUTO(secret_wipe) struct text template = TEXT_EMPTY;
    int code = secret_check(value, reason);
    if (code == 0)
        code = config_value_check_line(value, reason);
    if (code == 0)
        code = secret_anchor(value, folder, &template);
    if (code == 0)
        set_string(member, text_string(&template));
    return code;
}

static int set_hook(const char *folder, void *member, const char *value, struct text *reason)
{
    if (secret_is_literal(value) && strncasecmp(value, "https://", 8) != 0 &&
        strncasecmp(value, "http://", 7) != 0) {
        text_append(reason, "does not begin with https:// or http://; write the whole URL");
        return ERR_SYNTAX;
    }
    return set_template(folder, member, value, reason);
}

static int set_proxy(const char *folder, void *member, const char *value, struct text *reason)
{
    int code = config_proxy_check(value, reason);
    return code != 0 ? code : set_template(folder, member, value, reason);
}

static int set_headers(const char *folder, void *structure, const struct config_key *key, const char *value,
                       struct text *reason)
{
    struct config_header **headers = config_member(structure, key);
    size_t *count = config_member_count(structure, key);
    int code = config_headers_parse(value, headers, count, reason);
    for (size_t i = 0; code == 0 && i < *count; i++)
        code = set_template(folder, &(*headers)[i].value, (*headers)[i].value, reason);
    return code;
}

static int set_host(void *structure, void *member, const char *value, struct text *reason)
{
    set_string(member, value);
    return config_network_parse(structure, reason);
}

static int set_number(const struct config_key *key, void *member, const char *value, struct text *reason)
{
    int64_t number = 0;
    int code = config_value_integer(value, key->least, key->most, &number, reason);
    if (code == 0)
        *(int *)member = (int)number;
    return code;
}

static int set_url(void *member, const char *value, struct text *reason)
{
    AUTO(memory_free) char *url = NULL;
    int code = config_url_parse(value, &url, reason);
    if (code == 0)
        set_string(member, url);
    return code;
}

/* Texts that are kept as they are, once they are checked. */
static int set_checked(int (*check)(const char *text, struct text *reason), void *member, const char *value,
                       struct text *reason)
{
    int code = check(value, reason);
    if (code == 0)
        set_string(member, value);
    return code;
}

int config_assign(const char *folder, void *structure, const struct config_key *key, const char *value,
                  struct text *reason)
{
    void *member = config_member(structure, key);
    switch (key->kind) {
    case CONFIG_INTEGER:
        return set_number(key, member, value, reason);
    case CONFIG_BOOLEAN:
        return config_value_boolean(value, member, reason);
    case CONFIG_DURATION:
        return config_value_duration(value, key->word, key->least, key->most, member, reason);
    case CONFIG_SIZE:
        return config_value_size(value, key->least, key->most, member, reason);
    case CONFIG_RATE:
        return config_rate_parse(value, key->least, key->most, member, reason);
    case CONFIG_CHOICE:
        return config_value_choice(value, key->words, member, reason);
    case CONFIG_NAME:
        return set_checked(config_value_check_name, member, value, reason);
    case CONFIG_DATE:
        return set_checked(config_value_check_date, member, value, reason);
    case CONFIG_LINE:
        return set_checked(config_value_check_line, member, value, reason);
    case CONFIG_AET:
        return set_checked(config_value_check_aet, member, value, reason);
    case CONFIG_BIND:
        return set_checked(config_network_check_bind, member, value, reason);
    case CONFIG_ENDPOINT:
        return set_checked(config_url_check_endpoint, member, value, reason);
    case CONFIG_KEY:
        return set_checked(config_value_check_key, member, value, reason);
    case CONFIG_CERTIFICATE:
        return set_checked(certificate_name_check, member, value, reason);
    case CONFIG_PATH:
        set_path(folder, member, value);
        return config_value_check_line(value, reason);
    case CONFIG_HOST:
        return set_host(structure, member, value, reason);
    case CONFIG_URL:
        return set_url(member, value, reason);
    case CONFIG_PROXY:
        return set_proxy(folder, member, value, reason);
    case CONFIG_HOOK:
        return set_hook(folder, member, value, reason);
    case CONFIG_SECRET:
        return set_template(folder, member, value, reason);
    case CONFIG_HEADERS:
        return set_headers(folder, structure, key, value, reason);
    default:
        return ERR_SYNTAX; /* the other kinds are no single values */
    }
}

/* ---- defaults and the end ---- */

void config_assign_defaults(const struct config_section *section, void *structure)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    for (const struct config_key *key = section->keys; key->name; key++) {
        if (key->kind == CONFIG_SECTION)
            config_assign_defaults(key->section, structure);
        else if (key->standard && config_assign("/", structure, key, key->standard, &reason) != 0)
            abort(); /* the table contradicts itself: our own bug */
    }
}

static void release_member(const struct config_key *key, void *structure);

static void release_strings(char ***strings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((*strings)[i]);
    free(*strings);
    *strings = NULL;
}

static void release_items(const struct config_key *key, void *structure)
{
    char *items = config_get_pointer(structure, key);
    for (size_t i = 0; i < *config_member_count(structure, key); i++)
        for (const struct config_key *inner = key->section->keys; inner->name; inner++)
            release_member(inner, items + i * key->section->size);
    config_set_pointer(structure, key, NULL);
    free(items);
}

static void release_member(const struct config_key *key, void *structure)
{
    switch (key->kind) {
    case CONFIG_INTEGER:
    case CONFIG_BOOLEAN:
    case CONFIG_DURATION:
    case CONFIG_SIZE:
    case CONFIG_RATE:
    case CONFIG_CHOICE:
        return;
    case CONFIG_SECTION:
        for (const struct config_key *inner = key->section->keys; inner->name; inner++)
            release_member(inner, structure);
        return;
    case CONFIG_LIST:
        release_items(key, structure);
        return;
    case CONFIG_HEADERS:
        config_headers_release(config_member(structure, key), *config_member_count(structure, key));
        return;
    case CONFIG_UIDS:
    case CONFIG_NAMES:
    case CONFIG_CAUSES:
    case CONFIG_NETWORKS:
    case CONFIG_HOURS:
        release_strings(config_member(structure, key), *config_member_count(structure, key));
        return;
    case CONFIG_CONDITION:
        condition_destroy(config_member(structure, key));
        return;
    case CONFIG_HOST:
        memory_free(&((struct config_source *)structure)->networks);
        set_string(config_member(structure, key), NULL);
        return;
    default:
        set_string(config_member(structure, key), NULL);
    }
}

void config_release(struct config *config)
{
    for (const struct config_key *key = config_schema()->keys; key->name; key++)
        release_member(key, config);
}
