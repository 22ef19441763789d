#include "common/base/cleanup.h"
#include "common/config/secret.h"
#include "common/login/kinds.h"

/* AWS Signature Version 4: common/http signs the request with what is named here. */
int login_fill_aws_sigv4(struct logins *logins, const struct login_place *place,
                         struct credentials *credentials, struct text *reason)
{
    const struct config_auth *auth = place->auth;
    AUTO(secret_wipe) struct text session = TEXT_EMPTY;
    (void)logins;
    int code = login_resolve("access_key", auth->access_key, &credentials->sign_key, reason);
    if (code == 0)
        code = login_resolve("secret_key", auth->secret_key, &credentials->sign_secret, reason);
    if (code == 0 && auth->session_token)
        code = login_resolve("session_token", auth->session_token, &session, reason);
    if (code != 0)
        return code;
    text_format(&credentials->sign_for, "aws:amz:%s:%s", auth->region, auth->service);
    if (auth->session_token)
        credentials_add_header(credentials, "X-Amz-Security-Token", &session);
    return 0;
}
