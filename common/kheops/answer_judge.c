#include "common/kheops/answer_judge.h"

#include "common/base/cleanup.h"

int answer_code(const struct http_answer *answer)
{
    return answer->trouble == HTTP_SOURCE ? 0 : answer->status;
}

unsigned answer_body(const struct http_answer *answer)
{
    if (answer->trouble == HTTP_OVERSIZE)
        return ANSWER_ENDLESS;
    if (answer->trouble != HTTP_NONE)
        return ANSWER_CUT;
    return answer->body.length == 0 ? ANSWER_EMPTY : ANSWER_OTHER;
}

void answer_append_reason(const struct answer_rule *rule, enum answer_question question,
                          const struct http_answer *answer, struct text *out)
{
    if (rule->verdict == ANSWER_LOST)
        text_append(out, text_string(&answer->reason));
    answer_rule_append(rule, question, answer_code(answer), out);
    if (answer->location.length > 0)
        text_format(out, " (%.200s)", text_string(&answer->location));
}

enum work_outcome answer_lost_outcome(const struct http_answer *answer)
{
    bool ours = answer->trouble == HTTP_REQUEST || answer->trouble == HTTP_PROXY;
    return ours ? WORK_BLOCKED_OUTCOME : WORK_RETRY_OUTCOME;
}

/* An end that tells nothing: the request may have been carried out, or be carried out still. */
static enum blame ambiguous(const struct http_answer *answer)
{
    return answer->body_sent ? BLAME_SLOW : answer->sent_bytes > 0 ? BLAME_CUT : BLAME_DESTINATION;
}

static enum blame lost_blame(const struct http_answer *answer)
{
    switch (answer->trouble) {
    case HTTP_REQUEST:
    case HTTP_PROXY: /* another worker may have another way, or other credentials */
    case HTTP_UNROUTED:
        return BLAME_WORKER;
    case HTTP_SOURCE:
        return BLAME_NOBODY;
    case HTTP_OVERSIZE:
        return BLAME_CRASH;
    case HTTP_TIMEOUT:
    case HTTP_BROKEN:
        return ambiguous(answer);
    default:
        return BLAME_DESTINATION;
    }
}

enum blame answer_blame(enum answer_verdict verdict, const struct http_answer *answer)
{
    if (verdict == ANSWER_LOST)
        return lost_blame(answer);
    return verdict == ANSWER_OUTAGE ? ambiguous(answer) : answer_meaning(verdict)->blame;
}

/* A share and a fetch have no body that a server could be long at work on. */
static enum blame blame_of_one(enum answer_verdict verdict, const struct http_answer *answer)
{
    enum blame blame = answer_blame(verdict, answer);
    return blame == BLAME_CUT || blame == BLAME_SLOW ? BLAME_DESTINATION : blame;
}

enum answer_next answer_judge(enum answer_question question, const struct http_answer *answer, unsigned facts,
                              struct work_result *result)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const struct answer_rule *rule = answer_rule(question, answer_code(answer), facts);
    const struct answer_meaning *meaning = answer_meaning(rule->verdict);
    enum work_outcome outcome = rule->verdict == ANSWER_LOST ? answer_lost_outcome(answer) : meaning->outcome;
    bool done = outcome == WORK_DONE_OUTCOME;
    answer_append_reason(rule, question, answer, &reason);
    work_answer_set(&result->answers[0], outcome, blame_of_one(rule->verdict, answer), answer->status,
                    done ? NULL : text_string(&reason));
    result->not_before_ms = answer->retry_after_ms;
    return meaning->next == ANSWER_ASK_TOKEN ? ANSWER_ASK_TOKEN : ANSWER_SETTLED;
}

void answer_decide(enum answer_question question, long code, struct work_result *result)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const struct answer_rule *rule = answer_rule(question, code, ANSWER_OTHER);
    const struct answer_meaning *meaning = answer_meaning(rule->verdict);
    answer_rule_append(rule, question, code, &reason);
    work_answer_set(&result->answers[0], meaning->outcome, meaning->blame, (int)code, text_string(&reason));
}
