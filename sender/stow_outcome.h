/* stow_outcome - what a STOW answer means for each instance, by two tables of common/kheops/answer_rule.h:
 * ANSWER_STOW and ANSWER_STOW_INSTANCE.
 *
 *     stow_judge()                 from the answer; tells what has to be asked before it is final
 *     stow_decide_token()          ... after introspection of the token
 *     stow_decide_present()        ... after QIDO-RS told what is there
 *
 * An instance is done when the answer lists it, not when the status looks good. Reasons are sentences for
 * operators, without token or patient data. */
#ifndef FELUCCA_SENDER_STOW_OUTCOME_H
#define FELUCCA_SENDER_STOW_OUTCOME_H

#include "common/config/config.h"
#include "common/http/http.h"
#include "common/kheops/answer_rule.h"
#include "common/kheops/introspection.h"
#include "sender/batch.h"
#include "sender/stow_answer.h"

struct stow_judgement {
    enum answer_next next;
    bool cut_off; /* the token is asked about only because the connection ended in the middle of the body */
    bool *open;   /* by item of the batch: the what is asked next is about this one */
    unsigned listed, unlisted; /* instances that the answer names, and does not */
};

void stow_judgement_release(struct stow_judgement *judgement);

/* The keyword of a DICOM tag, or NULL. */
typedef const char *stow_keyword(uint32_t tag);

/* Sets every answer of the batch in result, and not_before_ms. kheops and conflict_means
 * are taken from the destination. */
void stow_judge(const struct batch *batch, const struct config_destination *destination,
                const struct http_answer *answer, stow_keyword *keyword, struct work_result *result,
                struct stow_judgement *ret_judgement);

/* After ANSWER_ASK_TOKEN. introspection NULL: it cannot be asked about (not KHEOPS, or no token in the
 * headers). */
void stow_decide_token(const struct batch *batch, const struct stow_judgement *judgement,
                       const struct introspection *introspection, struct work_result *result);
/* ... or because the token was replaced while the request was on its way. */
void stow_token_replaced(const struct batch *batch, const struct stow_judgement *judgement,
                         struct work_result *result);

/* After ANSWER_ASK_PRESENCE, for one instance that is there: done where it was not there before and no other version
 * of it went there, else as it was. */
void stow_decide_present(const struct batch *batch, const struct stow_judgement *judgement,
                         const char *sop_instance, struct work_result *result);

#endif
