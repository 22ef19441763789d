#include "common/wire/blame.h"

#include "common/base/cleanup.h"
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
    tests_add(tests, page_has_the_table);
    return tests_run(tests);
}
