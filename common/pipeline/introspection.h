/* introspection - asks KHEOPS what a token may do, to tell the causes of a refusal apart.
 *
 *     introspection_ask(http, &question, done, context, &transfer);
 *
 * POST api_url/token/introspect. KHEOPS keeps a record of each: ask at start, on reload, on a refusal and
 * once in a while, never for every request. No sentence that is made here holds a token. */
#ifndef FELUCCA_PIPELINE_INTROSPECTION_H
#define FELUCCA_PIPELINE_INTROSPECTION_H

#include "common/pipeline/http.h"

#define INTROSPECTION_MAP(X) /* name, meaning */                                     \
    X(ACTIVE, "the token is good for what scope says")                               \
    X(INACTIVE, "unknown, expired, revoked or malformed; KHEOPS does not say which") \
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
    struct text trouble; /* OUTAGE, UNKNOWN: a sentence */
};

void introspection_release(struct introspection *introspection);

struct introspection_question {
    const char *api_url; /* without trailing slash */
    const char *token;
    struct http_tls tls;
    bool http2;
};

/* introspection is borrowed during the call. */
typedef void introspection_done(void *context, struct introspection *introspection);

/* One question under way. */
struct introspection_asker;

/* done is called once, from http_poll(). *ret_asker (not NULL) is for introspection_cancel() until then. */
void introspection_ask(struct http *http, const struct introspection_question *question,
                       introspection_done *done, void *context, struct introspection_asker **ret_asker);
/* Ends a question without calling done; *asker is NULL afterwards. NULL is fine. */
void introspection_cancel(struct introspection_asker **asker);

/* Reads an answer. */
void introspection_read(const struct http_answer *answer, struct introspection *ret_introspection);

/* Whether an active token's scope has this permission: "read", "write" or "send", compared as a whole word.
 */
bool introspection_allows(const struct introspection *introspection, const char *permission);

/* The first of the space-separated permissions that is missing, copied to ret_missing (16 bytes); false:
 * none. */
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
