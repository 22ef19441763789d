/* tls_server - who we are to peers that speak TLS, and whom we trust: everything that is read from files before the first of
 * them comes.
 *
 * Made from the configuration, in one process; those that are forked may use it (tls_stream.h) or forget it. Sessions are
 * not resumed: each connection has a process of its own, and a certificate that was revoked must not come back. */
#ifndef FELUCCA_TLS_TLS_SERVER_H
#define FELUCCA_TLS_TLS_SERVER_H

#include "common/base/text.h"
#include "common/config/config.h"
#include "common/tls/certificate.h"

struct tls_server;

/* The files are read here and never again. 0, or an error with a sentence that names the file appended to reason. */
int tls_server_create(const struct config_tls *settings, struct tls_server **ret_server, struct text *reason);
/* The private key is overwritten in this process. */
void tls_server_destroy(struct tls_server **server);

/* Whose certificate it is, and how long it and its chain are good. Borrowed from the server. */
const struct certificate_facts *tls_server_facts(const struct tls_server *server);

#endif
