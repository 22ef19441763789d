#include "sharer/share_outcome.h"

#include "common/base/cleanup.h"

#include <limits.h>
#include <string.h>

static const struct share_rule rules[] = {
    {201, 201, SHARE_DONE, false, NULL},
    {200, 299, SHARE_WRONG_URL, false, "KHEOPS answers 201 for a shared series: is api_url its API?"},
    {300, 399, SHARE_WRONG_URL, false, "it redirects: write the address that it points to into api_url"},
    {400, 400, SHARE_REJECT, false, "KHEOPS takes its study or series UID for no valid object identifier"},
    {401, 401, SHARE_TOKENS, false, "KHEOPS refuses the destination token"},
    {403, 403, SHARE_TOKENS, false,
     "KHEOPS refuses the source token, or the destination token may not write"},
    {404, 404, SHARE_TOKENS, false, "KHEOPS does not find the series in the source album"},
    {405, 405, SHARE_WRONG_URL, false, "that address shares no series: check api_url"},
    {408, 408, SHARE_OUTAGE, true, "it waited too long for the request"},
    {429, 429, SHARE_OUTAGE, true, "too many requests for it"},
    {500, 500, SHARE_TROUBLE, true, "trouble inside of KHEOPS"},
    {501, 501, SHARE_WRONG_URL, false, "it shares no series: check api_url"},
    {500, 599, SHARE_OUTAGE, true, "KHEOPS is not available, or overloaded"},
    {INT_MIN, INT_MAX, SHARE_TROUBLE, false, "KHEOPS never answers so: check api_url"}};

const struct share_rule *share_rule(int status)
{
    const struct share_rule *rule = rules;
    while (status < rule->low || status > rule->high)
        rule++;
    return rule;
}

static void set(struct work_result *result, enum work_outcome outcome, bool bounded, int status,
                const char *reason)
{
    work_answer_set(&result->answers[0], outcome, bounded, status, reason);
}

static bool says_album_not_found(const struct http_answer *answer)
{
    return strstr(text_string(&answer->body), "Album Not Found") != NULL;
}

static enum share_question judge_status(const struct http_answer *answer, const struct share_rule *rule,
                                        struct work_result *result)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (rule->sentence)
        text_format(&reason, "the server answers %d: %s", answer->status, rule->sentence);
    if (answer->location.length > 0)
        text_format(&reason, " (%.200s)", text_string(&answer->location));
    const char *text = text_string(&reason);
    result->trouble = rule->trouble;
    switch (rule->verdict) {
    case SHARE_DONE:
        set(result, WORK_DONE_OUTCOME, false, answer->status, NULL);
        return SHARE_SETTLED;
    case SHARE_REJECT:
        set(result, WORK_REJECT_OUTCOME, false, answer->status, text);
        return SHARE_SETTLED;
    case SHARE_WRONG_URL:
        set(result, WORK_BLOCKED_OUTCOME, false, answer->status, text);
        return SHARE_SETTLED;
    case SHARE_TOKENS:
        set(result, WORK_RETRY_OUTCOME, true, answer->status, text);
        return SHARE_ASK_TOKENS;
    case SHARE_OUTAGE:
        set(result, WORK_RETRY_OUTCOME, false, answer->status, text);
        return SHARE_SETTLED;
    default:
        set(result, WORK_RETRY_OUTCOME, true, answer->status, text);
        return SHARE_SETTLED;
    }
}

enum share_question share_judge(const struct http_answer *answer, struct work_result *result)
{
    result->not_before_ms = answer->retry_after_ms;
    if (answer->status == 0 && answer->trouble == HTTP_REQUEST) {
        set(result, WORK_BLOCKED_OUTCOME, false, 0, text_string(&answer->reason));
        return SHARE_SETTLED;
    }
    /* The status says it all: what became of the body after it does not matter. */
    if (answer->status == 0) {
        result->trouble = true;
        set(result, WORK_RETRY_OUTCOME, false, 0, text_string(&answer->reason));
        return SHARE_SETTLED;
    }
    if (answer->status == 404 && says_album_not_found(answer)) {
        set(result, WORK_BLOCKED_OUTCOME, false, 404,
            "KHEOPS does not find the destination album: the maker of the destination token is no longer a "
            "member of "
            "it; make a new token as an administrator of the album");
        return SHARE_SETTLED;
    }
    return judge_status(answer, share_rule(answer->status), result);
}

static const char *sentence_when_fine(int status)
{
    switch (status) {
    case 401:
        return "KHEOPS refuses the destination token, but calls both tokens good when asked; if this stays, "
               "make new "
               "ones";
    case 403:
        return "KHEOPS refuses to share, but calls both tokens good when asked: the source token must be a "
               "token of "
               "an album, not of a person";
    default:
        return "KHEOPS does not find the series in the album of the source token: it is not there yet, or "
               "the source "
               "token is of another album than the one that is sent to, or its maker is no longer an "
               "administrator";
    }
}

static bool same_album(const struct introspection *destination, const struct introspection *source)
{
    return destination->state == INTROSPECTION_ACTIVE && source->state == INTROSPECTION_ACTIVE &&
           destination->album_id && *destination->album_id && source->album_id &&
           strcmp(destination->album_id, source->album_id) == 0;
}

void share_decide(const struct introspection *destination, const struct introspection *source,
                  struct work_result *result)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const int status = result->answers[0].http_status;
    const struct introspection *away = destination->state == INTROSPECTION_OUTAGE ? destination : source;
    bool blocked = introspection_explain(destination, "the destination token", "write", &reason) ||
                   introspection_explain(source, "the source token", "send read", &reason);
    if (blocked) {
        set(result, WORK_BLOCKED_OUTCOME, false, status, text_string(&reason));
    } else if (away->state == INTROSPECTION_OUTAGE) {
        result->trouble = true;
        set(result, WORK_RETRY_OUTCOME, false, status, text_string(&away->trouble));
    } else if (status == 404 && same_album(destination, source)) {
        set(result, WORK_BLOCKED_OUTCOME, false, status,
            "the source token and the destination token open the same album: the source token must be one of "
            "the album that the destination sends to");
    } else if (destination->state == INTROSPECTION_ACTIVE && source->state == INTROSPECTION_ACTIVE) {
        set(result, WORK_RETRY_OUTCOME, true, status, sentence_when_fine(status));
    } else if (status == 401 || status == 403) {
        text_format(&reason, "the server answers %d: %s", status, share_rule(status)->sentence);
        set(result, WORK_BLOCKED_OUTCOME, false, status, text_string(&reason));
    } /* else: as judged, bounded */
}

bool share_not_found(const struct work_result *result)
{
    const struct work_answer *answer = &result->answers[0];
    return answer->http_status == 404 && answer->outcome == WORK_RETRY_OUTCOME && answer->bounded;
}

void share_blame_album(struct work_result *result)
{
    set(result, WORK_BLOCKED_OUTCOME, false, result->answers[0].http_status,
        "KHEOPS finds none of several series in the album of the source token: the source token is of "
        "another "
        "album than the one that is sent to, or its maker is no longer an administrator of it; make a new "
        "source token in the album that is sent to, as its administrator");
}

void share_token_replaced(struct work_result *result)
{
    set(result, WORK_RETRY_OUTCOME, false, result->answers[0].http_status,
        "a token was refused, and has been replaced meanwhile: trying the new one");
}
