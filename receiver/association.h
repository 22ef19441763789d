/* association - one DICOM association over an accepted socket: the bridge to DCMTK's network code.
 *
 * DCMTK speaks the protocol; a handler of plain C decides and stores. Verification is answered; of
 * presentation contexts, storage classes, private ones and classes that DCMTK does not know are accepted with
 * the first transfer syntax of the proposer's order that can be kept as it comes; any other class is refused
 * by itself, never the association. No C++ type and no exception crosses this header, and DCMTK's own log is
 * silent, since it may show what a peer sent. One association at a time in a process. */
#ifndef FELUCCA_RECEIVER_ASSOCIATION_H
#define FELUCCA_RECEIVER_ASSOCIATION_H

#include "common/spool/file_meta.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the handler says to a request, and the reject reason (PS3.8 section 9.3.4) that it becomes. */
enum association_verdict {
    ASSOCIATION_ADMITTED,
    ASSOCIATION_CALLED_UNKNOWN, /* rejected permanent, service user, 7 */
    ASSOCIATION_CALLING_UNKNOWN /* rejected permanent, service user, 3 */
};

/* How it ended; the texts are for the log and a metric's label. */
#define ASSOCIATION_END_MAP(X)                                                          \
    X(RELEASED, "released")                                                             \
    X(REJECTED, "rejected")                                                             \
    X(ABORTED, "aborted")   /* by the peer, or its connection went away */              \
    X(IDLE, "idle")         /* we aborted it after idle_timeout */                      \
    X(STOPPED, "stopped")   /* we aborted it since the receiver is stopping */          \
    X(PROTOCOL, "protocol") /* we aborted it: the peer does not keep to the protocol */ \
    X(CRASHED, "crashed")   /* its process died */

enum association_end {
#define X(name, text) ASSOCIATION_##name,
    ASSOCIATION_END_MAP(X)
#undef X
        ASSOCIATION_ENDS
};

const char *association_end_name(enum association_end end);

enum association_wait { ASSOCIATION_INPUT, ASSOCIATION_SILENT, ASSOCIATION_STOPPING };

struct association_handler {
    void *context;
    /* Titles without padding; at most 16 bytes, but any bytes. */
    enum association_verdict (*admit)(void *context, const char *called_aet, const char *calling_aet);
    /* Waits until the socket can be read. */
    enum association_wait (*wait)(void *context);
    /* A data set begins; meta (borrowed) has everything but the address. */
    void (*begin)(void *context, const struct file_meta *meta);
    void (*data)(void *context, const void *bytes, size_t length);
    /* The data set is whole: true when it is durable, false to answer "out of resources". */
    bool (*finish)(void *context);
};

/* Once in a process, before any fork: loads DCMTK's dictionary. 0, or ERR_ABSENT when there is none. */
int association_prepare(void);

/* Serves it to its end; the socket is closed. idle_seconds: how long one read or write may take. */
enum association_end association_serve(int socket, int idle_seconds,
                                       const struct association_handler *handler);

/* Whether a presentation context with this SOP class or transfer syntax is accepted. */
bool association_takes_class(const char *uid);
bool association_takes_syntax(const char *uid);

#ifdef __cplusplus
}
#endif

#endif
