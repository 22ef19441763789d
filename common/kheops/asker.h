/* asker - asks KHEOPS what a token may do, to tell the causes of a refusal apart.
 *
 *     introspection_ask(http, &question, done, context, &asker);
 *
 * POST api_url/token/introspect. KHEOPS keeps a record of each: ask at start, on reload, on a refusal and
 * once in a while, never for every request. No sentence that is made here holds a token. */
#ifndef FELUCCA_KHEOPS_ASKER_H
#define FELUCCA_KHEOPS_ASKER_H

#include "common/http/http.h"
#include "common/kheops/introspection.h"

struct introspection_question {
    const char *api_url; /* without trailing slash */
    const char *token;
    struct http_tls tls;
    const char *proxy; /* as of an http_request */
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

#endif
