#include "common/base/base64.h"
#include "common/base/cleanup.h"
#include "common/config/secret.h"
#include "common/login/kinds.h"

/* RFC 7617: in UTF-8, as the configuration and the file have it. */
int login_fill_basic(struct logins *logins, const struct login_place *place, struct credentials *credentials,
                     struct text *reason)
{
    AUTO(secret_wipe) struct text pair = TEXT_EMPTY;
    AUTO(secret_wipe) struct text encoded = TEXT_EMPTY;
    (void)logins;
    text_format(&pair, "%s:", place->auth->user);
    int code = login_resolve("password", place->auth->password, &pair, reason);
    if (code != 0)
        return code;
    base64_encode(text_string(&pair), pair.length, &encoded);
    login_add_authorization(credentials, "Basic", text_string(&encoded));
    return 0;
}
