/* pem - certificates and keys out of PEM files. Inside of this room alone.
 *
 * Whoever reads a key has its text overwritten. Nobody is ever asked for a passphrase. Reasons are sentences that begin with
 * the path. */
#ifndef FELUCCA_TLS_PEM_H
#define FELUCCA_TLS_PEM_H

#include "common/base/text.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

/* All of a file, at least one; the list is then yours. 0, or ERR_ABSENT, ERR_DENIED or ERR_SYNTAX with a sentence appended. */
int pem_certificates(const char *path, STACK_OF(X509) * *ret_list, struct text *reason);
int pem_revocations(const char *path, STACK_OF(X509_CRL) * *ret_list, struct text *reason);
int pem_key(const char *path, EVP_PKEY **ret_key, struct text *reason);

/* The same of a text; its name stands in sentences in place of a path. */
int pem_key_of_text(const char *name, const char *text, EVP_PKEY **ret_key, struct text *reason);

/* For AUTO. */
void pem_release_certificates(STACK_OF(X509) * *list);
void pem_release_revocations(STACK_OF(X509_CRL) * *list);
void pem_release_key(EVP_PKEY **key);

#endif
