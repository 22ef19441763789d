/* The rows are the specification: what each answer of KHEOPS to a fetch means. */
#include "common/base/cleanup.h"
#include "sender/fetch_outcome.h"
#include "tests/support/result_words.h"
#include "tests/support/suite.h"

#include <string.h>

static struct work_result *result_new(void)
{
    static struct work_item item = {.id = 1};
    const struct work work = {.id = "work-1",
                              .stage = WORK_FETCH,
                              .destination = (char *)"kheops",
                              .study = (char *)"1.2",
                              .items = &item,
                              .item_count = 1};
    return work_result_create(&work);
}

static bool is(const struct work_result *result, const char *outcome)
{
    AUTO(text_release) struct text says = TEXT_EMPTY;
    result_describe(result, &says);
    return strcmp(text_string(&says), outcome) == 0;
}

static const struct status_row {
    int status;
    enum http_trouble trouble;
    const char *outcome;
    enum answer_next question;
} status_rows[] = {
    {200, HTTP_NONE, "done", ANSWER_SETTLED},
    {204, HTTP_NONE, "done", ANSWER_SETTLED},
    {200, HTTP_BROKEN, "done", ANSWER_SETTLED},
    {302, HTTP_NONE, "blocked/front", ANSWER_SETTLED},
    {400, HTTP_NONE, "reject/instance", ANSWER_SETTLED},
    {401, HTTP_NONE, "retry/suspect", ANSWER_ASK_TOKEN},
    {403, HTTP_NONE, "retry/suspect", ANSWER_ASK_TOKEN},
    {404, HTTP_NONE, "retry/suspect", ANSWER_ASK_TOKEN},
    {405, HTTP_NONE, "blocked/front", ANSWER_SETTLED},
    {408, HTTP_NONE, "retry/destination", ANSWER_SETTLED},
    {409, HTTP_NONE, "retry/suspect", ANSWER_SETTLED},
    {429, HTTP_NONE, "retry/destination", ANSWER_SETTLED},
    {500, HTTP_NONE, "retry/crash", ANSWER_SETTLED},
    {501, HTTP_NONE, "blocked/front", ANSWER_SETTLED},
    {502, HTTP_NONE, "retry/destination", ANSWER_SETTLED},
    {503, HTTP_NONE, "retry/destination", ANSWER_SETTLED},
    {504, HTTP_NONE, "retry/destination", ANSWER_SETTLED},
    {0, HTTP_UNROUTED, "retry/worker", ANSWER_SETTLED},
    {0, HTTP_UNREACHABLE, "retry/destination", ANSWER_SETTLED},
    {0, HTTP_TIMEOUT, "retry/destination", ANSWER_SETTLED},
    {0, HTTP_REQUEST, "blocked/worker", ANSWER_SETTLED},
};

START_TEST(a_status_has_its_outcome)
{
    const struct status_row *row = &status_rows[_i];
    AUTO(work_result_destroy) struct work_result *result = result_new();
    struct http_answer answer = {.status = row->status, .trouble = row->trouble, .retry_after_ms = 9000};
    text_append(&answer.reason, "a sentence");
    enum answer_next question = fetch_judge(&answer, result);
    text_release(&answer.reason);
    ck_assert_int_eq(question, row->question);
    ck_assert_msg(is(result, row->outcome), "%d", row->status);
    ck_assert_int_eq(result->answers[0].http_status, row->status);
    ck_assert_int_eq(result->not_before_ms, 9000);
    ck_assert(row->status / 100 == 2 || (result->answers[0].reason && result->answers[0].reason[0]));
}
END_TEST

static const struct token_row {
    int status;
    enum introspection_state state;
    const char *scope, *outcome, *says;
} token_rows[] = {
    {401, INTROSPECTION_ACTIVE, "write", "blocked/front", "something in front"},
    {403, INTROSPECTION_ACTIVE, "write", "blocked/front", "something in front"},
    {404, INTROSPECTION_ACTIVE, "write", "retry/suspect", "does not find the study"},
    {401, INTROSPECTION_ACTIVE, "read", "blocked/token", "\"Write\""},
    {401, INTROSPECTION_INACTIVE, "", "blocked/token", "not active"},
    {401, INTROSPECTION_OUTAGE, "", "retry/destination", "away"},
    {401, INTROSPECTION_UNKNOWN, "", "retry/suspect", "refuses the STOW token"},
};

START_TEST(introspection_decides_a_refusal)
{
    const struct token_row *row = &token_rows[_i];
    AUTO(work_result_destroy) struct work_result *result = result_new();
    const struct http_answer answer = {.status = row->status};
    struct introspection introspection = {.state = row->state, .scope = (char *)row->scope};
    text_append(&introspection.trouble, "away");
    ck_assert_int_eq(fetch_judge(&answer, result), ANSWER_ASK_TOKEN);
    fetch_decide(&introspection, result);
    text_release(&introspection.trouble);
    ck_assert(is(result, row->outcome));
    ck_assert_msg(strstr(result->answers[0].reason, row->says), "%s", result->answers[0].reason);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("fetch_outcome");
    tests_rows(tests, a_status_has_its_outcome, ROWS(status_rows));
    tests_rows(tests, introspection_decides_a_refusal, ROWS(token_rows));
    return tests_run(tests);
}
