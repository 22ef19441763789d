#include "common/kheops/credentials.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/config/proxy.h"
#include "common/config/secret.h"
#include "common/config/url.h"

#include <stdlib.h>
#include <string.h>

enum { TOKEN_MAX = 16 * 1024, ADDED_MOST = 2 };

static bool is_clean(const struct text *text)
{
    for (size_t i = 0; i < text->length; i++) {
        if ((unsigned char)text->bytes[i] < ' ' && text->bytes[i] != '\t')
            return false;
    }
    return true;
}

static int digit_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static bool decode_base64(const char *text, struct text *out)
{
    unsigned bits = 0;
    int have = 0;
    for (; *text && *text != '=' && *text != ' '; text++) {
        int digit = digit_of(*text);
        if (digit < 0)
            return false;
        bits = bits << 6 | (unsigned)digit;
        have += 6;
        if (have >= 8) {
            have -= 8;
            text_append_char(out, (char)(bits >> have & 0xff));
        }
    }
    return true;
}

static const char *after_scheme(const char *value, const char *scheme)
{
    size_t length = strlen(scheme);
    if (strncasecmp(value, scheme, length) != 0 || value[length] != ' ')
        return NULL;
    return value + length + strspn(value + length, " ");
}

/* ---- what people put around a token ---- */

static bool is_around(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '"' || c == '\'';
}

/* Where the token itself begins in what a file or variable holds: behind a byte order mark, quotes, blanks and
 * "Bearer ". *ret_length: up to what is behind it. */
static const char *bare_token(const char *value, size_t *ret_length)
{
    static const char mark[] = "\xef\xbb\xbf";
    for (const char *before = NULL; before != value;) {
        before = value;
        value += strncmp(value, mark, sizeof mark - 1) == 0 ? sizeof mark - 1 : 0;
        while (is_around(*value))
            value++;
        const char *bearer = after_scheme(value, "Bearer");
        value = bearer ? bearer : value;
    }
    *ret_length = strlen(value);
    while (*ret_length > 0 && is_around(value[*ret_length - 1]))
        --*ret_length;
    return value;
}

/* RFC 6750, 2.1: the characters of a bearer token. */
static bool is_token(const char *token, size_t length)
{
    static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";
    return length > 0 && length <= TOKEN_MAX && strspn(token, characters) >= length;
}

/* Leaves the token alone in value. False: what is there is none. */
static bool reduce_to_token(struct text *value)
{
    AUTO(secret_wipe) struct text token = TEXT_EMPTY;
    size_t length;
    const char *bare = bare_token(text_string(value), &length);
    if (!is_token(bare, length))
        return false;
    text_append_bytes(&token, bare, length);
    secret_wipe(value);
    text_append(value, text_string(&token));
    return true;
}

/* "Bearer X" whatever is around X. Other schemes, and what is no token, are left as they are. */
static void tidy_authorization(struct text *value)
{
    AUTO(secret_wipe) struct text token = TEXT_EMPTY;
    const char *bearer = after_scheme(text_string(value), "Bearer");
    text_append(&token, bearer ? bearer : "");
    if (!bearer || !reduce_to_token(&token))
        return;
    secret_wipe(value);
    text_format(value, "Bearer %s", text_string(&token));
}

/* ---- headers and tokens ---- */

bool credentials_token(const char *authorization, struct text *ret_token)
{
    const char *bearer = after_scheme(authorization, "Bearer");
    const char *basic = after_scheme(authorization, "Basic");
    AUTO(secret_wipe) struct text pair = TEXT_EMPTY;
    if (bearer && *bearer && strlen(bearer) <= TOKEN_MAX) {
        text_append_bytes(ret_token, bearer, strcspn(bearer, " "));
        return true;
    }
    if (!basic || strlen(basic) > TOKEN_MAX || !decode_base64(basic, &pair))
        return false;
    const char *colon = strchr(text_string(&pair), ':');
    if (!colon || !colon[1])
        return false;
    text_append(ret_token, colon + 1);
    return true;
}

static int resolve_header(const struct config_header *header, struct credentials *credentials,
                          struct text *reason)
{
    AUTO(secret_wipe) struct text value = TEXT_EMPTY;
    text_format(reason, "header %s: ", header->name);
    int code = secret_resolve(header->value, &value, reason);
    if (code != 0)
        return code;
    bool authorizes = strcasecmp(header->name, "Authorization") == 0;
    if (authorizes)
        tidy_authorization(&value);
    if (!is_clean(&value)) {
        text_append(reason, "what it stands for has a line break or control character in it");
        return ERR_SYNTAX;
    }
    text_clear(reason);
    if (authorizes)
        (void)credentials_token(text_string(&value), &credentials->token);
    struct http_header *resolved = &credentials->headers[credentials->header_count++];
    resolved->name = header->name; /* borrowed from the configuration for the time of a request's making */
    resolved->value = text_take(&value);
    return 0;
}

