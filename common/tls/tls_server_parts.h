/* tls_server_parts - what tls_stream.c needs of a server. Inside of this room alone. */
#ifndef FELUCCA_TLS_TLS_SERVER_PARTS_H
#define FELUCCA_TLS_TLS_SERVER_PARTS_H

#include "common/tls/certificate.h"

#include <openssl/ssl.h>
#include <stdbool.h>

/* The certificate and its key are given to each connection, so that a process can forget them. */
struct tls_server {
    SSL_CTX *context;
    STACK_OF(X509) * chain; /* ours first */
    EVP_PKEY *key;
    struct certificate_facts facts;
};

/* Gives a connection the certificate, its chain and its key. */
bool tls_server_equip(const struct tls_server *server, SSL *ssl);

#endif
