/* oddity - what receivers found wrong with peers, the last of each kind and how many, so that `felucca status` can say
 * whom to ask to correct what: the log of each receiver tells all of them, its metrics count them.
 *
 * A small file of each kind in incoming/, which any process of a receiver may write; a reader needs no more than to be
 * allowed to read it. A hint: where two write at once one may be lost. Nothing of a patient is in it. */
#ifndef FELUCCA_SPOOL_ODDITY_H
#define FELUCCA_SPOOL_ODDITY_H

#include "common/base/text.h"
#include "common/spool/spool.h"

#include <stdbool.h>
#include <stdint.h>

#define ODDITY_MAP(X) /* name, text, what it is and what became of it */                                 \
    X(LENGTH, "odd_length", "a data set of odd length, kept byte for byte as it came")                   \
    X(MISMATCH, "mismatched_uids", "an instance that its C-STORE command calls otherwise, refused A900") \
    X(UNFIT, "unfit_uids", "an instance whose UIDs no destination of its node can take, refused C000")   \
    X(PROTOCOL, "protocol", "a message that breaks the protocol, its association aborted")

enum oddity_kind {
#define X(name, text, sentence) ODDITY_##name,
    ODDITY_MAP(X)
#undef X
        ODDITIES
};

enum { ODDITY_SHOWN_MS = 24 * 60 * 60 * 1000 }; /* older ones are of no use to anybody */

/* Borrowed texts of any bytes; NULL: not known. */
struct oddity {
    int64_t at, times; /* times: as it was found */
    const char *calling, *called, *address, *sop_instance;
    const char *because; /* what more there is to say */
};

/* One more of that kind, which is the last one now; they are counted anew when there was none for ODDITY_SHOWN_MS. */
void oddity_note(struct spool *spool, enum oddity_kind kind, const struct oddity *oddity);

/* Where what was found lies; its texts can be shown. It must not move. */
struct oddity_found {
    struct oddity oddity;
    char bytes[2048];
};

/* The last one of a kind. False: there is none that is not older than ODDITY_SHOWN_MS. */
bool oddity_find(struct spool *spool, enum oddity_kind kind, int64_t now, struct oddity_found *ret_found);
const char *oddity_name(enum oddity_kind kind);

/* A line for the last one of each kind; appended. */
void oddity_append(struct spool *spool, int64_t now, struct text *lines);

#endif
