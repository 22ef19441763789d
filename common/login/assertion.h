/* assertion - a JSON Web Token that says who asks a login server, signed with the login's own key (RFC 7523). */
#ifndef FELUCCA_LOGIN_ASSERTION_H
#define FELUCCA_LOGIN_ASSERTION_H

#include "common/base/text.h"
#include "common/config/config.h"

#include <stdint.h>

enum { ASSERTION_LIFE_S = 300 /* SMART backend services allow no more */ };

/* Appends one that is good from now (wall ms) on. 0, or an error with a sentence appended that holds nothing of the key. */
int assertion_make(const struct config_auth *auth, int64_t now, struct text *ret_assertion,
                   struct text *reason);

#endif
