/* The rows are the specification: what each answer of KHEOPS to a share means. */
#include "common/base/cleanup.h"
#include "sharer/share_outcome.h"
#include "tests/support/result_words.h"
#include "tests/support/suite.h"

#include <string.h>

static struct work_result *result_new(void)
{
    static struct work_item item = {.id = 1};
    const struct work work = {.id = "work-1",
                              .stage = WORK_SHARE,
                              .destination = (char *)"kheops",
                              .album = (char *)"research",
                              .study = (char *)"1.2",
                              .series = (char *)"1.2.3",
                              .items = &item,
                              .item_count = 1};
    return work_result_create(&work);
}

/* "retry/crash" …; then ?tokens. */
static void describe(const struct work_result *result, enum answer_next question, struct text *out)
{
    result_describe(result, out);
    text_append(out, question == ANSWER_ASK_TOKEN ? " ?tokens" : "");
}

static const struct status_row {
    int status;
    enum http_trouble trouble;
    const char *body, *outcome;
} status_rows[] = {
    {201, HTTP_NONE, "", "done"},
    {201, HTTP_BROKEN, "", "done"},
    {200, HTTP_NONE, "<html>", "blocked/front"},
    {204, HTTP_NONE, "", "blocked/front"},
    {302, HTTP_NONE, "", "blocked/front"},
    {400, HTTP_NONE, "StudyInstanceUID is not a valid UID.", "reject/instance"},
    {401, HTTP_NONE, "", "retry/suspect ?tokens"},
    {403, HTTP_NONE, "", "retry/suspect ?tokens"},
    {403, HTTP_NONE, "{\"message\":\"Authorization error\"}", "retry/suspect ?tokens"},
    {404, HTTP_NONE, "{\"message\":\"Series Not Found\",\"detail\":\"x\"}", "retry/suspect ?tokens"},
    {404, HTTP_NONE, "", "retry/suspect ?tokens"},
    {404, HTTP_NONE, "{\"message\":\"Album Not Found\",\"detail\":\"x\"}", "blocked/token"},
    {405, HTTP_NONE, "", "blocked/front"},
    {408, HTTP_NONE, "", "retry/destination"},
    {409, HTTP_NONE, "", "retry/suspect"},
    {429, HTTP_NONE, "", "retry/destination"},
    {500, HTTP_NONE, "", "retry/crash"},
    {501, HTTP_NONE, "", "blocked/front"},
    {502, HTTP_NONE, "<html>", "retry/destination"},
    {503, HTTP_NONE, "", "retry/destination"},
    {504, HTTP_NONE, "", "retry/destination"},
    {0, HTTP_UNROUTED, "", "retry/worker"},
    {0, HTTP_UNREACHABLE, "", "retry/destination"},
    {0, HTTP_TLS, "", "retry/destination"},
    {0, HTTP_TIMEOUT, "", "retry/destination"},
    {0, HTTP_BROKEN, "", "retry/destination"},
    {0, HTTP_REQUEST, "", "blocked/worker"},
};

START_TEST(a_status_has_its_outcome)
{
    const struct status_row *row = &status_rows[_i];
    AUTO(work_result_destroy) struct work_result *result = result_new();
    AUTO(text_release) struct text says = TEXT_EMPTY;
    struct http_answer answer = {.status = row->status, .trouble = row->trouble};
    text_append(&answer.body, row->body);
    text_append(&answer.reason, "a sentence");
    describe(result, share_judge(&answer, result), &says);
    text_release(&answer.body);
    text_release(&answer.reason);
    ck_assert_msg(strcmp(text_string(&says), row->outcome) == 0, "%d, %s: %s", row->status, row->body,
                  text_string(&says));
    ck_assert_int_eq(result->answers[0].http_status, row->status);
    ck_assert(row->status == 201 || (result->answers[0].reason && result->answers[0].reason[0]));
}
END_TEST

START_TEST(retry_after_is_told)
{
    AUTO(work_result_destroy) struct work_result *result = result_new();
    const struct http_answer answer = {.status = 503, .retry_after_ms = 9000};
    ck_assert_int_eq(share_judge(&answer, result), ANSWER_SETTLED);
    ck_assert_int_eq(result->not_before_ms, 9000);
}
END_TEST

#define ACTIVE   INTROSPECTION_ACTIVE
#define INACTIVE INTROSPECTION_INACTIVE
#define OUTAGE   INTROSPECTION_OUTAGE
#define UNKNOWN  INTROSPECTION_UNKNOWN

