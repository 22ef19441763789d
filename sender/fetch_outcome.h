/* fetch_outcome - what KHEOPS's answer to POST api_url/studies/{study}/fetch means: the table ANSWER_FETCH of
 * common/kheops/answer_rule.h.
 *
 *     fetch_judge()     from the answer; ANSWER_ASK_TOKEN: not final
 *     fetch_decide()    ... after introspection of the token
 *
 * It never says that the destination is in trouble: a fetch holds up no delivery. */
#ifndef FELUCCA_SENDER_FETCH_OUTCOME_H
#define FELUCCA_SENDER_FETCH_OUTCOME_H

#include "common/http/http.h"
#include "common/kheops/answer_rule.h"
#include "common/kheops/introspection.h"

/* Sets the one answer of result. */
enum answer_next fetch_judge(const struct http_answer *answer, struct work_result *result);

/* After ANSWER_ASK_TOKEN. */
void fetch_decide(const struct introspection *introspection, struct work_result *result);

#endif
