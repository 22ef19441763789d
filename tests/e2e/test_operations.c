/* docs/operations.md: every question is asked of a real database, every command line is one that there is. */
#include "common/base/cleanup.h"
#include "common/jobs/history.h"
#include "common/jobs/jobdb.h"
#include "tests/support/files.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/stored_database.h"
#include "tests/support/suite.h"

#include <string.h>

enum { LIMIT_MS = 20000, QUESTIONS_LEAST = 12, COMMANDS_LEAST = 12 };

static struct sandbox *sandbox;
static struct text page;

static void set_up(void)
{
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    sandbox = sandbox_create();
    stored_database_make(sandbox_folder(sandbox));
    ck_assert_msg(jobdb_open(sandbox_folder(sandbox), &db, &reason) == 0, "%s", text_string(&reason));
    file_read(FELUCCA_SOURCE "/docs/operations.md", &page);
}

static void tear_down(void)
{
    sandbox_destroy(&sandbox);
    text_release(&page);
}

/* The content of the next block of a language behind *at, which is moved on; false: there is none. */
static bool next_block(const char *language, const char **at, struct text *ret_block)
{
    AUTO(text_release) struct text fence = TEXT_EMPTY;
    text_format(&fence, "\n```%s\n", language);
    const char *begin = strstr(*at, text_string(&fence));
    const char *end = begin ? strstr(begin + fence.length, "```\n") : NULL;
    if (!end)
        return false;
    text_clear(ret_block);
    text_append_bytes(ret_block, begin + fence.length, (size_t)(end - begin) - fence.length);
    *at = end;
    return true;
}

START_TEST(every_question_has_an_answer)
{
    AUTO(text_release) struct text question = TEXT_EMPTY;
    int questions = 0;
    for (const char *at = text_string(&page); next_block("sql", &at, &question); questions++) {
        AUTO(text_release) struct text answer = TEXT_EMPTY;
        const char *const ask[] = {
            "sqlite3", "-readonly", "-bail", "-box", sandbox_path(sandbox, "jobs.db"), text_string(&question),
            NULL};
        int status = process_run(ask, NULL, LIMIT_MS, &answer);
        ck_assert_msg(status == 0, "%s\n%s", text_string(&question), text_string(&answer));
    }
    ck_assert_int_ge(questions, QUESTIONS_LEAST);
}
END_TEST

/* The command is known, and so is each of its options. */
static void check_command(char *line)
{
    AUTO(text_release) struct text help = TEXT_EMPTY;
    char *rest = NULL, *program = strtok_r(line, " ", &rest), *command = strtok_r(NULL, " ", &rest);
    ck_assert_str_eq(program, "felucca");
    const char *const ask[] = {FELUCCA_BIN "/felucca", command, "--help", NULL};
    ck_assert_msg(process_run(ask, NULL, LIMIT_MS, &help) == 0, "there is no felucca %s", command);
    for (char *word; (word = strtok_r(NULL, " ", &rest));) {
        bool known = strncmp(word, "--", 2) != 0 || strstr(text_string(&help), word);
        ck_assert_msg(known, "felucca %s has no %s", command, word);
    }
}

START_TEST(every_command_is_there)
{
    AUTO(text_release) struct text block = TEXT_EMPTY;
    int commands = 0;
    for (const char *at = text_string(&page); next_block("sh", &at, &block);) {
        char *rest = NULL;
        for (char *line = strtok_r(block.bytes, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
            if (strncmp(line, "felucca ", strlen("felucca ")) != 0)
                continue;
            check_command(line);
            commands++;
        }
    }
    ck_assert_int_ge(commands, COMMANDS_LEAST);
}
END_TEST

/* The backup, as it is there, of a database that is in use. */
START_TEST(backup_is_whole)
{
    AUTO(jobdb_destroy) struct jobdb *writer = NULL;
    AUTO(jobdb_destroy) struct jobdb *copy = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const char *folder = sandbox_folder(sandbox);
    ck_assert_int_eq(jobdb_open(folder, &writer, &reason), 0);
    jobdb_add_event(writer, &(struct jobdb_event){.at = 1, .kind = "note", .detail = "in the log alone"});
    ck_assert_int_eq(jobdb_commit(writer), 0);
    const char *goal = sandbox_make_folder(sandbox, "backup");
    AUTO(text_release) struct text command = TEXT_EMPTY;
    ck_assert_ptr_nonnull(
        strstr(text_string(&page), "sqlite3 -readonly /var/lib/felucca/jobs.db \".backup /backup/jobs.db\""));
    text_format(&command, "sqlite3 -readonly '%s/jobs.db' \".backup %s/jobs.db\"", folder, goal);
    const char *const back_up[] = {"sh", "-c", text_string(&command), NULL};
    ck_assert_int_eq(process_run(back_up, NULL, LIMIT_MS, NULL), 0);
    ck_assert_msg(jobdb_open(goal, &copy, &reason) == 0, "%s", text_string(&reason));
    AUTO(text_release) struct text found = TEXT_EMPTY;
    const char *const ask[] = {"sqlite3", sandbox_path(sandbox, "backup/jobs.db"),
                               "SELECT count(*) FROM event WHERE detail = 'in the log alone'", NULL};
    ck_assert_int_eq(process_run(ask, NULL, LIMIT_MS, &found), 0);
    ck_assert_str_eq(text_string(&found), "1\n");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("operations");
    tests_fixture(tests, set_up, tear_down);
    tests_timeout(tests, 120);
    tests_add(tests, every_question_has_an_answer);
    tests_add(tests, every_command_is_there);
    tests_add(tests, backup_is_whole);
    return tests_run(tests);
}
