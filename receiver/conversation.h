/* conversation - the messages of an established association (PS3.7): requests in, answers out; and between two of them a report
 * of our own on what was asked to be committed on it, one at a time.
 *
 * C-STORE and C-ECHO are answered, and N-ACTION of Storage Commitment; other requests with "unrecognized operation",
 * and a peer that does not keep to the protocol is aborted. A data set goes to the handler piece by piece as it came: it is never decoded, so
 * that its transfer syntax and whether its length is even do not matter. */
#ifndef FELUCCA_RECEIVER_CONVERSATION_H
#define FELUCCA_RECEIVER_CONVERSATION_H

#include "receiver/handler.h"
#include "receiver/transport.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a presentation context is for. */
enum conversation_service { CONVERSATION_STORAGE, CONVERSATION_VERIFICATION, CONVERSATION_COMMITMENT };

/* A presentation context that was accepted. */
struct conversation_context {
    bool accepted;
    enum conversation_service service;
    char transfer_syntax[FILE_META_UID_SIZE];
};

/* Everything is borrowed. */
struct conversation_start {
    struct transport *transport;
    const struct association_handler *handler;
    const char *calling_aet, *called_aet;
    const struct conversation_context *contexts; /* 256, by id */
    size_t piece_most;                           /* of a message, in one PDU to the peer */
};

/* To the end, its last words included. ret_because as with association_serve(). */
enum association_end conversation_run(const struct conversation_start *start, const char **ret_because);

#ifdef __cplusplus
}
#endif

#endif