int credentials_of_destination(const struct config_destination *destination,
                               struct credentials *ret_credentials, struct text *ret_reason)
{
    *ret_credentials = (struct credentials){0};
    ret_credentials->headers =
        memory_new(destination->header_count + ADDED_MOST, sizeof *ret_credentials->headers);
    int way = credentials_proxy(destination, &ret_credentials->proxy, ret_reason);
    if (way != 0)
        return way;
    for (size_t i = 0; i < destination->header_count; i++) {
        AUTO(text_release) struct text reason = TEXT_EMPTY;
        int code = resolve_header(&destination->headers[i], ret_credentials, &reason);
        if (code != 0) {
            text_append(ret_reason, text_string(&reason));
            return code;
        }
    }
    return 0;
}

static int token_of(const char *template, const char *rule, struct text *ret_token, struct text *ret_reason)
{
    int code = secret_resolve(template, ret_token, ret_reason);
    if (code != 0 || reduce_to_token(ret_token))
        return code;
    text_format(ret_reason, "it holds more or other than one token: %s, with nothing around them", rule);
    return ERR_SYNTAX;
}

int credentials_of_token(const char *template, struct text *ret_token, struct text *ret_reason)
{
    return token_of(template, "a token of KHEOPS is 22 letters and digits", ret_token, ret_reason);
}

int credentials_of_bearer(const char *template, struct text *ret_token, struct text *ret_reason)
{
    return token_of(template, "a token is letters, digits and -._~+/=", ret_token, ret_reason);
}

void credentials_add_header(struct credentials *credentials, const char *name, struct text *value)
{
    if (strcasecmp(name, "Authorization") == 0)
        (void)credentials_token(text_string(value), &credentials->token);
    struct http_header *added = &credentials->headers[credentials->header_count++];
    added->name = (char *)name;
    added->value = text_take(value);
}

const struct http_signature *credentials_signature(const struct credentials *credentials,
                                                   struct http_signature *ret_signature)
{
    *ret_signature =
        (struct http_signature){text_string(&credentials->sign_for), text_string(&credentials->sign_key),
                                text_string(&credentials->sign_secret)};
    return credentials->sign_for.length > 0 ? ret_signature : NULL;
}

/* "user:password", perhaps the user alone, as they stand in a URL. */
static int append_proxy_credentials(const char *template, size_t length, struct text *out,
                                    struct text *reason)
{
    AUTO(memory_free) char *references = memory_string_n(template, length);
    AUTO(secret_wipe) struct text pair = TEXT_EMPTY;
    int code = secret_resolve(references, &pair, reason);
    if (code != 0)
        return code;
    if (!is_clean(&pair) || pair.length == 0 || *text_string(&pair) == ':') {
        text_append(reason, "its credentials are not user:password in one line");
        return ERR_SYNTAX;
    }
    char *colon = strchr(text_string(&pair), ':');
    if (colon)
        *colon = '\0';
    config_url_append_encoded(out, text_string(&pair));
    text_append_char(out, ':');
    config_url_append_encoded(out, colon ? colon + 1 : "");
    text_append_char(out, '@');
    return 0;
}

int credentials_proxy(const struct config_destination *destination, struct text *ret_proxy,
                      struct text *ret_reason)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(secret_wipe) struct text host = TEXT_EMPTY;
    const char *proxy = destination->proxy, *credentials, *rest;
    size_t length;
    int code = 0;
    if (!proxy || strcmp(proxy, "none") == 0)
        return 0;
    if (!config_proxy_split(proxy, &credentials, &length, &rest)) {
        text_append(ret_proxy, HTTP_PROXY_OF_ENVIRONMENT);
        return 0;
    }
    text_append_bytes(ret_proxy, proxy, (size_t)(credentials - proxy));
    if (length > 0)
        code = append_proxy_credentials(credentials, length, ret_proxy, &reason);
    if (code == 0)
        code = secret_resolve(rest, &host, &reason);
    text_append(ret_proxy, text_string(&host));
    if (code != 0)
        text_format(ret_reason, "proxy: %s", text_string(&reason));
    return code;
}

void credentials_wipe(struct credentials *credentials)
{
    for (size_t i = 0; i < credentials->header_count; i++) {
        explicit_bzero(credentials->headers[i].value, strlen(credentials->headers[i].value));
        free(credentials->headers[i].value);
    }
    free(credentials->headers);
    secret_wipe(&credentials->token);
    secret_wipe(&credentials->proxy);
    text_release(&credentials->sign_for);
    secret_wipe(&credentials->sign_key);
    secret_wipe(&credentials->sign_secret);
    *credentials = (struct credentials){0};
}

struct http_tls credentials_tls(const struct config_destination *destination)
{
    return (struct http_tls){.ca_file = destination->ca_file,
                             .client_cert = destination->client_cert,
                             .client_key = destination->client_key,
                             .insecure = destination->insecure};
}
