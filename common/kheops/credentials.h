/* credentials - the values of a destination's headers at this moment, and the token in them.
 *
 * What people put around a token by mistake is taken away: a byte order mark, quotes, blanks, "Bearer " before
 * the token of an album, or once more in the file that a header names.
 *
 * Secrets are resolved when they are used and wiped right after: a token file that was replaced counts from
 * the next request on, without a restart. */
#ifndef FELUCCA_KHEOPS_CREDENTIALS_H
#define FELUCCA_KHEOPS_CREDENTIALS_H

#include "common/config/config.h"
#include "common/http/http.h"

struct credentials {
    struct http_header *headers;
    size_t header_count;
    struct text proxy; /* for http_request.proxy */
    struct text token; /* what Authorization carries: Bearer, or the password of Basic; "" when neither */
    struct text sign_for, sign_key, sign_secret; /* of http_request.signature; "" when nothing is signed */
};

/* The headers of a destination. 0, or a negative error with a sentence that names variable or file, never the
 * content, appended to ret_reason. Wipe in either case. */
int credentials_of_destination(const struct config_destination *destination,
                               struct credentials *ret_credentials, struct text *ret_reason);

/* One token alone, for a request of ours: template is its secret template. It returns the same. */
int credentials_of_token(const char *template, struct text *ret_token, struct text *ret_reason);

/* The same of a server that is not KHEOPS. */
int credentials_of_bearer(const char *template, struct text *ret_token, struct text *ret_reason);

/* A further header, of which there may be two; name is borrowed, value is taken. What it authorizes with is the token. */
void credentials_add_header(struct credentials *credentials, const char *name, struct text *value);

/* For http_request.signature: NULL, or ret_signature, which borrows from the credentials. */
const struct http_signature *credentials_signature(const struct credentials *credentials,
                                                   struct http_signature *ret_signature);

/* The proxy of a destination as an http_request has it, credentials and all: a secret where it has some. */
int credentials_proxy(const struct config_destination *destination, struct text *ret_proxy,
                      struct text *ret_reason);

void credentials_wipe(struct credentials *credentials);

/* The token in the value of an Authorization header, appended; false when there is none. */
bool credentials_token(const char *authorization, struct text *ret_token);

/* How the connections of a destination are secured. Borrowed from it. */
struct http_tls credentials_tls(const struct config_destination *destination);

#endif
