/* The console's users: what is a file of them, how it is written, and whose password is whose. */
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/users/users.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define HASH "$y$j9T$V58wEuf2hf56mYY60RStAq3Tb4ZMOwJZv..9WmvKOX5$wUKFgOoFW2vR9hvtecghAu1IzuD2IRZaMfQOiANhEp3"

static struct sandbox *sandbox;

static void set_up(void)
{
    sandbox = sandbox_create();
}

static void tear_down(void)
{
    sandbox_destroy(&sandbox);
}

static const struct file_row {
    const char *label, *content;
    mode_t mode;
    int code;
    const char *says;
} file_rows[] = {
    {"empty", "", 0600, 0, NULL},
    {"comments and blank lines", "# who may\n\nada:operator:" HASH "\n", 0600, 0, NULL},
    {"no line end, and CR", "ada:viewer:" HASH "\r\nbob:operator:" HASH, 0640, 0, NULL},
    {"everybody reads it", "ada:viewer:" HASH "\n", 0644, ERR_DENIED, "chmod 0600"},
    {"a group writes it", "ada:viewer:" HASH "\n", 0660, ERR_DENIED, "chmod 0600"},
    {"a password in the clear", "ada:viewer:correct horse\n", 0600, ERR_SYNTAX, ":1 has no hash"},
    {"an old hash", "ada:viewer:ab1234567890a\n", 0600, ERR_SYNTAX, ":1 has no hash"},
    {"two parts", "\nada:" HASH "\n", 0600, ERR_SYNTAX, ":2 is no NAME:ROLE:HASH"},
    {"a role that is none", "ada:admin:" HASH "\n", 0600, ERR_SYNTAX, "viewer and operator"},
    {"no name", ":viewer:" HASH "\n", 0600, ERR_SYNTAX, "has no name"},
    {"markup", "<b>:viewer:" HASH "\n", 0600, ERR_SYNTAX, "has no name"},
    {"twice", "ada:viewer:" HASH "\nada:operator:" HASH "\n", 0600, ERR_SYNTAX,
     ":2 has a name that is there"},
};

START_TEST(file_is_read)
{
    const struct file_row *row = &file_rows[_i];
    AUTO(users_destroy) struct users *users = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const char *path = sandbox_write(sandbox, "users", row->content);
    ck_assert_int_eq(chmod(path, row->mode), 0);
    ck_assert_msg(users_read(path, &users, &reason) == row->code, "%s: %s", row->label, text_string(&reason));
    ck_assert_msg(!row->says || strstr(text_string(&reason), row->says), "%s: %s", row->label,
                  text_string(&reason));
    ck_assert_ptr_null(strstr(text_string(&reason), "horse")); /* nothing of the file */
}
END_TEST

START_TEST(absent_file_is_told)
{
    AUTO(users_destroy) struct users *users = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_int_eq(users_read(sandbox_path(sandbox, "none"), &users, &reason), ERR_ABSENT);
    ck_assert_ptr_nonnull(strstr(text_string(&reason), "none"));
    text_clear(&reason);
    ck_assert_int_eq(users_read(sandbox_folder(sandbox), &users, &reason), ERR_SYNTAX);
}
END_TEST

START_TEST(what_is_written_is_read)
{
    AUTO(users_destroy) struct users *users = users_create();
    AUTO(users_destroy) struct users *again = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const char *path = sandbox_path(sandbox, "users");
    struct stat status;
    users_put(users, "ada", USERS_VIEWER, HASH);
    users_put(users, "bob", USERS_VIEWER, HASH);
    users_put(users, "ada", USERS_OPERATOR, HASH);
    ck_assert(users_remove(users, "bob") && !users_remove(users, "bob"));
    ck_assert_int_eq(users_write(users, path, sandbox_folder(sandbox), &reason), 0);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
    ck_assert_int_eq(users_read(path, &again, &reason), 0);
    ck_assert_uint_eq(users_count(again), 1);
    ck_assert_int_eq(users_find(again, "ada")->role, USERS_OPERATOR);
    ck_assert_str_eq(users_find(again, "ada")->hash, HASH);
    ck_assert_int_ne(users_write(users, "/nowhere/users", "/", &reason), 0);
}
END_TEST

/* A name that was there, as one that a crash left, is in nobody's way, and a link is not followed. */
START_TEST(left_files_are_in_nobodys_way)
{
    AUTO(users_destroy) struct users *users = users_create();
    AUTO(text_release) struct text reason = TEXT_EMPTY, content = TEXT_EMPTY;
    const char *other = sandbox_write(sandbox, "other", "mine");
    ck_assert_int_eq(symlink(other, sandbox_path(sandbox, ".users.new")), 0);
    users_put(users, "ada", USERS_VIEWER, HASH);
    ck_assert_int_eq(users_write(users, sandbox_path(sandbox, "users"), "/", &reason), 0);
    file_read(other, &content);
    ck_assert_str_eq(text_string(&content), "mine");
}
END_TEST

START_TEST(passwords_are_told_apart)
{
    AUTO(memory_free) char *hash = NULL, *same = NULL, *none = NULL;
    ck_assert_int_eq(users_hash("correct horse", &hash), 0);
    ck_assert_int_eq(users_hash("correct horse", &same), 0);
    ck_assert_str_ne(hash, same); /* salted */
    ck_assert_int_eq(strncmp(hash, "$y$", 3), 0);
    const struct users_row row = {.name = NULL, .hash = hash, .role = USERS_VIEWER};
    ck_assert(users_verify(&row, "correct horse"));
    ck_assert(!users_verify(&row, "correct horsf") && !users_verify(&row, "") &&
              !users_verify(&row, "correct horse "));
    ck_assert(!users_verify(NULL, "correct horse") && !users_verify(NULL, ""));
    ck_assert_int_eq(users_hash("seven77", &none), ERR_RANGE);
}
END_TEST

static const struct name_row {
    const char *name;
    bool valid;
} name_rows[] = {{"ada", true},   {"a.meier@example.org", true},
                 {"A-1_b", true}, {"", false},
                 {".ada", false}, {"a b", false},
                 {"a:b", false},  {"\xc3\xa4", false},
                 {"a\n", false},  {"-x", false}};

START_TEST(name_is_judged)
{
    ck_assert(users_name_is_valid(name_rows[_i].name) == name_rows[_i].valid);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("users");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, file_is_read, ROWS(file_rows));
    tests_add(tests, absent_file_is_told);
    tests_add(tests, what_is_written_is_read);
    tests_add(tests, left_files_are_in_nobodys_way);
    tests_add(tests, passwords_are_told_apart);
    tests_rows(tests, name_is_judged, ROWS(name_rows));
    return tests_run(tests);
}
