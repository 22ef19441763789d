#include "common/config/check_auth.h"

#include "common/base/cleanup.h"
#include "common/config/headers.h"
#include "common/config/url.h"

#include <string.h>

struct checking {
    struct config_report *report;
    const char *where;
    const struct config_auth *auth;
};

static const char *const types[] = {[CONFIG_AUTH_TOKEN] = "token",
                                    [CONFIG_AUTH_BASIC] = "basic",
                                    [CONFIG_AUTH_OAUTH2] = "oauth2",
                                    [CONFIG_AUTH_AWS_SIGV4] = "aws_sigv4"};

/* Whose each key is. */
static const struct need {
    const char *key;
    size_t offset;
    enum config_auth_type type;
    bool required;
    bool of_key; /* it says something of `key` */
} needs[] = {
#define KEY(name, type, required, of_key)                                 \
    {                                                                     \
#name, offsetof(struct config_auth, name), type, required, of_key \
    }
    KEY(token, CONFIG_AUTH_TOKEN, false, false),
    KEY(user, CONFIG_AUTH_BASIC, true, false),
    KEY(password, CONFIG_AUTH_BASIC, true, false),
    KEY(token_url, CONFIG_AUTH_OAUTH2, true, false),
    KEY(client_id, CONFIG_AUTH_OAUTH2, true, false),
    KEY(client_secret, CONFIG_AUTH_OAUTH2, false, false),
    KEY(secret_in, CONFIG_AUTH_OAUTH2, false, false),
    KEY(scope, CONFIG_AUTH_OAUTH2, false, false),
    KEY(audience, CONFIG_AUTH_OAUTH2, false, false),
    KEY(key, CONFIG_AUTH_OAUTH2, false, false),
    KEY(key_id, CONFIG_AUTH_OAUTH2, false, true),
    KEY(algorithm, CONFIG_AUTH_OAUTH2, false, true),
    KEY(assertion, CONFIG_AUTH_OAUTH2, false, true),
    KEY(assertion_audience, CONFIG_AUTH_OAUTH2, false, true),
    KEY(ca_file, CONFIG_AUTH_OAUTH2, false, false),
    KEY(access_key, CONFIG_AUTH_AWS_SIGV4, true, false),
    KEY(secret_key, CONFIG_AUTH_AWS_SIGV4, true, false),
    KEY(session_token, CONFIG_AUTH_AWS_SIGV4, false, false),
    KEY(region, CONFIG_AUTH_AWS_SIGV4, true, false),
    KEY(service, CONFIG_AUTH_AWS_SIGV4, false, false),
#undef KEY
};

static bool is_written(const struct checking *checking, const void *field)
{
    struct config_yaml_place place;
    return config_report_find(checking->report, field, &place);
}

static void complain(const struct checking *checking, const char *key, const void *field,
                     const char *sentence)
{
    AUTO(text_release) struct text where = TEXT_EMPTY;
    text_format(&where, "%s: auth: %s", checking->where, key);
    config_report_error(checking->report, config_report_place(checking->report, field), text_string(&where),
                        "%s", sentence);
}

static void check_need(const struct checking *checking, const struct need *need)
{
    const struct config_auth *auth = checking->auth;
    const void *field = (const char *)auth + need->offset;
    bool written = is_written(checking, field);
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    if (written && need->type != auth->type)
        text_format(&sentence, "is a key of type %s, and the type is %s; leave it out, or write type: %s",
                    types[need->type], types[auth->type], types[need->type]);
    else if (written && need->of_key && !auth->key)
        text_append(&sentence, "says how a key signs, and there is none; set key, or leave it out");
    if (sentence.length > 0)
        complain(checking, need->key, field, text_string(&sentence));
    if (written || !need->required || need->type != auth->type)
        return;
    text_format(&sentence, "%s needs %s; set it", types[auth->type], need->key);
    complain(checking, "type", &auth->type, text_string(&sentence));
}

static void check_oauth2(const struct checking *checking)
{
    const struct config_auth *auth = checking->auth;
    if (!auth->client_secret && !auth->key)
        complain(checking, "type", &auth->type,
                 "oauth2 needs client_secret, or key to sign with; set one of them");
    if (auth->client_secret && auth->key)
        complain(checking, "key", &auth->key,
                 "and client_secret are both set; keep the one that the login server knows");
    if (auth->key && is_written(checking, &auth->secret_in))
        complain(checking, "secret_in", &auth->secret_in,
                 "says where client_secret goes, and there is none; leave it out");
    if (auth->token_url && config_url_is_exposed(auth->token_url)) {
        AUTO(text_release) struct text where = TEXT_EMPTY;
        text_format(&where, "%s: auth: token_url", checking->where);
        config_report_warning(checking->report, config_report_place(checking->report, &auth->token_url),
                              text_string(&where),
                              "http:// shows secret and tokens to anybody on the way; use https://");
    }
}

/* RFC 7617: the colon ends the user's name. */
static void check_basic(const struct checking *checking)
{
    if (checking->auth->user && strchr(checking->auth->user, ':'))
        complain(checking, "user", &checking->auth->user,
                 "has a colon in it, which HTTP Basic has no way to say; another user is needed");
}

static void check_word(const struct checking *checking, const char *key, char *const *word)
{
    if (*word && (*word)[strspn(*word, "abcdefghijklmnopqrstuvwxyz0123456789-")])
        complain(checking, key, word,
                 "has other characters than small letters, digits and hyphens; write it as AWS does");
}

bool config_auth_shows_secret(const struct config_auth *auth)
{
    return auth->type != CONFIG_AUTH_TOKEN || auth->token;
}

void config_check_auth(struct config_report *report, const char *where, const struct config_auth *auth,
                       const struct config_header *headers, size_t header_count)
{
    const struct checking checking = {report, where, auth};
    if (!auth->is_written)
        return;
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
        check_need(&checking, &needs[i]);
    if (auth->type == CONFIG_AUTH_OAUTH2)
        check_oauth2(&checking);
    check_basic(&checking);
    check_word(&checking, "region", &auth->region);
    check_word(&checking, "service", &auth->service);
    if (config_auth_shows_secret(auth) && config_headers_find(headers, header_count, "Authorization"))
        complain(
            &checking, "type", &auth->type,
            "headers have an Authorization as well, and a request carries one; leave it out there, or leave auth "
            "out");
}
