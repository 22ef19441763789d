#include "common/base/cleanup.h"
#include "common/kheops/asker.h"
#include "tests/support/suite.h"

#include <string.h>

static struct http_answer answer_of(enum http_trouble trouble, int status, const char *body)
{
    struct http_answer answer = {.trouble = trouble, .status = status};
    text_append(&answer.body, body);
    if (trouble != HTTP_NONE)
        text_append(&answer.reason, "no connection to https://kheops.example.org");
    return answer;
}

static void release_answer(struct http_answer *answer)
{
    text_release(&answer->body);
    text_release(&answer->reason);
}

#define UNKNOWN INTROSPECTION_UNKNOWN
#define OUTAGE  INTROSPECTION_OUTAGE

static const struct row {
    const char *label;
    enum http_trouble trouble;
    int status;
    const char *body;
    enum introspection_state state;
    const char *scope, *album_id;
} rows[] = {
    {"active", HTTP_NONE, 200, "{\"active\":true,\"scope\":\"read send\",\"sub\":\"x\",\"album_id\":\"Ab1\"}",
     INTROSPECTION_ACTIVE, "read send", "Ab1"},
    {"a token said back", HTTP_NONE, 200,
     "{\"active\":true,\"scope\":\"read aB3dE6gH9jK2mN5pQ8sT1A "
     "send\",\"album_id\":\"aB3dE6gH9jK2mN5pQ8sT1A\"}",
     INTROSPECTION_ACTIVE, "read send", ""},
    {"active without scope", HTTP_NONE, 200, "{\"active\":true,\"album_id\":\"Ab1\"}", INTROSPECTION_ACTIVE,
     "", "Ab1"},
    {"a person's token", HTTP_NONE, 200,
     "{\"active\":true,\"scope\":\"user read write downloadbutton send\"}", INTROSPECTION_ACTIVE,
     "user read write downloadbutton send", ""},
    {"fields of another kind", HTTP_NONE, 200, "{\"active\":true,\"scope\":[\"write\"],\"album_id\":7}",
     INTROSPECTION_ACTIVE, "", ""},
    {"inactive", HTTP_NONE, 200, "{\"active\":false}", INTROSPECTION_INACTIVE, "", ""},
    {"inactive says nothing else", HTTP_NONE, 200, "{\"active\":false,\"scope\":\"write\"}",
     INTROSPECTION_INACTIVE, "", ""},
    {"gone meanwhile", HTTP_NONE, 400, "", INTROSPECTION_INACTIVE, "", ""},
    {"database away", HTTP_NONE, 500, "", OUTAGE, "", ""},
    {"proxy without KHEOPS", HTTP_NONE, 502, "<html>", OUTAGE, "", ""},
    {"too many", HTTP_NONE, 429, "", OUTAGE, "", ""},
    {"no connection", HTTP_UNREACHABLE, 0, "", OUTAGE, "", ""},
    {"broken off", HTTP_BROKEN, 200, "{\"active\":tr", OUTAGE, "", ""},
    {"another server", HTTP_NONE, 404, "", UNKNOWN, "", ""},
    {"another server's page", HTTP_NONE, 200, "<html>hello</html>", UNKNOWN, "", ""},
    {"JSON of something else", HTTP_NONE, 200, "{\"status\":\"ok\"}", UNKNOWN, "", ""},
    {"active as text", HTTP_NONE, 200, "{\"active\":\"true\"}", UNKNOWN, "", ""},
    {"empty", HTTP_NONE, 200, "", UNKNOWN, "", ""},
};

START_TEST(an_answer_is_read)
{
    const struct row *row = &rows[_i];
    AUTO(release_answer) struct http_answer answer = answer_of(row->trouble, row->status, row->body);
    AUTO(introspection_release) struct introspection introspection;
    introspection_read(&answer, &introspection);
    ck_assert_msg(introspection.state == row->state, "%s: %d", row->label, (int)introspection.state);
    ck_assert_msg(strcmp(introspection.scope, row->scope) == 0, "%s: %s", row->label, introspection.scope);
    ck_assert_msg(strcmp(introspection.album_id, row->album_id) == 0, "%s", row->label);
    bool tells = row->state == OUTAGE || row->state == UNKNOWN;
    ck_assert_msg((introspection.trouble.length > 0) == tells, "%s", row->label);
}
END_TEST

static const struct explain_row {
    const char *label;
    enum introspection_state state;
    const char *scope, *permissions;
    const char *says; /* NULL: nothing to explain */
} explain_rows[] = {
    {"has it", INTROSPECTION_ACTIVE, "write", "write", NULL},
    {"has it among others", INTROSPECTION_ACTIVE, "read  write\tsend", "send write read", NULL},
    {"has another", INTROSPECTION_ACTIVE, "read", "write", "the token lacks the permission \"write\""},
    {"all switches are named", INTROSPECTION_ACTIVE, "read", "send read",
     "with the switches \"Add to Album / Inbox\" and \"Read\" on"},
    {"the second one", INTROSPECTION_ACTIVE, "send", "send read", "lacks the permission \"read\""},
    {"only whole words count", INTROSPECTION_ACTIVE, "writer rewrite write-all", "write", "lacks"},
    {"a part of a word", INTROSPECTION_ACTIVE, "writ", "write", "lacks"},
    {"no scope at all", INTROSPECTION_ACTIVE, "", "write", "lacks"},
    {"inactive", INTROSPECTION_INACTIVE, "", "write", "the token is not active: it expired"},
    {"what to make instead", INTROSPECTION_INACTIVE, "", "write",
     "a new token in KHEOPS with the switch \"Write\" on"},
    {"an outage explains nothing", OUTAGE, "", "write", NULL},
    {"nor does silence", UNKNOWN, "", "write", NULL},
};

START_TEST(what_is_missing_is_explained)
{
    const struct explain_row *row = &explain_rows[_i];
    const struct introspection introspection = {
        .state = row->state, .scope = (char *)row->scope, .album_id = (char *)""};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    bool explained = introspection_explain(&introspection, "the token", row->permissions, &reason);
    ck_assert_msg(explained == (row->says != NULL), "%s", row->label);
    ck_assert_msg(explained ? strstr(text_string(&reason), row->says) != NULL : reason.length == 0, "%s: %s",
                  row->label, text_string(&reason));
}
END_TEST

START_TEST(an_inactive_token_allows_nothing)
{
    const struct introspection inactive = {.state = INTROSPECTION_INACTIVE, .scope = (char *)"write"};
    const struct introspection active = {.state = INTROSPECTION_ACTIVE, .scope = (char *)"write"};
    ck_assert(!introspection_allows(&inactive, "write"));
    ck_assert(introspection_allows(&active, "write"));
    ck_assert(!introspection_allows(&active, ""));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("introspection");
    tests_rows(tests, an_answer_is_read, ROWS(rows));
    tests_rows(tests, what_is_missing_is_explained, ROWS(explain_rows));
    tests_add(tests, an_inactive_token_allows_nothing);
    return tests_run(tests);
}
