/* entrance - how a peer of the TLS port comes in, in the process that was forked for it, confined already.
 *
 * The handshake, then the whole A-ASSOCIATE-RQ, within LOBBY_PATIENCE_MS each; what the parent has to know of it (limits are
 * its business, and so are files with passcodes) goes to it through a socketpair, and its answer comes back. Then the
 * private key is let go of, and the association is served as any other. A peer that does not come so far is told in the
 * log once a minute, counted, and shown by the status. */
#ifndef FELUCCA_RECEIVER_ENTRANCE_H
#define FELUCCA_RECEIVER_ENTRANCE_H

#include "common/config/certificate_name.h"
#include "common/tls/tls_stream.h"
#include "receiver/claim.h"
#include "receiver/session_start.h"
#include "receiver/transport.h"

/* What the parent is asked, in one piece. */
struct entrance_question {
    struct titles titles;
    bool shown; /* whether the peer showed a certificate */
    struct certificate_name certificate;
};

/* What it answers, in one piece: this, and the passcode. */
struct entrance_answer {
    enum lobby_answer answer;
    size_t passcode_length;
};

enum { ENTRANCE_PASSCODE_MOST = 64 * 1024 }; /* a secret has no more (common/config/secret.h) */

struct entrance {
    struct tls_stream *stream;
    struct transport *transport; /* the next reads give the A-ASSOCIATE-RQ */
    struct claim claim;
    struct text description; /* of the connection, for the log */
};

/* Before the process is confined: false where there is no memory. */
bool entrance_prepare(struct entrance *entrance, const struct session_start *start);
/* False: the peer is not served, and knows. start->tls is forgotten. */
bool entrance_pass(struct entrance *entrance, struct session_start *start);
/* After the transport was destroyed. */
void entrance_leave(struct entrance *entrance);

#endif
