/* url - the URLs of a configuration: http or https, a host, perhaps a port and a path; nothing else.
 *
 * A URL with a user, a password, a query or a fragment is refused, because URLs end up in logs. */
#ifndef FELUCCA_CONFIG_URL_H
#define FELUCCA_CONFIG_URL_H

#include "common/base/text.h"

#include <stdbool.h>

/* Checks a URL. 0 with *ret_url (without trailing slash; is then yours); or ERR_SYNTAX with what is wrong and
 * what would be right appended to reason, without any of the URL. */
int config_url_parse(const char *text, char **ret_url, struct text *reason);

/* scheme://host:port of a URL that was checked, lower case, port always written; is then yours. */
char *config_url_origin(const char *url);

/* Appends a value as it may stand in a part of a URL or in a form: other characters as %XX. */
void config_url_append_encoded(struct text *out, const char *value);

/* Whether it is http:// to another machine, where anybody on the way can read a token. */
bool config_url_is_exposed(const char *url);

/* Checks a ZeroMQ address, ipc:///path or tcp://host:port. 0, or ERR_SYNTAX as config_url_parse() has it. */
int config_url_check_endpoint(const char *text, struct text *reason);

#endif
