#include "sharer/share_outcome.h"

#include "common/base/cleanup.h"
#include "common/kheops/answer_judge.h"
#include "common/kheops/token_verdict.h"

#include <string.h>

static void share_set(struct work_result *result, enum work_outcome outcome, enum blame blame, int status,
                      const char *reason)
{
    work_answer_set(&result->answers[0], outcome, blame, status, reason);
}

static bool says_album_not_found(const struct http_answer *answer)
{
    return strstr(text_string(&answer->body), "Album Not Found") != NULL;
}

enum answer_next share_judge(const struct http_answer *answer, struct work_result *result)
{
    return answer_judge(ANSWER_SHARE, answer, says_album_not_found(answer) ? ANSWER_NO_ALBUM : ANSWER_OTHER,
                        result);
}

static bool same_album(const struct introspection *destination, const struct introspection *source)
{
    return destination->state == INTROSPECTION_ACTIVE && source->state == INTROSPECTION_ACTIVE &&
           destination->album_id && *destination->album_id && source->album_id &&
           strcmp(destination->album_id, source->album_id) == 0;
}

static bool is_no_good(enum work_token_kind kind, const struct introspection *introspection,
                       struct text *ret_reason)
{
    return introspection_explain(introspection, token_name(kind), token_permissions(kind), ret_reason);
}

void share_decide(const struct introspection *destination, const struct introspection *source,
                  struct work_result *result)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const int status = result->answers[0].http_status;
    const struct introspection *away = destination->state == INTROSPECTION_OUTAGE ? destination : source;
    bool blocked = is_no_good(WORK_TOKEN_DESTINATION, destination, &reason) ||
                   is_no_good(WORK_TOKEN_SOURCE, source, &reason);
    if (blocked) {
        share_set(result, WORK_BLOCKED_OUTCOME, BLAME_TOKEN, status, text_string(&reason));
    } else if (status == 500) {
        return; /* it was no token: as judged */
    } else if (away->state == INTROSPECTION_OUTAGE) {
        share_set(result, WORK_RETRY_OUTCOME, BLAME_DESTINATION, status, text_string(&away->trouble));
    } else if (status == 404 && same_album(destination, source)) {
        share_set(
            result, WORK_BLOCKED_OUTCOME, BLAME_TOKEN, status,
            "the source token and the destination token open the same album: the source token must be one of "
            "the album that the destination sends to");
    } else if (destination->state == INTROSPECTION_ACTIVE && source->state == INTROSPECTION_ACTIVE) {
        answer_decide(ANSWER_SHARE_GOOD_TOKENS, status, result);
    } else if (status == 401 || status == 403) {
        answer_rule_append(answer_rule(ANSWER_SHARE, status, ANSWER_OTHER), ANSWER_SHARE, status, &reason);
        share_set(result, WORK_BLOCKED_OUTCOME, BLAME_TOKEN, status, text_string(&reason));
    } /* else: as judged, bounded */
}

void share_token_replaced(struct work_result *result)
{
    share_set(result, WORK_RETRY_OUTCOME, BLAME_NOBODY, result->answers[0].http_status,
              "a token was refused, and has been replaced meanwhile: trying the new one");
}
