/* names - who a certificate is of, and when it is good. Inside of this room alone. */
#ifndef FELUCCA_TLS_NAMES_H
#define FELUCCA_TLS_NAMES_H

#include "common/config/certificate_name.h"

#include <openssl/x509.h>
#include <stdint.h>

void names_of(const X509 *certificate, struct certificate_name *ret_name);

/* Wall ms in which all of the list are good. */
void names_term(const STACK_OF(X509) * list, int64_t *ret_begins_ms, int64_t *ret_ends_ms);

#endif
