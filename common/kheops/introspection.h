/* introspection - what KHEOPS says of a token: is it active, what may it do, which album does it open.
 *
 * A value; common/kheops/asker.h gets one from KHEOPS. No sentence that is made here holds a token. */
#ifndef FELUCCA_KHEOPS_INTROSPECTION_H
#define FELUCCA_KHEOPS_INTROSPECTION_H

#include "common/base/text.h"

#include <stdint.h>

#define INTROSPECTION_MAP(X) /* name, meaning */                                     \
    X(ACTIVE, "the token is good for what scope says")                               \
    X(INACTIVE, "unknown, expired, revoked or malformed; KHEOPS does not say which") \
    X(PERSON, "a person's login token, which opens no album")                        \
    X(OUTAGE, "no answer, or trouble in KHEOPS: ask again later")                    \
    X(UNKNOWN, "the server does not introspect: nothing can be said about the token")

enum introspection_state {
#define X(name, meaning) INTROSPECTION_##name,
    INTROSPECTION_MAP(X)
#undef X
        INTROSPECTION_STATES
};

struct introspection {
    enum introspection_state state;
    int http_status;     /* 0: no answer */
    char *scope;         /* ACTIVE: as KHEOPS says it, "" when it has none; else "" */
    char *album_id;      /* "" when not said */
    int64_t expires_at;  /* ACTIVE: wall ms, where the server says it; else 0 */
    struct text trouble; /* OUTAGE, UNKNOWN: a sentence */
};

void introspection_release(struct introspection *introspection);
/* The copy is then yours, to release. */
void introspection_copy(const struct introspection *original, struct introspection *ret_copy);

/* Whether an active token's scope has this permission, as a whole word: "read", "write" or "send". */
bool introspection_allows(const struct introspection *introspection, const char *permission);

/* Copies the first missing one of the space-separated permissions to ret_missing (16 bytes); false: none is
 * missing. */
bool introspection_lacks(const struct introspection *introspection, const char *permissions,
                         char *ret_missing);

/* How KHEOPS's user interface names the switch of a permission: "Write" for "write". Borrowed for ever. */
const char *introspection_switch(const char *permission);

/* Appends what is wrong with a token that is inactive or lacks one of the permissions, and what to do about
 * it; false, and nothing is appended, when neither is the case. name: "the destination_token of album
 * research". */
bool introspection_explain(const struct introspection *introspection, const char *name,
                           const char *permissions, struct text *ret_reason);

#endif
