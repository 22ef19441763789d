/* What is wrong with a token at its place: the rows are the specification. */
#include "common/base/cleanup.h"
#include "common/kheops/token_verdict.h"
#include "tests/support/suite.h"

#include <string.h>

static const struct row {
    enum work_token_kind kind;
    enum introspection_state state;
    const char *scope, *album, *stow_album;
    const char *says; /* NULL: nothing */
} rows[] = {
    {WORK_TOKEN_STOW, INTROSPECTION_ACTIVE, "write", "m", "m", NULL},
    {WORK_TOKEN_STOW, INTROSPECTION_ACTIVE, "read", "m", "m", "it lacks the permission \"write\""},
    {WORK_TOKEN_STOW, INTROSPECTION_INACTIVE, "", "", "", "it is not active"},
    {WORK_TOKEN_STOW, INTROSPECTION_OUTAGE, "", "", "", NULL},
    {WORK_TOKEN_DESTINATION, INTROSPECTION_ACTIVE, "write", "x", "m", NULL},
    {WORK_TOKEN_DESTINATION, INTROSPECTION_ACTIVE, "write", "m", "m", "writes to already"},
    {WORK_TOKEN_DESTINATION, INTROSPECTION_ACTIVE, "write", "m", "", NULL},
    {WORK_TOKEN_DESTINATION, INTROSPECTION_ACTIVE, "write", "", "", NULL},
    {WORK_TOKEN_DESTINATION, INTROSPECTION_ACTIVE, "send", "m", "m", "it lacks the permission \"write\""},
    {WORK_TOKEN_SOURCE, INTROSPECTION_ACTIVE, "read send", "m", "m", NULL},
    {WORK_TOKEN_SOURCE, INTROSPECTION_ACTIVE, "read send", "x", "m", "it opens another album"},
    {WORK_TOKEN_SOURCE, INTROSPECTION_ACTIVE, "read send", "x", NULL, NULL},
    {WORK_TOKEN_SOURCE, INTROSPECTION_ACTIVE, "read", "m", "m", "\"Add to Album / Inbox\""},
    {WORK_TOKEN_SOURCE, INTROSPECTION_INACTIVE, "", "", "m", "it is not active"},
    {WORK_TOKEN_SOURCE, INTROSPECTION_UNKNOWN, "", "", "m", NULL},
};

START_TEST(a_token_has_its_verdict)
{
    const struct row *row = &rows[_i];
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    const struct introspection introspection = {
        .state = row->state, .scope = (char *)row->scope, .album_id = (char *)row->album};
    ck_assert_int_eq(token_verdict(row->kind, "it", &introspection, row->stow_album, &sentence),
                     row->says != NULL);
    ck_assert_msg(row->says ? strstr(text_string(&sentence), row->says) != NULL : sentence.length == 0, "%s",
                  text_string(&sentence));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("token_verdict");
    tests_rows(tests, a_token_has_its_verdict, ROWS(rows));
    return tests_run(tests);
}
