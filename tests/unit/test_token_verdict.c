/* What is wrong with a token at its place: the rows are the specification. */
#include "common/base/cleanup.h"
#include "common/kheops/token_verdict.h"
#include "tests/support/suite.h"

#include <string.h>

static const struct row {
    enum work_token_kind kind;
    enum introspection_state state;
    const char *scope, *album, *around; /* the destination's album; of the STOW token: its home */
    const char *says;                   /* NULL: nothing */
    const char *own;                    /* of the STOW token: the own album that opens the same */
    bool misplaced;
} rows[] = {
    {WORK_TOKEN_STOW, INTROSPECTION_ACTIVE, "write", "m", "", NULL, NULL, false},
    {WORK_TOKEN_STOW, INTROSPECTION_ACTIVE, "write", "m", "m", NULL, NULL, false},
    {WORK_TOKEN_STOW, INTROSPECTION_ACTIVE, "read", "m", "m", "it lacks the permission \"write\"", NULL,
     false},
    {WORK_TOKEN_STOW, INTROSPECTION_INACTIVE, "", "", "", "it is not active", NULL, false},
    {WORK_TOKEN_STOW, INTROSPECTION_OUTAGE, "", "", "m", NULL, NULL, false},
    {WORK_TOKEN_STOW, INTROSPECTION_UNKNOWN, "", "", "m", NULL, NULL, false},
    {WORK_TOKEN_STOW, INTROSPECTION_PERSON, "", "", "", "it is a person's login token and opens no album",
     NULL, true},
    {WORK_TOKEN_STOW, INTROSPECTION_PERSON, "", "", "", "with the switch \"Write\" on", NULL, true},
    {WORK_TOKEN_STOW, INTROSPECTION_ACTIVE, "user read write send", "", "", "it opens no album", NULL, true},
    {WORK_TOKEN_STOW, INTROSPECTION_ACTIVE, "write", "x", "m", "felucca destination move main", NULL, true},
    {WORK_TOKEN_STOW, INTROSPECTION_ACTIVE, "write", "x", "", "it opens the album of \"research\"",
     "research", true},
    {WORK_TOKEN_STOW, INTROSPECTION_ACTIVE, "write", "x", "m", "it opens the album of \"research\"",
     "research", true},
    {WORK_TOKEN_STOW, INTROSPECTION_ACTIVE, "write", "m", "m", "one of the two tokens is in the wrong place",
     "research", true},
    {WORK_TOKEN_DESTINATION, INTROSPECTION_ACTIVE, "write", "x", "m", NULL, NULL, false},
    {WORK_TOKEN_DESTINATION, INTROSPECTION_ACTIVE, "write", "m", "m", "writes to already", NULL, true},
    {WORK_TOKEN_DESTINATION, INTROSPECTION_ACTIVE, "write", "m", "", NULL, NULL, false},
    {WORK_TOKEN_DESTINATION, INTROSPECTION_ACTIVE, "write", "", "", NULL, NULL, false},
    {WORK_TOKEN_DESTINATION, INTROSPECTION_ACTIVE, "send", "m", "m", "it lacks the permission \"write\"",
     NULL, false},
    {WORK_TOKEN_DESTINATION, INTROSPECTION_PERSON, "", "", "m", "a person's login token", NULL, true},
    {WORK_TOKEN_SOURCE, INTROSPECTION_ACTIVE, "read send", "m", "m", NULL, NULL, false},
    {WORK_TOKEN_SOURCE, INTROSPECTION_ACTIVE, "read send", "x", "m", "it opens another album", NULL, true},
    {WORK_TOKEN_SOURCE, INTROSPECTION_ACTIVE, "read send", "x", NULL, NULL, NULL, false},
    {WORK_TOKEN_SOURCE, INTROSPECTION_ACTIVE, "read", "m", "m", "\"Add to Album / Inbox\"", NULL, false},
    {WORK_TOKEN_SOURCE, INTROSPECTION_INACTIVE, "", "", "m", "it is not active", NULL, false},
    {WORK_TOKEN_SOURCE, INTROSPECTION_PERSON, "", "", "m",
     "with the switches \"Add to Album / Inbox\" and \"Read\" on", NULL, true},
    {WORK_TOKEN_SOURCE, INTROSPECTION_UNKNOWN, "", "", "m", NULL, NULL, false},
};

START_TEST(a_token_has_its_verdict)
{
    const struct row *row = &rows[_i];
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    const struct introspection introspection = {
        .state = row->state, .scope = (char *)row->scope, .album_id = (char *)row->album};
    const struct token_place_facts facts = {
        .written = row->around, .home = row->around, .own = row->own, .destination = "main"};
    enum token_verdict expected = row->misplaced ? TOKEN_MISPLACED : row->says ? TOKEN_USELESS : TOKEN_FINE;
    ck_assert_int_eq(token_verdict(row->kind, "it", &introspection, &facts, &sentence), expected);
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
