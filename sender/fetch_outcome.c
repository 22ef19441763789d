#include "sender/fetch_outcome.h"

#include "common/base/cleanup.h"

#include <limits.h>

/* clang-format off */
static const struct fetch_rule rules[] = {
    {200, 299, WORK_DONE_OUTCOME, false, false, NULL},
    {300, 399, WORK_BLOCKED_OUTCOME, false, false,
     "it redirects: write the address that it points to into api_url"},
    {400, 400, WORK_REJECT_OUTCOME, false, false, "KHEOPS takes its study UID for no valid object identifier"},
    {401, 401, WORK_RETRY_OUTCOME, true, true, "KHEOPS refuses the STOW token"},
    {403, 403, WORK_RETRY_OUTCOME, true, true, "KHEOPS does not let the STOW token do this"},
    {404, 404, WORK_RETRY_OUTCOME, true, true, "KHEOPS does not find the study; check api_url if this stays"},
    {405, 405, WORK_BLOCKED_OUTCOME, false, false,
     "that address fetches no study: check api_url, or set ensure_visible: false"},
    {408, 408, WORK_RETRY_OUTCOME, false, false, "it waited too long for the request"},
    {429, 429, WORK_RETRY_OUTCOME, false, false, "too many requests for it"},
    {500, 500, WORK_RETRY_OUTCOME, true, false, "trouble inside of KHEOPS"},
    {501, 501, WORK_BLOCKED_OUTCOME, false, false,
     "it fetches no study: check api_url, or set ensure_visible: false"},
    {500, 599, WORK_RETRY_OUTCOME, false, false, "KHEOPS is not available, or overloaded"},
    {INT_MIN, INT_MAX, WORK_RETRY_OUTCOME, true, false, "KHEOPS never answers so: check api_url"}};
/* clang-format on */

const struct fetch_rule *fetch_rule(int status)
{
    const struct fetch_rule *rule = rules;
    while (status < rule->low || status > rule->high)
        rule++;
    return rule;
}

static void set(struct work_result *result, enum work_outcome outcome, bool bounded, int status,
                const char *reason)
{
    work_answer_set(&result->answers[0], outcome, bounded, status, reason);
}

enum fetch_question fetch_judge(const struct http_answer *answer, struct work_result *result)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    result->not_before_ms = answer->retry_after_ms;
    /* The status says it all: what became of the body after it does not matter. */
    if (answer->status == 0) {
        bool impossible = answer->trouble == HTTP_REQUEST;
        set(result, impossible ? WORK_BLOCKED_OUTCOME : WORK_RETRY_OUTCOME, false, 0,
            text_string(&answer->reason));
        return FETCH_SETTLED;
    }
    const struct fetch_rule *rule = fetch_rule(answer->status);
    if (rule->sentence)
        text_format(&reason, "asked to look at its study again, the server answers %d: %s", answer->status,
                    rule->sentence);
    if (answer->location.length > 0)
        text_format(&reason, " (%.200s)", text_string(&answer->location));
    set(result, rule->outcome, rule->bounded, answer->status, rule->sentence ? text_string(&reason) : NULL);
    return rule->token ? FETCH_ASK_TOKEN : FETCH_SETTLED;
}

void fetch_decide(const struct introspection *introspection, struct work_result *result)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const int status = result->answers[0].http_status;
    if (introspection_explain(introspection, "the STOW token", "write", &reason))
        set(result, WORK_BLOCKED_OUTCOME, false, status, text_string(&reason));
    else if (introspection->state == INTROSPECTION_OUTAGE)
        set(result, WORK_RETRY_OUTCOME, false, status, text_string(&introspection->trouble));
    /* else: as judged, bounded */
}
