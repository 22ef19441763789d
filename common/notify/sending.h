/* sending - one notice to one target of the configuration, which is a webhook or an address of mail.
 *
 * A webhook may have a login (common/login), whose server is asked before: LOGIN_WAITS. Secrets are resolved for the request alone. Nothing that is told to the caller holds one, nor the webhook's URL. */
#ifndef FELUCCA_NOTIFY_SENDING_H
#define FELUCCA_NOTIFY_SENDING_H

#include "common/base/text.h"
#include "common/config/config.h"
#include "common/http/http.h"
#include "common/login/login.h"
#include "common/wire/work.h"

/* With what it goes. Borrowed. */
struct sending_means {
    struct http *http;
    struct logins *logins;
    const struct config *config;
};

/* As http_start(). 0; LOGIN_WAITS: sending_log_in() first, then once more; ERR_ABSENT: the configuration has no such target; or why a secret of it cannot be had. A sentence
 * is then appended to ret_reason, and done is not called. */
int sending_start(const struct sending_means *means, const char *target, const struct work_notice *notice,
                  http_done *done, void *context, struct http_transfer **ret_transfer,
                  struct text *ret_reason);

/* As login_ask(), for a target of which that was said. */
void sending_log_in(const struct sending_means *means, const char *target, login_done *done, void *context);

/* Whether the target took it; a token that it refuses is forgotten. What it answered is appended to ret_said: "answered 204", "answered 250 queued as 3F". */
bool sending_taken(const struct sending_means *means, const char *target, const struct http_answer *answer,
                   struct text *ret_said);

#endif