static const struct decide_row {
    const char *label;
    int status;
    enum introspection_state destination;
    const char *destination_scope;
    enum introspection_state source;
    const char *source_scope;
    const char *outcome, *says;
} decide_rows[] = {
    {"destination inactive", 401, INACTIVE, "", ACTIVE, "read send", "blocked/token",
     "the destination token is not active"},
    {"destination lacks write", 403, ACTIVE, "read", ACTIVE, "read send", "blocked/token",
     "the destination token lacks"},
    {"source inactive", 403, ACTIVE, "write", INACTIVE, "", "blocked/token",
     "the source token is not active"},
    {"source lacks send", 404, ACTIVE, "write", ACTIVE, "read", "blocked/token", "Add to Album / Inbox"},
    {"source lacks read", 404, ACTIVE, "write", ACTIVE, "send", "blocked/token", "\"Read\""},
    {"both are bad: the first is named", 401, INACTIVE, "", INACTIVE, "", "blocked/token",
     "the destination token"},
    {"a bad token counts though the other is not known", 403, OUTAGE, "", INACTIVE, "", "blocked/token",
     "source token"},
    {"outage for the destination token", 401, OUTAGE, "", ACTIVE, "read send", "retry/destination", "away"},
    {"outage for the source token", 404, ACTIVE, "write", OUTAGE, "", "retry/destination", "away"},
    {"all fine: not there yet", 404, ACTIVE, "write", ACTIVE, "read send", "retry/gone", "not there yet"},
    {"all fine: 401", 401, ACTIVE, "write", ACTIVE, "read send", "blocked/front", "destination token"},
    {"all fine: 403", 403, ACTIVE, "write", ACTIVE, "user read send", "blocked/front", "one of a person"},
    {"nothing is known: 404", 404, UNKNOWN, "", UNKNOWN, "", "retry/suspect", "404"},
    {"nothing is known: 401", 401, UNKNOWN, "", UNKNOWN, "", "blocked/token", "401"},
    {"nothing is known: 403", 403, UNKNOWN, "", ACTIVE, "read send", "blocked/token", "403"},
};

START_TEST(a_refusal_is_decided)
{
    const struct decide_row *row = &decide_rows[_i];
    AUTO(work_result_destroy) struct work_result *result = result_new();
    AUTO(text_release) struct text says = TEXT_EMPTY;
    const struct http_answer answer = {.status = row->status};
    struct introspection destination = {.state = row->destination, .scope = (char *)row->destination_scope};
    struct introspection source = {.state = row->source, .scope = (char *)row->source_scope};
    text_append(&destination.trouble, "KHEOPS is away");
    text_append(&source.trouble, "KHEOPS is away");
    ck_assert_int_eq(share_judge(&answer, result), ANSWER_ASK_TOKEN);
    share_decide(&destination, &source, result);
    describe(result, ANSWER_SETTLED, &says);
    text_release(&destination.trouble);
    text_release(&source.trouble);
    ck_assert_msg(strcmp(text_string(&says), row->outcome) == 0, "%s: %s", row->label, text_string(&says));
    ck_assert_msg(strstr(result->answers[0].reason, row->says), "%s: %s", row->label,
                  result->answers[0].reason);
    ck_assert_int_eq(result->answers[0].http_status, row->status);
}
END_TEST

START_TEST(one_album_is_not_two)
{
    AUTO(work_result_destroy) struct work_result *result = result_new();
    const struct http_answer answer = {.status = 404};
    const struct introspection destination = {
        .state = ACTIVE, .scope = (char *)"write", .album_id = (char *)"album-1"};
    struct introspection source = {
        .state = ACTIVE, .scope = (char *)"read send", .album_id = (char *)"album-2"};
    (void)share_judge(&answer, result);
    share_decide(&destination, &source, result);
    ck_assert_int_eq(result->answers[0].outcome, WORK_RETRY_OUTCOME);
    ck_assert_int_eq(result->answers[0].blame, BLAME_GONE);
    source.album_id = (char *)"album-1";
    share_decide(&destination, &source, result);
    ck_assert_int_eq(result->answers[0].outcome, WORK_BLOCKED_OUTCOME);
    ck_assert_ptr_nonnull(strstr(result->answers[0].reason, "the same album"));
    ck_assert_int_eq(result->answers[0].blame, BLAME_TOKEN);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("share_outcome");
    tests_rows(tests, a_status_has_its_outcome, ROWS(status_rows));
    tests_add(tests, retry_after_is_told);
    tests_rows(tests, a_refusal_is_decided, ROWS(decide_rows));
    tests_add(tests, one_album_is_not_two);
    return tests_run(tests);
}
