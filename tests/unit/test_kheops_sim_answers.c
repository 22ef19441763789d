/* The table of what KHEOPS answers: the simulator answers every question as it says, and the client mode that asks a
 * real KHEOPS the same finds a difference where there is one. */
#include "tests/support/simulator.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/files.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

#define ANSWERS FELUCCA_SOURCE "/tests/kheops-sim/answers.txt"

static const struct token_row {
    const char *name, *token, *option; /* NULL: made by an order */
} tokens[] = {
    {"MAIN_WRITE", "MainWriteToken00000001", "main:write:MainWriteToken00000001"},
    {"MAIN_SEND", "MainSendToken000000002", "main:read,send:MainSendToken000000002"},
    {"MAIN_READ", "MainReadToken000000003", "main:read:MainReadToken000000003"},
    {"ALBUM_WRITE", "AlbumWriteToken0000004", "album:write:AlbumWriteToken0000004"},
    {"ALBUM_READ", "AlbumReadToken00000005", "album:read:AlbumReadToken00000005"},
    {"ALBUM_SEND", "AlbumSendToken00000006", "album:read,send:AlbumSendToken00000006"},
    {"REVOKED", "RevokedToken0000000007", "main:write:RevokedToken0000000007"},
    {"PERSON", "PersonToken00000000008", NULL},
};

static struct sandbox *sandbox;

/* answers: NULL, or the table of a simulator that is not as it should be. */
static struct simulator *start(const char *answers)
{
    const char *options[2 * ROWS(tokens) + 3] = {NULL};
    size_t count = 0;
    for (size_t i = 0; i < ROWS(tokens); i++) {
        if (!tokens[i].option)
            continue;
        options[count++] = "--token";
        options[count++] = tokens[i].option;
    }
    if (answers) {
        options[count++] = "--answers";
        options[count++] = answers;
    }
    struct simulator *sim = simulator_start(sandbox, "kheops", options);
    simulator_order(sim, "/sim/tokens/RevokedToken0000000007", "{\"revoked\": true}");
    simulator_order(sim, "/sim/tokens", "{\"user\": true, \"token\": \"PersonToken00000000008\"}");
    return sim;
}

/* The file of tokens, without the one of that name. */
static const char *write_tokens(const char *without)
{
    AUTO(text_release) struct text lines = TEXT_EMPTY;
    text_append(&lines, "# NAME TOKEN\n\n");
    for (size_t i = 0; i < ROWS(tokens); i++)
        if (!without || strcmp(tokens[i].name, without) != 0)
            text_format(&lines, "%s  %s\n", tokens[i].name, tokens[i].token);
    return sandbox_write(sandbox, "tokens", text_string(&lines));
}

static int compare(int port, const char *token_file, const char *when, struct text *ret_output)
{
    AUTO(text_release) struct text url = TEXT_EMPTY;
    text_format(&url, "http://127.0.0.1:%d", port);
    const char *const argv[] = {FELUCCA_TESTS_BIN "/kheops-sim",
                                "--compare",
                                text_string(&url),
                                "--tokens",
                                token_file,
                                "--run",
                                "7",
                                "--when",
                                when,
                                NULL};
    text_clear(ret_output);
    return process_run(argv, NULL, 60000, ret_output);
}

static const struct state_row {
    const char *when, *away, *back; /* orders; NULL: nothing is away */
} state_rows[] = {
    {"", NULL, NULL},
    {"database away", "{\"database\": false}", "{\"database\": true}"},
    {"PACS away", "{\"PACS\": false}", "{\"PACS\": true}"},
    {"login provider away", "{\"login provider\": false}", "{\"login provider\": true}"},
};

/* In the order of the rows: those of a state ask for what was stored before. */
START_TEST(the_simulator_answers_as_the_table_says)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    AUTO(sandbox_destroy) struct sandbox *folder = sandbox = sandbox_create();
    AUTO(simulator_destroy) struct simulator *sim = start(NULL);
    const char *file = write_tokens(NULL);
    for (size_t i = 0; i < ROWS(state_rows); i++) {
        const struct state_row *row = &state_rows[i];
        if (row->away)
            simulator_order(sim, "/sim/parts", row->away);
        int status = compare(sim->port, file, row->when, &output);
        ck_assert_msg(status == 0, "%s: %s", row->when, text_string(&output));
        ck_assert_msg(strstr(text_string(&output), " 0 differ, 0 skipped\n"), "%s", text_string(&output));
        if (row->back)
            simulator_order(sim, "/sim/parts", row->back);
    }
}
END_TEST

/* A table in which one place was changed: the simulator that reads it is a KHEOPS of another version. */
static const struct planted_row {
    const char *label, *name, *from, *to;
    const char *table, *there; /* what is printed of both */
} planted_rows[] = {
    {"another text in JSON", "share: target token without write", "No write access with this credential",
     "No", "No write access with this credential", "\"detail\": \"No\""},
    {"another plain text", "stow: token without write", "Authorization is not valid for posting", "Go away",
     "Authorization is not valid for posting", "there Go away"},
    {"another status", "share: study not found", "< 403", "< 404", "table 403", "there 404"},
    {"another content type", "stow: token without write", "Content-Type: application/dicom+json",
     "Content-Type: text/plain", "application/dicom+json", "text/plain"},
    {"a header more", "share: target token refused", "< -WWW-Authenticate", "< WWW-Authenticate: Bearer",
     "(none)", "Bearer"},
    {"a header less", "stow: token refused", "< WWW-Authenticate: Basic\n", "", "Basic", "(none)"},
    {"no page", "qido: refused", "{page 401}", "401", "HTTP Status 401", "there 401"},
};

