#include "common/login/oauth2.h"

#include "common/base/base64.h"
#include "common/base/cleanup.h"
#include "common/config/secret.h"
#include "common/config/url.h"
#include "common/login/assertion.h"
#include "common/login/kinds.h"

enum { ANSWER_MOST = 64 * 1024 };

static void add_field(struct text *form, const char *name, const char *value)
{
    if (!value)
        return;
    text_format(form, "%s%s=", form->length > 0 ? "&" : "", name);
    config_url_append_encoded(form, value);
}

/* RFC 7523, 2.1 and 2.2. */
static int add_assertion(const struct config_auth *auth, int64_t wall_ms, struct text *form,
                         struct text *reason)
{
    AUTO(secret_wipe) struct text assertion = TEXT_EMPTY;
    int code = assertion_make(auth, wall_ms, &assertion, reason);
    if (code != 0)
        return code;
    if (auth->assertion == CONFIG_ASSERTION_GRANT) {
        add_field(form, "grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
        add_field(form, "assertion", text_string(&assertion));
        return 0;
    }
    add_field(form, "grant_type", "client_credentials");
    add_field(form, "client_id", auth->client_id);
    add_field(form, "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    add_field(form, "client_assertion", text_string(&assertion));
    return 0;
}

/* RFC 6749, 2.3.1 and 4.4.2. *authorization stays empty where the form shows the secret. */
static int add_secret(const struct config_auth *auth, struct text *form, struct text *authorization,
                      struct text *reason)
{
    AUTO(secret_wipe) struct text secret = TEXT_EMPTY;
    AUTO(secret_wipe) struct text pair = TEXT_EMPTY;
    int code = login_resolve("client_secret", auth->client_secret, &secret, reason);
    if (code != 0)
        return code;
    add_field(form, "grant_type", "client_credentials");
    if (auth->secret_in == CONFIG_SECRET_IN_FORM) {
        add_field(form, "client_id", auth->client_id);
        add_field(form, "client_secret", text_string(&secret));
        return 0;
    }
    config_url_append_encoded(&pair, auth->client_id);
    text_append_char(&pair, ':');
    config_url_append_encoded(&pair, text_string(&secret));
    text_append(authorization, "Basic ");
    base64_encode(text_string(&pair), pair.length, authorization);
    return 0;
}

static int make_form(const struct config_auth *auth, int64_t wall_ms, struct text *form,
                     struct text *authorization, struct text *reason)
{
    int code = auth->key ? add_assertion(auth, wall_ms, form, reason)
                         : add_secret(auth, form, authorization, reason);
    if (code == 0) {
        add_field(form, "scope", auth->scope);
        add_field(form, "audience", auth->audience);
    }
    return code;
}

int login_check_oauth2(const struct login_place *place, struct text *reason)
{
    AUTO(secret_wipe) struct text form = TEXT_EMPTY;
    AUTO(secret_wipe) struct text authorization = TEXT_EMPTY;
    return make_form(place->auth, 0, &form, &authorization, reason);
}

int oauth2_start(struct http *http, const struct login_place *place, int64_t wall_ms, http_done *done,
                 void *context, struct http_transfer **ret_transfer, struct text *reason)
{
    const struct config_auth *auth = place->auth;
    AUTO(secret_wipe) struct text form = TEXT_EMPTY;
    AUTO(secret_wipe) struct text authorization = TEXT_EMPTY;
    AUTO(secret_wipe) struct text proxy = TEXT_EMPTY;
    int code = make_form(auth, wall_ms, &form, &authorization, reason);
    if (code == 0 && place->destination)
        code = credentials_proxy(place->destination, &proxy, reason);
    if (code != 0)
        return code;
    const struct http_header headers[] = {
        {(char *)"Content-Type", (char *)"application/x-www-form-urlencoded"},
        {(char *)"Accept", (char *)"application/json"},
        {(char *)"Authorization", authorization.bytes}};
    const struct http_request request = {.method = HTTP_POST,
                                         .url = auth->token_url,
                                         .headers = headers,
                                         .header_count = authorization.length > 0 ? 3 : 2,
                                         .content = text_string(&form),
                                         .tls = {.ca_file = auth->ca_file},
                                         .proxy = text_string(&proxy),
                                         .answer_max = ANSWER_MOST,
                                         .answer_ms = LOGIN_ANSWER_MS};
    http_start(http, &request, done, context, ret_transfer);
    return 0;
}
