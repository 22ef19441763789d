/* fetch_outcome - what KHEOPS's answer to POST api_url/studies/{study}/fetch means: a table by status.
 *
 *     fetch_judge()     from the answer; FETCH_ASK_TOKEN: not final
 *     fetch_decide()    ... after introspection of the token
 *
 * Nothing is rejected because a server was down or refused a token. Reasons are sentences for operators. */
#ifndef FELUCCA_SENDER_FETCH_OUTCOME_H
#define FELUCCA_SENDER_FETCH_OUTCOME_H

#include "common/http/http.h"
#include "common/kheops/introspection.h"
#include "common/wire/work.h"

struct fetch_rule {
    int low, high;
    enum work_outcome outcome;
    bool bounded; /* RETRY: may count as an attempt */
    bool token;   /* introspection decides */
    const char *sentence;
};

/* The first rule that fits a status; there is always one. */
const struct fetch_rule *fetch_rule(int status);

enum fetch_question { FETCH_SETTLED, FETCH_ASK_TOKEN };

/* Sets the one answer of result. */
enum fetch_question fetch_judge(const struct http_answer *answer, struct work_result *result);

/* After FETCH_ASK_TOKEN. */
void fetch_decide(const struct introspection *introspection, struct work_result *result);

#endif