/* The table with the change, made behind the name; ends the test when there is nothing to change. */
static const char *plant(const struct planted_row *row)
{
    AUTO(text_release) struct text table = TEXT_EMPTY, name = TEXT_EMPTY, planted = TEXT_EMPTY;
    file_read(ANSWERS, &table);
    text_format(&name, "[%s]\n", row->name);
    const char *entry = strstr(text_string(&table), text_string(&name));
    const char *from = entry ? strstr(entry, row->from) : NULL;
    ck_assert_msg(from, "%s: answers.txt has no [%s] with %s", row->label, row->name, row->from);
    text_append_bytes(&planted, table.bytes, (size_t)(from - table.bytes));
    text_append(&planted, row->to);
    text_append(&planted, from + strlen(row->from));
    return sandbox_write(sandbox, "answers.txt", text_string(&planted));
}

/* The names in brackets of the differences, in all: how many, and whether the one is among them. */
static unsigned count_names(const char *output, const char *name, bool *ret_found)
{
    unsigned count = 0;
    for (const char *line = output; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        count += *line == '[';
        *ret_found |= *line == '[' && strncmp(line + 1, name, strlen(name)) == 0;
    }
    return count;
}

START_TEST(a_planted_difference_is_found)
{
    const struct planted_row *row = &planted_rows[_i];
    AUTO(text_release) struct text output = TEXT_EMPTY;
    AUTO(sandbox_destroy) struct sandbox *folder = sandbox = sandbox_create();
    AUTO(simulator_destroy) struct simulator *sim = start(plant(row));
    bool found = false;
    int status = compare(sim->port, write_tokens(NULL), "", &output);
    const char *said = text_string(&output);
    ck_assert_msg(status == 1, "%s: %d %s", row->label, status, said);
    ck_assert_msg(count_names(said, row->name, &found) >= 1 && found, "%s: %s", row->label, said);
    ck_assert_msg(strstr(said, row->table) && strstr(said, row->there), "%s: %s", row->label, said);
    for (size_t i = 0; i < ROWS(tokens); i++)
        ck_assert_msg(!strstr(said, tokens[i].token), "%s: a token in %s", row->label, said);
}
END_TEST

/* One answer that one question gets: one difference, no more. */
START_TEST(nothing_else_differs)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    AUTO(sandbox_destroy) struct sandbox *folder = sandbox = sandbox_create();
    AUTO(simulator_destroy) struct simulator *sim = start(plant(&planted_rows[0]));
    ck_assert_int_eq(compare(sim->port, write_tokens(NULL), "", &output), 1);
    ck_assert_msg(strstr(text_string(&output), " 1 differ, 0 skipped\n"), "%s", text_string(&output));
}
END_TEST

START_TEST(a_question_without_its_token_is_skipped)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    AUTO(sandbox_destroy) struct sandbox *folder = sandbox = sandbox_create();
    AUTO(simulator_destroy) struct simulator *sim = start(NULL);
    ck_assert_msg(compare(sim->port, write_tokens("PERSON"), "", &output) == 0, "%s", text_string(&output));
    ck_assert_msg(strstr(text_string(&output), "[stow: a person's token]\n  skipped: no token PERSON\n"),
                  "%s", text_string(&output));
}
END_TEST

START_TEST(what_cannot_be_asked_is_no_agreement)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    AUTO(sandbox_destroy) struct sandbox *folder = sandbox = sandbox_create();
    AUTO(simulator_destroy) struct simulator *sim = start(NULL);
    const char *file = write_tokens(NULL);
    ck_assert_int_eq(compare(sim->port, file, "the moon is full", &output), 2);
    simulator_order(sim, "/sim/away", "{\"away\": true}");
    ck_assert_int_eq(compare(sim->port, file, "", &output), 2);
    ck_assert_int_eq(compare(sim->port, sandbox_path(sandbox, "none"), "", &output), 2);
}
END_TEST

static const struct broken_row {
    const char *label, *table, *says;
} broken_rows[] = {
    {"no status", "[a]\nwords\n> GET /x\n", "[a] has no status"},
    {"no request", "[a]\nwords\n< 200\n", "[a] has no status, no request"},
    {"a name twice", "[a]\n> GET /x\n< 200\n[a]\n> GET /x\n< 200\n", "[a]"},
    {"a status that is none", "[a]\n> GET /x\n< hello\n", "line 3"},
    {"a line before the first name", "words\n", "line 1"},
};

START_TEST(a_broken_table_is_told)
{
    const struct broken_row *row = &broken_rows[_i];
    AUTO(text_release) struct text output = TEXT_EMPTY;
    AUTO(sandbox_destroy) struct sandbox *folder = sandbox = sandbox_create();
    const char *const argv[] = {FELUCCA_TESTS_BIN "/kheops-sim", "--answers",
                                sandbox_write(sandbox, "answers.txt", row->table), NULL};
    ck_assert_msg(process_run(argv, NULL, 10000, &output) == 2, "%s: %s", row->label, text_string(&output));
    ck_assert_msg(strstr(text_string(&output), row->says), "%s: %s", row->label, text_string(&output));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("kheops_sim_answers");
    tests_add(tests, the_simulator_answers_as_the_table_says);
    tests_rows(tests, a_planted_difference_is_found, ROWS(planted_rows));
    tests_add(tests, nothing_else_differs);
    tests_add(tests, a_question_without_its_token_is_skipped);
    tests_add(tests, what_cannot_be_asked_is_no_agreement);
    tests_rows(tests, a_broken_table_is_told, ROWS(broken_rows));
    return tests_run(tests);
}
