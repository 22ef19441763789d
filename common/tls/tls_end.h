/* tls_end - how a TLS handshake ends. */
#ifndef FELUCCA_TLS_TLS_END_H
#define FELUCCA_TLS_TLS_END_H

/* The texts are a metric's label. */
#define TLS_END_MAP(X)                                                                \
    X(DONE, "done")                                                                   \
    X(PLAIN, "plain_text")        /* the peer speaks something else */                \
    X(STALLED, "stalled")         /* it came to no end in time */                     \
    X(CLOSED, "closed")           /* the peer went away */                            \
    X(ALERT, "alert")             /* the peer does not want it: its alert says why */ \
    X(VERSION, "version")         /* it has no version that we take */                \
    X(SUITE, "cipher_suite")      /* nor a cipher suite, or a group */                \
    X(CERTIFICATE, "certificate") /* the peer's is not accepted, or there is none */  \
    X(BROKEN, "protocol")         /* anything else that is no TLS */

enum tls_end {
#define X(name, text) TLS_##name,
    TLS_END_MAP(X)
#undef X
        TLS_ENDS
};

const char *tls_end_name(enum tls_end end);

#endif
