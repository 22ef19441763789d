#include "sender/fetch_outcome.h"

#include "common/base/cleanup.h"
#include "common/kheops/answer_judge.h"
#include "common/kheops/token_verdict.h"

enum answer_next fetch_judge(const struct http_answer *answer, struct work_result *result)
{
    return answer_judge(ANSWER_FETCH, answer, ANSWER_OTHER, result);
}

void fetch_decide(const struct introspection *introspection, struct work_result *result)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct work_answer *answer = &result->answers[0];
    if (introspection_explain(introspection, token_name(WORK_TOKEN_STOW), token_permissions(WORK_TOKEN_STOW),
                              &reason))
        work_answer_set(answer, WORK_BLOCKED_OUTCOME, BLAME_TOKEN, answer->http_status, text_string(&reason));
    else if (introspection->state == INTROSPECTION_OUTAGE)
        work_answer_set(answer, WORK_RETRY_OUTCOME, BLAME_DESTINATION, answer->http_status,
                        text_string(&introspection->trouble));
    else if (introspection->state == INTROSPECTION_ACTIVE)
        answer_decide(ANSWER_FETCH_GOOD_TOKEN, answer->http_status, result);
    /* else: as judged, bounded */
}
