/* authority - a certificate authority of a test's own, made with openssl in its sandbox.
 *
 * All keys are EC unless RSA is asked for, so that making them costs nothing. Paths are the sandbox's. What openssl cannot do ends
 * the test. */
#ifndef FELUCCA_TESTS_AUTHORITY_H
#define FELUCCA_TESTS_AUTHORITY_H

#include "tests/support/sandbox.h"

struct certificate {
    const char *certificate, *key; /* PEM files */
};

/* A self-signed certificate that may sign others. name tells its files apart. */
struct certificate authority_create(struct sandbox *sandbox, const char *name);

/* A certificate signed by it. host: as openssl writes it, "IP:127.0.0.1" or "DNS:example.org"; days: it is
 * good for so long from now on; -1: it has expired. */
struct certificate authority_sign(struct sandbox *sandbox, const struct certificate *authority,
                                  const char *name, const char *host, int days);

/* The same with an RSA key. */
struct certificate authority_sign_rsa(struct sandbox *sandbox, const struct certificate *authority,
                                      const char *name, const char *host, int days);

/* A revocation list of the authority, with this certificate on it (NULL: empty). Its path; name tells it apart. */
const char *authority_revoke(struct sandbox *sandbox, const struct certificate *authority, const char *name,
                             const struct certificate *revoked);

#endif
