/* tls_stream - the server's side of one TLS connection over a socket that is somebody else's.
 *
 * Nothing here waits, and no file is read: what wants the socket says so, and comes again (tls_stream_wants()). One thread;
 * one connection each. */
#ifndef FELUCCA_TLS_TLS_STREAM_H
#define FELUCCA_TLS_TLS_STREAM_H

#include "common/base/text.h"
#include "common/config/certificate_name.h"
#include "common/tls/tls_end.h"
#include "common/tls/tls_server.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct tls_stream;

/* Both are borrowed while the stream lives. NULL: no memory. */
struct tls_stream *tls_stream_create(const struct tls_server *server, int socket);
void tls_stream_destroy(struct tls_stream **stream);

/* Goes on with the handshake: false while it needs the socket; true with its end. */
bool tls_stream_shake(struct tls_stream *stream, enum tls_end *ret_end);
/* Why it failed, a part of a sentence that says what can be done, appended. */
void tls_stream_explain(const struct tls_stream *stream, struct text *out);

/* ---- after TLS_DONE ---- */

/* As recv() and send() that do not wait: bytes, 0 at the end of the peer's, -1 with errno EAGAIN. context: the stream. */
ssize_t tls_stream_read(void *context, void *bytes, size_t size);
ssize_t tls_stream_write(void *context, const void *bytes, size_t size);
/* Whether it holds bytes that poll() does not know of. */
bool tls_stream_pending(void *context);
/* What the last call that did not go on waits for: POLLIN or POLLOUT. */
short tls_stream_wants(void *context);
/* The peer hears that no more comes (close_notify), as far as that goes without waiting. */
void tls_stream_finish(void *context);

/* Lets go of the private key, which nothing needs any more. It is gone from this process when its server is destroyed, too. */
void tls_stream_forget_key(struct tls_stream *stream);

/* Whose certificate was shown, and is right; false: none. */
bool tls_stream_peer(const struct tls_stream *stream, struct certificate_name *ret_name);
/* "TLSv1.3 TLS_AES_256_GCM_SHA384", appended. */
void tls_stream_describe(const struct tls_stream *stream, struct text *out);

#endif
