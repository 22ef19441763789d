#include "sharer/inquiry_outcome.h"

#include "common/base/cleanup.h"
#include "common/kheops/answer_judge.h"
#include "common/kheops/token_verdict.h"

enum inquiry_next inquiry_judge(const struct http_answer *answer, struct work_result *result)
{
    if (answer->trouble == HTTP_OVERSIZE && answer->status == 200)
        return INQUIRY_TOO_LONG;
    const unsigned body = answer_body(answer);
    const struct answer_rule *rule = answer_rule(ANSWER_METADATA, answer_code(answer), body);
    if (rule->verdict == ANSWER_DONE)
        return INQUIRY_READ;
    if (rule->verdict == ANSWER_MISSED)
        return INQUIRY_ABSENT;
    return answer_judge(ANSWER_METADATA, answer, body, result) == ANSWER_ASK_TOKEN ? INQUIRY_ASK_TOKEN
                                                                                   : INQUIRY_OVER;
}

void inquiry_decide(const struct introspection *source, struct work_result *result)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct work_answer *answer = &result->answers[0];
    if (introspection_explain(source, token_name(WORK_TOKEN_SOURCE), token_permissions(WORK_TOKEN_SOURCE),
                              &reason))
        work_answer_set(answer, WORK_BLOCKED_OUTCOME, BLAME_TOKEN, answer->http_status, text_string(&reason));
    else if (source->state == INTROSPECTION_OUTAGE)
        work_answer_set(answer, WORK_RETRY_OUTCOME, BLAME_DESTINATION, answer->http_status,
                        text_string(&source->trouble));
    else if (source->state == INTROSPECTION_ACTIVE)
        answer_decide(ANSWER_METADATA_GOOD_TOKEN, answer->http_status, result);
    /* else: as judged, bounded */
}
