/* sending - one notice to one target of the configuration, which is a webhook or an address of mail.
 *
 * Secrets are resolved for the request alone. Nothing that is told to the caller holds one, nor the webhook's URL. */
#ifndef FELUCCA_NOTIFY_SENDING_H
#define FELUCCA_NOTIFY_SENDING_H

#include "common/base/text.h"
#include "common/config/config.h"
#include "common/http/http.h"
#include "common/wire/work.h"

/* As http_start(). 0; ERR_ABSENT: the configuration has no such target; or why a secret of it cannot be had. A sentence
 * is then appended to ret_reason, and done is not called. */
int sending_start(struct http *http, const struct config *config, const char *target,
                  const struct work_notice *notice, http_done *done, void *context,
                  struct http_transfer **ret_transfer, struct text *ret_reason);

/* Whether the target took it. What it answered is appended to ret_said: "answered 204", "answered 250 queued as 3F". */
bool sending_taken(const struct http_answer *answer, struct text *ret_said);

#endif
