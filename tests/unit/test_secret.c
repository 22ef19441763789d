#include "common/config/secret.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct sandbox *sandbox;

static void set_up(void)
{
    sandbox = sandbox_create();
    ck_assert_int_eq(setenv("FELUCCA_TEST_SECRET", "from the environment", 1), 0);
    ck_assert_int_eq(setenv("FELUCCA_TEST_EMPTY", "", 1), 0);
    ck_assert_int_eq(unsetenv("FELUCCA_TEST_ABSENT"), 0);
    ck_assert_int_eq(chdir(sandbox_folder(sandbox)), 0);
    sandbox_write(sandbox, "token", "from-a-file\n");
    sandbox_write(sandbox, "two", "first\nsecond\n\n");
    sandbox_write(sandbox, "windows", "from-windows\r\n");
    sandbox_write(sandbox, "bare", "no-newline");
    sandbox_write(sandbox, "empty", "");
    sandbox_write(sandbox, "newline", "\n");
    sandbox_make_folder(sandbox, "folder");
}

static void tear_down(void)
{
    sandbox_destroy(&sandbox);
}

static const struct row {
    const char *label, *template, *resolved; /* resolved: NULL when it fails */
    int code;
    const char *reason; /* part of it */
} rows[] = {
    {"plain text", "Bearer abc", "Bearer abc", 0, ""},
    {"nothing", "", "", 0, ""},
    {"a variable", "${env:FELUCCA_TEST_SECRET}", "from the environment", 0, ""},
    {"a file, its last newline dropped", "Bearer ${file:token}", "Bearer from-a-file", 0, ""},
    {"only the last newline", "${file:two}", "first\nsecond\n", 0, ""},
    {"a Windows line's end", "${file:windows}", "from-windows", 0, ""},
    {"a file without newline", "<${file:bare}>", "<no-newline>", 0, ""},
    {"two in a row", "${file:bare}${file:bare}", "no-newlineno-newline", 0, ""},
    {"what a variable holds is not resolved again", "$${env:X} ${env:FELUCCA_TEST_SECRET}",
     "${env:X} from the environment", 0, ""},
    {"a dollar alone", "5$ and $5 and $", "5$ and $5 and $", 0, ""},
    {"two dollars", "$$x", "$$x", 0, ""},
    {"a brace alone", "{x} }", "{x} }", 0, ""},
    {"no such variable", "${env:FELUCCA_TEST_ABSENT}", NULL, ERR_ABSENT, "FELUCCA_TEST_ABSENT is not set"},
    {"an empty variable", "${env:FELUCCA_TEST_EMPTY}", NULL, ERR_ABSENT, "FELUCCA_TEST_EMPTY is empty"},
    {"no such file", "${file:nowhere}", NULL, ERR_ABSENT, "the file nowhere cannot be read"},
    {"no such folder", "${file:token/x}", NULL, ERR_ABSENT, "cannot be read"},
    {"an empty file", "${file:empty}", NULL, ERR_ABSENT, "the file empty is empty"},
    {"a file with a newline only", "${file:newline}", NULL, ERR_ABSENT, "is empty"},
    {"a folder", "${file:folder}", NULL, ERR_DENIED, "folder is not a file"},
    {"a device", "${file:/dev/zero}", NULL, ERR_DENIED, "is not a file"},
    {"not closed", "Bearer ${file:token", NULL, ERR_SYNTAX, "not closed"},
    {"another scheme", "${vault:x}", NULL, ERR_SYNTAX, "${env:NAME} or ${file:PATH}"},
    {"no scheme", "${HOME}", NULL, ERR_SYNTAX, "${env:NAME} or ${file:PATH}"},
    {"no name", "${env:}", NULL, ERR_SYNTAX, "${env:NAME} or ${file:PATH}"},
    {"no path", "${file:}", NULL, ERR_SYNTAX, "${env:NAME} or ${file:PATH}"},
    {"a name with a blank", "${env:A B}", NULL, ERR_SYNTAX, "${env:NAME} or ${file:PATH}"},
    {"a name with a digit in front", "${env:1A}", NULL, ERR_SYNTAX, "${env:NAME} or ${file:PATH}"},
    {"the first is good, the second not", "${file:token}${file:nowhere}", NULL, ERR_ABSENT, "nowhere"},
};

START_TEST(template_is_resolved)
{
    const struct row *row = &rows[_i];
    AUTO(secret_wipe) struct text text = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    text_append(&text, "before ");
    int code = secret_resolve(row->template, &text, &reason);
    ck_assert_msg(code == row->code, "%s: %d, %s", row->label, code, text_string(&reason));
    ck_assert_msg(strncmp(text_string(&text), "before ", 7) == 0 &&
                      strcmp(text_string(&text) + 7, row->resolved ? row->resolved : "") == 0,
                  "%s: %s", row->label, text_string(&text));
    ck_assert_msg(strstr(text_string(&reason), row->reason), "%s: %s", row->label, text_string(&reason));
    ck_assert_msg((reason.length > 0) == (code != 0), "%s: %s", row->label, text_string(&reason));
}
END_TEST

