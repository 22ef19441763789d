#include "common/wire/blame.h"

#include "common/base/cleanup.h"
#include "common/wire/work.h"
#include "tests/support/files.h"
#include "tests/support/suite.h"

#include <string.h>

START_TEST(a_row_says_everything)
{
    const struct blame_rule *rule = blame_rule((enum blame)_i);
    ck_assert_str_eq(blame_name((enum blame)_i), rule->text);
    ck_assert(*rule->text && *rule->says && *rule->others && *rule->nothing);
    for (int other = 0; other < _i; other++)
        ck_assert_str_ne(rule->text, blame_name((enum blame)other));
}
END_TEST

/* Whoever cannot use up attempts must not be halved for good, and who halves for good can fail alone. */
START_TEST(what_is_halved_for_good_can_fail_alone)
{
    const struct blame_rule *rule = blame_rule((enum blame)_i);
    ck_assert_msg(rule->together != BLAME_HALVES || rule->attempt != BLAME_FREE, "%s", rule->text);
    ck_assert_msg(rule->together != BLAME_HALVES_LATER || rule->attempt == BLAME_FREE, "%s", rule->text);
}
END_TEST

static const struct worst_row {
    const char *label;
    enum work_outcome outcomes[2];
    enum blame blames[2];
    enum blame_target says;
} worst_rows[] = {
    {"done", {WORK_DONE_OUTCOME, WORK_DUPLICATE_OUTCOME}, {BLAME_NOBODY, BLAME_NOBODY}, BLAME_NOTHING},
    {"who is done is not asked",
     {WORK_DONE_OUTCOME, WORK_RETRY_OUTCOME},
     {BLAME_SLOW, BLAME_NOBODY},
     BLAME_NOTHING},
    {"one is out of resources",
     {WORK_DONE_OUTCOME, WORK_RETRY_OUTCOME},
     {BLAME_NOBODY, BLAME_DESTINATION},
     BLAME_BACKS_OFF},
    {"a token is worse than a suspect",
     {WORK_RETRY_OUTCOME, WORK_BLOCKED_OUTCOME},
     {BLAME_SUSPECT, BLAME_TOKEN},
     BLAME_BLOCKS},
    {"final", {WORK_REJECT_OUTCOME, WORK_REJECT_OUTCOME}, {BLAME_INSTANCE, BLAME_INSTANCE}, BLAME_NOTHING},
};

START_TEST(a_request_says_the_worst_of_its_items)
{
    const struct worst_row *row = &worst_rows[_i];
    struct work_answer answers[2] = {{.outcome = row->outcomes[0], .blame = row->blames[0]},
                                     {.outcome = row->outcomes[1], .blame = row->blames[1]}};
    const struct work_result result = {.answers = answers, .answer_count = 2};
    ck_assert_msg(work_result_says_of_target(&result) == row->says, "%s", row->label);
}
END_TEST

START_TEST(page_has_the_table)
{
    AUTO(text_release) struct text page = TEXT_EMPTY;
    AUTO(text_release) struct text table = TEXT_EMPTY;
    blame_reference(&table);
    file_read(FELUCCA_SOURCE "/docs/reliability.md", &page);
    ck_assert_msg(strstr(text_string(&page), text_string(&table)) != NULL,
                  "docs/reliability.md: put what `felucca generate blame` says between its two marks");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("blame");
    tests_rows(tests, a_row_says_everything, BLAMES);
    tests_rows(tests, what_is_halved_for_good_can_fail_alone, BLAMES);
    tests_rows(tests, a_request_says_the_worst_of_its_items, ROWS(worst_rows));
    tests_add(tests, page_has_the_table);
    return tests_run(tests);
}
