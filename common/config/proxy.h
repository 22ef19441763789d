/* proxy - how a destination's requests leave the house: `proxy: none`, `environment`, or the URL of a proxy.
 *
 * A URL is http:// or https://, perhaps credentials, a host and a port. Credentials are always references
 * (http://${file:/run/secrets/proxy}@proxy:3128, with user:password in the file), so that the URL itself is no secret
 * and can be shown. What the environment says (http_proxy and its like, as curl reads them) counts for `environment`
 * alone. */
#ifndef FELUCCA_CONFIG_PROXY_H
#define FELUCCA_CONFIG_PROXY_H

#include "common/base/text.h"
#include "common/config/config.h"

#include <stdbool.h>

#define CONFIG_PROXY_ENVIRONMENT "environment"

/* 0, or ERR_SYNTAX with what is wrong and what would be right appended to reason, without any of the value. */
int config_proxy_check(const char *value, struct text *reason);

/* Whether it is a URL; *ret_credentials and *ret_length then are its part before the "@", 0 long when there is none;
 * *ret_host what follows. Borrowed from value. */
bool config_proxy_split(const char *value, const char **ret_credentials, size_t *ret_length,
                        const char **ret_host);

/* Appends a sentence where the environment names a proxy and a destination of the configuration says nothing about
 * proxies; nothing otherwise. Whether it did. */
bool config_proxy_tell_ignored(const struct config *config, struct text *out);

#endif
