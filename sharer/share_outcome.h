/* share_outcome - what KHEOPS's answer to PUT …/studies/{study}/series/{series} means: a table by status.
 *
 *     share_judge()     from the answer; SHARE_ASK_TOKENS: not final
 *     share_decide()    ... after introspection of both tokens
 *
 * One status has many causes there, and introspection tells them apart. Nothing is rejected because a server
 * was down or refused a token. Reasons are sentences for operators, without token. */
#ifndef FELUCCA_SHARER_SHARE_OUTCOME_H
#define FELUCCA_SHARER_SHARE_OUTCOME_H

#include "common/http/http.h"
#include "common/kheops/introspection.h"
#include "common/wire/work.h"

#define SHARE_VERDICT_MAP(X) /* name, meaning */                                                \
    X(DONE, "the series is in the album")                                                       \
    X(REJECT, "never")                                                                          \
    X(TOKENS, "a token is refused, or does not open what it should: introspection tells which") \
    X(WRONG_URL, "blocked: this is not KHEOPS's API")                                           \
    X(TROUBLE, "again, bounded")                                                                \
    X(OUTAGE, "again, without bound")

enum share_verdict {
#define X(name, meaning) SHARE_##name,
    SHARE_VERDICT_MAP(X)
#undef X
};

struct share_rule {
    int low, high;
    enum share_verdict verdict;
    bool trouble; /* the album's KHEOPS looks down or overloaded */
    const char *sentence;
};

/* The first rule that fits a status; there is always one. */
const struct share_rule *share_rule(int status);

enum share_question { SHARE_SETTLED, SHARE_ASK_TOKENS };

/* Sets the one answer of result. */
enum share_question share_judge(const struct http_answer *answer, struct work_result *result);

/* After SHARE_ASK_TOKENS: destination and source are what KHEOPS says about the two tokens. */
void share_decide(const struct introspection *destination, const struct introspection *source,
                  struct work_result *result);

/* Whether it was decided that KHEOPS does not find the series, and no token is to blame. */
bool share_not_found(const struct work_result *result);
/* ... and so it is with every other series (misses.h): the album is at fault, not the series. */
void share_blame_album(struct work_result *result);

/* ... or because a token was replaced while the request was on its way. */
void share_token_replaced(struct work_result *result);

#endif
