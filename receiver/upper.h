/* upper - the upper layer of an established association (PS3.8 section 9.3): PDUs in, the pieces of messages out.
 *
 * A P-DATA-TF is looked at only when all of it has come, and its whole list of presentation data values is
 * checked before the first of them goes on: each has a length that holds its two bytes of header and ends in
 * the PDU, and the last ends where the PDU does. A PDU may hold any number of them, of any lengths, of
 * command and data. A length that a peer says is never used to find anything else. Memory: one buffer. */
#ifndef FELUCCA_RECEIVER_UPPER_H
#define FELUCCA_RECEIVER_UPPER_H

#include "receiver/transport.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The longest P-DATA-TF that we offer to take; peers that count its header in are forgiven. */
enum { UPPER_PDU_MOST = 131072, UPPER_PDU_FORGIVEN = 64 };

enum upper_event {
    UPPER_PIECE,
    UPPER_RELEASE,
    UPPER_ABORT,
    UPPER_CLOSED,
    UPPER_SILENT,
    UPPER_SLOW,
    UPPER_BROKEN /* the peer does not keep to the protocol; upper_because() says how */
};

/* One presentation data value. */
struct upper_piece {
    unsigned char context; /* presentation context id */
    bool is_command, is_last;
    const unsigned char *bytes; /* borrowed until the next call */
    size_t length;
};

struct upper;

/* The transport is borrowed. piece_most: bytes of a message that fit into one PDU that the peer takes. */
struct upper *upper_create(struct transport *transport, size_t piece_most);
void upper_destroy(struct upper **upper);

/* ret_piece only with UPPER_PIECE. */
enum upper_event upper_next(struct upper *upper, struct upper_piece *ret_piece);
/* Whether bytes are here that a poll of the socket does not tell of. */
bool upper_pending(const struct upper *upper);

/* A whole command; false when the peer does not take it. */
bool upper_send_command(struct upper *upper, unsigned char context, const void *bytes, size_t length);
/* The same of a whole data set. */
bool upper_send_data_set(struct upper *upper, unsigned char context, const void *bytes, size_t length);
void upper_confirm_release(struct upper *upper);
/* A-ABORT, of the service provider where the peer broke the protocol, of the user otherwise. */
void upper_abort(struct upper *upper);

/* What the peer did wrong, a part of a sentence; NULL: nothing. Borrowed for ever. */
const char *upper_because(const struct upper *upper);

#ifdef __cplusplus
}
#endif

#endif
