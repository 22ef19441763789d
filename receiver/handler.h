/* handler - what an association asks of whoever decides and stores (session.h), and what is said of it at its end.
 *
 * Plain C, for both sides. */
#ifndef FELUCCA_RECEIVER_HANDLER_H
#define FELUCCA_RECEIVER_HANDLER_H

#include "common/spool/file_meta.h"
#include "common/wire/work_report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the handler says to a request, and the reject reason (PS3.8 section 9.3.4) that it becomes. */
#define ASSOCIATION_VERDICT_MAP(X) /* name, result, source, reason, for a metric's label */                \
    X(ADMITTED, 0, 0, 0, "")                                                                               \
    X(CALLED_UNKNOWN, 1, 1, 7, "called_aet")                                                               \
    X(CALLING_UNKNOWN, 1, 1, 3, "calling_aet")                                                             \
    X(ADDRESS_UNKNOWN, 1, 1, 3, "address")               /* the title is a source's, the address is not */ \
    X(NAME_UNRESOLVED, 2, 3, 1, "unresolved_name")       /* a source's host has no address yet: for now */ \
    X(PASSCODE_WRONG, 1, 2, 1, "passcode")               /* PS3.7 section D.3.3.7 */                       \
    X(PASSCODE_UNREAD, 2, 3, 1, "passcode_unread")       /* what it would be compared with: for now */     \
    X(CERTIFICATE_WRONG, 1, 1, 1, "certificate")         /* not the one of its source, or none */          \
    X(OTHER_APPLICATION, 1, 1, 2, "application_context") /* never the handler's */

enum association_verdict {
#define X(name, result, source, reason, text) ASSOCIATION_##name,
    ASSOCIATION_VERDICT_MAP(X)
#undef X
        ASSOCIATION_VERDICTS
};

/* How it ended; the texts are for the log and a metric's label. */
#define ASSOCIATION_END_MAP(X)                                                          \
    X(RELEASED, "released")                                                             \
    X(REJECTED, "rejected")                                                             \
    X(ABORTED, "aborted")   /* by the peer, or its connection went away */              \
    X(IDLE, "idle")         /* we aborted it after idle_timeout */                      \
    X(SLOW, "slow")         /* we aborted it: a message came too slowly */              \
    X(STOPPED, "stopped")   /* we aborted it since the receiver is stopping */          \
    X(PROTOCOL, "protocol") /* we aborted it: the peer does not keep to the protocol */ \
    X(WASTED, "wasted")     /* we aborted it: what was refused went on for too long */  \
    X(CRASHED, "crashed")   /* its process died */

enum association_end {
#define X(name, text) ASSOCIATION_##name,
    ASSOCIATION_END_MAP(X)
#undef X
        ASSOCIATION_ENDS
};

/* ASSOCIATION_DUE: nothing came, and there is a report to make. */
enum association_wait { ASSOCIATION_INPUT, ASSOCIATION_SILENT, ASSOCIATION_STOPPING, ASSOCIATION_DUE };

/* What is said of a data set that is whole, and the status that it becomes. */
enum association_answer {
    ASSOCIATION_STORED,           /* durable */
    ASSOCIATION_OUT_OF_RESOURCES, /* A700 */
    ASSOCIATION_MISMATCH,         /* A900: its UIDs are not those of the command */
    ASSOCIATION_UNFIT             /* C000: no destination of its node can take its UIDs */
};

/* What is said of a request for storage commitment, and the status that it becomes. */
enum association_commitment {
    ASSOCIATION_ASKED,      /* durable */
    ASSOCIATION_NOWHERE,    /* 0110: its report could go nowhere */
    ASSOCIATION_UNREADABLE, /* 0115 */
    ASSOCIATION_NO_ROOM,    /* 0213: no space, or too many on one association */
    ASSOCIATION_COMMITMENTS
};

/* Who asks for an association. */
struct association_request {
    /* Without padding; at most 16 bytes, but any bytes. */
    const char *called_aet, *calling_aet;
    /* Of the user identity (PS3.7 section D.3.3.7), where a user name and a passcode came; NULL otherwise. */
    const char *passcode;
    size_t passcode_length;
};

struct association_handler {
    void *context;
    /* *ret_proved: whether the passcode was looked at, and is right. */
    enum association_verdict (*admit)(void *context, const struct association_request *request,
                                      bool *ret_proved);
    /* Whether a transfer syntax may be used; the UID is plain. */
    bool (*takes_syntax)(void *context, const char *uid);
    /* Waits until the socket can be read. */
    enum association_wait (*wait)(void *context);
    /* Something came. */
    void (*progress)(void *context);
    /* A data set begins; meta (borrowed) has everything but the address. */
    void (*begin)(void *context, const struct file_meta *meta);
    /* False: these bytes are of no use any more; a bounded number of them is still taken. */
    bool (*data)(void *context, const void *bytes, size_t length);
    enum association_answer (*finish)(void *context);
    /* The data set of an N-ACTION that asks for storage commitment. *ret_comment: why not, borrowed for ever, or NULL. */
    enum association_commitment (*commit)(void *context, const void *bytes, size_t length,
                                          const char *transfer_syntax, const char **ret_comment);
    /* The report that is due, borrowed until the next call; NULL: there is none after all. It is under way until reported(), or
     * to the end of the association: no other one is due meanwhile. */
    const struct work_report *(*report)(void *context);
    /* The peer has answered it with this status. */
    void (*reported)(void *context, uint16_t status);
};

/* Bytes of a data set that is of no use; beyond, the association ends. The data set of a C-STORE that is refused may be
 * as long as any that is stored: its sender hears the status, and not of a broken association, which most take for a
 * reason to send all of it again. */
#define ASSOCIATION_WASTE_MOST   (INT64_C(256) << 20)
#define ASSOCIATION_REFUSED_MOST (INT64_C(4) << 30)

#endif
