/* oauth2 - one request for a token at a login server, and its answer. Inside of this room alone. */
#ifndef FELUCCA_LOGIN_OAUTH2_H
#define FELUCCA_LOGIN_OAUTH2_H

#include "common/login/login.h"

/* Begins the request. 0, or an error with a sentence appended; then nothing was begun. */
int oauth2_start(struct http *http, const struct login_place *place, int64_t wall_ms, http_done *done,
                 void *context, struct http_transfer **ret_transfer, struct text *reason);

struct oauth2_answer {
    enum login_verdict verdict;
    struct text token; /* a secret; "" when there is none */
    int64_t life_ms;
    struct text sentence; /* "" when it is fine */
};

/* server: scheme, host and port of the login server. keyed: an assertion was shown, no secret. Wipe the answer. */
void oauth2_read(const struct http_answer *answer, const char *server, bool keyed,
                 struct oauth2_answer *ret_answer);
void oauth2_answer_wipe(struct oauth2_answer *answer);

#endif
