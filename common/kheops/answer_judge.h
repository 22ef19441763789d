/* answer_judge - an answer of a server against the table of its question (answer_rule.h). */
#ifndef FELUCCA_KHEOPS_ANSWER_JUDGE_H
#define FELUCCA_KHEOPS_ANSWER_JUDGE_H

#include "common/http/http.h"
#include "common/kheops/answer_rule.h"
#include "common/kheops/introspection.h"

/* The code that counts: the status, or 0 when our own side of the request failed. */
int answer_code(const struct http_answer *answer);

/* ANSWER_CUT, ANSWER_ENDLESS or ANSWER_EMPTY; ANSWER_OTHER when there is a body to look into. */
unsigned answer_body(const struct http_answer *answer);

/* Appends what operators read: the row's sentence, and where a redirect points; for ANSWER_LOST what the
 * connection's end was. */
void answer_append_reason(const struct answer_rule *rule, enum answer_question question,
                          const struct http_answer *answer, struct text *out);

/* What a lost answer (ANSWER_LOST) comes to: blocked, when the request could not be made or a proxy refuses it; else
 * again. */
enum work_outcome answer_lost_outcome(const struct http_answer *answer);
/* Whom a verdict blames, how the request ended looked at, too. */
enum blame answer_blame(enum answer_verdict verdict, const struct http_answer *answer);

/* Judges a work of one item (a share, a fetch): sets the answer of result and its not_before_ms.
 * Tells whether a token has to be asked about before it is final; nothing else is asked. */
enum answer_next answer_judge(enum answer_question question, const struct http_answer *answer, unsigned facts,
                              struct work_result *result);

/* Sets that one answer from a row, after more was asked. */
void answer_decide(enum answer_question question, long code, struct work_result *result);

#endif
