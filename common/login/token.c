#include "common/base/cleanup.h"
#include "common/config/secret.h"
#include "common/login/kinds.h"

/* A token that somebody made: headers hold it (credentials.h), or the key token does. */
int login_fill_token(struct logins *logins, const struct login_place *place, struct credentials *credentials,
                     struct text *reason)
{
    AUTO(secret_wipe) struct text token = TEXT_EMPTY;
    AUTO(text_release) struct text why = TEXT_EMPTY;
    (void)logins;
    if (!place->auth->token)
        return 0;
    int code = credentials_of_bearer(place->auth->token, &token, &why);
    if (code != 0) {
        text_format(reason, "auth: token: %s", text_string(&why));
        return code;
    }
    login_add_authorization(credentials, "Bearer", text_string(&token));
    return 0;
}
