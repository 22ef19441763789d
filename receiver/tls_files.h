/* tls_files - what the TLS port needs, as its files have it now.
 *
 * A file that cannot be used is told in the log and costs nobody else anything: a receiver that has a plain port goes on with
 * that alone, and what was read before stays. */
#ifndef FELUCCA_RECEIVER_TLS_FILES_H
#define FELUCCA_RECEIVER_TLS_FILES_H

#include "common/base/text.h"
#include "common/config/config.h"
#include "common/tls/tls_server.h"

/* At the start. *ret_server NULL: there is to be no TLS port, or not before its files can be used. 0; or ERR_CONFIG with a
 * sentence appended, where there is no plain port either. */
int tls_files_read(const struct config *config, struct tls_server **ret_server, struct text *reason);

/* After SIGHUP: *server (NULL: none yet) is another one, where the files can be used. */
void tls_files_read_again(const struct config *config, struct tls_server **server);

#endif
