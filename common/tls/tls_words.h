/* tls_words - what OpenSSL says of a handshake that failed, in words that help. Inside of this room alone. */
#ifndef FELUCCA_TLS_TLS_WORDS_H
#define FELUCCA_TLS_TLS_WORDS_H

#include "common/base/text.h"
#include "common/tls/tls_end.h"

/* error: of OpenSSL's queue, 0: none. verdict: of the peer's certificate (X509_V_OK: no objection). */
enum tls_end tls_words_end(unsigned long error, long verdict);
void tls_words_explain(unsigned long error, long verdict, struct text *out);

#endif
