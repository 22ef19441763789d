/* A first configuration: written by felucca init, with and without a terminal; and the one that README shows. */
#include "common/base/cleanup.h"
#include "common/config/config.h"
#include "tests/support/files.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <pty.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT_MS = 20000 };

static struct sandbox *sandbox;

static void set_up(void)
{
    sandbox = sandbox_create();
    (void)sandbox_write(sandbox, "token", "never-shown-never-shown\n");
}

static void tear_down(void)
{
    sandbox_destroy(&sandbox);
}

/* In the sandbox's folder, without a terminal. */
static int run(const char *line, struct text *ret_output)
{
    AUTO(text_release) struct text command = TEXT_EMPTY;
    text_format(&command, "cd '%s' && exec '%s/felucca' %s </dev/null", sandbox_folder(sandbox), FELUCCA_BIN,
                line);
    const char *const argv[] = {"sh", "-c", text_string(&command), NULL};
    return process_run(argv, NULL, LIMIT_MS, ret_output);
}

static void append_path(const char *name, struct text *out)
{
    text_format(out, "%s/%s", sandbox_folder(sandbox), name);
}

static bool is_there(const char *name)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    append_path(name, &path);
    return file_exists(text_string(&path));
}

/* The same configuration by three ways of saying where KHEOPS is. */
static const char *const addresses[] = {"https://kheops.example.org", "https://kheops.example.org/api/",
                                        "https://kheops.example.org/api/studies"};

START_TEST(file_is_written)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    AUTO(text_release) struct text output = TEXT_EMPTY;
    AUTO(text_release) struct text shown = TEXT_EMPTY;
    text_format(&line, "init --kheops %s --state-dir state --aet \"O'HARE\" --token-file token",
                addresses[_i]);
    int status = run(text_string(&line), &output);
    ck_assert_msg(status == 0, "status %d: %s", status, text_string(&output));
    ck_assert_ptr_nonnull(strstr(text_string(&output), "felucca check --config felucca.yaml"));
    status = run("check --offline", &shown);
    ck_assert_msg(status == 0, "check: status %d: %s", status, text_string(&shown));
    text_clear(&shown);
    ck_assert_int_eq(run("config", &shown), 0);
    ck_assert_ptr_nonnull(strstr(text_string(&shown), "https://kheops.example.org/api/studies\n"));
    ck_assert_ptr_nonnull(strstr(text_string(&shown), "O'HARE"));
}
END_TEST

static const struct refused_row {
    const char *label, *line;
    int status;
    const char *sentence;
} refused_rows[] = {
    {"no address, and nobody to ask", "init", 2, "--kheops ADDRESS must be given"},
    {"an address that is none", "init --kheops nonsense --token-file token", 3, "nothing was written"},
    {"an AE title that is too long",
     "init --kheops https://a.example --aet SEVENTEEN-LETTERS --token-file token", 3, "nothing was written"},
    {"a token file that is not there", "init --kheops https://a.example --token-file nowhere", 1,
     "cannot find nowhere: No such file"},
    {"an unknown option", "init --khoeps x", 2, "did you mean --kheops"},
};

START_TEST(nothing_is_written)
{
    const struct refused_row *row = &refused_rows[_i];
    AUTO(text_release) struct text output = TEXT_EMPTY;
    int status = run(row->line, &output);
    ck_assert_msg(status == row->status, "%s: status %d: %s", row->label, status, text_string(&output));
    ck_assert_msg(strstr(text_string(&output), row->sentence), "%s: %s", row->label, text_string(&output));
    ck_assert_msg(!is_there("felucca.yaml"), "%s: there is a file", row->label);
}
END_TEST

START_TEST(file_that_is_there_stays)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    AUTO(text_release) struct text content = TEXT_EMPTY;
    const char *path = sandbox_write(sandbox, "felucca.yaml", "mine\n");
    ck_assert_int_eq(run("init --kheops https://a.example --token-file token", &output), 1);
    ck_assert_ptr_nonnull(strstr(text_string(&output), "is there already"));
    file_read(path, &content);
    ck_assert_str_eq(text_string(&content), "mine\n");
}
END_TEST

