/* association - one DICOM association over a connection (transport.h).
 *
 * DCMTK negotiates it (A-ASSOCIATE); what follows, the messages and their data sets, is read by our own code
 * (conversation.h), so that no byte of a data set ever passes a toolkit. A handler of plain C decides and
 * stores. Of presentation contexts, storage classes of instances that belong to a study are accepted, private
 * ones, classes that DCMTK does not know, Storage Commitment (Push Model), and Verification; any other class is refused by itself, never the
 * association. Any transfer syntax is taken, since nothing is decoded: the first that is proposed; where that
 * is one of the three uncompressed ones, Explicit VR Little Endian before Implicit before Big Endian. No C++
 * type and no exception crosses this header, and DCMTK's own log is silent, since it may show what a peer
 * sent. One association at a time in a process. */
#ifndef FELUCCA_RECEIVER_ASSOCIATION_H
#define FELUCCA_RECEIVER_ASSOCIATION_H

#include "receiver/handler.h"
#include "receiver/transport.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

const char *association_end_name(enum association_end end);
const char *association_verdict_name(enum association_verdict verdict);

/* Once in a process, before any fork: loads DCMTK's dictionary. 0, or ERR_ABSENT when there is none. */
int association_prepare(void);

/* Serves it to its end; the transport is then closed, with its socket. idle_seconds: how long one read or write may take.
 * *ret_because, where the peer broke the protocol: how, a part of a sentence, borrowed for ever; NULL otherwise. */
enum association_end association_serve(struct transport *transport, int idle_seconds,
                                       const struct association_handler *handler, const char **ret_because);

/* Whether a presentation context with this SOP class is accepted. */
bool association_takes_class(const char *uid);
/* Which of the proposed transfer syntaxes is used: its index, -1 for none. handler: NULL, any may be used. */
int association_choose_syntax(const char *const *uids, int count, const struct association_handler *handler);

#ifdef __cplusplus
}
#endif

#endif
