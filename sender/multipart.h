/* multipart - the body of a STOW-RS request (multipart/related, RFC 2387), made while it is sent.
 *
 * One part an instance: its header, a minimal file meta header of our own (nothing that tells who sent what
 * to whom leaves the house), then the data set, read from the spool file straight into the buffer that is
 * sent. The exact length is known from the start. The boundary is 128 random bits, so it does not occur
 * in the data. */
#ifndef FELUCCA_SENDER_MULTIPART_H
#define FELUCCA_SENDER_MULTIPART_H

#include "common/http/http.h"
#include "sender/batch.h"

struct multipart;

/* The batch is borrowed as long as the multipart lives. 0 or ERR_IO (no random bits). */
int multipart_create(const struct batch *batch, struct multipart **ret_multipart);
void multipart_destroy(struct multipart **multipart);

int64_t multipart_size(const struct multipart *multipart);

/* The value of the request's Content-Type. Borrowed. */
const char *multipart_content_type(const struct multipart *multipart);

/* The next bytes; 0 at the end, negative when a file could not be read or is shorter than it was. */
ssize_t multipart_read(struct multipart *multipart, char *buffer, size_t capacity);
void multipart_rewind(struct multipart *multipart);

/* The item whose file failed in multipart_read(), or NULL. */
const struct batch_item *multipart_failed(const struct multipart *multipart);

/* As a request's source; borrowed from multipart. */
struct http_source multipart_source(struct multipart *multipart);

#endif
