#include "common/login/login.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/config/secret.h"
#include "common/login/kinds.h"

enum { LOGIN_HEADERS_MOST = 2 }; /* that a kind adds */

static login_fill *const kinds[] = {[CONFIG_AUTH_TOKEN] = login_fill_token,
                                    [CONFIG_AUTH_BASIC] = login_fill_basic,
                                    [CONFIG_AUTH_OAUTH2] = login_fill_oauth2,
                                    [CONFIG_AUTH_AWS_SIGV4] = login_fill_aws_sigv4};

struct login_place login_place_of(const struct config_destination *destination)
{
    return (struct login_place){destination->name, &destination->auth, destination};
}

struct login_place login_place_of_webhook(const struct config_webhook *webhook)
{
    return (struct login_place){webhook->name, &webhook->auth, NULL};
}

/* What it carries by headers and proxy, which only a destination has; with room for what a kind adds. */
static int begin_credentials(const struct login_place *place, struct credentials *ret_credentials,
                             struct text *ret_reason)
{
    if (place->destination)
        return credentials_of_destination(place->destination, ret_credentials, ret_reason);
    *ret_credentials = (struct credentials){0};
    ret_credentials->headers = memory_new(LOGIN_HEADERS_MOST, sizeof *ret_credentials->headers);
    return 0;
}

int login_credentials(struct logins *logins, const struct login_place *place,
                      struct credentials *ret_credentials, struct text *ret_reason)
{
    int code = begin_credentials(place, ret_credentials, ret_reason);
    return code != 0 ? code : kinds[place->auth->type](logins, place, ret_credentials, ret_reason);
}

int login_check(const struct login_place *place, struct text *ret_reason)
{
    AUTO(credentials_wipe) struct credentials credentials = {0};
    if (place->auth->type == CONFIG_AUTH_OAUTH2)
        return login_check_oauth2(place, ret_reason);
    credentials.headers = memory_new(LOGIN_HEADERS_MOST, sizeof *credentials.headers);
    return kinds[place->auth->type](NULL, place, &credentials, ret_reason);
}

void login_add_authorization(struct credentials *credentials, const char *scheme, const char *value)
{
    struct text line = TEXT_EMPTY;
    text_format(&line, "%s %s", scheme, value);
    credentials_add_header(credentials, "Authorization", &line);
}

int login_resolve(const char *key, const char *template, struct text *ret_value, struct text *reason)
{
    AUTO(text_release) struct text why = TEXT_EMPTY;
    int code = secret_resolve(template, ret_value, &why);
    if (code != 0)
        text_format(reason, "auth: %s: %s", key, text_string(&why));
    return code;
}
