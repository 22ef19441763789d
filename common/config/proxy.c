#include "common/config/proxy.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/config/secret.h"
#include "common/config/url.h"

#include <stdlib.h>
#include <string.h>

/* As curl reads them: HTTP_PROXY in capitals is none, since a web server sets that for CGI programs. */
static const char *const variables[] = {"https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"};

static size_t scheme_length(const char *value)
{
    return strncmp(value, "http://", 7) == 0 ? 7 : strncmp(value, "https://", 8) == 0 ? 8 : 0;
}

bool config_proxy_split(const char *value, const char **ret_credentials, size_t *ret_length,
                        const char **ret_host)
{
    size_t scheme = scheme_length(value);
    const char *at = NULL;
    if (scheme == 0)
        return false;
    for (const char *c = value + scheme; *c; c++) {
        const char *end = strncmp(c, "${", 2) == 0 ? strchr(c, '}') : NULL;
        c = end ? end : c;
        at = *c == '@' ? c : at;
    }
    *ret_credentials = value + scheme;
    *ret_length = at ? (size_t)(at - *ret_credentials) : 0;
    *ret_host = at ? at + 1 : value + scheme;
    return true;
}

/* Only references, and the colon between two of them. */
static bool are_references(const char *text, size_t length)
{
    for (const char *c = text; c < text + length; c++) {
        const char *end = strncmp(c, "${", 2) == 0 ? strchr(c, '}') : NULL;
        if (!end && *c != ':')
            return false;
        c = end ? end : c;
    }
    return true;
}

static int check_address(const char *value, const char *host, struct text *reason)
{
    AUTO(memory_free) char *url = NULL;
    AUTO(text_release) struct text address = TEXT_EMPTY;
    AUTO(text_release) struct text wrong = TEXT_EMPTY;
    text_format(&address, "%.*s%s", (int)scheme_length(value), value, host);
    if (!secret_is_literal(host))
        return 0; /* seen when it is used */
    if (config_url_parse(text_string(&address), &url, &wrong) == 0 &&
        !strchr(url + scheme_length(value), '/'))
        return 0;
    text_append(reason, "names no valid proxy; write http://HOST:PORT, without a path");
    return ERR_SYNTAX;
}

int config_proxy_check(const char *value, struct text *reason)
{
    const char *credentials, *host;
    size_t length;
    if (strcmp(value, "none") == 0 || strcmp(value, CONFIG_PROXY_ENVIRONMENT) == 0)
        return 0;
    if (!config_proxy_split(value, &credentials, &length, &host)) {
        text_append(
            reason,
            "is no proxy; write http://HOST:PORT, none, or environment for what http_proxy and its like "
            "say");
        return ERR_SYNTAX;
    }
    if (!are_references(credentials, length)) {
        text_append(
            reason,
            "holds a user name or password; write http://${file:PATH}@HOST:PORT and put user:password "
            "into that file");
        return ERR_SYNTAX;
    }
    return check_address(value, host, reason);
}

static const char *named_by_environment(void)
{
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i]);
        if (value && *value)
            return variables[i];
    }
    return NULL;
}

static const char *silent_destination(const struct config *config)
{
    for (size_t i = 0; i < config->node_count; i++) {
        for (size_t j = 0; j < config->nodes[i].destination_count; j++) {
            if (!config->nodes[i].destinations[j].proxy)
                return config->nodes[i].destinations[j].name;
        }
    }
    return NULL;
}

bool config_proxy_tell_ignored(const struct config *config, struct text *out)
{
    const char *variable = named_by_environment();
    const char *destination = variable ? silent_destination(config) : NULL;
    if (destination)
        text_format(
            out,
            "%s is set and not used: where requests of destination \"%s\" (and others without `proxy:`) must go "
            "through that proxy, say `proxy: environment`; `proxy: none` where not",
            variable, destination);
    return destination != NULL;
}
