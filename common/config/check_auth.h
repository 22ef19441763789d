/* check_auth - whether the keys of an auth fit each other. Inside the configuration reader only. */
#ifndef FELUCCA_CONFIG_CHECK_AUTH_H
#define FELUCCA_CONFIG_CHECK_AUTH_H

#include "common/config/config.h"
#include "common/config/report.h"

/* where: of whom it is ("node \"A\": destination \"x\""). headers: of the same, which may show who sends as well. */
void config_check_auth(struct config_report *report, const char *where, const struct config_auth *auth,
                       const struct config_header *headers, size_t header_count);

/* Whether it has a request carry a secret. */
bool config_auth_shows_secret(const struct config_auth *auth);

#endif
