/* association - one DICOM association over an accepted socket.
 *
 * DCMTK negotiates it (A-ASSOCIATE); what follows, the messages and their data sets, is read by our own code
 * (conversation.h), so that no byte of a data set ever passes a toolkit. A handler of plain C decides and
 * stores. Of presentation contexts, storage classes of instances that belong to a study are accepted, private
 * ones, classes that DCMTK does not know, and Verification; any other class is refused by itself, never the
 * association. Any transfer syntax is taken, since nothing is decoded: the first that is proposed; where that
 * is one of the three uncompressed ones, Explicit VR Little Endian before Implicit before Big Endian. No C++
 * type and no exception crosses this header, and DCMTK's own log is silent, since it may show what a peer
 * sent. One association at a time in a process. */
#ifndef FELUCCA_RECEIVER_ASSOCIATION_H
#define FELUCCA_RECEIVER_ASSOCIATION_H

#include "common/spool/file_meta.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the handler says to a request, and the reject reason (PS3.8 section 9.3.4) that it becomes. */
#define ASSOCIATION_VERDICT_MAP(X) /* name, result, source, reason, for a metric's label */                \
    X(ADMITTED, 0, 0, 0, "")                                                                               \
    X(CALLED_UNKNOWN, 1, 1, 7, "called_aet")                                                               \
    X(CALLING_UNKNOWN, 1, 1, 3, "calling_aet")                                                             \
    X(ADDRESS_UNKNOWN, 1, 1, 3, "address")               /* the title is a source's, the address is not */ \
    X(NAME_UNRESOLVED, 2, 3, 1, "unresolved_name")       /* a source's host has no address yet: for now */ \
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

const char *association_end_name(enum association_end end);
const char *association_verdict_name(enum association_verdict verdict);

enum association_wait { ASSOCIATION_INPUT, ASSOCIATION_SILENT, ASSOCIATION_STOPPING };

/* What is said of a data set that is whole, and the status that it becomes. */
enum association_answer {
    ASSOCIATION_STORED,           /* durable */
    ASSOCIATION_OUT_OF_RESOURCES, /* A700 */
    ASSOCIATION_MISMATCH          /* A900: its UIDs are not those of the command */
};

struct association_handler {
    void *context;
    /* Titles without padding; at most 16 bytes, but any bytes. */
    enum association_verdict (*admit)(void *context, const char *called_aet, const char *calling_aet);
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
};

/* Bytes of a data set that is of no use; beyond, the association ends. The data set of a C-STORE that is refused may be
 * as long as any that is stored: its sender hears the status, and not of a broken association, which most take for a
 * reason to send all of it again. */
#define ASSOCIATION_WASTE_MOST   (INT64_C(256) << 20)
#define ASSOCIATION_REFUSED_MOST (INT64_C(4) << 30)

/* Once in a process, before any fork: loads DCMTK's dictionary. 0, or ERR_ABSENT when there is none. */
int association_prepare(void);

/* Serves it to its end; the socket is closed. idle_seconds: how long one read or write may take. *ret_because,
 * where the peer broke the protocol: how, a part of a sentence, borrowed for ever; NULL otherwise. */
enum association_end association_serve(int socket, int idle_seconds,
                                       const struct association_handler *handler, const char **ret_because);

/* Whether a presentation context with this SOP class is accepted. */
bool association_takes_class(const char *uid);
/* Which of the proposed transfer syntaxes is used: its index, -1 for none. handler: NULL, any may be used. */
int association_choose_syntax(const char *const *uids, int count, const struct association_handler *handler);

#ifdef __cplusplus
}
#endif

#endif
