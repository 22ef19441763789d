/* share_outcome - what KHEOPS's answer to PUT …/studies/{study}/series/{series} means: the table ANSWER_SHARE of
 * common/kheops/answer_rule.h.
 *
 *     share_judge()     from the answer; ANSWER_ASK_TOKEN: not final
 *     share_decide()    ... after introspection of both tokens
 *
 * One status has many causes there, and introspection tells them apart. Reasons are sentences for operators,
 * without token. */
#ifndef FELUCCA_SHARER_SHARE_OUTCOME_H
#define FELUCCA_SHARER_SHARE_OUTCOME_H

#include "common/http/http.h"
#include "common/kheops/answer_rule.h"
#include "common/kheops/introspection.h"

/* Sets the one answer of result. */
enum answer_next share_judge(const struct http_answer *answer, struct work_result *result);

/* After ANSWER_ASK_TOKEN: destination and source are what KHEOPS says about the two tokens. */
void share_decide(const struct introspection *destination, const struct introspection *source,
                  struct work_result *result);

/* ... or because a token was replaced while the request was on its way. */
void share_token_replaced(struct work_result *result);

#endif
