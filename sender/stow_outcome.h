/* stow_outcome - what a STOW answer means for each instance: two tables, by HTTP status and by FailureReason.
 *
 *     stow_judge()                 from the answer; tells what has to be asked before it is final
 *     stow_decide_token()          ... after introspection of the token
 *     stow_decide_presence()       ... after QIDO-RS told what is there
 *
 * An instance is done when the answer lists it, not when the status looks good. Nothing is rejected because a
 * server was down, slow, or refused a token. Reasons are sentences for operators, without token or patient
 * data.
 */
#ifndef FELUCCA_SENDER_STOW_OUTCOME_H
#define FELUCCA_SENDER_STOW_OUTCOME_H

#include "common/config/config.h"
#include "common/http/http.h"
#include "common/kheops/introspection.h"
#include "sender/batch.h"
#include "sender/stow_answer.h"

/* What a status says about a request. */
#define STOW_VERDICT_MAP(X) /* name, meaning */                                          \
    X(LISTED, "the body says it of each instance")                                       \
    X(TOKEN, "the token is refused: introspection tells why")                            \
    X(WRONG_URL, "blocked: this is no STOW-RS address")                                  \
    X(BROKEN, "the request as a whole, no instance is named: split, and again, bounded") \
    X(REFUSED, "such a request is not taken: split; an instance alone is rejected")      \
    X(OUTAGE, "again, without bound")                                                    \
    X(STRANGE, "again, bounded")

enum stow_verdict {
#define X(name, meaning) STOW_##name,
    STOW_VERDICT_MAP(X)
#undef X
};

struct stow_status_rule {
    int low, high;
    enum stow_verdict verdict;
    bool trouble;         /* the destination looks down or overloaded */
    const char *sentence; /* after "the server answers NNN: "; NULL: the body decides */
};

/* The first rule that fits a status; there is always one. */
const struct stow_status_rule *stow_status_rule(int status);

/* What a FailureReason says about an instance. */
struct stow_failure_rule {
    unsigned low, high;
    enum work_outcome outcome;
    bool bounded;         /* RETRY */
    bool trouble;         /* the server is out of something: it looks overloaded */
    bool token;           /* introspection decides */
    const char *sentence; /* what happened and what to do */
};

const struct stow_failure_rule *stow_failure_rule(unsigned reason);

enum stow_question { STOW_SETTLED, STOW_ASK_TOKEN, STOW_ASK_PRESENCE };

struct stow_judgement {
    enum stow_question question;
    bool *open;                /* by item of the batch: the question is about this one */
    unsigned listed, unlisted; /* instances that the answer names, and does not */
};

void stow_judgement_release(struct stow_judgement *judgement);

/* The keyword of a DICOM tag, or NULL. */
typedef const char *stow_keyword(uint32_t tag);

/* Sets every answer of the batch in result, and trouble, split and not_before_ms. kheops and conflict_means
 * are taken from the destination. */
void stow_judge(const struct batch *batch, const struct config_destination *destination,
                const struct http_answer *answer, stow_keyword *keyword, struct work_result *result,
                struct stow_judgement *ret_judgement);

/* After STOW_ASK_TOKEN. introspection NULL: it cannot be asked about (not KHEOPS, or no token in the
 * headers). */
void stow_decide_token(const struct batch *batch, const struct stow_judgement *judgement,
                       const struct introspection *introspection, struct work_result *result);
/* ... or because the token was replaced while the request was on its way. */
void stow_token_replaced(const struct batch *batch, const struct stow_judgement *judgement,
                         struct work_result *result);

/* After STOW_ASK_PRESENCE, for one instance that is there. */
void stow_decide_present(const struct batch *batch, const struct stow_judgement *judgement,
                         const char *sop_instance, struct work_result *result);

#endif