/* Types what the program asks for, each answer after its question; everything that the terminal showed. */
static int talk(const char *const *answers, size_t count, struct text *ret_shown)
{
    int master = -1, status;
    pid_t pid = forkpty(&master, NULL, NULL, NULL);
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        if (chdir(sandbox_folder(sandbox)) == 0)
            (void)execl(FELUCCA_BIN "/felucca", "felucca", "init", (char *)NULL);
        _exit(127);
    }
    char buffer[1024];
    size_t given = 0;
    for (ssize_t length; (length = read(master, buffer, sizeof buffer)) > 0;) {
        text_append_bytes(ret_shown, buffer, (size_t)length);
        bool asked = string_ends_with(text_string(ret_shown), ": ");
        if (asked && given < count) {
            ck_assert_int_eq(dprintf(master, "%s\n", answers[given]), (int)strlen(answers[given]) + 1);
            given++;
        }
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(close(master), 0);
    ck_assert_uint_eq(given, count);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The token is neither shown nor in the file, and nobody else may read it. */
START_TEST(questions_are_asked)
{
    static const char *const answers[] = {"", "https://kheops.example.org", "state", "typed-and-never-shown"};
    AUTO(text_release) struct text shown = TEXT_EMPTY;
    AUTO(text_release) struct text path = TEXT_EMPTY;
    AUTO(text_release) struct text content = TEXT_EMPTY;
    struct stat token;
    int status = talk(answers, ROWS(answers), &shown);
    ck_assert_msg(status == 0, "status %d: %s", status, text_string(&shown));
    ck_assert_ptr_null(strstr(text_string(&shown), answers[3]));
    append_path("secrets/main_write", &path);
    file_read(text_string(&path), &content);
    ck_assert_str_eq(text_string(&content), answers[3]);
    ck_assert_int_eq(stat(text_string(&path), &token), 0);
    ck_assert_int_eq(token.st_mode & 0777, 0600);
    text_clear(&content);
    ck_assert_int_eq(run("check --offline", &content), 0);
    text_clear(&content);
    ck_assert_int_eq(run("config", &content), 0);
    ck_assert_ptr_nonnull(strstr(text_string(&content), "FELUCCA"));
}
END_TEST

/* Without the three blanks that the list puts in front of each line. */
static void append_dedented(const char *from, const char *end, struct text *out)
{
    while (from < end) {
        const char *line = from + strspn(from, " ");
        size_t blanks = (size_t)(line - from), length = strcspn(line, "\n") + 1;
        ck_assert(blanks >= 3 || line >= end);
        if (line < end)
            text_append_bytes(out, from + 3, blanks - 3 + length);
        from = line + length;
    }
}

/* The lines that README says are enough are, and admit whoever calls. */
START_TEST(lines_of_readme_suffice)
{
    AUTO(text_release) struct text readme = TEXT_EMPTY;
    AUTO(text_release) struct text lines = TEXT_EMPTY;
    AUTO(text_release) struct text errors = TEXT_EMPTY;
    AUTO(text_release) struct text warnings = TEXT_EMPTY;
    AUTO(config_destroy) struct config *config = NULL;
    file_read(FELUCCA_SOURCE "/README.md", &readme);
    const char *begin = strstr(text_string(&readme), "```yaml\n");
    ck_assert_ptr_nonnull(begin);
    begin += strlen("```yaml\n");
    const char *end = strstr(begin, "```");
    ck_assert_ptr_nonnull(end);
    append_dedented(begin, end, &lines);
    const char *path = sandbox_write(sandbox, "felucca.yaml", text_string(&lines));
    ck_assert_msg(config_load(path, &config, &errors, &warnings) == 0, "%s", text_string(&errors));
    ck_assert_uint_eq(config->node_count, 1);
    ck_assert_uint_eq(config->nodes[0].source_count, 0);
}
END_TEST

/* So does each of the example files: the first storescu is let in. */
static const char *const examples[] = {"/felucca.example.yaml", "/deploy/felucca.example.yaml"};

START_TEST(example_admits_everybody)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    AUTO(text_release) struct text errors = TEXT_EMPTY;
    AUTO(text_release) struct text warnings = TEXT_EMPTY;
    AUTO(config_destroy) struct config *config = NULL;
    text_format(&path, FELUCCA_SOURCE "%s", examples[_i]);
    ck_assert_msg(config_load(text_string(&path), &config, &errors, &warnings) == 0, "%s",
                  text_string(&errors));
    ck_assert_uint_ge(config->node_count, 1);
    for (size_t i = 0; i < config->node_count; i++)
        ck_assert_uint_eq(config->nodes[i].source_count, 0);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("init");
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, file_is_written, ROWS(addresses));
    tests_rows(tests, nothing_is_written, ROWS(refused_rows));
    tests_add(tests, file_that_is_there_stays);
    tests_add(tests, questions_are_asked);
    tests_add(tests, lines_of_readme_suffice);
    tests_rows(tests, example_admits_everybody, ROWS(examples));
    return tests_run(tests);
}
