/* hint - one thing that a process of the receiver tells the helper: a record that goes through the pipe in one piece. */
#ifndef FELUCCA_RECEIVER_HINT_H
#define FELUCCA_RECEIVER_HINT_H

#include "common/base/receipt.h"

#include <stdbool.h>
#include <stdint.h>

enum hint_kind {
    HINT_INSTANCE,    /* receipt, number: bytes of the data set, durable_us: what making it durable took */
    HINT_REFUSED,     /* a C-STORE was not answered with Success; number: enum hint_refusal */
    HINT_ASSOCIATION, /* number: enum association_end */
    HINT_REJECTED,    /* an association was rejected; number: enum association_verdict */
    HINT_LIMIT,       /* a peer refused since a limit of associations was reached */
    HINT_STRANGER,    /* a connection refused since no source of any node has its address */
    HINT_CONGESTED,   /* a peer refused since no process could be made for it */
    HINT_SILENT,      /* a peer dropped since it asked for nothing */
    HINT_COMMITMENT, /* one was asked for; receipt where it is durable, number: enum association_commitment */
    HINT_ODD,        /* an instance whose data set has an odd length was kept */
    HINT_BEAT,       /* the parent lives; number: associations in progress */
    HINT_UNCONFINED, /* the kernel refused to limit an association */
    HINT_TLS,        /* a TLS handshake has ended; number: enum tls_end */
    HINT_CERTIFICATE, /* the receiver's own ends; number: wall ms */
    HINT_STOP,        /* the helper ends */
    HINT_KINDS
};

/* Why an instance was refused; the texts are a metric's label. */
#define HINT_REFUSAL_MAP(X)        \
    X(NO_SPACE, "no_space")        \
    X(DISK, "disk")                \
    X(OVERFULL, "quarantine")      \
    X(MISMATCH, "mismatched_uids") \
    X(UNFIT, "unfit_uids")

enum hint_refusal {
#define X(name, text) HINT_##name,
    HINT_REFUSAL_MAP(X)
#undef X
        HINT_REFUSALS
};

/* What goes through the pipe: written and read in one piece. */
struct hint {
    enum hint_kind kind;
    char receipt[RECEIPT_SIZE];
    int64_t number, durable_us;
};

/* Whether it is one that a process of ours says: what comes out of the pipe may have been written by a process that a peer
 * has taken over. */
bool hint_is_sound(const struct hint *hint);

#endif
