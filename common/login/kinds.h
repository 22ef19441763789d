/* kinds - the kinds of logins, each a file. Inside of this room alone. */
#ifndef FELUCCA_LOGIN_KINDS_H
#define FELUCCA_LOGIN_KINDS_H

#include "common/login/login.h"

/* Completes what the destination's headers and proxy made of the credentials. It returns as login_credentials(). */
typedef int login_fill(struct logins *logins, const struct login_place *place,
                       struct credentials *credentials, struct text *reason);

login_fill login_fill_token, login_fill_basic, login_fill_oauth2, login_fill_aws_sigv4;

/* Makes what a login server would be shown, and forgets it. */
int login_check_oauth2(const struct login_place *place, struct text *reason);

/* Adds "Authorization: SCHEME VALUE". */
void login_add_authorization(struct credentials *credentials, const char *scheme, const char *value);

/* Resolves the template of a key of auth; a negative error with "auth: KEY: " and a sentence appended. */
int login_resolve(const char *key, const char *template, struct text *ret_value, struct text *reason);

#endif
