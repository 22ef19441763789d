/* What a check found, as lines for people and as objects for programs. */
#include "cli/findings.h"

#include "common/base/cleanup.h"
#include "tests/support/suite.h"

#include <string.h>

static void fill(struct findings *findings)
{
    findings_add_lines(findings, FINDING_SUMMARY, "configuration OK: 1 node\n");
    findings_add(findings, FINDING_OK, "the token is active");
    findings_add_lines(findings, FINDING_NOTE, "one\n\ntwo\n");
    findings_add(findings, FINDING_OK, "a name\nWRONG  of two lines");
}

START_TEST(lines_and_objects_say_the_same)
{
    AUTO(findings_release) struct findings findings = {0};
    AUTO(text_release) struct text lines = TEXT_EMPTY, objects = TEXT_EMPTY;
    fill(&findings);
    ck_assert(findings_are_well(&findings));
    findings_add(&findings, FINDING_WRONG, "spool: \"x\" is nowhere");
    findings_add_more(&findings, "and 3 more");
    findings_add_more(&findings, "send it again");
    ck_assert(!findings_are_well(&findings));
    findings_append_lines(&findings, &lines);
    findings_append_json(&findings, &objects);
    ck_assert_str_eq(text_string(&lines), "configuration OK: 1 node\n"
                                          "ok     the token is active\n"
                                          "note   one\n"
                                          "note   two\n"
                                          "ok     a name\n"
                                          "       WRONG  of two lines\n"
                                          "WRONG  spool: \"x\" is nowhere\n"
                                          "       and 3 more\n"
                                          "       send it again\n");
    ck_assert_str_eq(
        text_string(&objects),
        "{\"verdict\":\"ok\",\"sentence\":\"configuration OK: 1 node\"}\n"
        "{\"verdict\":\"ok\",\"sentence\":\"the token is active\"}\n"
        "{\"verdict\":\"note\",\"sentence\":\"one\"}\n"
        "{\"verdict\":\"note\",\"sentence\":\"two\"}\n"
        "{\"verdict\":\"ok\",\"sentence\":\"a name\\nWRONG  of two lines\"}\n"
        "{\"verdict\":\"wrong\",\"sentence\":\"spool: \\\"x\\\" is nowhere and 3 more send it again\"}\n");
}
END_TEST

START_TEST(nothing_is_well)
{
    AUTO(findings_release) struct findings findings = {0};
    AUTO(text_release) struct text out = TEXT_EMPTY;
    ck_assert(findings_are_well(&findings));
    findings_append_lines(&findings, &out);
    findings_append_json(&findings, &out);
    ck_assert_uint_eq(out.length, 0);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("findings");
    tests_add(tests, lines_and_objects_say_the_same);
    tests_add(tests, nothing_is_well);
    return tests_run(tests);
}
