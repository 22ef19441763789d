/* signer - signs with a private key, as JSON Web Signatures want it (RFC 7518, 3.3 and 3.4). */
#ifndef FELUCCA_TLS_SIGNER_H
#define FELUCCA_TLS_SIGNER_H

#include "common/base/text.h"
#include "common/config/config.h"

#include <stddef.h>

struct signer;

/* pem: the key's text; RSA of 2048 bits or more, or EC on P-256 or P-384. 0, or an error with a sentence, which begins with
 * name and holds nothing of the key: it is no such key, or the algorithm needs another. */
int signer_create(const char *name, const char *pem, enum config_auth_algorithm algorithm,
                  struct signer **ret_signer, struct text *reason);
void signer_destroy(struct signer **signer);

/* "RS256", "ES384": never auto. */
const char *signer_algorithm(const struct signer *signer);

/* Appends the signature's bytes. 0 or ERR_NOMEM. */
int signer_sign(const struct signer *signer, const char *bytes, size_t length, struct text *ret_signature);

#endif