START_TEST(syntax_is_checked_without_resolving)
{
    const struct row *row = &rows[_i];
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    int code = secret_check(row->template, &reason);
    ck_assert_msg(code == (row->code == ERR_SYNTAX ? ERR_SYNTAX : 0), "%s", row->label);
    ck_assert_msg(secret_is_literal(row->template) == !strstr(row->template, "${"), "%s", row->label);
}
END_TEST

static const struct anchor_row {
    const char *label, *template, *anchored;
} anchor_rows[] = {
    {"nothing to do", "Bearer abc", "Bearer abc"},
    {"a relative path", "Bearer ${file:secrets/token}", "Bearer ${file:/etc/felucca/secrets/token}"},
    {"an absolute path", "${file:/run/secrets/token}", "${file:/run/secrets/token}"},
    {"a variable", "${env:TOKEN}", "${env:TOKEN}"},
    {"an escape stays one", "$${file:x} ${file:y}", "$${file:x} ${file:/etc/felucca/y}"},
};

START_TEST(relative_paths_get_a_folder)
{
    const struct anchor_row *row = &anchor_rows[_i];
    AUTO(text_release) struct text anchored = TEXT_EMPTY;
    ck_assert_int_eq(secret_anchor(row->template, "/etc/felucca", &anchored), 0);
    ck_assert_msg(strcmp(text_string(&anchored), row->anchored) == 0, "%s: %s", row->label,
                  text_string(&anchored));
}
END_TEST

START_TEST(replaced_file_counts_at_once)
{
    AUTO(secret_wipe) struct text first = TEXT_EMPTY;
    AUTO(secret_wipe) struct text second = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_int_eq(secret_resolve("${file:token}", &first, &reason), 0);
    sandbox_write(sandbox, "next", "renewed\n");
    ck_assert_int_eq(rename("next", "token"), 0);
    ck_assert_int_eq(secret_resolve("${file:token}", &second, &reason), 0);
    ck_assert_str_eq(text_string(&first), "from-a-file");
    ck_assert_str_eq(text_string(&second), "renewed");
}
END_TEST

static const struct size_row {
    const char *label;
    size_t length;
    char fill;
    int code;
} size_rows[] = {
    {"64 KiB", 64 * 1024, 'x', 0},
    {"a byte more", 64 * 1024 + 1, 'x', ERR_SYNTAX},
    {"a megabyte", 1024 * 1024, 'x', ERR_SYNTAX},
    {"NUL bytes", 100, '\0', ERR_SYNTAX},
};

START_TEST(file_is_bounded)
{
    const struct size_row *row = &size_rows[_i];
    AUTO(secret_wipe) struct text text = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    char *bytes = malloc(row->length);
    ck_assert_ptr_nonnull(bytes);
    memset(bytes, row->fill, row->length);
    file_write("large", bytes, row->length);
    free(bytes);
    ck_assert_msg(secret_resolve("${file:large}", &text, &reason) == row->code, "%s: %s", row->label,
                  text_string(&reason));
    ck_assert_uint_eq(text.length, row->code == 0 ? row->length : 0);
}
END_TEST

START_TEST(unreadable_file_is_denied)
{
    AUTO(secret_wipe) struct text text = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    /* A link to itself can be read by nobody, root included. */
    ck_assert_int_eq(symlink("loop", "loop"), 0);
    ck_assert_int_eq(secret_resolve("${file:loop}", &text, &reason), ERR_DENIED);
    ck_assert_ptr_nonnull(strstr(text_string(&reason), "the file loop cannot be read"));
}
END_TEST

START_TEST(fifo_does_not_block)
{
    AUTO(secret_wipe) struct text text = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_int_eq(mkfifo("fifo", 0600), 0);
    ck_assert_int_eq(secret_resolve("${file:fifo}", &text, &reason), ERR_DENIED);
}
END_TEST

START_TEST(reason_never_shows_what_stands_in_braces)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_int_eq(secret_check("Bearer ${pasted-token-itself}", &reason), ERR_SYNTAX);
    ck_assert_ptr_null(strstr(text_string(&reason), "pasted"));
}
END_TEST

START_TEST(wiped_text_is_empty)
{
    struct text text = TEXT_EMPTY;
    text_append(&text, "abc");
    secret_wipe(&text);
    ck_assert_ptr_null(text.bytes);
    ck_assert_uint_eq(text.length, 0);
    secret_wipe(&text);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("secret");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, template_is_resolved, ROWS(rows));
    tests_rows(tests, syntax_is_checked_without_resolving, ROWS(rows));
    tests_rows(tests, relative_paths_get_a_folder, ROWS(anchor_rows));
    tests_rows(tests, file_is_bounded, ROWS(size_rows));
    tests_add(tests, replaced_file_counts_at_once);
    tests_add(tests, unreadable_file_is_denied);
    tests_add(tests, fifo_does_not_block);
    tests_add(tests, reason_never_shows_what_stands_in_braces);
    tests_add(tests, wiped_text_is_empty);
    return tests_run(tests);
}
