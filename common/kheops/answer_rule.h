/* answer_rule - what the answer to each question of ours means: one table a question, one row a status.
 *
 *     rule = answer_rule(ANSWER_STOW, 409, ANSWER_LIST);
 *     answer_meaning(rule->verdict)->outcome ...
 *
 * "Where is a 409 handled?" The row with 409 in answer_rule.c says it, and nothing else does. A row has what
 * an answer must be for it, a verdict, and the sentence for operators; a verdict has its outcome, whom it
 * blames, and what is asked before it is final. Both are values without state.
 *
 * Nothing is rejected because a server was down, slow, or refused a token. A sentence holds no token and
 * nothing of a patient. */
#ifndef FELUCCA_KHEOPS_ANSWER_RULE_H
#define FELUCCA_KHEOPS_ANSWER_RULE_H

#include "common/base/text.h"
#include "common/wire/work.h"

/* A code is an HTTP status, 0 for none, unless something else is said. */
#define ANSWER_QUESTION_MAP(X) /* name, meaning */                                              \
    X(STOW, "POST of instances to stow_url (PS3.18 section 10.5)")                              \
    X(STOW_INSTANCE, "what its answer says of one; the code is the FailureReason (0008,1197)")  \
    X(STOW_GOOD_TOKEN, "it refused a token that is good when asked, or (other codes) a series") \
    X(SHARE, "PUT api_url/studies/{study}/series/{series}, with two tokens")                    \
    X(SHARE_GOOD_TOKENS, "it was refused, but both tokens are good when asked")                 \
    X(FETCH, "POST api_url/studies/{study}/fetch")                                              \
    X(FETCH_GOOD_TOKEN, "it was refused, but the token is good when asked")                     \
    X(METADATA, "GET api_url/studies/{study}/series/{series}/instances/{instance}/metadata")    \
    X(METADATA_GOOD_TOKEN, "it was refused, but the source token is good when asked")

enum answer_question {
#define X(name, meaning) ANSWER_##name,
    ANSWER_QUESTION_MAP(X)
#undef X
        ANSWER_QUESTIONS
};

/* What is true of an answer: one of the first eight bits, what its body is, and any of the others. A row needs
 * one of the bodies that it names, and each of the others. */
#define ANSWER_FACT_MAP(X) /* name, bit, meaning */                                   \
    X(OTHER, 0, "its body is none of the following, or was not looked at")            \
    X(LIST, 1, "it lists instances (PS3.18 section 10.5.3)")                          \
    X(EMPTY, 2, "it has no body")                                                     \
    X(CUT, 3, "its body has no end: the connection broke or fell silent")             \
    X(ENDLESS, 4, "its body is longer than allowed")                                  \
    X(NO_ALBUM, 5, "KHEOPS says \"Album Not Found\"")                                 \
    X(OF_KHEOPS, 8, "the server is KHEOPS (kheops: true)")                            \
    X(MEANS_STORED, 9, "one instance alone, to a server with conflict_means: stored") \
    X(EARLY, 10, "it began before the last byte of the request was out")

enum answer_fact {
#define X(name, bit, meaning) ANSWER_##name = 1 << (bit),
    ANSWER_FACT_MAP(X)
#undef X
        ANSWER_BODIES = 0x00ff,
    ANSWER_CONDITIONS = 0xff00
};

/* What is asked before it is final. */
enum answer_next { ANSWER_SETTLED, ANSWER_ASK_TOKEN, ANSWER_ASK_PRESENCE };

/* Whom it blames: common/wire/blame.h. */
#define ANSWER_VERDICT_MAP(X) /* name, outcome, blame, next, meaning */                                  \
    X(DONE, DONE, NOBODY, SETTLED, "it is there now")                                                    \
    X(DUPLICATE, DUPLICATE, NOBODY, SETTLED, "it was there already")                                     \
    X(LISTED, RETRY, GROUP, SETTLED, "the body says it of each instance")                                \
    X(LOST, RETRY, DESTINATION, ASK_PRESENCE, "no whole answer: how its connection ended says the rest") \
    X(REJECTED, REJECT, INSTANCE, SETTLED, "this one is never taken")                                    \
    X(TOO_LARGE, RETRY, SIZE, SETTLED, "the request is too large")                                       \
    X(BROKEN, RETRY, GROUP, SETTLED, "the request as a whole, no instance is named")                     \
    X(CRASHED, RETRY, CRASH, ASK_PRESENCE, "the same, and the server is in trouble")                     \
    X(TOKEN, RETRY, SUSPECT, ASK_TOKEN, "a token is refused or opens too little: which, and why?")       \
    X(REVOKED, BLOCKED, TOKEN, SETTLED,                                                                  \
      "a token opens nothing there any more, until somebody makes another")                              \
    X(BLOCKED, BLOCKED, FRONT, SETTLED, "such a request is not taken there")                             \
    X(BUSY, RETRY, DESTINATION, SETTLED, "not taken now: again, without bound")                          \
    X(OUTAGE, RETRY, CUT, ASK_PRESENCE, "again, without bound; it may have been taken")                  \
    X(LATER, RETRY, NOBODY, SETTLED, "again, without bound, and the server is well")                     \
    X(MISSED, RETRY, GONE, SETTLED, "again, bounded: the series is not there")                           \
    X(COLLIDED, RETRY, COLLISION, SETTLED, "again: it may have met another request")                     \
    X(STRANGE, RETRY, SUSPECT, SETTLED, "again, bounded")

enum answer_verdict {
#define X(name, outcome, blame, next, meaning) ANSWER_##name,
    ANSWER_VERDICT_MAP(X)
#undef X
        ANSWER_VERDICTS
};

struct answer_meaning {
    enum work_outcome outcome;
    enum blame blame;
    enum answer_next next;
};

const struct answer_meaning *answer_meaning(enum answer_verdict verdict);

struct answer_rule {
    long low, high; /* codes, both included */
    unsigned needs; /* facts */
    enum answer_verdict verdict;
    const char *sentence; /* what happened and what to do; NULL: nothing, or the connection's own */
};

/* The first row that fits; there is always one. facts: what is true of the answer. */
const struct answer_rule *answer_rule(enum answer_question question, long code, unsigned facts);

/* Appends its sentence for operators, behind what all of its table begin with; nothing for NULL. What is
 * done is told by its sentence alone. */
void answer_rule_append(const struct answer_rule *rule, enum answer_question question, long code,
                        struct text *out);

/* Whether what the body is matters for a code. */
bool answer_needs_body(enum answer_question question, long code);

/* The whole table of a question, for tests and documents. */
const struct answer_rule *answer_rules(enum answer_question question, size_t *ret_count);

#endif
