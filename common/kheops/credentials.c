#include "common/kheops/credentials.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/config/secret.h"

#include <stdlib.h>
#include <string.h>

enum { TOKEN_MAX = 16 * 1024 };

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
    if (!is_clean(&value)) {
        text_append(reason, "what it stands for has a line break or control character in it");
        return ERR_SYNTAX;
    }
    text_clear(reason);
    if (strcasecmp(header->name, "Authorization") == 0)
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
    ret_credentials->headers = memory_new(destination->header_count + 1, sizeof *ret_credentials->headers);
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

int credentials_of_token(const char *template, struct text *ret_token, struct text *ret_reason)
{
    int code = secret_resolve(template, ret_token, ret_reason);
    if (code == 0 && (!is_clean(ret_token) || strchr(text_string(ret_token), ' '))) {
        text_append(ret_reason, "it has a blank, a line break or a control character in it");
        code = ERR_SYNTAX;
    }
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
    *credentials = (struct credentials){0};
}

struct http_tls credentials_tls(const struct config_destination *destination)
{
    return (struct http_tls){.ca_file = destination->ca_file,
                             .client_cert = destination->client_cert,
                             .client_key = destination->client_key,
                             .insecure = destination->insecure};
}
